"""Networks in the Neuromorphic Intermediate Representation (NIR), read and written.

Source: Pedersen et al., Nature Communications 15, 8122 (2024), and the package ``nir``.
"""
