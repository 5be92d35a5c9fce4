"""What is proved, a file for each component."""
