"""Descriptions of any labelled data: they hold what is there, and rates stay within shifts."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dualspike.golden.data.fitting import descriptions_for
from dualspike.golden.data.fitting.over_time import LEAKS
from dualspike.golden.data.fitting.scales import applied, whole_bits
from dualspike.golden.data.load import load_problem
from dualspike.golden.training.weights_file import npz_bytes
from dualspike.model.description.description import Description
from dualspike.model.description.files.save import toml_text
from dualspike.model.description.load import parse

pytestmark = pytest.mark.usefixtures("here")


def fitted(**arrays: Any) -> list[Description]:
    np.savez("own.npz", **arrays)
    found = descriptions_for({"source": "own.npz"})
    for d in found:
        assert parse(toml_text(d), "text") == d
        problem = load_problem(d)  # which is within all formats, or refused
        assert problem.classes == d.network.layers[-1]
    return found


@pytest.mark.parametrize("seed", range(8))
def test_any_constant_inputs(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, classes = int(rng.choice([1, 3, 30, 300, 4096])), int(rng.choice([2, 5, 70]))
    x = rng.normal(0, 1, (6 * classes, n)) * 10 ** rng.uniform(-6, 6) + rng.normal(0, 100)
    d, *others = fitted(x=x, labels=np.arange(6 * classes) % classes)
    assert len(others) == (n <= 256)
    assert d.learning.feedback == ("forward" if classes > 64 else "forward-dfa")
    assert d.classes and d.network.coding == "direct"
    (z,) = load_problem(d).train.inputs
    assert 2 * np.abs(z).max() <= 2.0**d.formats.input.integer + 1e-9


@pytest.mark.parametrize(
    ("largest", "given", "scale"), [(1, "s1.0", 1), (16, "s1.4", 2**-4), (255, "s1.8", 2**-8)]
)
def test_images_keep_all_shades(largest: int, given: str, scale: float) -> None:
    x = np.random.default_rng(0).integers(0, largest + 1, (60, 9)).astype(np.uint8)
    d, other = fitted(x=x, labels=np.arange(60) % 2)
    assert other.formats.input == d.formats.input
    if largest == 1:  # a fraction bit at least: a format has two bits
        given = str(d.formats.input)
    assert (str(d.formats.input), d.data.scale) == (given, scale)
    problem = load_problem(d)
    stored = np.concatenate([one.inputs[0] for one in (problem.train, problem.test)])
    np.testing.assert_array_equal(np.sort(stored / scale, axis=0), np.sort(x, axis=0))


def frames(seed: int, kind: str) -> np.ndarray[Any, Any]:
    rng = np.random.default_rng(seed)
    shape = (40, int(rng.integers(1, 40)), int(rng.integers(1, 20)))
    if kind == "reals":
        sizes = 10.0 ** rng.uniform(-4, 6, shape[-1])
        return rng.normal(0, 1, shape) * sizes + rng.normal(0, 1e4, shape[-1])
    ends = {"events": (0, 2), "signed": (-1, 2), "levels": (-15, 16), "samples": (-32768, 32768)}
    return rng.integers(*ends[kind], shape)


@pytest.mark.parametrize("kind", ["reals", "events", "signed", "levels", "samples"])
@pytest.mark.parametrize("seed", [1, 2])
def test_any_inputs_over_time(seed: int, kind: str) -> None:
    x = frames(seed, kind)
    found = fitted(x=x, labels=np.arange(40) % 4)
    assert [round(1 / (1 - d.network.leak)) for d in found] == [2**k for k in LEAKS]
    plain = kind in ("events", "signed", "levels")
    held = {"events": "s1.0", "signed": "s1.0", "levels": "s4.0"}.get(kind, "s5.0")
    for d in found:
        assert d.network.time_steps == x.shape[1] and d.network.coding == "frames"
        assert (d.data.plain, str(d.formats.input)) == (plain, held)
    (z,) = load_problem(found[0]).train.inputs
    if not plain:
        assert 2 < z.std() < 5 and np.abs(z).max() <= 20.01
        assert np.abs(z.mean(axis=(0, 1))).max() < 0.5


@pytest.mark.parametrize(("most", "given"), [(1, "s1.0"), (3, "s2.0"), (14, "s4.0")])
def test_counts_of_events_are_held(most: int, given: str) -> None:
    """Up to ``most`` events of a channel in a step, and in one of a hundred two hundred."""
    rng = np.random.default_rng(most)
    counts = np.where(rng.random((20, 16, 5)) < 0.5, most, 0)
    counts[0, 0, 0] = 1
    rare = counts.copy()
    rare[0, 3, 1] = 20
    for one in (counts, rare):
        sample, step, channel = np.nonzero(one)
        each = one[sample, step, channel]
        found = fitted(
            times=np.repeat(step + 0.5, each),
            channels=np.repeat(channel, each),
            samples=np.repeat(sample, each),
            labels=np.arange(20) % 2,
        )
        assert {str(d.formats.input) for d in found} == {given}
        assert {d.network.time_steps for d in found} == {16}


def test_bytes_over_time_are_scaled_and_not_clipped() -> None:
    x = np.random.default_rng(0).integers(0, 256, (30, 6, 4)).astype(np.uint8)
    d, *_ = fitted(x=x, labels=np.arange(30) % 3)
    problem = load_problem(d)
    z = np.concatenate([one.inputs[0] for one in (problem.train, problem.test)])
    assert not d.data.plain and len(np.unique(z[..., 0])) > 100


@pytest.mark.parametrize("seed", range(8))
def test_any_real_numbers(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, outputs = int(rng.choice([1, 3, 30, 300, 4096])), int(rng.choice([1, 2, 70]))
    x = rng.normal(0, 1, (20, n)) * 10 ** rng.uniform(-6, 6) + rng.normal(0, 100)
    y = rng.normal(0, 1, (20, outputs)) * 10 ** rng.uniform(-6, 6) + rng.normal(0, 1e4)
    np.savez("own.npz", x=x, y=y)
    (d,) = descriptions_for({"source": "own.npz"})
    assert parse(toml_text(d), "text") == d
    problem = load_problem(d)  # which is within all formats, or refused
    np.testing.assert_allclose(problem.truth, y[problem.test.rows])
    assert d.network.layers == [n, *[64 if n * outputs > 256 else 32] * 2, outputs]
    for values, held in (
        (problem.train.inputs[0], d.formats.input),
        (problem.train.target, d.formats.target),
    ):
        assert 2 * np.abs(values).max() < 2.0**held.integer


@pytest.mark.parametrize("times", [1, 1.5, 2, 4, 6.5, 8])
def test_test_samples_may_be_larger(times: float) -> None:
    """Of whole numbers with one scale for all, which is that of the training samples."""
    x = np.tile([[0, 8, 3], [8, 1, 2]], (10, 1))
    test_x = np.floor(x[:4] * times)
    for answers in ("labels", "y"):
        known = {"labels": np.arange(20) % 2, "y": np.linspace(-1, 1, 20)[:, None]}[answers]
        arrays = {"x": x, answers: known, "x_test": test_x, f"{answers}_test": known[:4]}
        Path("own.npz").write_bytes(npz_bytes(arrays))
        for d in descriptions_for({"source": "own.npz"}):
            assert load_problem(d).test.inputs[0].max() == times


def test_targets_that_are_about_right_stay() -> None:
    rng = np.random.default_rng(0)
    np.savez("own.npz", x=rng.uniform(-1, 1, (60, 2)), y=rng.uniform(-0.5, 0.5, (60, 1)))
    (d,) = descriptions_for({"source": "own.npz"})
    assert (d.data.target_offset, d.data.target_scale, d.data.plain) == (0, 1, True)


@pytest.mark.parametrize("seed", range(20))
def test_formats_have_no_more_bits_than_they_need(seed: int) -> None:
    rng = np.random.default_rng(seed)
    parts = [rng.normal(0, 10 ** rng.uniform(-2, 3), (9, 2)) for _ in range(2)]
    keys, times = ({}, 1) if seed % 2 else ({"offset": 0.5, "scale": 3.0}, 2)
    bits = whole_bits(keys, *parts)
    largest = times * max(np.abs(applied(one, keys)).max() for one in parts)
    assert largest < 2.0**bits and (bits == 1 or 2.0 ** (bits - 1) <= largest)
