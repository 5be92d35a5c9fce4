"""Verilog as Yosys writes it, made into text that people read."""
