"""A chip with the buses of a system on chip."""
