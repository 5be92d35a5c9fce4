"""What every command meets of the system: text from outside, kept files, child processes."""
