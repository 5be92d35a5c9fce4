"""Random descriptions of chips that learn online."""

import random
from typing import Any

from dualspike.model.description.description import Description
from dualspike.model.description.network import SURROGATES, SurrogateKind
from dualspike.model.sizes.depth import DELAYS
from tests.testbench.random.descriptions import any_seed, first_quick, random_tables
from tests.testbench.random.ranges import folding, formats, size, surrogate, threshold


def random_online(seed: int) -> Description:
    """A network that learns online; the first from that number on that is quick to simulate."""
    return first_quick(online_tables, seed)


def online_tables(seed: int) -> dict[str, Any]:
    """Tables of a network that learns online, with every key of such anywhere in its range.

    Widths go to 40 and batches to 16.
    """
    r = random.Random(f"online {seed}")
    n = [size(r, 1, 40) for _ in range(size(r, 2, 7) + 1)]
    pe, simd = folding(r, n, 8)
    feedback, coding = (
        r.choice(["forward", "signs", "forward-dfa", "kolen-pollack"]),
        r.choice(["direct", "frames", "frames", "rate", "bernoulli"]),
    )
    names = ["weight", "membrane", "tangent", "target", "error", "cotangent"]
    names += ["input"] if coding != "frames" else []
    anywhere = formats(r, dict.fromkeys(names, True))
    if coding == "frames":
        anywhere["input"] = f"s{r.choice([1, 23, r.randint(1, 23)])}.0"
    form = r.choice([{}, {}, {"weight": "s0.5", "membrane": "s2.6"}, anywhere])
    membrane = form.get("membrane", "s4.12")
    several = [threshold(r, membrane) for _ in n[1:-1]]
    shift = {"layer_shift": [r.choice([0, 1, r.randint(-16, 16)]) for _ in n[1:]]}
    return {
        "name": f"online_{seed}",
        "network": {
            "layers": n,
            "time_steps": size(r, 1, r.choice([8, 64])),
            "threshold": r.choice([several[0], several]),
            "surrogate": {"sigma": r.choice([0.25, 1.0, 16.0, 0.01, 2 ** r.uniform(-6.6, 4)])},
            "leak": r.choice([1.0, 1 - 2.0 ** -r.randint(1, 8)]),
            "coding": coding,
        },
        "learning": {
            "rule": "online",
            "feedback": feedback,
            "loss": ["squared", "margin"][seed % 2],
            **({"directions": size(r, 1, 8)} if "forward" in feedback else {}),
            **({"feedback_momentum": size(r, 1, 8)} if feedback == "forward-dfa" else {}),
            "batch": size(r, 1, 16),
            "rate": r.choice([r.randint(-16, 16), r.randint(0, 8)]),
            **r.choice([{}, {}, shift]),
            "schedule": r.choice(["host", "chip"]),
            "stages": size(r, 1, 16),
            "updates": r.randint(1, 5),
            "seed": any_seed(r),
        },
        "formats": form,
        "hardware": {
            **r.choice([{}, {"pe": pe, "simd": simd}, {"pe": pe, "simd": simd}]),
            "protection": r.choice(["none", "parity", "ecc"]),
            "clock": r.choice([None, 40, 100]),
            "device": r.choice([None, *DELAYS]),
            "skip": random.Random(f"skip {seed}").choice([False, True]),
        },
    }


def random_samples(seed: int) -> Description:
    """One with a change a sample; the first from that number on that is quick to simulate."""
    return first_quick(sample_tables, seed)


def sample_tables(seed: int) -> dict[str, Any]:
    """Tables as `online_tables` draws them, of a network that changes once a sample."""
    tables, r = online_tables(seed), random.Random(f"samples {seed}")
    names = ["weight", "membrane", "tangent", "surrogate", "target", "error", "cotangent"]
    given = formats(r, {name: name != "surrogate" for name in names})
    form = r.choice([{"surrogate": "u3.6"}, {"surrogate": "u3.6", "tangent": "s4.5"}, given])
    membrane = form.get("membrane", "s3.16")
    kinds: list[SurrogateKind] = list(SURROGATES)
    if tables["network"]["coding"] == "frames":
        form = form | {"input": f"s{r.choice([1, 23, r.randint(1, 23)])}.0"}
    several = [threshold(r, membrane) for _ in tables["network"]["layers"][1:-1]]
    tables["network"] |= {
        "threshold": r.choice([several[0], several]),
        "surrogate": surrogate(r, kinds, membrane, form["surrogate"]),
    }
    learning = {"every": "sample", "feedback": "forward", "directions": size(r, 1, 8)}
    tables["learning"].pop("feedback_momentum", None)
    tables["hardware"].pop("skip")
    tables["learning"] |= learning | {"rate": r.choice([r.randint(-16, 16), r.randint(0, 8)])}
    return tables | {"formats": form}


def random_operators(seed: int) -> Description:
    """An operator network that learns online; the first from that number on that is quick."""
    return first_quick(operator_tables, seed)


def operator_tables(seed: int) -> dict[str, Any]:
    """Tables of an operator network as `random_tables` draws them, but for how it learns."""
    tables, r = random_tables(seed, operator=True), random.Random(f"online operator {seed}")
    given, layers = tables["learning"], sum(len(one["layers"]) - 1 for one in _parts(tables))
    for part in _parts(tables):
        part["reset"] = "detached"
    shift = {"layer_shift": [r.choice([0, 1, r.randint(-16, 16)]) for _ in range(layers)]}
    tables["learning"] = {
        **{key: given[key] for key in ("floor", "seed", "schedule", "stages", "updates")},
        **{"rule": "online", "every": "sample", "directions": size(r, 1, 8)},
        "batch": [size(r, 1, 8) for _ in given["batch"]],
        "rate": r.choice([r.randint(-16, 16), r.randint(0, 8)]),
        **r.choice([{}, {}, shift]),
    }
    return tables


def _parts(tables: dict[str, Any]) -> list[dict[str, Any]]:
    return tables["operator"]["parts"]
