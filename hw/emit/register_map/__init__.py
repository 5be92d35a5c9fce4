"""A register map in the formats of other tools: JSON, SystemRDL, a C header, Markdown."""
