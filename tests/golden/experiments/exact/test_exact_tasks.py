"""The tasks: who is trained, who is tested, and where the Yin-Yang classes lie."""

import numpy as np

from dualspike.golden.experiments.exact.tasks import (
    BIAS,
    EARLIEST,
    FOLDS,
    LATEST,
    load_task,
    parted,
    yin_yang_class,
)


def test_xor_is_the_four_cases() -> None:
    task = load_task("xor", 1)
    late = task.train.times[:, :2] == LATEST
    assert (late | (task.train.times[:, :2] == EARLIEST)).all()
    assert sorted(map(tuple, late.tolist())) == [
        (False, False),
        (False, True),
        (True, False),
        (True, True),
    ]
    assert (task.train.labels == np.logical_xor(*late.T)).all()
    assert (task.train.times[:, 2] == BIAS).all()
    assert task.test is task.validation is task.train


def test_iris_is_parted_class_by_class() -> None:
    task = load_task("iris", 1)
    parts = (task.train, task.validation, task.test)
    assert [np.bincount(part.labels).tolist() for part in parts] == [[35] * 3, [5] * 3, [10] * 3]
    values = (task.train.times[:, :8] - EARLIEST) / (LATEST - EARLIEST)
    np.testing.assert_allclose(values.min(axis=0), 0, atol=1e-15)
    np.testing.assert_allclose(values.max(axis=0), 1)
    np.testing.assert_allclose(values[:, :4] + values[:, 4:], 1)
    assert not np.array_equal(task.train.times, load_task("iris", 2).train.times)


def test_every_flower_is_tested_once() -> None:
    labels = np.repeat(np.arange(3), 50)
    folds = [parted(labels, fold, np.random.default_rng(4)) for fold in range(FOLDS["iris"])]
    for parts in folds:
        assert sorted(np.concatenate(parts).tolist()) == list(range(150))
    assert sorted(np.concatenate([test for _, _, test in folds]).tolist()) == list(range(150))


def test_yin_yang_classes_at_known_points() -> None:
    points = {
        (0.25, 0.5): 2,  # both dots
        (0.75, 0.5): 2,
        (0.5, 0.9): 1,  # above, outside the right half disc
        (0.5, 0.1): 0,  # below, outside the left half disc
        (0.25, 0.3): 1,  # in the left half disc, below its dot
        (0.75, 0.7): 0,  # in the right half disc, above its dot
        (0.25, 0.61): 1,
        (0.25, 0.59): 2,
        (0.99, 0.52): 0,
        (0.95, 0.66): 1,
    }
    x, y = np.array(list(points)).T
    assert yin_yang_class(x, y).tolist() == list(points.values())


def test_yin_and_yang_are_each_other_turned_by_half_a_circle() -> None:
    x, y = np.random.default_rng(0).random((2, 5000))
    inside = np.hypot(x - 0.5, y - 0.5) < 0.5
    there, turned = yin_yang_class(x, y)[inside], yin_yang_class(1 - x, 1 - y)[inside]
    assert (np.array([1, 0, 2])[there] == turned).all()


def test_yin_yang_points_are_in_the_disc_and_classes_even() -> None:
    task = load_task("yin-yang", 3)
    assert [len(part.labels) for part in (task.train, task.validation, task.test)] == [
        5000,
        1000,
        1000,
    ]
    values = (task.train.times[:, :4] - EARLIEST) / (LATEST - EARLIEST)
    x, y = values[:, :2].T
    np.testing.assert_allclose(values[:, 2:], 1 - values[:, :2])
    assert (np.hypot(x - 0.5, y - 0.5) < 0.5 + 1e-12).all()
    # 5,000 draws of three: a standard deviation of 33.
    assert np.abs(np.bincount(task.train.labels) - 5000 / 3).max() < 4 * 33
    # Points of one class are even over its area: the centre of a dot is the centre of its points.
    left = (task.train.labels == 2) & (x < 0.5)
    assert np.abs(np.stack([x, y])[:, left].mean(axis=1) - [0.25, 0.5]).max() < 4 * 0.05 / 28
