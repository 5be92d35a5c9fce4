"""Chosen foldings against all foldings there are, on small chips; devices; refusals."""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dualspike.model.cost.area import Area
from dualspike.model.cost.devices import DEVICES, ECP5, Device
from dualspike.model.cost.estimate import chip_area, uses
from dualspike.model.cost.folding import REFERENCE, split
from dualspike.model.cost.network_fit import NetworkSearch, Target, check_fits, excess
from dualspike.model.cost.operator_fit import OperatorSearch
from dualspike.model.description.description import Description
from dualspike.model.description.files.save import toml_text
from dualspike.model.description.load import describe, load_preset
from dualspike.model.errors import BadInput
from dualspike.model.sizes.cycles import batch_cycles
from dualspike.model.sizes.geometry import geometry
from tests.refusals import refusal


def interval(d: Description) -> int:
    """Clocks of a sample."""
    return geometry(d.parts[0]).interval


def batch(d: Description) -> int:
    """Clocks of a batch at most."""
    return batch_cycles(d)[1]


@dataclass(frozen=True)
class Small:
    """A chip with few foldings; ``clocks`` are what is searched for, to a share of ``near``."""

    tables: dict[str, Any]
    search: type[NetworkSearch] | type[OperatorSearch]
    clocks: Callable[[Description], int]
    target: Callable[[int], Target]
    wanted: tuple[int, int]
    near: float

    def described(self, **hardware: Any) -> Description:
        return describe(self.tables | {"hardware": hardware}, "test")


def perceptron(layers: list[int], time_steps: int, *, local: bool = False) -> Small:
    network = {"layers": layers, "time_steps": time_steps}
    tables = {"network": network, "learning": {"local": local}}
    return Small(tables, NetworkSearch, interval, lambda n: Target(1e6, n), (0, 60), 1)


PARTS = [{"layers": layers, "time_steps": 3} for layers in ([2, 3, 2], [1, 2, 2])]
SMALL = {
    "3-4-2": perceptron([3, 4, 2], 3),
    "local": perceptron([2, 3, 3, 2], 2, local=True),
    "one step": perceptron([1, 2, 5, 1], 1),
    "4-6-5": perceptron([4, 6, 5], 4),
    "operator": Small(
        {
            "operator": {"kind": "deeponet", "parts": PARTS},
            "learning": {"batch": [60, 50], "floor": 0.5},
        },
        OperatorSearch,
        batch,
        lambda n: Target(60e6 / n, 1.0),
        (3000, 7200),
        1.01,
    ),
}
chips = pytest.mark.parametrize("name", SMALL)


@cache
def every_folding(name: str) -> list[tuple[int, Area]]:
    """Clocks and area of all foldings that the model accepts."""
    small = SMALL[name]
    d = small.described()
    shapes = [shape for network in d.networks for shape in network.shapes]
    widths = [range(1, n_in + 1) for n_in, _ in shapes]
    widths += [range(1, n_out + 1) for _, n_out in shapes]
    terms = [{}] if d.kind == "mlp" else [{"terms": n + 1} for n in range(d.basis)]
    found: list[tuple[int, Area]] = []
    for sizes, more in product(product(*widths), terms):
        simd, pe = list(sizes[: len(shapes)]), list(sizes[len(shapes) :])
        try:
            d = small.described(pe=pe, simd=simd, **more)
        except BadInput:
            continue
        found.append((small.clocks(d), chip_area(d)))
    return found


def cost(area: Area) -> float:
    return sum(use.share for use in uses(area, REFERENCE))


@chips
@settings(max_examples=30)
@given(st.data())
def test_nothing_cheaper_reaches_the_target(name: str, data: st.DataObject) -> None:
    small, wanted = SMALL[name], data.draw(st.integers(*SMALL[name].wanted))
    d, target = small.described(), small.target(wanted)
    reach = [cost(area) for clocks, area in every_folding(name) if clocks <= wanted]
    if not reach:
        assert "no folding reaches" in refusal(small.search(d).reaching, target)
        return
    chosen = small.search(d).reaching(target)
    assert small.clocks(chosen) <= wanted
    safe = [cost(area) for clocks, area in every_folding(name) if small.near * clocks <= wanted]
    most = min(safe, default=float("inf")) + 4 / REFERENCE.lut4  # areas are whole numbers
    assert min(reach) <= cost(chip_area(chosen)) <= most


