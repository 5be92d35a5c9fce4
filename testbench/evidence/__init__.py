"""What is proved, tried and left open, in one file and on one page."""
