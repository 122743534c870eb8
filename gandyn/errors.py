"""The one exception that means: the input is wrong, and here is what is allowed."""


def printable(text: str) -> str:
    """A text with escapes for what does not print: control characters, overrides of direction.

    Examples
    --------
    >>> from gandyn.errors import printable
    >>> print(printable("a\\x1b[2Jb\\u202ec"))
    a\\x1b[2Jb\\u202ec
    """
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in text)


class InputError(ValueError):
    """Bad input, told in one line: the argument, what came, what is allowed."""

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))
