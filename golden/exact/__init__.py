"""Spiking networks in continuous time and the exact derivatives of their firing times."""
