"""Layers that change in their passes, between the learner's course and the registers."""

from amaranth.hdl import Module, Signal, Value
from amaranth.lib import data
from amaranth.lib.wiring import connect

from dualspike.hw.chip.bus import RegisterBus
from dualspike.hw.chip.registers import (
    wire_drawer,
    wire_layers,
    wire_loss,
    wire_schedule,
    wire_updates,
)
from dualspike.hw.learn.online.rewinder import Rewinder
from dualspike.hw.learn.online.sequencer import OnlineSequencer
from dualspike.hw.learn.random_words import RandomWordSource
from dualspike.hw.stream.layouts import ArrayLayout
from dualspike.model.description.description import Description
from dualspike.model.interface.lfsr import seed_state


def course_of(m: Module, d: Description) -> tuple[RandomWordSource, OnlineSequencer]:
    """The course of a batch, and the drawer whose words it takes."""
    m.submodules.drawer = drawer = RandomWordSource(seed_state(d.learning.seed))
    m.submodules.sequencer = sequencer = OnlineSequencer(d)
    connect(m, drawer.words, sequencer.words)
    return drawer, sequencer


def rewinder_of(
    m: Module,
    d: Description,
    registers: RegisterBus,
    drawer: RandomWordSource,
    sequencer: OnlineSequencer,
    shifts: data.View,
) -> Rewinder:
    """The way of drawn words to the dither of all layers, and the right shifts in force."""
    stage = _stage(m, d, registers, sequencer)
    m.submodules.rewinder = rewinder = Rewinder(d.change_shifts)
    m.d.comb += [rewinder.given.eq(drawer.words.payload), rewinder.load.eq(sequencer.load)]
    for n in range(d.n_layers):
        m.d.comb += rewinder.shifts[n].eq(shifts[n] + stage)
    return rewinder


def shifts_of(d: Description) -> data.View:
    """The registers SHIFT."""
    return Signal(ArrayLayout(6, d.n_layers), init=d.step_shift, name="shifts")


def _stage(
    m: Module, d: Description, registers: RegisterBus, sequencer: OnlineSequencer
) -> Value | int:
    """The schedule, where the chip has one; the stage that is in force."""
    if d.learning.schedule != "chip":
        return 0
    wire_schedule(m, registers, sequencer, d.learning)
    return sequencer.stage


def wire_course(
    m: Module,
    registers: RegisterBus,
    drawer: RandomWordSource,
    sequencer: OnlineSequencer,
    loss: Signal,
    shifts: data.View,
) -> None:
    """The registers of any learner of this kind."""
    wire_updates(m, registers, sequencer)
    wire_drawer(m, registers, drawer)
    wire_loss(m, registers, loss)
    wire_layers(m, registers, "SHIFT", shifts)
