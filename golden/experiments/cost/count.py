"""What is counted of an update."""

from dataclasses import astuple, dataclass


@dataclass(frozen=True)
class Count:
    """Operations of one update, and values moved.

    ``surrogates``: evaluations of f, each an exponential and 3 multiplications in software and
    one look-up in a table on a chip, not in the other columns. ``reads`` and ``writes``: values
    out of and into arrays. ``kept_values``, ``kept_bits``: what must outlive the pass that makes
    it, until the backward pass or until dL/drate is known.
    """

    multiplications: int = 0
    additions: int = 0
    gated: int = 0
    surrogates: int = 0
    comparisons: int = 0
    reads: int = 0
    writes: int = 0
    kept_values: int = 0
    kept_bits: int = 0

    def __add__(self, other: "Count") -> "Count":
        return Count(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    def __mul__(self, times: int) -> "Count":
        return Count(*(a * times for a in astuple(self)))

    @property
    def dense(self) -> int:
        """Arithmetic of a matrix product that does not look for spikes."""
        return self.multiplications + self.additions + 2 * self.gated

    @property
    def sparse(self) -> int:
        """Arithmetic at most where spikes gate additions."""
        return self.multiplications + self.additions + self.gated

    @property
    def traffic(self) -> int:
        """Values moved."""
        return self.reads + self.writes

    @property
    def kept_bytes(self) -> float:
        """With 32 bits for a value and 1 for a spike."""
        return 4 * self.kept_values + self.kept_bits / 8
