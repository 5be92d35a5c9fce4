"""A layer's products and sums: the array, its order, the signs that go into it."""
