"""The integer model: what the chip computes, to the bit."""
