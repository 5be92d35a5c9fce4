"""Division that rounds up."""


def ceil_div(a: int, b: int) -> int:
    """The least whole number that is at least a / b."""
    return -(-a // b)
