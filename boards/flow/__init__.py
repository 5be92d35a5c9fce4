"""From a chip to a bitstream on a board."""
