import copy
import itertools
import math
from typing import Any

import pytest

from dualspike.model.description.head import Product
from dualspike.model.description.load import (
    describe,
    load_preset,
    presets,
)
from dualspike.model.errors import BadInput
from dualspike.model.interface.identity import config_hash
from dualspike.model.interface.registers import register_map
from dualspike.model.sizes.cycles import batch_cycles, function_cycles, function_interval
from dualspike.model.sizes.geometry import geometry
from dualspike.model.sizes.head import product_sizes
from tests.refusals import refusal

TABLES: dict[str, Any] = {
    "operator": {"kind": "deeponet", "parts": [{"layers": [3, 4, 2]}, {"layers": [1, 5, 6, 2]}]},
    "learning": {"batch": [8, 6]},
}


def changed(**changes: Any) -> dict[str, Any]:
    tables = copy.deepcopy(TABLES)
    for name, value in changes.items():
        section, _, key = name.partition("_")
        tables.setdefault(section, {})[key] = value
    return tables


def trunk(**network: Any) -> dict[str, Any]:
    """Parts of which the second is so."""
    return {"operator_parts": [{"layers": [3, 4, 2]}, {"layers": [1, 4, 2]} | network]}


def test_presets_are_the_small_networks():
    assert list(presets())[-4:] == [
        "poisson",
        "poisson_online",
        "reaction_diffusion",
        "reaction_diffusion_online",
    ]
    poisson = load_preset("poisson")
    assert [part.layers for part in poisson.networks] == [[11, 32, 8], [1, 32, 8]]
    assert {part.surrogate.sigma for part in poisson.networks} == {0.3}
    other = load_preset("reaction_diffusion")
    assert [part.layers for part in other.networks] == [[10, 16, 8], [1, 16, 8], [1, 16, 8]]
    assert {part.surrogate.sigma for part in other.networks} == {0.5}
    online = load_preset("poisson_online")
    assert online.networks == poisson.networks
    assert (online.learning.updates, online.batch, online.learning.stages) == (200_000, [16, 26], 5)
    assert [online.stage(update) for update in (0, 39_999, 40_000, 199_999)] == [0, 0, 1, 4]
    assert load_preset("reaction_diffusion_online").networks == other.networks


def test_lanes_and_layers_count_through_the_parts():
    d = describe(changed(learning_directions=2), "test")
    assert d.shapes == [(3, 4), (4, 2), (1, 5), (5, 6), (6, 2)]
    assert d.lanes == 10
    assert d.masks == [1, 2, 4, 8, 16] * 2
    assert [d.lanes_of(part) for part in (0, 1)] == [[0, 1, 5, 6], [2, 3, 4, 7, 8, 9]]
    for part in (0, 1):
        first = d.layers_of(part).start
        assert list(d.parts[part].masks) == [d.masks[k] >> first for k in d.lanes_of(part)]
    over_all = describe(changed(learning_scope="global", learning_directions=3), "test")
    assert over_all.masks == [31] * 3
    assert over_all.lanes_of(1) == [0, 1, 2]


def test_a_mask_has_the_layers_of_parts_that_carry_its_lane_alone():
    tables = {
        "operator": {"kind": "seponet", "parts": [{"layers": [1, 2, 3]}] * 4},
        "learning": {"batch": [4] * 4, "masks": [[0, 5], [1, 2], [3, 6, 7], [0, 1, 2, 3, 4, 5]]},
    }
    registers = {one.name: one for one in register_map(describe(tables, "test"))}
    fields = [registers[f"MASK_{k}"].fields for k in range(4)]
    assert [[(field.low, field.bits) for field in one] for one in fields] == [
        [(0, 2), (4, 2)],
        [(0, 4)],
        [(2, 2), (6, 2)],
        [(0, 6)],
    ]
    assert [field.name for field in fields[0]] == ["layers_0", "layers_4"]
    assert registers["MASK_0"].reset == 0b100001


