"""Mutants that survive, and why none of the benches need find them.

A key is a target's name and a line of Yosys; a test fails when there is no such mutant any more.
"""

REASONS: dict[tuple[str, str], str] = {}
