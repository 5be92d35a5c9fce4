"""Chosen foldings against all foldings there are, on small networks; devices; refusals."""

from functools import cache
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dualspike.model.area import Area
from dualspike.model.description import Description
from dualspike.model.devices import DEVICES, ECP5, Device
from dualspike.model.errors import BadInput
from dualspike.model.estimate import chip_area, uses
from dualspike.model.fit import NetworkSearch, Target, check_fits, excess
from dualspike.model.geometry import geometry
from dualspike.model.load import describe, load_preset
from dualspike.model.part_folding import REFERENCE, split

NETS: list[dict[str, Any]] = [
    {"layers": [3, 4, 2], "time_steps": 3},
    {"layers": [2, 3, 3, 2], "time_steps": 2},
    {"layers": [1, 2, 5, 1], "time_steps": 1},
    {"layers": [4, 6, 5], "time_steps": 4},
]


LOCAL = {1}
"""Nets that have local losses."""


def described(net: int, **hardware: list[int]) -> Description:
    learning = {"local": net in LOCAL}
    return describe({"network": NETS[net], "learning": learning, "hardware": hardware}, "test")


@cache
def every_folding(net: int) -> list[tuple[int, Area]]:
    """Interval and area of all foldings that the model accepts."""
    shapes = described(net).network.shapes
    found: list[tuple[int, Area]] = []
    for simd in product(*(range(1, n_in + 1) for n_in, _ in shapes)):
        for pe in product(*(range(1, n_out + 1) for _, n_out in shapes)):
            try:
                d = described(net, pe=list(pe), simd=list(simd))
            except BadInput:
                continue
            found.append((geometry(d.parts[0]).interval, chip_area(d)))
    return found


def cost(area: Area) -> float:
    return sum(use.share for use in uses(area, REFERENCE))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(NETS) - 1), st.integers(0, 60))
def test_nothing_cheaper_reaches_the_target(net: int, interval: int) -> None:
    d, target = described(net), Target(1e6, interval)
    reach = [cost(area) for clocks, area in every_folding(net) if clocks <= interval]
    if not reach:
        with pytest.raises(BadInput, match="no folding reaches"):
            NetworkSearch(d).reaching(target)
        return
    chosen = NetworkSearch(d).reaching(target)
    assert geometry(chosen.parts[0]).interval <= interval
    assert cost(chip_area(chosen)) <= min(reach) + 4 / REFERENCE.lut4  # areas are whole numbers


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(NETS) - 1), st.tuples(*[st.floats(0, 1)] * 4), st.floats(0.1, 1))
def test_nothing_faster_fits_the_device(
    net: int, place: tuple[float, float, float, float], budget: float
) -> None:
    foldings = every_folding(net)
    has = [
        round(min(values) + part * (max(values) - min(values)) * 1.1)
        for part, values in zip(
            place, zip(*(_needs(area) for _, area in foldings), strict=True), strict=True
        )
    ]
    device = Device("drawn", ECP5, *(int(n / budget) + 1 for n in has))
    fits = [clocks for clocks, area in foldings if not excess(area, device, budget)]
    d = described(net)
    if not fits:
        with pytest.raises(BadInput, match="drawn has"):
            NetworkSearch(d, device).fastest(budget)
        return
    chosen = NetworkSearch(d, device).fastest(budget)
    assert not excess(chip_area(chosen, device.family), device, budget)
    assert geometry(chosen.parts[0]).interval == min(fits)


def _needs(area: Area) -> tuple[float, float, int, int]:
    return area.lut4, area.ff, area.dsp, area.bram


@given(st.integers(1, 300))
def test_a_split_has_no_size_that_wastes_places(n: int) -> None:
    sizes = split(n)
    parts = [-(-n // size) for size in sizes]
    assert sizes[0] == 1 and sizes[-1] == n
    assert len(set(parts)) == len(parts)
    assert all(
        -(-n // (size - 1)) > part for size, part in zip(sizes, parts, strict=True) if size > 1
    )


@pytest.mark.parametrize(
    ("rate", "clock", "line"),
    [
        (
            2e6,
            50,
            "no folding reaches 2,000,000 samples a second at 50 MHz:"
            " full unrolling takes 32 clocks a sample, 1,562,500",
        ),
        (
            3e5,
            50,
            "ecp5-85f has 156 DSP (80 % are 124),"
            " a folding for 300,000 samples a second at 50 MHz needs about 257",
        ),
        (
            0.5,
            1e-7,
            "no folding reaches 0.5 samples a second at 1e-07 MHz: full unrolling takes"
            " 32 clocks a sample, 0",
        ),
    ],
)
def test_a_target_out_of_reach_is_refused_with_the_reason(
    rate: float, clock: float, line: str
) -> None:
    with pytest.raises(BadInput) as caught:
        NetworkSearch(load_preset("hat")).reaching(Target(rate, clock), 0.8)
    assert str(caught.value) == line


def test_a_device_too_small_is_refused_with_the_reason() -> None:
    hat, small = load_preset("hat"), DEVICES["ecp5-12f"]
    with pytest.raises(BadInput) as caught:
        NetworkSearch(hat, small).fastest(0.8)
    assert str(caught.value) == (
        "ecp5-12f has 28 DSP (80 % are 22), the smallest folding needs about 26"
    )
    with pytest.raises(BadInput) as caught:
        check_fits(chip_area(hat, small.family), small)
    assert str(caught.value) == "ecp5-12f has 28 DSP, this core needs about 71"
    check_fits(chip_area(hat), DEVICES["ecp5-85f"])


def test_wide_layers_are_folded_without_looking_at_every_size() -> None:
    wide = describe({"network": {"layers": [4096, 4096, 4096, 8]}}, "test")
    folding = NetworkSearch(wide).reaching(Target(1, 200))
    assert geometry(folding.parts[0]).interval <= 200e6
