"""Weights that are read, changed and written back: no change is lost, none is made of an old word.

The learner's law: a row that moves was not read in the two clocks after its last move (three where
weights change in the pass that reads them), and the host comes in while nothing else does.
"""

from dataclasses import dataclass
from functools import partial

from amaranth.hdl import Cat, Const, Mux, ResetSignal, Signal, Value, signed

from dualspike.hw.layer.memory.host_way import Folding
from dualspike.hw.layer.memory.weights import Weights
from dualspike.hw.layer.memory.words import Words
from dualspike.hw.layer.online.weights import ChangingWeights
from dualspike.hw.stream.arithmetic import wire
from dualspike.model.description.learning import VELOCITY_BITS
from dualspike.model.interface.ecc import Protection, code_of
from dualspike.testbench.formal.claims import Claims, Proof
from dualspike.testbench.formal.matrix import Host, Matrix, ago, clipped

FAMILY = "memories"


@dataclass(frozen=True)
class _Move:
    """A row that may move: ``now`` it does, ``fresh`` says that its word is the last one."""

    now: Signal
    row: Value
    before: list[Signal]
    rows: list[Signal]
    fresh: Value


def _moves(c: Claims, host: Host, row: Signal, reads: int, late: int) -> _Move:
    """Moves that keep the law: ``reads`` clocks after the address, ``late`` until it is there."""
    now = c.anything(1, "move")
    rows = ago(c, row, reads + late, "row")
    before = ago(c, now, late, "moved")
    old = [moved & (rows[reads + n] == rows[reads - 1]) for n, moved in enumerate(before)]
    busy = [*ago(c, host.access, reads + late, "busy"), host.access]
    fresh = ~Cat(old).any() & ~Cat(busy).any()
    c.given(~now | (fresh & ~ResetSignal()))
    c.given(~host.access | ~Cat(before).any())
    return _Move(now, rows[reads - 1], before, rows, fresh)


def weights(c: Claims, f: Folding, protection: Protection) -> None:
    """W := saturate(W - sign step)."""
    words = Words(3, protection=protection)
    unit = Weights(f.n_out, f.n_in, f.pe, f.simd, words)
    inner = c.opened(unit)
    code = code_of(protection, words.bits)
    matrix = Matrix(f, words.bits, "weights")
    host = Host(c, f, [(unit.host, matrix)])
    row = _row(c, unit, f)
    move = _moves(c, host, row, 1, 2)
    signs, step = c.anything(f.banks, "signs"), c.anything(signed(words.step_bits), "step")
    c.m.d.comb += [unit.move.eq(move.now), unit.signs.eq(signs), unit.step.eq(step)]
    last_step = ago(c, step, 1, "step")[0]
    clips: list[Value] = []
    for bank in range(f.banks):
        word = matrix.at(bank, move.row)
        total = word + Mux(signs[bank], last_step, -last_step)
        after, exists = clipped(total, words.bits), matrix.exists(bank, move.row)
        matrix.put(c, move.now & exists, bank, move.row, after)
        held = ago(c, total, 1, f"total_{bank}")[0]
        c.always(
            f"bank {bank}: the sum is exact", ~move.before[0] | (inner[f"moved_{bank}"] == held)
        )
        new = matrix.at(bank, move.rows[1])
        there = (
            ~move.before[0]
            | ~matrix.exists(bank, move.rows[1])
            | (new == clipped(held, words.bits))
        )
        c.always(f"bank {bank}: the word is the sum, clipped", there)
        c.always(
            f"bank {bank}: a word that is read is the last one",
            ~move.fresh | (unit.words[bank] == word),
        )
        clips.append(exists & (total != after))
    told = _delayed(c, move.now & Cat(clips).any(), 2)
    c.always("clipping is told, and only then", unit.saturated == told)
    c.always("a move is under way for a clock", inner["moves"] == move.before[0])
    c.always("its row is", ~move.before[0] | (inner["moved_row"] == move.rows[1]))
    c.always("the row that was read is known", inner["read_row"] == move.rows[0])
    place = inner.get("place_0", Const(0))
    targets = (~move.before[0] | (place == move.rows[1])) & (
        ~host.written[0][0] | (place == host.last_row)
    )
    c.always("what is written goes to that row, or to the host's", targets)
    steps = (inner["forth"] == last_step) & (inner["back"] == -last_step)
    c.always("both steps are those of a clock ago", steps)
    matrix.kept(
        c,
        inner,
        code,
        list(range(f.banks)),
        lambda bank, r: _pends(host, 0, bank, r) | (move.before[0] & (move.rows[1] == r)),
    )
    host.claims(inner, ["given"])


