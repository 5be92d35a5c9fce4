"""Loops that count, for the test of the formulas."""
