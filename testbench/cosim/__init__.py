"""Whole chips built by Verilator, and compared with the integer model."""
