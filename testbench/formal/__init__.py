"""Formal proofs of components: what holds for all inputs at all times."""
