"""Parts of a core written once more with what a device has in its silicon, for Yosys."""
