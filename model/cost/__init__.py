"""What a chip takes of a device, before any synthesis, and the folding that fits."""
