"""What the paper's networks learn: random functions, solvers, stored data, batches and errors."""
