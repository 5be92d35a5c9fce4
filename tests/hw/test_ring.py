"""Places of a ring: every state of its register but 0, once in a round."""

import pytest

from dualspike.hw.stream.buffers.ring import TAPS
from dualspike.model.sizes.waiting import place_bits


@pytest.mark.parametrize("bits", TAPS)
def test_places_come_again_after_all_others(bits: int) -> None:
    place, seen = 1, set[int]()
    while place not in seen:
        seen.add(place)
        above = sum(place >> tap for tap in TAPS[bits]) & 1
        place = place >> 1 | above << (bits - 1)
    assert (place, len(seen)) == (1, (1 << bits) - 1)


@pytest.mark.parametrize(("places", "bits"), [(1, 2), (2, 2), (3, 3), (6, 3), (7, 4), (254, 8)])
def test_a_ring_leaves_two_places(places: int, bits: int) -> None:
    assert place_bits(places) == bits
