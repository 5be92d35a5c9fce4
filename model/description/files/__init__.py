"""Descriptions in files: their text, and the paths in them."""
