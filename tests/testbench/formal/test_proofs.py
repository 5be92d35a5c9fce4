"""What is proved holds, and a planted error in each family is found."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from amaranth.hdl import Cat, Const, Module, Signal

from dualspike.boards.gateware.link.slip import SlipDecoder
from dualspike.hw.chip import interrupts
from dualspike.hw.chip.bus import RegisterBus
from dualspike.hw.chip.interrupts import Interrupts
from dualspike.hw.layer.macs.multiplier import Multiplier
from dualspike.hw.layer.memory import weights
from dualspike.hw.layer.memory.weights import Weights
from dualspike.hw.layer.online.weights import ChangingWeights
from dualspike.hw.layer.zero_skipper import ZeroSkipper
from dualspike.hw.learn.online.sequencer import OnlineSequencer
from dualspike.hw.learn.sequencer import Sequencer
from dualspike.hw.soc.axi_lite import AxiLiteBridge
from dualspike.hw.soc.axi_stream import ToAxiStream
from dualspike.hw.soc.wishbone import WishboneBridge
from dualspike.hw.stream.arithmetic import round_half_up
from dualspike.hw.stream.buffers.credit_buffer import CreditBuffer
from dualspike.hw.stream.buffers.frame_repeater import FrameRepeater
from dualspike.hw.stream.buffers.row_buffer import RowBuffer
from dualspike.hw.stream.buffers.skid_buffer import SkidBuffer
from dualspike.hw.stream.fork import Fork
from dualspike.hw.stream.gatherer import Gatherer
from dualspike.hw.stream.lfsr import leap
from dualspike.hw.stream.serializer import Serializer
from dualspike.model.interface.lfsr import Lfsr
from dualspike.testbench.formal import __main__ as command
from dualspike.testbench.formal.claims import Proof
from dualspike.testbench.formal.proofs import membranes, numbers, protection, random_words
from dualspike.testbench.formal.prove import NotProvedError, prove
from dualspike.testbench.formal.table import FAMILIES, PROOFS

Patch = pytest.MonkeyPatch


@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_claimed_holds(family: str, tmp_path: Path) -> None:
    prove([proof for proof in PROOFS if proof.family == family and not proof.slow], tmp_path)


@pytest.mark.long
def test_what_takes_longer_holds(tmp_path: Path) -> None:
    prove([proof for proof in PROOFS if proof.slow], tmp_path)


def test_there_are_as_many_as_the_documents_say() -> None:
    assert len({proof.name for proof in PROOFS}) == len(PROOFS)
    assert sum(len(proof.claims) for proof in PROOFS) >= 1600
    assert sum(len(proof.claims) for proof in PROOFS if proof.steps) >= 1300


def named(name: str) -> Proof:
    return next(proof for proof in PROOFS if proof.name == name)


# A component, and what is wrong with it: each is added after all else, and so overrides it.
def loses_when_busy(m: Module, queue: Any) -> None:
    with m.If(queue.inputs.valid & queue.outputs.valid & ~queue.outputs.ready):
        m.d.comb += queue.inputs.ready.eq(1)


def takes_back(m: Module, queue: Any) -> None:
    with m.If(~queue.outputs.ready):
        m.d.sync += queue.outputs.valid.eq(0)


def has_room_for_one_more(m: Module, queue: Any) -> None:
    m.d.comb += queue.room.eq(1)


def copies_twice(m: Module, split: Any) -> None:
    m.d.comb += split.copies.valid.eq(split.inputs.valid & split.on)


def answers_at_once(m: Module, bridge: Any) -> None:
    with m.If(bridge.axi.awvalid):
        m.d.sync += bridge.axi.bvalid.eq(1)


def changes_its_answer(m: Module, bridge: Any) -> None:
    with m.If(bridge.axi.rvalid):
        m.d.sync += bridge.axi.rdata.eq(0)


def writes_half_words(m: Module, bridge: Any) -> None:
    with m.If(bridge.wb.cyc_i & bridge.wb.stb_i & bridge.wb.sel_i.any()):
        m.d.comb += bridge.bus.request.eq(1)


def takes_while_full(m: Module, repeater: Any) -> None:
    m.d.comb += repeater.inputs.ready.eq(1)


def ends_with_each(m: Module, unit: Any) -> None:
    m.d.sync += unit.outputs.payload.last.eq(1)


def takes_before_the_end(m: Module, serializer: Any) -> None:
    m.d.comb += serializer.inputs.ready.eq(serializer.outputs.ready)


def drops_the_last(m: Module, gatherer: Any) -> None:
    m.d.comb += gatherer.inputs.ready.eq(1)


def stays_open(m: Module, course: Any) -> None:
    with m.If(course.learn):
        m.d.comb += course.open.eq(1)


def starts_every_layer(m: Module, course: Any) -> None:
    with m.If(course.learn):
        m.d.comb += course.start.eq(-1)


def ends_frames_late(m: Module, transmitter: Any) -> None:
    with m.If(transmitter.axis.tready):
        m.d.comb += transmitter.axis.tlast.eq(1)


def keeps_its_packet(m: Module, transmitter: Any) -> None:
    with m.If(transmitter.inputs.valid & transmitter.axis.tready):
        m.d.comb += transmitter.packet.eq(1)


def leaves_escapes(m: Module, decoder: Any) -> None:
    m.d.comb += decoder.octet.eq(decoder.byte)


def multiplies_at_once(m: Module, multiplier: Any) -> None:
    m.d.comb += multiplier.product.eq(multiplier.left * multiplier.right)


def strobes_while_reading(m: Module, chip: Any) -> None:
    m.d.comb += chip.R0_written.eq(chip.R0_read)


def tells_of_all(m: Module, unit: Any) -> None:
    m.d.comb += unit.irq.eq(unit.status.any())


@pytest.mark.parametrize(
    ("name", "component", "wrong"),
    [
        ("skid_buffer_8", SkidBuffer, loses_when_busy),
        ("row_buffer_8_3", RowBuffer, loses_when_busy),
        ("row_buffer_1_2", RowBuffer, takes_back),
        ("credit_buffer_6_5_3", CreditBuffer, has_room_for_one_more),
        ("fork_8", Fork, copies_twice),
        ("frame_repeater_3_3_2", FrameRepeater, takes_while_full),
        ("frame_repeater_held_2_2_1", FrameRepeater, takes_while_full),
        ("zero_skipper_3_2_0", ZeroSkipper, ends_with_each),
        ("serializer_even_1_shared", Serializer, takes_before_the_end),
        ("gatherer_odd", Gatherer, drops_the_last),
        ("sequencer_plain", Sequencer, stays_open),
        ("sequencer_passes", Sequencer, starts_every_layer),
        ("online_sequencer_own", OnlineSequencer, stays_open),
        ("transmitter_s5_3", ToAxiStream, ends_frames_late),
        ("transmitter_s5_3", ToAxiStream, keeps_its_packet),
        ("multiplier_0_2", Multiplier, multiplies_at_once),
        ("slip", SlipDecoder, leaves_escapes),
        ("axi_lite_5", AxiLiteBridge, answers_at_once),
        ("axi_lite_5", AxiLiteBridge, changes_its_answer),
        ("wishbone_5", WishboneBridge, writes_half_words),
        ("register_bus_5", RegisterBus, strobes_while_reading),
        ("interrupts_2", Interrupts, tells_of_all),
    ],
)
def test_a_wrong_component_is_found(
    name: str,
    component: Any,
    wrong: Callable[[Module, Any], None],
    tmp_path: Path,
    monkeypatch: Patch,
) -> None:
    right = component.elaborate

    def elaborate(self: Any, platform: object) -> Module:
        m = right(self, platform)
        wrong(m, self)
        return m

    monkeypatch.setattr(component, "elaborate", elaborate)
    with pytest.raises(NotProvedError, match=rf"^{name} is not proved: see .*proof\.log$"):
        prove([named(name)], tmp_path)


def floors(value: Any, shift: int) -> Any:
    return value.shift_right(shift) if shift > 0 else round_half_up(value, shift)


def other_taps(lfsr: Lfsr, state: Any, steps: int) -> Any:
    return leap(Lfsr(lfsr.length, (*lfsr.taps[:-1], lfsr.taps[-1] + 1)), state, steps)


def without_top(m: Module, code: Any, value: Any, name: str) -> Any:
    return Cat(protection_encode(m, code, value, name)[:-1], 0)


def late(m: Module, membrane: Any, z: Any, theta: int, bits: int, name: str) -> Any:
    return membrane_step(m, membrane, z, theta + 1, bits, name)


def swapped(*given: Any) -> Any:
    step = membrane_step(*given)
    return replace(step, over=step.floor, floor=step.over)


def joined(*given: Any) -> Any:
    step = membrane_step(*given)
    return replace(step, over=step.over | step.floor)


protection_encode = protection.encode
membrane_step = membranes.integrate_and_fire


def only_what_goes_up(held: Any, causes: Any, clear: Any) -> Any:
    return causes & ~held


def clears_first(m: Module, causes: Any, clear: Any, name: str) -> Any:
    held = Signal(len(causes), name=name)
    m.d.sync += held.eq((held | causes) & ~clear)
    return held


def everywhere(self: Any, bank: int, row: Any) -> Any:
    return Const(1)


def as_it_was(self: Any, m: Module, held: Any, new: Any, bank: int) -> Any:
    return held


def without_end(self: Any, m: Module, opens: Any) -> None:
    with m.State("RUN"):
        m.d.sync += opens.eq(0)


@pytest.mark.parametrize(
    ("name", "place", "attribute", "wrong"),
    [
        ("rounded_5", numbers, "round_half_up", floors),
        ("signs_8", random_words, "leap", other_taps),
        ("ecc_5", protection, "encode", without_top),
        ("parity_8", protection, "encode", without_top),
        ("velocities_single", weights, "round_half_up", floors),
        ("membrane_6_8", membranes, "integrate_and_fire", late),
        ("membrane_6_8", membranes, "integrate_and_fire", swapped),
        ("membrane_6_8", membranes, "integrate_and_fire", joined),
        ("interrupts_1", interrupts, "sticky", clears_first),
        ("told_2", interrupts, "news", only_what_goes_up),
        ("weights_neurons_none", Weights, "_exists", everywhere),
        ("changing_rows", ChangingWeights, "_seen", as_it_was),
        ("online_sequencer_own", OnlineSequencer, "_run", without_end),
    ],
)
def test_wrong_parts_are_found(
    name: str, place: Any, attribute: str, wrong: Any, tmp_path: Path, monkeypatch: Patch
) -> None:
    monkeypatch.setattr(place, attribute, wrong)
    with pytest.raises(NotProvedError, match=f"^{name} is not proved"):
        prove([named(name)], tmp_path)


def test_a_state_that_is_not_reached_is_found(tmp_path: Path, monkeypatch: Patch) -> None:
    short = replace(named("online_sequencer_visits"), reaches=6)
    with pytest.raises(NotProvedError, match=r"^online_sequencer_visits is not proved"):
        prove([short], tmp_path)


def test_the_command_says_what_it_proved(
    tmp_path: Path, monkeypatch: Patch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "PROOFS", [named("fork_1"), named("leak_5_1")])
    monkeypatch.setattr(command, "FAMILIES", ["fork", "membranes"])
    assert command.main([str(tmp_path / "proof")]) == 0
    assert "| membranes | 1 | 1 | 0 | " in capsys.readouterr().out
    text = (tmp_path / "proof" / "proofs.json").read_text("utf-8")
    assert "given is remembered" in text and '"all inputs"' in text
    monkeypatch.setattr(numbers, "round_half_up", floors)
    monkeypatch.setattr(command, "PROOFS", [named("rounded_5")])
    monkeypatch.setattr(command, "FAMILIES", ["numbers"])
    assert command.main([str(tmp_path)]) == 1
    assert capsys.readouterr().err.startswith("rounded_5 is not proved")
