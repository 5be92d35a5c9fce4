"""Damaged files of every kind that dualspike reads, and what it makes of them."""