def test_without_learning_nothing_of_it_counts():
    """Neither registers nor identity know of a key that learning has, but for rows of trunks."""
    still = describe(changed(learning_rule="none"), "test")
    assert (still.lanes, still.passes, still.floor) == (0, 1, None)
    names = [one.name for one in register_map(still)]
    assert names[:6] == ["MAGIC", "CONFIG", "CONTROL", "STATUS", "FLAGS", "CYCLES"]
    assert names[6:] == ["WEIGHT_SELECT", "WEIGHT_DATA", "IRQ_STATUS", "IRQ_ENABLE"]
    flags = register_map(still)[4]
    places = [("membrane", 0), ("factor", 4), ("floor", 31)]
    assert [(field.name, field.low) for field in flags.fields] == places
    overflows = "sticky overflows: membrane, factor; bit 31 floor, no alarm"
    assert flags.meaning == f"{overflows}; any write clears"
    more = {"momentum": 3, "directions": 64, "floor": 0.5, "rate": -16, "mantissa": [8] * 5}
    for learning in ({"batch": [5, 6]}, more):
        tables = changed(learning_rule="none")
        tables["learning"] |= learning
        assert config_hash(describe(tables, "test")) == config_hash(still)
    for batch, formats in (([8, 7], {}), ([8, 6], {"factor": "s1.15"})):
        tables = changed(learning_rule="none", learning_batch=batch) | {"formats": formats}
        assert config_hash(describe(tables, "test")) != config_hash(still)
    wide = {"cotangent": "s0.23", "tangent": "s23.0", "error": "s0.23"}
    rows = {"rule": "none", "batch": [65536, 65536]}
    assert describe(TABLES | {"formats": wide, "learning": rows}, "test").batch == [65536] * 2
    line = refusal(describe, TABLES | {"learning": {"rule": "none"}}, "test")
    assert line == "test: learning.batch is missing"
    line = refusal(describe, TABLES | {"formats": wide, "learning": {"batch": [65536] * 2}}, "test")
    assert "formats must keep the" in line


def test_shifts_hold_rate_means_and_fractions():
    d = describe(changed(learning_layer_shift=[0, 1, 0, 0, 2], learning_rate=4), "test")
    # cotangent 20 + tangent 5 - weight 16 + rate 4 + log2 of the larger batch, 8.
    assert d.step_shift == [16, 17, 16, 16, 18]
    assert isinstance(d.head, Product) and d.head.mean_shifts == [3, 3]
    assert [d.stage(u) for u in (0, 3999, 4000, 19999)] == [0, 0, 1, 4]


@pytest.mark.parametrize("trunks", [1, 2, 3])
def test_no_sum_can_be_larger_than_its_width(trunks: int):
    """All factors, errors and cotangents at the end of their formats, every sum over all terms."""
    tables = {
        "operator": {"kind": "seponet", "parts": [{"layers": [1, 2, 3]}] * (trunks + 1)},
        "learning": {"batch": [4, 3, 8, 5][: trunks + 1]},
    }
    d = describe(tables, "test")
    g, f, batch = product_sizes(d), d.formats, d.batch
    factor, error, cotangent = (-form.lowest for form in (f.factor, f.error, f.cotangent))

    def bits(value: int) -> int:
        return value.bit_length() + 1

    assert bits(3 * factor**2) <= g.output.bits
    assert bits(error**2 * math.prod(batch)) <= g.loss_bits
    before = list(itertools.accumulate(batch, lambda a, b: a * b))
    for n in range(1, trunks + 1):
        carried = error if n == trunks else cotangent
        assert bits(carried * factor * batch[n]) <= g.carried[n - 1].bits
        assert bits(carried * factor * before[n - 1]) <= g.own[n].bits
    slopes = [
        (cotangent * -f.tangent.lowest * rows * 3) << align
        for rows, align in zip(batch, g.jvp_align, strict=True)
    ]
    assert bits(sum(slopes)) <= g.jvp_bits


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"learning_batch": [8]}, "learning.batch must have 2 entries, not 1"),
        ({"learning_batch": [8, 0]}, "learning.batch[1] must be in [1, 65536], not 0"),
        ({"learning_layer_shift": [1]}, "learning.layer_shift must have 5 entries, not 1"),
        ({"learning_directions": 13}, "learning.directions must leave at most 64 lanes, not 65"),
        ({"learning_floor": 0.0}, "learning.floor must be in [0.0009765625, 1024], not 0.0"),
        (
            {"learning_rate": -16},
            "learning.rate must leave step shifts in [0, 63], not [-4, 0]",
        ),
        ({"learning_mantissa": [8]}, "learning.mantissa must have 5 entries, not 1"),
        (
            {"learning_masks": [[0, 5]]},
            "learning.masks[0] must hold layers in [0, 4], each once, not [0, 5]",
        ),
        (
            {"learning_masks": [[0], [1]]},
            "learning.masks must leave every part a layer to learn, not operator.parts[1] none",
        ),
        (
            {"learning_frozen": [0, 1]},
            "learning.frozen must leave every part a layer to learn, not operator.parts[0] none",
        ),
        (
            {"learning_local": True},
            "learning.local must be left out with [operator]: it is for [network]",
        ),
        (
            {"hardware_lanes": 2},
            "hardware.lanes must be left out with [operator]: it is for [network]",
        ),
        (
            {"hardware_skip": True},
            "hardware.skip must be left out with [operator]: it is for [network]",
        ),
        (
            {
                "operator_kind": "seponet",
                "operator_parts": [{"layers": [1, *[2] * 14, 2]}] * 3,
                "learning_batch": [4, 4, 4],
            },
            "operator.parts must have at most 32 layers, not 45",
        ),
        ({"hardware_terms": 3}, "hardware.terms must be in [1, 2], not 3"),
        ({"hardware_pe": [1, 1]}, "hardware.pe must have 5 entries, not 2"),
        ({"formats_factor": "u2.8"}, "formats.factor must be signed (s), not u2.8"),
        ({"formats_error": "s9.16"}, "formats.error must be 2 to 24 bits wide, not s9.16 (26)"),
        ({"formats_product": "s9.16"}, "formats.product is not a known key"),
        (
            {"operator_kind": "mlp", "operator_parts": [{"layers": [3, 4, 2]}]},
            "operator.kind must be deeponet or seponet, not mlp: describe it as [network]",
        ),
        (
            trunk(layers=[1, 4, 3]),
            "operator.parts[1].layers must end with the basis 2 of parts[0], not 3",
        ),
        (
            trunk(leak=0.4),
            "operator.parts[1]: network.leak must be 1, or 1 - 2^-k with k in [1, 8], in hardware,"
            " not 0.4",
        ),
        (
            trunk(coding="rate"),
            "operator.parts[1].coding must be direct in an operator chip, not rate",
        ),
        (
            trunk(surrogate={"kind": "stein"}),
            "operator.parts[1].surrogate.kind must not be stein in an operator chip",
        ),
        (
            trunk(threshold=9.0),
            "operator.parts[1]: formats.membrane must hold the threshold 9 as a positive number,"
            " s3.16 holds 1.52588e-05 to 7.999984741",
        ),
    ],
)
def test_mistakes(changes: dict[str, Any], line: str):
    assert refusal(describe, changed(**changes), "here") == f"here: {line}"


