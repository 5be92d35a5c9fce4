"""The online rules on the paper's problems."""
