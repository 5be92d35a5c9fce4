"""Poisson over lengths of the random field and numbers of sensors."""
