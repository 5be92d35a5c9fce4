"""Boards of one's own: a TOML file in place of an entry of the catalogue."""
