"""Chosen foldings of operator chips against all foldings there are, on small ones."""

import math
import tomllib
from collections.abc import Callable
from functools import cache
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dualspike.model.area import Area
from dualspike.model.cycles import batch_cycles
from dualspike.model.description import Description
from dualspike.model.devices import DEVICES, ECP5, Device
from dualspike.model.errors import BadInput
from dualspike.model.estimate import chip_area, uses
from dualspike.model.fit import REFERENCE, Target, excess
from dualspike.model.load import describe, load_preset
from dualspike.model.operator_fit import OperatorSearch
from dualspike.model.save import toml_text

BATCH = [60, 50]


def described(**hardware: Any) -> Description:
    parts = [{"layers": layers, "time_steps": 3} for layers in ([2, 3, 2], [1, 2, 2])]
    tables = {
        "operator": {"kind": "deeponet", "parts": parts},
        "learning": {"batch": BATCH, "floor": 0.5},
        "hardware": hardware,
    }
    return describe(tables, "test")


@cache
def every_folding() -> list[tuple[int, Area]]:
    """Clocks of a batch, at most, and area of all foldings that the model accepts."""
    shapes = described().shapes
    found: list[tuple[int, Area]] = []
    for simd in product(*(range(1, n_in + 1) for n_in, _ in shapes)):
        for pe in product(*(range(1, n_out + 1) for _, n_out in shapes)):
            for terms in (1, 2):
                try:
                    d = described(pe=list(pe), simd=list(simd), terms=terms)
                except BadInput:
                    continue
                found.append((batch_cycles(d)[1], chip_area(d)))
    return found


def cost(area: Area) -> float:
    return sum(use.share for use in uses(area, REFERENCE))


def needs(area: Area) -> tuple[float, float, int, int]:
    return area.lut4, area.ff, area.dsp, area.bram


@settings(max_examples=40, deadline=None)
@given(st.integers(3000, 7200))
def test_nothing_cheaper_reaches_the_target(clocks: int) -> None:
    target = Target(1e6 * BATCH[0] / clocks, 1.0)
    reach = [cost(area) for most, area in every_folding() if most <= clocks]
    if not reach:
        with pytest.raises(BadInput, match="no folding reaches"):
            OperatorSearch(described()).reaching(target)
        return
    chosen = OperatorSearch(described()).reaching(target)
    assert batch_cycles(chosen)[1] <= clocks
    faster = [cost(area) for most, area in every_folding() if 1.01 * most <= clocks]
    assert min(reach) <= cost(chip_area(chosen)) <= min(faster, default=math.inf)


@settings(max_examples=40, deadline=None)
@given(st.floats(0, 1.1), st.floats(0.1, 1))
def test_nothing_faster_fits_the_device(place: float, budget: float) -> None:
    foldings = every_folding()
    columns = zip(*(needs(area) for _, area in foldings), strict=True)
    has = [min(column) + place * (max(column) - min(column)) for column in columns]
    device = Device("drawn", ECP5, *(int(n / budget) + 1 for n in has))
    fits = [clocks for clocks, area in foldings if not excess(area, device, budget)]
    if not fits:
        with pytest.raises(BadInput, match="drawn has"):
            OperatorSearch(described(), device).fastest(budget)
        return
    chosen = OperatorSearch(described(), device).fastest(budget)
    assert not excess(chip_area(chosen), device, budget)
    assert batch_cycles(chosen)[1] <= 1.01 * min(fits)


@pytest.mark.parametrize("name", ["poisson", "reaction_diffusion"])
def test_a_fitted_preset_reads_back(name: str) -> None:
    d = load_preset(name)
    target = Target(d.batch[0] * 1e6 / batch_cycles(d)[1], 1.0)
    chosen = OperatorSearch(d).reaching(target)
    assert batch_cycles(chosen)[1] <= batch_cycles(d)[1]
    assert cost(chip_area(chosen)) <= cost(chip_area(d))
    assert describe(tomllib.loads(toml_text(chosen)), "written") == chosen
    assert chosen.model_copy(update={"hardware": d.hardware}) == d


@pytest.mark.parametrize(
    ("find", "line"),
    [
        (
            lambda: OperatorSearch(described()).reaching(Target(1e6, 50)),
            "no folding reaches 1,000,000 samples a second at 50 MHz: full unrolling takes 3,512"
            " clocks for a batch of 60, 854,214 a second",
        ),
        (
            lambda: OperatorSearch(described(), DEVICES["ice40-hx8k"]).fastest(0.8),
            "ice40-hx8k has 7,680 LUT4 (80 % are 6,144), the smallest folding needs about 17,930",
        ),
        (
            lambda: OperatorSearch(load_preset("poisson")).reaching(Target(3e4, 60), 0.8),
            "ecp5-85f has 156 DSP (80 % are 124), a folding for 30,000 samples a second at 60 MHz"
            " needs about 157",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(find: Callable[[], object], line: str) -> None:
    with pytest.raises(BadInput) as caught:
        find()
    assert str(caught.value) == line
