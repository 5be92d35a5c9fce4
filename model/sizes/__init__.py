"""Sizes that follow from a description: folding, widths, clocks, memories."""
