"""What computes for a picture, for the report and the commands alike."""

import gandyn.plots  # noqa: F401  # where Matplotlib is not installed, it says so
