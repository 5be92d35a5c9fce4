"""What one gradient costs, as formulas."""
