"""One layer of weights and its neurons on dual numbers."""