@chips
@settings(max_examples=30)
@given(st.tuples(*[st.floats(0, 1)] * 4), st.floats(0.1, 1))
def test_nothing_faster_fits_the_device(
    name: str, place: tuple[float, float, float, float], budget: float
) -> None:
    small, foldings = SMALL[name], every_folding(name)
    columns = zip(*((a.lut4, a.ff, a.dsp, a.bram) for _, a in foldings), strict=True)
    has = [
        round(min(values) + part * (max(values) - min(values)) * 1.1)
        for part, values in zip(place, columns, strict=True)
    ]
    device = Device("drawn", ECP5, *(int(n / budget) + 1 for n in has))
    fits = [clocks for clocks, area in foldings if not excess(area, device, budget)]
    search = small.search(small.described(), device)
    if not fits:
        assert "drawn has" in refusal(search.fastest, budget)
        return
    chosen = search.fastest(budget)
    assert not excess(chip_area(chosen, device.family), device, budget)
    assert min(fits) <= small.clocks(chosen) <= small.near * min(fits)


@given(st.integers(1, 300))
def test_a_split_has_no_size_that_wastes_places(n: int) -> None:
    sizes = split(n)
    parts = [-(-n // size) for size in sizes]
    assert sizes[0] == 1 and sizes[-1] == n
    assert len(set(parts)) == len(parts)
    assert all(
        -(-n // (size - 1)) > part for size, part in zip(sizes, parts, strict=True) if size > 1
    )


@pytest.mark.parametrize("name", ["poisson", "reaction_diffusion"])
def test_a_fitted_preset_reads_back(name: str) -> None:
    d = load_preset(name)
    chosen = OperatorSearch(d).reaching(Target(d.batch[0] * 1e6 / batch(d), 1.0))
    assert batch(chosen) <= batch(d)
    assert cost(chip_area(chosen)) <= cost(chip_area(d))
    assert describe(tomllib.loads(toml_text(chosen)), "written") == chosen
    assert chosen.model_copy(update={"hardware": d.hardware}) == d


HAT, POISSON, OPERATOR = load_preset("hat"), load_preset("poisson"), SMALL["operator"].described()
DSP = "ecp5-85f has 156 DSP (80 % are 124), a folding for"


@pytest.mark.parametrize(
    ("find", "line"),
    [
        (
            lambda: NetworkSearch(HAT).reaching(Target(2e6, 50), 0.8),
            "no folding reaches 2,000,000 samples a second at 50 MHz:"
            " full unrolling takes 32 clocks a sample, 1,562,500",
        ),
        (
            lambda: NetworkSearch(HAT).reaching(Target(3e5, 50), 0.8),
            f"{DSP} 300,000 samples a second at 50 MHz needs about 257",
        ),
        (
            lambda: NetworkSearch(HAT).reaching(Target(0.5, 1e-7), 0.8),
            "no folding reaches 0.5 samples a second at 1e-07 MHz: full unrolling takes"
            " 32 clocks a sample, 0",
        ),
        (
            lambda: OperatorSearch(OPERATOR).reaching(Target(1e6, 50)),
            "no folding reaches 1,000,000 samples a second at 50 MHz: full unrolling takes 3,512"
            " clocks for a batch of 60, 854,214 a second",
        ),
        (
            lambda: OperatorSearch(OPERATOR, DEVICES["ice40-hx8k"]).fastest(0.8),
            "ice40-hx8k has 7,680 LUT4 (80 % are 6,144), the smallest folding needs about 18,407",
        ),
        (
            lambda: OperatorSearch(POISSON).reaching(Target(3e4, 60), 0.8),
            f"{DSP} 30,000 samples a second at 60 MHz needs about 157",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(find: Callable[[], object], line: str) -> None:
    assert refusal(find) == line


def test_a_device_too_small_is_refused_with_the_reason() -> None:
    small = DEVICES["ecp5-12f"]
    line = "ecp5-12f has 28 DSP (80 % are 22), the smallest folding needs about 26"
    assert refusal(NetworkSearch(HAT, small).fastest, 0.8) == line
    line = "ecp5-12f has 28 DSP, this core needs about 71"
    assert refusal(check_fits, chip_area(HAT, small.family), small) == line
    check_fits(chip_area(HAT), DEVICES["ecp5-85f"])


def test_wide_layers_are_folded_without_looking_at_every_size() -> None:
    wide = describe({"network": {"layers": [4096, 4096, 4096, 8]}}, "test")
    folding = NetworkSearch(wide).reaching(Target(1, 200))
    assert interval(folding) <= 200e6
