"""Sequencers of a batch: states in their order, every one reached, home from every stall."""

from dataclasses import replace
from functools import partial

from amaranth.hdl import Array, Const, Mux, Signal, Value
from amaranth.lib.wiring import In

from dualspike.hw.learn.online.sequencer import OnlineSequencer
from dualspike.hw.learn.sequencer import Sequencer
from dualspike.hw.learn.sequencer_config import SequencerConfig
from dualspike.hw.stream.arithmetic import wire
from dualspike.model.interface.lfsr import draw_order, online_draws
from dualspike.testbench.formal.claims import Claims, Proof
from dualspike.testbench.formal.machine import Machine
from dualspike.testbench.unit.benches.online import taught

FAMILY = "sequencers"


def _opened(c: Claims, unit: Sequencer | OnlineSequencer) -> dict[str, Signal]:
    """In a core that may do anything at any time, but lets nothing in that is not let in."""
    inner = c.opened(unit)
    for name, member in unit.signature.members.items():
        if member.is_port and member.flow == In:
            port = Value.cast(getattr(unit, name))
            c.m.d.comb += port.eq(c.anything(port.shape(), name))
    word = c.anything(len(unit.words.payload), "drawn")
    c.m.d.comb += unit.words.payload.eq(word)
    c.given(~unit.entered | unit.open)
    return inner


def _follows(config: SequencerConfig) -> dict[str, str]:
    """What may come after each state."""
    passes, chosen, scaled = config.passes > 1, config.chosen, config.mantissa_bits
    end = "SHIFTED" if chosen else "STEP"
    sequel = "PAIR, DONE, AGAIN" if passes else "PAIR, DONE"
    follows = {
        "IDLE": "DRAW",
        "DRAW": "PRIME",
        "PRIME": "RUN",
        "RUN": "PAIR",
        "PAIR": f"{'CHOSEN' if chosen else 'SHIFT' if scaled else 'STEP'}, {sequel}",
        "STEP": "START",
        "START": "SWEEP",
        "SWEEP": sequel,
        "DONE": "DRAW, IDLE",
    }
    if chosen:
        follows |= {"CHOSEN": "SHIFT" if scaled else end, "SHIFTED": "STEP"}
    if scaled:
        follows["SHIFT"] = end
    if passes:
        follows |= {"AGAIN": "DRAW", "RUN": "DRAW, AGAIN"}
        follows["PRIME"] = f"RUN, {'REFILL' if config.refill else 'PAIR'}"
    if config.refill:
        follows["REFILL"] = "PAIR"
    return follows


