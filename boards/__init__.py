"""Real boards: tops, bitstreams, flashing, the link to a host."""
