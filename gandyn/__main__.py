"""`python -m gandyn` is `gandyn`."""

import sys


def run() -> int:
    """The command line of this process; the exit status, also where Ctrl-C comes before it is."""
    try:
        from gandyn.cli import main

        status = main()
    except KeyboardInterrupt:
        print("gandyn: interrupted", file=sys.stderr)
        status = 130
    # Python ends by the signal, and not by this status, where the last code that C had it run was
    # interrupted, as happens while NumPy is loaded
    exec("")
    return status


if __name__ == "__main__":
    sys.exit(run())
