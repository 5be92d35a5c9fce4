"""The host: registers, memories and samples of a core through any bus."""
