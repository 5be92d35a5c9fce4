"""How deep a chip is, by the clock that is asked for; and what does not depend on it."""

import pytest

from dualspike.model.cost.devices import DEVICES
from dualspike.model.description.load import describe, revised
from dualspike.model.errors import BadInput
from dualspike.model.interface.identity import identity
from dualspike.model.interface.registers import register_map
from dualspike.model.sizes.cycles import fill_bound, learn_cycles
from dualspike.model.sizes.depth import DELAYS, ECP5, ICE40UP, Depth, depth_at
from dualspike.model.sizes.geometry import geometry

NET = {"name": "net", "network": {"layers": [2, 4, 3, 1], "time_steps": 4}}


def test_every_device_has_its_delays_and_the_same_names_as_elsewhere() -> None:
    assert list(DELAYS) == list(DEVICES)
    assert 40 < ECP5.fastest_shallow < 41
    assert ICE40UP.fastest_shallow < 60


@pytest.mark.parametrize("device", [None, *DELAYS])
def test_a_high_clock_takes_more_registers(device: str | None) -> None:
    """By the delays of the device: the slowest product between two registers has to fit a clock."""
    delays = DELAYS[device or "ecp5-85f"]
    way = delays.source + delays.wire + delays.operand
    for clock in (None, 1, *range(20, 200, 5), 1000):
        multiply = 1 if clock is None or way * 1.04 <= 1000 / clock else 2
        deep = multiply - 1
        depth = Depth(multiply=multiply, learner=2 * deep, membrane=deep, fetch=deep)
        assert depth_at(clock, device) == depth
        d = describe(NET | {"hardware": {"clock": clock, "device": device}}, "test")
        assert d.depth == d.parts[0].depth == depth_at(clock, device)
        layers = geometry(d.parts[0]).layers
        wide = multiply + (multiply > 1)  # sums of tangents over T have more than 18 bits
        assert [layer.multiply for layer in layers] == [multiply, multiply, wide]
        assert [layer.derive for layer in layers] == [multiply, multiply, 1]
        assert [layer.integrate for layer in layers] == [deep, deep, 0]


def test_a_device_alone_changes_nothing() -> None:
    plain = describe(NET, "test")
    assert revised(plain, "hardware", device="ice40-up5k").depth == plain.depth == Depth()


def test_an_unknown_device_is_refused() -> None:
    line = f"test: hardware.device must be one of {', '.join(DEVICES)}, not 'up5k'"
    with pytest.raises(BadInput) as caught:
        describe(NET | {"hardware": {"device": "up5k"}}, "test")
    assert str(caught.value) == line


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
    assert fill_bound(fast.parts[0]) == fill_bound(plain.parts[0]) + 4 + 2 + 2
    assert learn_cycles(fast) == learn_cycles(plain) + 2 * plain.lanes


@pytest.mark.parametrize(("words", "deep"), [(63, False), (64, True), (113, True), (114, True)])
def test_memories_of_a_fast_chip_are_read_a_clock_ahead(words: int, *, deep: bool) -> None:
    """Rows, states and chunks from 64 words on; weights from 2,048 bits on, here 114 x 18."""
    tables = {"name": "net", "network": {"layers": [1, words, 2, 1]}}
    for clock, ahead in (None, False), (200, True):
        hardware = {"pe": [1, 2, 1], "clock": clock}
        g = geometry(describe(tables | {"hardware": hardware}, "test").parts[0])
        assert [layer.ahead for layer in g.layers] == [ahead] * 3
        assert [layer.holds_rows for layer in g.layers] == [ahead and deep, False, False]
        assert [layer.holds_chunks for layer in g.layers] == [False, ahead and deep, False]
        fetch = int(ahead and words >= 114)
        assert [layer.fetch for layer in g.layers] == [fetch, fetch, 0]
        around = 14 + g.layers[0].multiply + g.layers[0].integrate + g.layers[0].derive
        assert g.layers[0].registers == around + fetch + (ahead and deep)
        assert g.layers[1].row_places == (5 + fetch + g.layers[1].multiply if ahead else 2)


def test_layers_that_multiply_nothing_stay_as_they_are() -> None:
    tables = {"learning": {"rule": "none"}, "hardware": {"clock": 200}}
    g = geometry(describe(NET | tables, "test").parts[0])
    assert [layer.multiply for layer in g.layers] == [2, 1, 2]
    assert [layer.derive for layer in g.layers] == [1, 1, 1]


def test_a_reset_that_is_attached_waits_for_its_product() -> None:
    network = NET["network"] | {"reset": "attached"}
    for clock, wait in (None, 5), (200, 7):
        d = describe(NET | {"network": network, "hardware": {"clock": clock}}, "test")
        g = geometry(d.parts[0])
        assert [layer.feedback for layer in g.layers] == [wait, wait, 0]
        assert g.interval == 4 * wait


@pytest.mark.parametrize(("rows", "clocks"), [(1, 0), (2, 0), (3, 1), (5, 1)])
def test_few_rows_of_neurons_keep_their_membranes_short(rows: int, clocks: int) -> None:
    """A sum may take a clock for itself if its row comes again after it was written."""
    network = {"layers": [2, rows, 3, 1], "time_steps": 4}
    d = describe({"name": "net", "network": network, "hardware": {"clock": 200}}, "test")
    layer = geometry(d.parts[0]).layers[0]
    assert (layer.rows, layer.integrate) == (rows, clocks)


@pytest.mark.parametrize(
    ("depth", "clocks"), [(Depth(), [1, 1, 1]), (Depth(multiply=2), [2, 2, 3])]
)
def test_a_wide_product_is_a_sum(depth: Depth, clocks: list[int]) -> None:
    assert [depth.product(bits, 4) for bits in (4, 18, 19)] == clocks
