"""Proof that the hardware equals the golden model: benches, builds, co-simulation, compare."""
