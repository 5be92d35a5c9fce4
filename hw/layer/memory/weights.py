"""Weight memories of one layer: read along the walk, moved by the learner, loaded by the host."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from dualspike.hw.layer.memory.bank import ReadRow, bank_of
from dualspike.hw.layer.memory.ecc import decode, encode
from dualspike.hw.layer.memory.host_way import (
    EACH,
    Folding,
    Written,
    answer,
    host_walk,
    read_rows,
    written,
)
from dualspike.hw.layer.memory.words import Words
from dualspike.hw.stream.arithmetic import round_half_up, saturate, wire
from dualspike.hw.stream.copies import copies
from dualspike.hw.stream.counters import counter_shape
from dualspike.hw.stream.delay import bit_later, enabled, later, take
from dualspike.hw.stream.layouts import ArrayLayout
from dualspike.hw.stream.payloads import entries
from dualspike.model.description.learning import VELOCITY_BITS
from dualspike.model.interface.ecc import Code, code_of
from dualspike.model.sizes.depth import is_deep


class Weights(wiring.Component):
    """``width`` banks of ``rows`` words, side by side: matrix element (i, j) of a layer.

    Element (i, j) lies in bank s * pe + p of row g * chunks + c, with i = g * pe + p and
    j = c * simd + s. ``words`` are those of ``row`` a cycle before, read in every cycle: no net
    enables all banks. With ``ahead`` there is ``next_row``, what ``row`` is in the next cycle, and
    banks read from registers. ``enable`` says that a row is wanted, and its upsets count.
    ``move`` with ``signs`` (one for each bank, 1 for -1) and ``step`` writes
    saturate(word - sign * step) back to the row read last, a cycle later, so that it can be read
    2 cycles after the move; ``step`` must be there a cycle before the move, and ``saturated``
    tells of clipping 2 cycles after it. These four are there only if the ``words`` learn.

    With ``momentum`` k every word has a velocity m with VELOCITY_BITS fraction bits more, as has
    the step, and ``move`` writes saturate(m - decay + sign * step), where decay is round(m / 2^k)
    with bit 0 of ``ends`` (a batch's first move), else 0. With bit 1 (its last move) the word
    loses round(m) of the new m, a cycle later; a velocity does not wait, and ``saturated`` tells of
    it a cycle after the move. ``velocities`` is the host's way to them.
    ``host`` works row by row of the matrix, while nothing else does; what it writes is in the
    memory 2 cycles later.
    With ``protection`` banks hold code words (`hw.layer.memory.ecc`); what they hold is coded and
    decoded between two registers, so that nothing comes later than without.
    """

    def __init__(
        self,
        n_out: int,
        n_in: int,
        pe: int,
        simd: int,
        words: Words,
        *,
        ahead: bool = False,
    ) -> None:
        self._n_out, self._n_in, self._pe, self._simd = n_out, n_in, pe, simd
        self._words, self._bits = words, words.bits
        self._folding = Folding(n_out, n_in, pe, simd)
        self._chunks, self._rows = self._folding.chunks, self._folding.rows
        learner = {
            "move": In(1),
            "signs": In(pe * simd),
            "step": In(signed(words.step_bits)),
            **words.told,
            "saturated": Out(1),
        }
        super().__init__(
            {
                "row": In(counter_shape(self._rows - 1)),
                **({"next_row": In(counter_shape(self._rows - 1))} if ahead else {}),
                "enable": In(1),
                "words": Out(ArrayLayout(signed(words.bits), pe * simd)),
                **(learner if words.learn else {}),
                **words.ports,
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        banks = self._pe * self._simd
        code, upsets = code_of(self._words.protection, self._bits), list[Value]()
        if self._words.momentum is not None:
            return self._momentum_path(m, self._words.momentum)
        host_bank, host_row = host_walk(m, self._folding, self.host.rewind, self.host.access)
        banks_clipped = Signal(banks)
        reported = Signal(banks)
        moves = Signal()
        moved_row = Signal.like(self.row, reset_less=True)
        spread = self._words.spread
        host = written(m, self.host, host_bank, host_row, banks, "given", spread=spread)
        if self._words.learn:
            read_row = Signal.like(self.row, reset_less=True)
            m.d.sync += [read_row.eq(self.row), moved_row.eq(read_row), moves.eq(self.move)]
            changes, places = self._changes(m), banks * self._bits
            chooses = copies(m, self.move, moves, places, "moves", spread=spread)
            ahead = wire(m, Mux(self.move, read_row, host_row), "place_ahead")
            place = later(m, ahead, 1, "place")
            targets = copies(m, ahead, place, banks, "place", EACH, spread=spread)
            m.d.sync += reported.eq(Mux(moves, banks_clipped, 0))
            m.d.comb += self.saturated.eq(reported.any())
        rows = self._read_rows(m, self.host, host_row, code)
        for bank in range(banks):
            init = self._init(code, bank)
            store = bank_of(m, f"bank_{bank}", code.bits, self._rows, rows[bank], init)
            decoded, upset = decode(m, code, store.word, f"bank_{bank}")
            word = decoded.as_signed()
            upsets.append(upset)
            m.d.comb += self.words[bank].eq(word)
            address, value = host.row, host.word(bank)
            enable = given = host.banks[bank]
            if self._words.learn:
                change = Mux(self.signs[bank], *changes[bank * len(changes) // banks])
                moved = Signal(signed(self._bits + 1), name=f"moved_{bank}", reset_less=True)
                take(m, moved, word + change, enabled(self.move, spread=spread))
                clipped, clips = saturate(m, moved, self._bits, f"sum_{bank}")
                exists = self._exists(bank, moved_row)
                m.d.comb += banks_clipped[bank].eq(clips & exists)
                near = chooses[bank * len(chooses) // banks]
                address = targets[bank * len(targets) // banks]
                value = Mux(near, clipped, value)
                enable = (moves & exists) | enable
            m.d.comb += [
                store.place.eq(address),
                store.written.eq(self._coded(m, code, value, host, given, f"bank_{bank}")),
                store.write.eq(enable),
            ]
        self._tell(m, self.host, code, upsets)
        answer(m, self.host, host_bank, entries(self.words, banks), spread=spread)
        return m

    def _read_rows(
        self, m: Module, port: wiring.PureInterface, host_row: Signal, code: Code
    ) -> list[ReadRow]:
        """The row that each bank reads."""
        next_row, deep = getattr(self, "next_row", None), is_deep(code.bits, self._rows)
        return read_rows(
            m,
            port,
            host_row,
            self.row,
            self._folding.banks,
            next_row,
            deep=deep,
            spread=self._words.spread,
        )

    @staticmethod
    def _coded(
        m: Module, code: Code, value: Value, host: Written, given: Value, name: str
    ) -> Value:
        """What a bank stores for a value; wrong where the host, if it is ``given`` by it, says."""
        stored = encode(m, code, value, name)
        return stored ^ Mux(given, host.flips, 0) if code.checks else stored

    def _tell(self, m: Module, port: wiring.PureInterface, code: Code, upsets: list[Value]) -> None:
        """Upsets of all banks, in the cycle in which the row that was read is there."""
        if not code.checks:
            return
        fresh = Signal(name=f"fresh_{len(port.read_data)}")
        m.d.sync += fresh.eq(self.enable | bit_later(m, port.access, 1, "accessed"))
        for kind in range(len(code.upsets)):
            met = Cat(upset[kind] for upset in upsets).any()
            m.d.comb += port.upsets[kind].eq(fresh & met)

    def _momentum_path(self, m: Module, momentum: int) -> Module:
        """Words that follow their velocities; both kinds of memory have the same places."""
        banks, bits = self._pe * self._simd, self._bits
        ports = self.host, self.velocities
        rewind = ports[0].rewind | ports[1].rewind
        access = ports[0].access | ports[1].access
        host_bank, host_row = host_walk(m, self._folding, rewind, access)
        moved_row = Signal.like(self.row, reset_less=True)
        late_row = Signal.like(self.row, reset_less=True)
        late = Signal()
        banks_clipped = Signal(banks)
        late_clipped = Signal(banks)
        reported = Signal(banks)
        late_reported = Signal(banks)
        codes = [code_of(self._words.protection, len(port.read_data)) for port in ports]
        hosts = [
            written(m, port, host_bank, host_row, banks, name, spread=self._words.spread)
            for port, name in zip(ports, ("given", "given_velocity"), strict=True)
        ]
        rows = [
            self._read_rows(m, port, host_row, code)
            for port, code in zip(ports, codes, strict=True)
        ]
        upsets: list[list[Value]] = [[], []]
        changes = self._changes(m)
        m.d.sync += [
            moved_row.eq(self.row),
            late.eq(self.move & self.ends[1]),
            late_row.eq(moved_row),
        ]
        m.d.sync += [
            reported.eq(Mux(self.move, banks_clipped, 0)),
            late_reported.eq(Mux(late, late_clipped, 0)),
        ]
        m.d.comb += self.saturated.eq(Cat(reported, late_reported).any())

        def place_of(kind: int, bank: int, moves: Value, row: Signal, value: Value) -> Value:
            """One memory; its word in the row read last. ``moves`` writes ``value`` to ``row``."""
            host, code, name = hosts[kind], codes[kind], ("bank", "velocity")[kind]
            # A velocity is 0 at power-up.
            init = [] if kind else self._init(code, bank)
            store = bank_of(m, f"{name}_{bank}", code.bits, self._rows, rows[kind][bank], init)
            here, given = host.banks[bank], Mux(moves, value, host.word(bank))
            m.d.comb += [
                store.place.eq(Mux(moves, row, host.row)),
                store.written.eq(self._coded(m, code, given, host, here, f"{name}_{bank}")),
                store.write.eq((moves & self._exists(bank, row)) | here),
            ]
            decoded, upset = decode(m, code, store.word, f"{name}_{bank}")
            upsets[kind].append(upset)
            return decoded.as_signed()

        words: list[list[Value]] = [[], []]
        for bank in range(banks):
            moved = Signal(signed(bits + VELOCITY_BITS), name=f"moved_{bank}")
            settled = Signal(signed(bits), name=f"settled_{bank}")
            velocity = place_of(1, bank, self.move, moved_row, moved)
            word = place_of(0, bank, late, late_row, settled)
            decay = Mux(self.ends[0], round_half_up(velocity, momentum), 0)
            forth, back = changes[bank * len(changes) // banks]
            faster = velocity - decay + Mux(self.signs[bank], back, forth)
            clipped, clips = saturate(m, faster, len(moved), f"faster_{bank}")
            held = Signal(signed(bits), name=f"held_{bank}", reset_less=True)
            change = Signal(signed(bits + 1), name=f"change_{bank}", reset_less=True)
            m.d.sync += [held.eq(word), change.eq(round_half_up(moved, VELOCITY_BITS))]
            new, late_clips = saturate(m, held - change, bits, f"sum_{bank}")
            m.d.comb += [
                moved.eq(clipped),
                settled.eq(new),
                self.words[bank].eq(word),
                banks_clipped[bank].eq(clips & self._exists(bank, moved_row)),
                late_clipped[bank].eq(late_clips & self._exists(bank, late_row)),
            ]
            words[0].append(word)
            words[1].append(velocity)
        for port, own, code, met in zip(ports, words, codes, upsets, strict=True):
            answer(m, port, host_bank, own, spread=self._words.spread)
            self._tell(m, port, code, met)
        return m

    def _init(self, code: Code, bank: int) -> list[int]:
        """The code words of a bank at power-up."""
        return [code.word(value) for value in self._folding.bank(bank, self._words.contents)]

    def _changes(self, m: Module) -> list[tuple[Value, Value]]:
        """The step and its negative, from registers next to each few of the banks."""
        forth = Signal.like(self.step, name="forth", reset_less=True)
        back = Signal(signed(len(forth) + 1), name="back", reset_less=True)
        negative = wire(m, -self.step, "negative")
        m.d.sync += [forth.eq(self.step), back.eq(negative)]
        places = self._pe * self._simd * self._bits
        spread = self._words.spread
        forths = copies(m, self.step, forth, places, "forth", spread=spread)
        backs = copies(m, negative, back, places, "back", spread=spread)
        return list(zip(forths, backs, strict=True))

    def _exists(self, bank: int, row: Signal) -> Value:
        """Whether a bank's word in a row belongs to the matrix: padding never moves."""
        s, p = divmod(bank, self._pe)
        padded = [
            r
            for r in range(self._rows)
            if r // self._chunks * self._pe + p >= self._n_out
            or r % self._chunks * self._simd + s >= self._n_in
        ]
        return ~row.matches(*padded) if padded else Const(1)