class _Course:
    """A sequencer's registers, and what they must be in each state."""

    def __init__(self, c: Claims, config: SequencerConfig) -> None:
        self._c, self._config = c, config
        self.unit = Sequencer(config)
        inner = _opened(c, self.unit)
        self.machine = machine = Machine(c, inner["fsm_state"])
        self._order = draw_order(config.structure, config.lanes, config.shapes)
        self._words = len(self._order)
        self._outputs = config.batch * config.outputs
        self._word, self._lane, self._layer, self._pass, self._again, self._waited, self._place = (
            inner.get(name, Const(0))
            for name in ("word", "lane", "layer", "pass_index", "again", "waited", "place")
        )
        self._in, self._out = inner["samples_in"], inner["outputs_out"]
        self._inside, self._learn = inner["inside"], inner["learn"]
        self._infer = inner["infer"]
        most = config.inside * config.outputs
        c.given(~self.unit.entered | (self._inside + config.outputs <= most))
        c.given(~self.unit.left | (self._inside != 0))
        signs = {"IDLE", "DONE", "DRAW", "PRIME", "RUN", "AGAIN", "REFILL"}
        self._moves = wire(c.m, machine.at(*set(c.states[0]) - signs), "moves_now")
        self._steps = wire(c.m, self._moves | self._again, "steps_now")

    def words(self) -> None:
        """Each is drawn for its lane and layer, those of a pass in the pass."""
        c, config, at = self._c, self._config, self.machine.at
        last = config.last_words(self._words)
        ends = Array(Const(n, 8) for n in last)[self._pass]
        begins = Array(Const(n, 8) for n in [0, *(n + 1 for n in last[:-1])])[self._pass]
        behind = Mux(ends == self._words - 1, 0, ends + 1)
        here = Mux(at("DRAW"), (self._word >= begins) & (self._word <= ends), 1)
        waits = Mux(at("IDLE", "DONE"), self._word == 0, self._word == behind)
        before = at("AGAIN") if config.passes > 1 else Const(0)
        c.always("words of a pass are drawn in the pass", here)
        c.always(
            "the next word is that of the next pass",
            at("DRAW") | Mux(before, self._word == begins, waits),
        )
        wide = config.at_once
        loads = Array(Const(1 << (one.layer * wide + one.lane % wide), 32) for one in self._order)
        shown = Value.cast(self.unit.load).as_unsigned()
        c.always(
            "a word goes to its lane and layer", shown == Mux(at("DRAW"), loads[self._word], 0)
        )

    def samples(self) -> None:
        """A batch of them comes in, all that they give comes out, and then nothing is inside."""
        c, config, at = self._c, self._config, self.machine.at
        runs = at("RUN")
        due = self._in * config.outputs - self._out
        c.always("what is inside is what is owed", ~runs | (self._inside == due))
        c.always("no more than a batch comes in", ~runs | (self._in <= config.batch))
        c.always("a batch ends with its last output", ~runs | (self._out < self._outputs))
        c.always(
            "open until a batch is in",
            self.unit.open == Mux(at("IDLE"), self._infer, runs & (self._in != config.batch)),
        )
        c.always(
            "nothing is inside while signs are drawn and weights move",
            runs | at("IDLE") | (self._inside == 0),
        )
        c.always("it learns in every state but one", self._learn == ~at("IDLE"))
        c.always("busy while it learns", ~self._learn | self.unit.busy)
        c.always("it infers or learns", ~(self._learn & self._infer))

    def pairs(self) -> None:
        """Every lane moves every layer of its mask, one after the other."""
        c, config, at = self._c, self._config, self.machine.at
        layers, lanes, at_once = len(config.shapes), config.lanes, config.at_once
        mask = Array(self.unit.masks[n] for n in range(layers))[self._layer]
        masked = wire(c.m, mask.bit_select(self._lane, 1), "masked")
        visited = Signal(range(lanes * layers + 1), name="visited")
        with c.m.If(at("PRIME") & ~self._again):
            c.m.d.sync += visited.eq(0)
        with c.m.If((at("PAIR") & ~masked) | (at("SWEEP") & ~self.unit.sweeping)):
            c.m.d.sync += visited.eq(visited + 1)
        now = self._lane * layers + self._layer
        c.always("each pair of lane and layer in its turn", ~self._steps | (visited == now))
        c.always("there are no others", (self._lane < lanes) & (self._layer < layers))
        c.always("all have had it at the end", ~at("DONE") | (visited == lanes * layers))
        c.always("before it none has", self._steps | ((self._lane == 0) & (self._layer == 0)))
        samples = at("RUN") | (at("AGAIN") & ~self._again) if config.passes > 1 else at("RUN")
        c.always("none has while samples come", ~samples | (visited == 0))
        c.always("a layer's turn is while weights move", self._moves | (self._layer == 0))
        c.always(
            "a step goes to its layer", self.unit.start == Mux(at("START"), 1 << self._layer, 0)
        )
        if config.passes > 1:
            turn = Array(Const(n // at_once, 8) for n in range(lanes))[self._lane] == self._pass
            place = Array(Const(n % at_once, 8) for n in range(lanes))[self._lane] == self._place
            c.always("a lane has its pass and its place", ~self._steps | (turn & place))
            c.always("passes end", self._pass < config.passes)
            c.always(
                "after the batch all begins anew",
                ~at("IDLE", "DONE") | ~(self._again | self._pass.any()),
            )
            begins = self._steps | at("DRAW", "PRIME", "RUN", "IDLE", "DONE")
            c.always("passes of steps are those after samples", begins | (self._pass == 0))
            c.always("weights move with signs drawn again", ~self._moves | self._again)
            c.always("samples do not", ~at("RUN") | ~self._again)
            c.always("places are those of steps", self._steps | (self._place == 0))
            if config.refill:
                c.always(
                    "memories of signs fill in time",
                    Mux(
                        at("REFILL"),
                        self._again & (self._waited < config.refill),
                        self._waited == 0,
                    ),
                )

    def comes_home(self) -> None:
        """From drawing to the last step, but for waits for the samples and for sweeps."""
        config, refill, words = self._config, self._config.refill, self._words
        layers = len(config.shapes)
        each, one_pass = words + refill + 16, self._outputs + words + 8
        pairs = (config.lanes * layers - self._lane * layers - self._layer) * each
        samples = (config.lanes * layers + 1) * each + (config.passes - 1 - self._pass) * one_pass
        order = ["PAIR", "CHOSEN", "SHIFT", "SHIFTED", "STEP", "START", "SWEEP"]
        ranks = {name: pairs + 7 - n for n, name in enumerate(order)}
        ranks |= {
            "REFILL": pairs + 7 + refill - self._waited,
            "AGAIN": pairs + 11 + refill + words,
            "DRAW": Mux(
                self._again,
                pairs + 9 + refill + words - self._word,
                samples + self._outputs + 4 + words - self._word,
            ),
            "PRIME": Mux(self._again, pairs + 9 + refill, samples + self._outputs + 3),
            "RUN": samples + self._outputs + 1 - self._out,
        }
        known = {name: rank for name, rank in ranks.items() if name in self._c.states[0]}
        at, unit = self.machine.at, self.unit
        waits = (at("RUN") & ~unit.left) | (at("SWEEP") & unit.sweeping)
        self.machine.comes_home(at("IDLE", "DONE"), waits, known)


def course(c: Claims, config: SequencerConfig) -> None:
    """Of the chip that learns by RFG."""
    one = _Course(c, config)
    one.machine.goes(_follows(config))
    one.words()
    one.samples()
    one.pairs()
    one.comes_home()


def online(c: Claims, name: str) -> None:
    """Of the chip that learns online."""
    d, _ = taught(name, 0)
    unit = OnlineSequencer(d)
    inner = _opened(c, unit)
    machine = Machine(c, inner["fsm_state"])
    machine.goes(
        {"IDLE": "DRAW", "DRAW": "START", "START": "RUN", "RUN": "DONE", "DONE": "DRAW, IDLE"}
    )
    at, words = machine.at, len(online_draws([d.n_layers], d.parts[0].own_lanes))
    word = inner["word"]
    c.always("words are counted while they are drawn", Mux(at("DRAW"), word < words, word == 0))
    entered = Signal(range(d.batch[0] + 1), name="entered_now")
    with c.m.If(at("START")):
        c.m.d.sync += entered.eq(0)
    with c.m.Elif(unit.entered & at("RUN")):
        c.m.d.sync += entered.eq(entered + 1)
    # Layers count their passes: what comes of a batch cannot have landed before all of it is in.
    c.given(~(unit.over & at("RUN")) | (entered == d.batch[0]))
    samples = inner.get("samples", Const(0))
    counted = samples == Mux(entered == d.batch[0], 0, entered)
    c.always("a batch comes in, and no more", ~at("RUN") | (counted & (entered <= d.batch[0])))
    c.always("the next batch is counted anew", at("RUN") | (samples == 0))
    opens = Mux(at("IDLE"), inner["infer"], at("RUN") & (entered != d.batch[0]))
    c.always("open until a batch is in", unit.open == opens)
    c.always("it begins once all words are drawn", unit.start == at("START"))
    c.always("it learns in every state but one", inner["learn"] == ~at("IDLE"))
    c.always("it infers or learns", ~(inner["learn"] & inner["infer"]))
    c.always("a batch ends when all has landed", ~at("DONE") | _past(c, unit.over))
    ranks = {"DRAW": words + 2 - word, "START": 2, "RUN": 1}
    machine.comes_home(at("IDLE", "DONE"), at("RUN") & ~unit.over, ranks)


def _past(c: Claims, value: Value) -> Signal:
    past = Signal(name="past")
    c.m.d.sync += past.eq(value)
    return past


def visits(c: Claims, config: SequencerConfig) -> None:
    """A course through all states, that of samples and the way back among them."""
    _Course(c, config).machine.visits_all()


def online_visits(c: Claims, name: str) -> None:
    """The same of the chip that learns online."""
    inner = _opened(c, OnlineSequencer(taught(name, 0)[0]))
    Machine(c, inner["fsm_state"]).visits_all()


_LAYERS = [(2, 2), (2, 1)]
_PLAIN = SequencerConfig("factored", _LAYERS, 2, 2, outputs=1, inside=3, jvp_bits=4, step_bits=3)
CONFIGS = {
    "plain": _PLAIN,
    "scaled": replace(_PLAIN, mantissa_bits=2, outputs=2),
    "chosen": replace(_PLAIN, mantissa_bits=2, chosen=True, lanes=3),
    "stochastic": replace(_PLAIN, structure="independent", stochastic=True, schedule=True),
    "passes": replace(_PLAIN, lanes=3, built=2, ends=True),
    "short": replace(
        _PLAIN, built=1, refill=1, batch=1, chosen=True, mantissa_bits=1, shapes=[(1, 1)]
    ),
    "refill": replace(_PLAIN, lanes=3, built=1, refill=3, batch=1, chosen=True),
}
"""Small chips that differ in their states."""

PROOFS = [
    *(
        Proof(f"sequencer_{name}", FAMILY, partial(course, config=config), 3)
        for name, config in CONFIGS.items()
    ),
    *(
        Proof(
            f"sequencer_visits_{name}",
            FAMILY,
            partial(visits, config=CONFIGS[name]),
            reaches=n,
            slow=True,
        )
        for name, n in (("plain", 16), ("scaled", 18), ("short", 32))
    ),
    *(
        Proof(f"online_sequencer_{name}", FAMILY, partial(online, name=name), 3)
        for name in ("own", "lanes", "short")
    ),
    Proof("online_sequencer_visits", FAMILY, partial(online_visits, name="own"), reaches=16),
]
