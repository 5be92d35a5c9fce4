"""Layers of a chip that learns online: weights change in the passes that read them."""
