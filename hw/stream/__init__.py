"""Pieces of any stream: buffers, forks, counters, payloads, arithmetic."""
