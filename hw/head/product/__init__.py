"""The product unit of an operator chip."""
