"""From a description to a trained chip: what the command line and ``import dualspike`` share."""
