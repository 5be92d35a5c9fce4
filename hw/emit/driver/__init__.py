"""A driver in freestanding C99 for the very core that is generated."""
