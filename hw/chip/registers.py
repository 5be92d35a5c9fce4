"""The registers of `model.interface.registers`, wired to what they show and what they set."""

from functools import reduce
from operator import or_

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, signed
from amaranth.lib import data, wiring

from dualspike.hw.chip.bus import RegisterBus
from dualspike.hw.chip.interrupts import Interrupts, news, sticky
from dualspike.hw.head.confusion_matrix import ConfusionMatrix
from dualspike.hw.head.step_error import StepError
from dualspike.hw.layer.encoder import Encoder
from dualspike.hw.learn.inference import Inference
from dualspike.hw.learn.online.sequencer import OnlineSequencer
from dualspike.hw.learn.random_words import RandomWordSource
from dualspike.hw.learn.schedule import RateSchedule
from dualspike.hw.learn.sequencer import Sequencer
from dualspike.hw.stream.counters import counter_shape
from dualspike.hw.stream.layouts import ArrayLayout
from dualspike.model.description.learning import Learning
from dualspike.model.interface.interrupts import Cause
from dualspike.model.interface.register import BITS, Flag
from dualspike.model.interface.registers import ANSWERS, MAGIC, SCHEDULE
from dualspike.model.sizes.layers import Layer


def wire_status(
    m: Module,
    registers: RegisterBus,
    sequencer: Sequencer | OnlineSequencer | Inference,
    raised: Value,
    floor: Value,
    busy: Value,
) -> Signal:
    """MAGIC, CONTROL, STATUS, CYCLES and FLAGS; the interrupt, which knows nothing of ``floor``."""
    cleared = registers.FLAGS_written.replicate(len(raised))
    flags = sticky(m, raised, cleared, "flags")
    rests = sticky(m, floor, registers.FLAGS_written, "floor")
    cycles = Signal(32)
    was_busy = Signal()
    m.d.sync += [cycles.eq(cycles + 1), was_busy.eq(busy)]
    m.d.comb += [
        registers.MAGIC.eq(MAGIC),
        registers.CONTROL.eq(sequencer.mode),
        registers.STATUS.eq(busy),
        registers.FLAGS.eq(Cat(flags, Const(0, Flag.FLOOR - len(flags)), rests)),
        registers.CYCLES.eq(cycles),
        sequencer.commanded.eq(registers.CONTROL_written),
        sequencer.command.eq(registers.write_data),
    ]
    told = news(flags, raised, cleared).any()
    return _wire_interrupts(m, registers, {Cause.DONE: was_busy & ~busy, Cause.FLAG: told})


def _wire_interrupts(m: Module, registers: RegisterBus, causes: dict[Cause, Value]) -> Signal:
    """IRQ_STATUS and IRQ_ENABLE; the line itself."""
    m.submodules.interrupts = unit = Interrupts(len(Cause))
    m.d.comb += [
        unit.causes.eq(Cat(causes[cause] for cause in Cause)),
        unit.clear.eq(Mux(registers.IRQ_STATUS_written, registers.write_data, 0)),
        unit.set_enable.eq(registers.IRQ_ENABLE_written),
        unit.enable_data.eq(registers.write_data),
        registers.IRQ_STATUS.eq(unit.status),
        registers.IRQ_ENABLE.eq(unit.enable),
    ]
    return unit.irq


def wire_updates(m: Module, registers: RegisterBus, sequencer: Sequencer | OnlineSequencer) -> None:
    """UPDATES."""
    m.d.comb += [
        registers.UPDATES.eq(sequencer.updates),
        sequencer.set_updates.eq(registers.UPDATES_written),
        sequencer.updates_data.eq(registers.write_data),
    ]


def wire_drawer(
    m: Module, registers: RegisterBus, drawer: RandomWordSource | Encoder, name: str = "LFSR"
) -> None:
    """LFSR_0 and LFSR_1, or CODER_0 and CODER_1."""
    low, high = (f"{name}_{half}" for half in range(2))
    written = [getattr(registers, f"{half}_written") for half in (low, high)]
    m.d.comb += [
        getattr(registers, low).eq(drawer.state[:32]),
        getattr(registers, high).eq(drawer.state[32:]),
        drawer.load.eq(Cat(written)),
        drawer.load_data.eq(registers.write_data),
    ]


def wire_learning(
    m: Module,
    registers: RegisterBus,
    loss: Value,
    jvp: data.View,
    masks: list[Signal],
    wired: list[int],
    shifts: data.View,
) -> None:
    """LOSS, JVP, MASK and SHIFT; bit k of ``masks``[l] says whether lane k perturbs layer l.

    Bit k of ``wired``[l] says whether it can: what is not wired stays as it is.
    """
    written = registers.write_data
    wire_loss(m, registers, loss)
    for k in range(len(masks[0])):
        wide = Signal(signed(64), name=f"jvp_{k}")
        m.d.comb += [
            wide.eq(jvp[k]),
            getattr(registers, f"JVP_{k}_0").eq(wide[:32]),
            getattr(registers, f"JVP_{k}_1").eq(wide[32:]),
            getattr(registers, f"MASK_{k}").eq(Cat(mask[k] for mask in masks)),
        ]
        with m.If(getattr(registers, f"MASK_{k}_written")):
            m.d.sync += [
                mask[k].eq(written[n]) for n, mask in enumerate(masks) if wired[n] >> k & 1
            ]
    wire_layers(m, registers, "SHIFT", shifts)


def wire_loss(m: Module, registers: RegisterBus, loss: Value) -> None:
    """LOSS."""
    whole = Signal(64, name="whole_loss")
    m.d.comb += [
        whole.eq(loss),
        registers.LOSS_0.eq(whole[:32]),
        registers.LOSS_1.eq(whole[32:]),
    ]


