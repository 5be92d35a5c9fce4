"""Small layers for proofs: folding is what matters, so numbers have a bit or two."""

from typing import Any

from dualspike.model.sizes.layers import Layer


def layer(n_in: int = 1, n_out: int = 1, **given: Any) -> Layer:
    """A spiking layer; ``given`` are further sizes, all others 1 or 2."""
    small: dict[str, Any] = {
        "index": 0,
        "kind": "spiking",
        "n_in": n_in,
        "n_out": n_out,
        "pe": 1,
        "simd": 1,
        "next_simd": 1,
        "value_bits": 1,
        "value_signed": False,
        "value_fraction": 0,
        "tangent_in_bits": 2,
        "value_sum_bits": 2,
        "tangent_sum_bits": 2,
        "sign_sum_bits": 2,
        "feedback": 0,
        "source": -1,
    }
    return Layer(**(small | given))
