"""From a chip to the files that other tools take."""
