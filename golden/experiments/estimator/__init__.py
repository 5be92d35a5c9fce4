"""Forward gradients measured against back-propagation."""