def test_sums_that_are_too_wide_are_refused():
    tables = changed(learning_batch=[65536, 65536])
    tables["formats"] = {"error": "s1.20", "factor": "s2.20", "cotangent": "s1.20"}
    with pytest.raises(BadInput, match=r"^here: formats must keep the .* narrow "):
        describe(tables, "here")


def test_the_hash_is_that_of_the_hardware():
    first = config_hash(describe(changed(), "test"))
    for same in ({"learning_updates": 7}, {"learning_seed": 3}, {"hardware_terms": 1}):
        assert config_hash(describe(changed(**same), "test")) == first
    for other in (
        {"learning_floor": 0.5},
        {"hardware_terms": 2},
        {"hardware_simd": [2, 1, 1, 1, 1]},
        {"learning_batch": [8, 7]},
        {"learning_directions": 2},
        {"formats_factor": "s1.12"},
        {"learning_momentum": 3},
        {"learning_mantissa": [8, 9, 10, 11, 12]},
        {"learning_rounding": "stochastic"},
        {"learning_schedule": "chip"},
        {"hardware_protection": "ecc"},
    ):
        assert config_hash(describe(changed(**other), "test")) != first


def test_a_function_takes_what_the_slower_of_branch_and_product_unit_takes() -> None:
    """The branch in one preset, the product unit in the other; a batch counts with the same."""
    for name, unit, branch in (("poisson", 208, 1024), ("reaction_diffusion", 1024, 512)):
        d = load_preset(name)
        assert function_cycles(d) == unit and geometry(d.parts[0]).interval == branch
        assert function_interval(d) == max(unit, branch)
        assert batch_cycles(d)[0] >= d.batch[0] * function_interval(d)


@pytest.mark.parametrize(
    ("batch", "rate", "formats"),
    [
        (4, 2, {"target": "s12.4"}),
        (4, 2, {"membrane": "s0.23", "target": "s20.0", "error": "s4.8"}),
        (4096, 2, {"membrane": "s1.22", "tangent": "s0.23", "weight": "s1.1"}),
        (4, 6, {"membrane": "s6.0", "tangent": "s4.0", "weight": "s0.23", "target": "s1.0"}),
    ],
)
def test_parts_are_not_held_to_a_loss_and_steps_of_their_own(
    batch: int, rate: int, formats: dict[str, str]
) -> None:
    """The chip has them, in other formats: what a perceptron could not have does not count."""
    narrow = formats.get("membrane") == "s0.23"
    shape = {"surrogate": {"entries": 2}, "threshold": 0.5 if narrow else 1.0}
    tables = {
        "operator": {
            "kind": "deeponet",
            "parts": [{"layers": [3, 4, 2], **shape}, {"layers": [1, 4, 2], **shape}],
        },
        "learning": {"batch": [4, batch], "rate": rate, "stages": 1},
        "formats": formats,
    }
    d = describe(tables, "test")
    assert [d.parts[part].lanes for part in (0, 1)] == [2, 2]
