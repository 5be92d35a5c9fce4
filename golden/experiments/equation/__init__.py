"""Poisson learned from the equation alone, next to learning from solutions."""