def velocities(c: Claims, f: Folding, momentum: int) -> None:
    """m := saturate(m - decay + sign step), and with a batch's last move W := saturate(W - m)."""
    words = Words(2, momentum=momentum)
    unit = Weights(f.n_out, f.n_in, f.pe, f.simd, words)
    inner = c.opened(unit)
    matrix, faster = Matrix(f, words.bits, "weights"), Matrix(f, words.step_bits, "velocities")
    host = Host(c, f, [(unit.host, matrix), (unit.velocities, faster)])
    row = _row(c, unit, f)
    move = _moves(c, host, row, 1, 2)
    signs, step = c.anything(f.banks, "signs"), c.anything(signed(words.step_bits), "step")
    ends = c.anything(2, "ends")
    c.m.d.comb += [
        unit.move.eq(move.now),
        unit.signs.eq(signs),
        unit.step.eq(step),
        unit.ends.eq(ends),
    ]
    last_step = ago(c, step, 1, "step")[0]
    late = ago(c, move.now & ends[1], 1, "late")[0]
    clips, late_clips = list[Value](), list[Value]()
    for bank in range(f.banks):
        word, velocity = matrix.at(bank, move.row), faster.at(bank, move.row)
        exists = matrix.exists(bank, move.row)
        decay = Mux(ends[0], _rounded(velocity, momentum), 0)
        total = velocity - decay + Mux(signs[bank], -last_step, last_step)
        after = wire(c.m, clipped(total, faster.bits), f"velocity_{bank}")
        faster.put(c, move.now & exists, bank, move.row, after)
        left = wire(c.m, word - _rounded(after, VELOCITY_BITS), f"left_{bank}")
        matrix.put(c, move.now & ends[1] & exists, bank, move.row, clipped(left, words.bits))
        held = ago(c, left, 1, f"left_{bank}")[0]
        change = inner[f"held_{bank}"] - inner[f"change_{bank}"]
        c.always(f"bank {bank}: the late change is exact", ~late | (change == held))
        there = matrix.at(bank, move.rows[1]) == clipped(held, words.bits)
        there |= ~late | ~matrix.exists(bank, move.rows[1])
        c.always(f"bank {bank}: the word is what is left, clipped", there)
        seen = ~move.fresh | (unit.words[bank] == word)
        c.always(f"bank {bank}: a word that is read is the last one", seen)
        clips.append(exists & (total != after))
        late_clips.append(exists & ends[1] & (left != clipped(left, words.bits)))
    soon, later = (
        _delayed(c, move.now & Cat(clips).any(), 1),
        _delayed(c, move.now & Cat(late_clips).any(), 2),
    )
    c.always("clipping is told, and only then", unit.saturated == (soon | later))
    c.always("a late change is under way for a clock", inner["late"] == late)
    c.always("its row is", ~late | (inner["late_row"] == move.rows[1]))
    c.always("the row that was read is known", inner["moved_row"] == move.rows[0])
    steps = (inner["forth"] == last_step) & (inner["back"] == -last_step)
    c.always("both steps are those of a clock ago", steps)
    numbers, code = list(range(f.banks)), code_of("none", words.bits)
    under_way = partial(_pends, host, 1)
    faster.kept(c, inner, code_of("none", faster.bits), [2 * n for n in numbers], under_way)
    matrix.kept(
        c,
        inner,
        code,
        [2 * n + 1 for n in numbers],
        lambda bank, r: _pends(host, 0, bank, r) | (late & (move.rows[1] == r)),
    )
    host.claims(inner, ["given", "given_velocity"])


