"""The float reference: spiking networks, and their derivatives both ways."""
