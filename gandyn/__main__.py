"""`python -m gandyn` is `gandyn`."""

import sys


def run() -> int:
    """The command line of this process; the exit status, also where Ctrl-C comes before it is."""
    try:
        from gandyn.cli import main

        return main()
    except KeyboardInterrupt:
        print("gandyn: interrupted", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(run())