def changing(c: Claims, f: Folding, halves: int) -> None:
    """W := saturate(W - change) in the pass that reads W: each pass sees the change before."""
    words = Words(2)
    unit = ChangingWeights(f.n_out, f.n_in, f.pe, f.simd, words, halves)
    inner = c.opened(unit)
    matrix = Matrix(f, words.bits, "weights")
    host = Host(c, f, [(unit.host, matrix)])
    row = _row(c, unit, f)
    move = _moves(c, host, row, 2, 3)
    c.m.d.comb += [unit.enable.eq(1), unit.move.eq(move.now)]
    clips: list[Value] = []
    for bank in range(f.banks):
        change = c.anything(signed(halves), f"change_{bank}")
        c.m.d.comb += unit.changes[bank].eq(change)
        word, exists = matrix.at(bank, move.row), matrix.exists(bank, move.row)
        # In halves n stands for ceil(n / 2).
        left = wire(c.m, word - _rounded(change, 1), f"left_{bank}")
        after = clipped(left, words.bits)
        matrix.put(c, move.now & exists, bank, move.row, after)
        used, known = ago(c, after, 1, f"used_{bank}")[0], ago(c, move.fresh, 1, f"known_{bank}")[0]
        c.always(
            f"bank {bank}: a word that is read is the last one",
            ~move.fresh | (inner[f"held_{bank}"] == word),
        )
        c.always(f"bank {bank}: it is used as it is changed", ~known | (unit.words[bank] == used))
        there = (used == matrix.at(bank, move.rows[2])) | ~matrix.exists(bank, move.rows[2])
        c.always(f"bank {bank}: and so it is written back", ~move.before[0] | there)
        clips.append(exists & (left != after))
    c.always(
        "clipping is told, and only then",
        unit.saturated == _delayed(c, move.now & Cat(clips).any(), 1),
    )
    c.always("a change is under way for a clock", inner["writes"] == move.before[0])
    rows = Cat(inner[f"row_{n}"] == move.rows[n] for n in range(3))
    c.always("rows are known until they are written", rows.all())
    matrix.kept(
        c,
        inner,
        code_of("none", words.bits),
        list(range(f.banks)),
        lambda bank, r: _pends(host, 0, bank, r) | (move.before[0] & (move.rows[2] == r)),
    )
    host.claims(inner, ["given"])


def _rounded(value: Value, shift: int) -> Value:
    """floor(value / 2^shift + 1/2)."""
    return (value + (1 << (shift - 1))).shift_right(shift)


def _delayed(c: Claims, pulse: Value, clocks: int) -> Value:
    """A pulse so many clocks later; none after a reset."""
    for n in range(clocks):
        later = Signal(name=f"pulse_{n}")
        c.m.d.sync += later.eq(pulse)
        pulse = later
    return pulse


def _row(c: Claims, unit: Weights, f: Folding) -> Signal:
    row = c.anything(unit.row.shape(), "row_in")
    c.m.d.comb += unit.row.eq(row)
    c.given(row < f.rows)
    return row


def _pends(host: Host, port: int, bank: int, row: int) -> Value:
    """A word of the host's is on its way."""
    return host.written[port][0] & (host.last_bank == bank) & (host.last_row == row)


FOLDED = {
    "single": Folding(1, 1, 1, 1),
    "rows": Folding(2, 2, 1, 1),
    "neurons": Folding(3, 1, 2, 1),
    "inputs": Folding(1, 3, 1, 2),
}
"""One word, a bank of several rows, and banks with words of no neuron or of no input."""

PROOFS = [
    *(
        Proof(
            f"weights_{name}_{protection}", FAMILY, partial(weights, f=f, protection=protection), 4
        )
        for name, f in FOLDED.items()
        for protection in (("none", "ecc") if name == "inputs" else ("none",))
    ),
    *(
        Proof(
            f"velocities_{name}", FAMILY, partial(velocities, f=f, momentum=2), 4, slow=f.rows > 1
        )
        for name, f in FOLDED.items()
    ),
    *(
        Proof(f"changing_{name}", FAMILY, partial(changing, f=f, halves=3), 4)
        for name, f in FOLDED.items()
    ),
]
