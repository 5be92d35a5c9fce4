import numpy as np
import pytest

from dualspike.model.interface.feeds import place_bits


@pytest.mark.parametrize("bits", range(1, 65))
def test_a_number_has_the_place_of_the_narrowest_c_integer(bits: int) -> None:
    """What runs through the places is compared in bench_soc."""
    types = (np.int8, np.int16, np.int32, np.int64)
    widths = [np.iinfo(kind).bits for kind in types if np.iinfo(kind).min <= -(2 ** (bits - 1))]
    assert place_bits(bits) == min(widths)
