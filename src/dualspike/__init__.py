"""dualspike: hardware that learns with spikes and without back-propagation."""

from dualspike.model.identity import VERSION

__version__ = VERSION
