"""What a chip is, as a TOML file says it."""
