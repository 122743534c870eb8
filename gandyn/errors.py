"""The one exception that means: the input is wrong, and here is what is allowed."""


class InputError(ValueError):
    """Bad input, told in one line: the argument, what came, what is allowed."""
