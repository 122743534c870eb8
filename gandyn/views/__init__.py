"""What computes for a picture, for the report and the commands alike."""
