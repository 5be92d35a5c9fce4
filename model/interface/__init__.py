"""What hardware, models and hosts agree on: registers, memories, random bits, codes."""
