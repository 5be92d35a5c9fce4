"""Labelled samples, and the formats in which users have them."""
