"""Mutants: components with one wire wrong, which the benches must find."""
