"""How deep a chip is, by the clock that is asked for; and what does not depend on it."""

import pytest

from dualspike.model.description.load import describe
from dualspike.model.errors import BadInput
from dualspike.model.interface.identity import identity
from dualspike.model.interface.registers import register_map
from dualspike.model.sizes.cycles import fill_bound
from dualspike.model.sizes.depth import FASTEST_SHALLOW, Depth, depth_at
from dualspike.model.sizes.geometry import geometry

NET = {"name": "net", "network": {"layers": [2, 4, 3, 1], "time_steps": 4}}


@pytest.mark.parametrize(
    ("clock", "multiply"),
    [(None, 1), (1, 1), (FASTEST_SHALLOW, 1), (FASTEST_SHALLOW + 0.1, 2), (1000, 2)],
)
def test_a_high_clock_takes_more_registers(clock: float | None, multiply: int) -> None:
    assert depth_at(clock) == Depth(multiply=multiply)
    d = describe(NET | {"hardware": {"clock": clock}}, "test")
    assert d.depth == d.parts[0].depth == depth_at(clock)
    assert [layer.multiply for layer in geometry(d.parts[0]).layers] == [multiply] * 3


@pytest.mark.parametrize("clock", [0, 0.99, 1000.5])
def test_a_clock_out_of_range_is_refused(clock: float) -> None:
    with pytest.raises(BadInput) as caught:
        describe(NET | {"hardware": {"clock": clock}}, "test")
    line = f"hardware.clock must be in [1, 1000], not {float(clock)}"
    assert str(caught.value).endswith(line)


def test_the_clock_changes_neither_what_a_chip_is_nor_its_pace() -> None:
    plain, fast = (describe(NET | {"hardware": {"clock": clock}}, "test") for clock in (None, 200))
    assert identity(plain) == identity(fast)
    assert register_map(plain) == register_map(fast)
    slow, quick = (geometry(d.parts[0]) for d in (plain, fast))
    assert slow.interval == quick.interval
    assert fill_bound(fast.parts[0]) == fill_bound(plain.parts[0]) + 3


def test_layers_that_multiply_nothing_stay_as_they_are() -> None:
    tables = {"learning": {"rule": "none"}, "hardware": {"clock": 200}}
    g = geometry(describe(NET | tables, "test").parts[0])
    assert [layer.multiply for layer in g.layers] == [2, 1, 2]
