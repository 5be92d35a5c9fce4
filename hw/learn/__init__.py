"""The learner: random words, the order of a batch, the rate."""
