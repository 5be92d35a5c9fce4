"""How the chip computes it: Amaranth components and Verilog generation."""
