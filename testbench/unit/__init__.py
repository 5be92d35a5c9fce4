"""Benches of single components, run by cocotb."""
