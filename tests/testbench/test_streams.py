from typing import Any

import pytest

from dualspike.testbench.unit.payloads import Fields
from dualspike.testbench.unit.streams import (
    HandshakeChecker,
    HandshakeViolation,
    Pulses,
    StreamEnd,
    StreamSink,
    StreamSource,
)


class Wires:
    """Ports without a simulator: what is set is what is seen."""

    def __init__(self) -> None:
        self.now = 0
        self.values: dict[str, Any] = {"s_valid": 0, "s_ready": 0, "s_payload": 0}

    def set(self, **values: Fields) -> None:
        self.values.update(values)

    def bits(self, name: str) -> int:
        return int(self.values[name])

    get = bits

    def cycle(self, *parts: StreamEnd, **values: int) -> None:
        self.set(**values)
        for part in parts:
            part.drive()
        for part in parts:
            part.sample()
        self.now += 1


OFFER = {"s_valid": 1, "s_payload": 5, "s_ready": 0}


def test_checker_lets_a_standing_offer_be() -> None:
    wires = Wires()
    checker = HandshakeChecker(wires, "s")
    for ready in (0, 0, 1):
        wires.cycle(checker, **{**OFFER, "s_ready": ready})
    wires.cycle(checker, s_valid=0, s_payload=9)
    wires.cycle(checker, s_payload=8)


@pytest.mark.parametrize(
    ("then", "offers"), [({"s_valid": 0}, "nothing"), ({"s_payload": 6}, "0x6")]
)
@pytest.mark.parametrize("ready", [0, 1])
def test_checker_raises_on_a_breach(then: dict[str, int], offers: str, ready: int) -> None:
    wires = Wires()
    checker = HandshakeChecker(wires, "s")
    wires.cycle(checker, **OFFER)
    wires.cycle(checker, **OFFER)
    message = f"cycle 2: s offered 0x5, which was not taken, and now offers {offers}"
    with pytest.raises(HandshakeViolation, match=message):
        wires.cycle(checker, **{**OFFER, **then, "s_ready": ready})


def test_source_and_sink_pass_everything_and_keep_the_law() -> None:
    wires = Wires()
    source, sink = StreamSource(wires, "s", 0.4, seed=1), StreamSink(wires, "s", 0.6, seed=2)
    source.send(range(1, 200))
    checker = HandshakeChecker(wires, "s")
    for _ in range(2000):
        wires.cycle(source, sink, checker)
    assert sink.taken == list(range(1, 200))
    assert sink.moved == source.moved
    assert source.moved == sorted(set(source.moved))
    assert not source.queue


def test_without_stalls_a_payload_moves_in_every_cycle() -> None:
    wires = Wires()
    source, sink = StreamSource(wires, "s"), StreamSink(wires, "s")
    source.send(range(10))
    for _ in range(12):
        wires.cycle(source, sink)
    assert sink.moved == list(range(10))


def test_stalls_are_frequent_and_repeatable() -> None:
    runs = []
    for seed in (1, 1, 2):
        wires = Wires()
        sink = StreamSink(wires, "s", 0.75, seed)
        for _ in range(2000):
            wires.cycle(sink, s_valid=1)
        runs.append(sink.moved)
    assert runs[0] == runs[1] != runs[2]
    # Binomial(2000, 1/4): mean 500, standard deviation 19.4; five of them.
    assert abs(len(runs[0]) - 500) < 5 * 19.4


def test_a_shut_sink_takes_nothing() -> None:
    wires = Wires()
    sink = StreamSink(wires, "s")
    sink.open = False
    wires.cycle(sink, s_valid=1)
    assert sink.taken == []
    assert not wires.values["s_ready"]


def test_pulses_notes_cycle_and_value() -> None:
    wires = Wires()
    pulses = Pulses(wires, "s_payload")
    for value in (0, 3, 0, 0, 1):
        wires.cycle(pulses, s_payload=value)
    assert pulses.seen == [(1, 3), (4, 1)]
