"""What a board's FPGA holds: a core, its host link, clocks and lights."""
