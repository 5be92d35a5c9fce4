"""The online rules compared on classes."""
