"""Writing files, for the commands."""

from dualspike.golden.files import output_folder, write_atomic

__all__ = ["output_folder", "write_atomic"]
