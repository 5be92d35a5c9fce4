"""What is forecast of chips that learn online: clocks, area, foldings."""

from dataclasses import astuple
from typing import Any

import pytest

from dualspike.model.cost.devices import DEVICES
from dualspike.model.cost.estimate import chip_area, estimate
from dualspike.model.cost.network_fit import NetworkSearch, Target
from dualspike.model.description.description import Description
from dualspike.model.description.load import describe, load_preset
from dualspike.model.sizes.geometry import geometry
from dualspike.model.sizes.online import learning_interval, online_batch_cycles
from tests.refusals import refusal


def online(**tables: dict[str, Any]) -> Description:
    network = {"layers": [6, 12, 8, 3], "time_steps": 4}
    given = {"network": network, "learning": {}, "hardware": {}} | tables
    given["learning"] = {"rule": "online", "batch": 8} | given["learning"]
    return describe(given, "test")


def test_a_sample_takes_the_same_clocks_and_a_batch_has_an_end() -> None:
    d = load_preset("digits")
    found, part = estimate(d), d.parts[0]
    assert found["interval"] == learning_interval(part) == found["clocks_per_sample_inference"]
    assert found["bottleneck"] == "layer 1 (output)"
    assert found["clocks_per_sample_learning"] == round(online_batch_cycles(d) / d.batch[0], 2)
    assert 1 < found["clocks_per_sample_learning"] / found["interval"] < 1.1
    assert found["parts"][0]["lanes"] == 1
    layers = found["parts"][0]["layers"]
    assert [layer["sign_bits_per_cycle"] for layer in layers] == [1, 0]


def test_tiny_networks_wait_for_what_comes_back() -> None:
    """As docs/online_chip.md has it."""

    def more(n: int, groups: int) -> float:
        network = {"layers": [n] * 3, "time_steps": 8, "coding": "frames"}
        hardware = {"pe": [n // groups] * 2}
        part = online(network=network, learning={"loss": "margin"}, hardware=hardware).parts[0]
        return learning_interval(part) / geometry(part).interval

    for groups, least in ((4, 16), (2, 64)):
        assert [more(n, groups) <= 1.05 for n in range(8, 97, 8)] == [
            n >= least for n in range(8, 97, 8)
        ]
    assert not any(more(n, 1) <= 1.05 for n in range(8, 480, 8))
    assert [round(more(n, 1), 2) for n in (16, 64)] == [2.25, 1.56]


@pytest.mark.parametrize("feedback", ["forward", "signs", "forward-dfa"])
@pytest.mark.parametrize("coding", ["direct", "frames", "numbers"])
def test_more_of_anything_takes_no_less(feedback: str, coding: str) -> None:
    form = {"numbers": {"input": "s4.0"}}.get(coding, {})
    coding = {"numbers": "frames"}.get(coding, coding)

    def area(pe: int, simd: int, width: int = 12) -> tuple[float, ...]:
        network = {"layers": [6, width, 8, 3], "time_steps": 4, "coding": coding}
        hardware = {"pe": [2, pe, 1], "simd": [1, simd, 1]}
        return astuple(
            chip_area(
                online(
                    network=network,
                    learning={"feedback": feedback},
                    formats=form,
                    hardware=hardware,
                )
            )
        )

    small = area(2, 1)
    for more in (area(4, 1), area(2, 2), area(2, 1, 40)):
        assert all(a >= b for a, b in zip(more, small, strict=True)) and more != small


def test_every_lane_takes_more() -> None:
    areas = [chip_area(online(learning={"directions": lanes})) for lanes in (1, 2, 3)]
    signs = chip_area(online(learning={"feedback": "signs"}))
    assert signs.dsp < areas[0].dsp < areas[1].dsp < areas[2].dsp
    assert areas[0].lut4 < areas[1].lut4 < areas[2].lut4


@pytest.mark.parametrize("clocks", [72, 100, 500, 2000])
def test_a_folding_keeps_its_rate_while_learning(clocks: int) -> None:
    d = online()
    found = NetworkSearch(d).reaching(Target(1e6 / clocks, 1))
    part = found.parts[0]
    assert geometry(part).interval <= learning_interval(part) <= clocks
    slower = NetworkSearch(d).reaching(Target(1e6 / (4 * clocks), 1))
    assert chip_area(slower).lut4 <= chip_area(found).lut4


def test_where_nothing_is_folded_changes_still_take_their_time() -> None:
    search = NetworkSearch(online(), DEVICES["ecp5-25f"])
    line = refusal(search.reaching, Target(1e6, 10))
    unrolled = online(hardware={"pe": [12, 8, 3], "simd": [6, 12, 8]})
    least = learning_interval(unrolled.parts[0])
    assert f"full unrolling takes {least} clocks a sample, {10_000_000 // least:,}" in line
    assert learning_interval(search.reaching(Target(1e4, least * 0.01)).parts[0]) <= least
    short = refusal(search.reaching, Target(1e4, least * 0.01), 0.5)
    assert short.startswith("ecp5-25f has 24,288 LUT4 (50 % are 12,144), a folding for 10,000")
