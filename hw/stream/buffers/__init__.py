"""Streams that wait: for the next stage, for what is under way, for another turn."""
