"""What the chip must compute: float reference, bit-exact integers, estimators, data, training."""
