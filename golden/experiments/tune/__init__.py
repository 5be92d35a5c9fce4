"""Rates of an experiment, chosen on validation samples."""
