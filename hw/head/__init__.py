"""From outputs to a loss, errors and slopes."""
