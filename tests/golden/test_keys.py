"""Draws depend on key and purpose and on nothing else."""

import numpy as np

from dualspike.golden.keys import Purpose, generator


def test_generator_is_documented() -> None:
    for purpose in Purpose:
        expected = np.random.default_rng([3, 17, int(purpose)]).random(5)
        assert (generator((3, 17), purpose).random(5) == expected).all()


def test_keys_and_purposes_are_kept_apart() -> None:
    keys = [(1,), (1, 0), (1, 2), (2, 1), (12,)]
    drawn = {float(generator(key, purpose).random()) for key in keys for purpose in Purpose}
    assert len(drawn) == len(keys) * len(Purpose)


def test_no_purpose_is_an_update() -> None:
    """A key (seed, update) alone, as batches use it, meets no (seed,) with a purpose."""
    assert min(Purpose) > 10**9
