"""Training by exact derivatives of spike times."""
