"""The commands, one a file; ``dualspike.cli`` gives them their names."""
