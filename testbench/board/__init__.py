"""A simulated board, its serial line, and lines that harm what they carry."""