def wire_answers(m: Module, registers: RegisterBus, head: StepError) -> None:
    """LABELLED, SEEN and CORRECT."""
    labelled = Signal()
    m.d.comb += [registers.LABELLED.eq(labelled), head.labelled.eq(labelled)]
    with m.If(registers.LABELLED_written):
        m.d.sync += labelled.eq(registers.write_data)
    for name, pulse in zip(ANSWERS, (head.seen, head.correct), strict=True):
        count = Signal(BITS, name=name.lower())
        m.d.comb += getattr(registers, name).eq(count)
        with m.If(getattr(registers, f"{name}_written")):
            m.d.sync += count.eq(0)
        with m.Elif(pulse & ~head.hold):
            m.d.sync += count.eq(count + 1)


def wire_confusion(
    m: Module, registers: RegisterBus, head: StepError, matrix: ConfusionMatrix
) -> None:
    """The counts of answers, which are cleared with SEEN.

    The head waits for it. What was in its last clocks is counted nowhere, so that all counts agree.
    """
    m.d.comb += [
        matrix.clear.eq(registers.SEEN_written),
        matrix.counted.eq(head.counted),
        matrix.label.eq(head.label),
        matrix.answer.eq(head.answer),
        head.hold.eq(matrix.clearing),
    ]


def wire_layers(m: Module, registers: RegisterBus, name: str, values: data.View) -> None:
    """A register ``name``_l for every layer, which holds ``values``[l]."""
    for n in range(values.shape().length):
        m.d.comb += getattr(registers, f"{name}_{n}").eq(values[n])
        with m.If(getattr(registers, f"{name}_{n}_written")):
            m.d.sync += values[n].eq(registers.write_data)


def wire_skips(m: Module, registers: RegisterBus, layer: Layer, clocks: Value) -> None:
    """SKIPPED of one layer, which has just saved so many ``clocks``."""
    skipped = Signal(32, name=f"skipped_{layer.index}")
    m.d.comb += getattr(registers, f"SKIPPED_{layer.index}").eq(skipped)
    m.d.sync += skipped.eq(skipped + clocks)


def wire_options(
    m: Module, registers: RegisterBus, sequencer: Sequencer, learning: Learning, layers: int
) -> None:
    """MANTISSA of all layers, and the schedule, where the chip has them."""
    if learning.mantissa is not None:
        mantissas = Signal(ArrayLayout(4, layers), init=learning.mantissa)
        m.d.comb += sequencer.mantissas.eq(mantissas)
        wire_layers(m, registers, "MANTISSA", mantissas)
    if learning.schedule == "chip":
        wire_schedule(m, registers, sequencer, learning)


def wire_schedule(
    m: Module,
    registers: RegisterBus,
    sequencer: Sequencer | OnlineSequencer,
    learning: Learning,
) -> None:
    """STAGE, STAGES, PERIOD and PHASE."""
    m.submodules.schedule = schedule = RateSchedule(learning.stages, learning.updates)
    m.d.comb += [sequencer.stage.eq(schedule.STAGE), schedule.tick.eq(sequencer.tick)]
    m.d.comb += schedule.write_data.eq(registers.write_data)
    for name in SCHEDULE:
        written = f"{name}_written"
        m.d.comb += [
            getattr(registers, name).eq(getattr(schedule, name)),
            getattr(schedule, written).eq(getattr(registers, written)),
        ]


def wire_injection(m: Module, registers: RegisterBus, ports: list[wiring.PureInterface]) -> None:
    """INJECT: which bits of a code word the host wants written wrong."""
    flips = Signal(min(BITS, max(len(port.flips) for port in ports)), name="flips")
    m.d.comb += [registers.INJECT.eq(flips), *(port.flips.eq(flips) for port in ports)]
    with m.If(registers.INJECT_written):
        m.d.sync += flips.eq(registers.write_data)


def wire_weights(m: Module, registers: RegisterBus, ports: list[wiring.PureInterface]) -> None:
    """WEIGHT_SELECT picks and rewinds one memory, WEIGHT_DATA walks through it.

    Memories are told a cycle after the bus, in time for what they answer 4 cycles later.
    """
    number, read = counter_shape(len(ports) - 1).width, list[Value]()
    widest = max(len(port.read_data) for port in ports)
    word = Signal(signed(widest), name="weight_word")
    write = Signal(name="weight_write")
    m.d.comb += registers.WEIGHT_DATA.eq(word)
    m.d.sync += write.eq(registers.WEIGHT_DATA_written)
    for n, port in enumerate(ports):
        chosen = registers.WEIGHT_SELECT_written & (registers.write_data == n)
        access = registers.WEIGHT_DATA_written | registers.WEIGHT_DATA_read
        rewind = Signal(name=f"rewind_{n}")
        turn = Signal(name=f"access_{n}")
        # A bit for each memory: a number would have to be told apart before the choice below.
        selected = Signal(name=f"selected_{n}", init=n == 0)
        with m.If(registers.WEIGHT_SELECT_written):
            m.d.sync += selected.eq(registers.write_data[:number] == n)
        m.d.sync += [rewind.eq(chosen), turn.eq(access & selected)]
        m.d.comb += [
            port.rewind.eq(rewind),
            port.access.eq(turn),
            port.write.eq(write),
            port.write_data.eq(registers.write_data),
        ]
        read.append(Mux(selected, port.read_data, 0))
    m.d.comb += word.eq(reduce(or_, read))
