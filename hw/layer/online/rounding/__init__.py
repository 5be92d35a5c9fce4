"""Changes rounded at random: their shift, the dither, and what it carries."""
