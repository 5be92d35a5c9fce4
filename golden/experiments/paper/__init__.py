"""The paper's three experiments."""
