"""`python -m gandyn` is `gandyn`."""

import os
import sys
from contextlib import suppress


def run() -> int:
    """The command line of this process; the exit status, also where Ctrl-C comes before it is."""
    try:
        from gandyn.cli import main

        status = main()
    except KeyboardInterrupt:
        print("gandyn: interrupted", file=sys.stderr)
        status = 130
    if status in (130, 143):
        # by this status: Python ends by the signal where the last code that C had it run was
        # interrupted, as happens while NumPy is loaded
        for stream in (sys.stdout, sys.stderr):
            with suppress(AttributeError, OSError, ValueError):
                stream.flush()
        os._exit(status)
    return status


if __name__ == "__main__":
    sys.exit(run())
