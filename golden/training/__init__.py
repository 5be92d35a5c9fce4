"""Training on any engine: one loop, checkpoints, weights in a file, a picture."""
