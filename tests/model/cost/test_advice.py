"""What is said to make a core fit does, and does nothing else."""

import pytest

from dualspike.model.cost.advice import Way, advice, clocks, ways_to_fit, ways_when_folded
from dualspike.model.cost.devices import DEVICES
from dualspike.model.cost.estimate import chip_area, uses
from dualspike.model.cost.network_fit import excess
from dualspike.model.description.description import Description
from dualspike.model.description.load import describe, load_preset, revised

BUDGET = 0.8
TABLES = {
    "perceptron": {"network": {"layers": [2, 24, 24, 1]}, "learning": {"directions": 3}},
    "inferring": {"network": {"layers": [32, 64, 8]}, "learning": {"rule": "none"}},
    "online": {
        "network": {"layers": [16, 32, 4]},
        "learning": {"rule": "online", "directions": 2},
    },
}
WHERE = ("ecp5-12f", "ecp5-45f", "ecp5-85f", "ice40-up5k", "ice40-hx8k")


def net(name: str) -> Description:
    return describe(TABLES[name], "test")


def with_it(d: Description, way: Way, *, folded: bool = False) -> Description:
    ones = [1] * len(d.shapes)
    keys = {"pe": ones, "simd": ones} | ({} if d.kind == "mlp" else {"terms": 1})
    d = revised(d, "hardware", **keys) if folded else d
    for section, changes in way.changes.items():
        d = revised(d, section, **changes)
    return d


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("where", WHERE)
def test_every_way_is_what_it_says(name: str, where: str) -> None:
    d, device = net(name), DEVICES[where]
    for folded, found in (
        (False, ways_to_fit(d, device, BUDGET)),
        (True, ways_when_folded(d, device, BUDGET)),
    ):
        for way in found:
            changed = with_it(d, way, folded=folded)
            area = chip_area(changed, device.family)
            assert way.uses == uses(area, device)
            assert way.fits == (not excess(area, device, BUDGET))
            assert way.clocks == clocks(changed)
            assert changed != d


def test_the_hat_in_passes_on_a_small_board() -> None:
    """Nothing by itself, lanes and folding together; what the docs show for the 45F."""
    d = load_preset("hat")
    small = ways_to_fit(d, DEVICES["ecp5-12f"], BUDGET)
    assert [way.fits for way in small] == [False] * 4 + [True]
    assert str(small[-1]).startswith("hardware.lanes = 2, hardware.pe = [")
    more = ways_to_fit(d, DEVICES["ecp5-45f"], BUDGET)
    assert [(str(way), way.fits) for way in more] == [
        ("hardware.pe = [1, 8, 1], hardware.simd = [1, 1, 1]", True),
        ('learning.structure = "factored"', False),
        ('formats.tangent = "s5.2"', False),
        ("hardware.lanes = 2", True),
    ]


def test_the_mildest_step_that_fits_is_told() -> None:
    d, device = load_preset("hat"), DEVICES["ecp5-45f"]
    (lanes,) = (
        way.changes["hardware"]["lanes"]
        for way in ways_to_fit(d, device, BUDGET)
        if "lanes" in way.changes.get("hardware", {})
    )
    milder = revised(d, "hardware", lanes=lanes + 1)
    assert lanes + 1 == d.lanes_built or excess(chip_area(milder, device.family), device, BUDGET)


def test_a_line_ends_with_what_would_fit_alone_or_together() -> None:
    d = load_preset("hat")
    assert advice(d, DEVICES["ecp5-85f"], BUDGET) == ""
    line = advice(d, DEVICES["ecp5-12f"], BUDGET)
    assert line.startswith("; it would fit with hardware.lanes = 2 (") and " DSP, " in line
    assert advice(d, DEVICES["ice40-up5k"], BUDGET) == ""
    tight = advice(d, DEVICES["ecp5-12f"], 0.4)
    assert "factored" in tight and "lanes" in tight and "tangent" in tight
