"""A layer's weights: memories, their words and codes, the ways of learner and host to them."""
