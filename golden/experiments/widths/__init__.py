"""How exact the chip's numbers must be."""
