"""What is said before a run that would learn less than it seems to."""
