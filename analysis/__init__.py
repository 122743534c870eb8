"""Studies on the public API of gandyn, one a file: `python -m analysis.NAME --help`."""
