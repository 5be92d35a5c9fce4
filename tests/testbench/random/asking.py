"""How to ask for every choice, and which two the description model lets stand together."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from copy import deepcopy
from itertools import combinations, permutations, product
from typing import Any

from dualspike.model.description.load import describe
from dualspike.model.errors import BadInput
from tests.testbench.random.axes import Choice, choices

Tables = dict[str, Any]
Ask = Callable[[Tables], None]


def networks(tables: Tables) -> list[Tables]:
    """The perceptron, or the parts of an operator."""
    return [tables["network"]] if "network" in tables else tables["operator"]["parts"]


def _section(name: str, **keys: Any) -> Ask:
    return lambda tables: tables.setdefault(name, {}).update(keys)


def _learning(**keys: Any) -> Ask:
    return _section("learning", **keys)


def _network(**keys: Any) -> Ask:
    def ask(tables: Tables) -> None:
        for network in networks(tables):
            network.update(deepcopy(keys))

    return ask


def _chip(kind: str, *inputs: int) -> Ask:
    """A chip with parts of so many inputs, batches and all; nothing else is left of it."""

    def ask(tables: Tables) -> None:
        tables.clear()
        parts: list[Tables] = [{"layers": [n, 4, 4, 4], "time_steps": 4} for n in inputs]
        batch: Any = 4 if kind == "mlp" else [4 for _ in parts]
        tables |= {"learning": {"batch": batch}, "hardware": {}}
        tables |= (
            {"network": parts[0]} if kind == "mlp" else {"operator": {"kind": kind, "parts": parts}}
        )

    return ask


def _layers(tables: Tables) -> int:
    """All that learn, local readouts too."""
    count = sum(len(one["layers"]) - 1 for one in networks(tables))
    local = tables["learning"].get("local", False)
    return count + (len(tables["network"]["layers"]) - 2 if local else 0)


def _each_layer(key: str, value: int) -> Ask:
    return lambda tables: tables["learning"].update({key: [value] * _layers(tables)})


def _fold(pe: int, simd: int) -> Ask:
    """Every layer so wide, or as wide as it is."""

    def ask(tables: Tables) -> None:
        shapes = [
            shape
            for one in networks(tables)
            for shape in zip(one["layers"], one["layers"][1:], strict=False)
        ]
        tables["hardware"]["pe"] = [min(pe, n_out) for _, n_out in shapes]
        tables["hardware"]["simd"] = [min(simd, n_in) for n_in, _ in shapes]

    return ask


def _all(*asks: Ask) -> Ask:
    def ask(tables: Tables) -> None:
        for one in asks:
            one(tables)

    return ask


def _hidden(count: int) -> Ask:
    def ask(tables: Tables) -> None:
        for network in networks(tables):
            n_in, *_, n_out = network["layers"]
            network["layers"] = [n_in, *[4] * count, n_out]

    return ask


def _outputs(width: int) -> Ask:
    def ask(tables: Tables) -> None:
        for network in networks(tables):
            network["layers"] = [*network["layers"][:-1], width]

    return ask


def _rows(count: int) -> Ask:
    def ask(tables: Tables) -> None:
        many = isinstance(tables["learning"]["batch"], list)
        tables["learning"]["batch"] = [count for _ in networks(tables)] if many else count

    return ask


ASKS: dict[Choice, list[Ask]] = {
    ("chip", "perceptron"): [_chip("mlp", 4)],
    ("chip", "deeponet"): [_chip("deeponet", 4, 2)],
    ("chip", "seponet"): [_chip("seponet", 4, 1)],
    ("chip", "seponet of several trunks"): [_chip("seponet", 4, 1, 1)],
    ("learner", "rfg"): [_learning(rule="rfg")],
    ("learner", "none"): [_learning(rule="none")],
    **{
        ("learner", f"online, {name}"): [_learning(rule="online", feedback=name)]
        for name in ("forward", "signs", "forward-dfa", "kolen-pollack")
    },
    ("learner", "online by sample"): [_learning(rule="online", every="sample")],
    **{("loss", name): [_learning(loss=name)] for name in ("squared", "margin")},
    **{("scope", name): [_learning(scope=name)] for name in ("layer", "global")},
    **{("signs", name): [_learning(structure=name)] for name in ("independent", "factored")},
    ("layers that learn", "frozen"): [_learning(frozen=[0])],
    ("layers that learn", "masks"): [
        lambda tables: tables["learning"].update(masks=[list(range(_layers(tables)))]),
        lambda tables: tables["learning"].update(masks=[[n] for n in range(_layers(tables))]),
    ],
    ("lanes", "one"): [
        *(_learning(scope="global"), _learning(masks=[[0]]), _learning(frozen=[1, 2])),
    ],
    ("lanes", "several"): [_learning(directions=2), _learning(masks=[[0], [0, 1]])],
    ("passes", "several"): [
        _all(_learning(directions=2), _section("hardware", lanes=1)),
        _all(_learning(masks=[[0], [0, 1]]), _section("hardware", lanes=1)),
    ],
    ("spare lanes", "yes"): [_section("hardware", lanes=24)],
    ("mantissas", "yes"): [_each_layer("mantissa", 9)],
    ("rounding", "nearest"): [_learning(rounding="nearest")],
    ("rounding", "stochastic"): [_learning(rounding="stochastic")],
    ("momentum", "yes"): [_learning(momentum=3)],
    ("local losses", "yes"): [_learning(local=True)],
    ("shifts of layers", "yes"): [_each_layer("layer_shift", 1)],
    **{("stages", name): [_learning(schedule=name)] for name in ("host", "chip")},
    ("rows of a batch", "a single row"): [_rows(1)],
    ("rows of a batch", "a power of two"): [_rows(4)],
    ("rows of a batch", "no power of two"): [_rows(3)],
    ("floor", "yes"): [_learning(floor=1.0)],
    **{
        ("surrogate", name): [_network(surrogate={"kind": name, "sigma": 2.0})]
        for name in ("gaussian", "stein", "fast_sigmoid", "triangle", "rectangle")
    },
    **{("reset", name): [_network(reset=name)] for name in ("attached", "detached")},
    **{("coding", name): [_network(coding=name)] for name in ("direct", "rate", "bernoulli")},
    **{
        ("coding", f"frames of {what}"): [
            _all(_network(coding="frames"), _section("formats", input=form)),
        ]
        for what, form in (("spikes", "s1.0"), ("numbers", "s3.0"))
    },
    ("leak", "yes"): [_network(leak=0.75)],
    ("thresholds", "several"): [_network(threshold=[0.5, 1.0])],
    ("time", "one step"): [_network(time_steps=1)],
    ("time", "no power of two"): [_network(time_steps=5)],
    ("time", "a power of two"): [_network(time_steps=4)],
    ("hidden layers", "one"): [_hidden(1)],
    ("hidden layers", "several"): [_hidden(2)],
    ("outputs", "one"): [_outputs(1)],
    ("outputs", "several"): [_outputs(4)],
    ("groups", "one"): [_fold(4, 1)],
    ("groups", "several"): [_fold(2, 1), _fold(2, 2)],
    ("chunks", "wide"): [_fold(2, 2), _fold(4, 2)],
    ("chunks", "one input or one chunk"): [_fold(1, 1), _fold(4, 4), _fold(4, 1)],
    ("skipping", "yes"): [_all(_section("hardware", skip=True), _fold(pe, 1)) for pe in (2, 1)],
    ("terms", "one"): [_section("hardware", terms=1)],
    ("terms", "several"): [_section("hardware", terms=2)],
    ("terms", "all"): [_section("hardware", terms=4)],
    **{
        ("protection", name): [_section("hardware", protection=name)]
        for name in ("none", "parity", "ecc")
    },
    ("pipelines", "shallow"): [_section("hardware", clock=40)],
    ("pipelines", "deep"): [_section("hardware", clock=100)],
    ("formats", "given"): [_section("formats", weight="s1.12")],
}
_UNASKED: list[Choice] = [
    *((axis, "no") for axis in ("spare lanes", "mantissas", "momentum", "local losses")),
    *((axis, "no") for axis in ("shifts of layers", "floor", "leak", "skipping")),
    ("layers that learn", "all layers"),
    ("passes", "one"),
    ("thresholds", "one"),
    ("formats", "the kind's own"),
]
"""What need not be asked for."""
ASKS |= {choice: [_learning()] for choice in _UNASKED}

Pair = frozenset[Choice]
Base = tuple[Choice, Choice]
"""A chip and a learner."""


def pairs(found: list[Choice]) -> set[Pair]:
    """All pairs among choices of several axes."""
    return set(map(frozenset, combinations(found, 2)))


def allowed() -> set[Pair]:
    """Pairs that the description model accepts: some small description has both choices."""
    may: set[Pair] = set()
    able: dict[Choice, set[Base]] = {choice: set() for choice in ASKS}
    for base in product(_of("chip"), _of("learner")):
        for choice in ASKS:
            for found in _described(base, [choice]):
                may |= pairs(found)
                if choice in found:
                    able[choice].add(base)
    for one, other in combinations(ASKS, 2):
        for base in sorted(able[one] & able[other]):
            if frozenset((one, other)) in may:
                break
            for found in _described(base, [one, other]):
                may |= pairs(found)
    return may


def _of(axis: str) -> list[Choice]:
    return [choice for choice in ASKS if choice[0] == axis]


def _described(base: Base, wanted: list[Choice]) -> Iterator[list[Choice]]:
    """What descriptions chose that were asked for it, in every order, and that are accepted."""
    for order in permutations(wanted):
        for asks in product(*(ASKS[choice] for choice in (*base, *order))):
            tables: Tables = {}
            for ask in asks:
                ask(tables)
            with suppress(BadInput):
                yield choices(describe(tables, "asked"))
