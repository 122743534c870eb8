"""JSON as its standard has it."""

import json


def strict(text):
    """What a text of JSON without NaN and Infinity holds."""

    def refuse(word):
        raise AssertionError(f"{word} is not JSON")

    return json.loads(text, parse_constant=refuse)
