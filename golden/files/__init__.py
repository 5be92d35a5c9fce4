"""Files: read with care, written whole, held by one process at a time."""
