from itertools import pairwise

import numpy as np

from dualspike.golden.data.labelled.moving_bars import DURATION, moving_bar, moving_bars


def test_bars_move_as_their_class_says() -> None:
    """The mean of many bars' brighter events goes along the axis and in the sense of the class."""
    rng = np.random.default_rng(1)
    for direction in range(4):
        turns = np.zeros(2)
        for _ in range(100):
            events = moving_bar(direction, rng)
            assert events.t.min() >= 0 and events.t.max() < DURATION
            for axis, place in enumerate((events.x, events.y)):
                angle = np.exp(2j * np.pi * place[events.p == 1] / 16)
                late = events.t[events.p == 1] * 4 // DURATION
                means = [angle[late == quarter].mean() for quarter in range(4)]
                turns[axis] += sum(np.angle(b / a) for a, b in pairwise(means))
        axis, sense = direction // 2, 1 if direction % 2 == 0 else -1
        assert sense * turns[axis] > 5 * abs(turns[1 - axis])
    samples = moving_bars()
    assert samples.train.x.shape == (1000, 8, 512) and len(samples.test) == 300
    assert np.bincount(samples.test.labels, minlength=4).min() > 50
    np.testing.assert_array_equal(samples.test.x, moving_bars().test.x)
