from dualspike.model.description.load import describe
from dualspike.model.interface.identity import config_hash, identity
from dualspike.model.interface.registers import MAGIC, register_map

NET = {"network": {"layers": [2, 3, 1]}}
IRQ = ["IRQ_STATUS", "IRQ_ENABLE"]
"""The last registers of every core."""


def test_addresses_are_the_places_in_the_list_and_names_are_unique():
    chip = {"network": {"layers": [2, 3, 3, 3, 1]}, "hardware": {"lanes": 5}}
    registers = register_map(describe(chip, "test"))
    assert [r.address for r in registers] == list(range(len(registers)))
    assert len({r.name for r in registers}) == len(registers)
    assert {r.access for r in registers} == {"r", "w", "rw"}
    names = [r.name for r in registers]
    assert [n for n in names if n.startswith("MASK_")] == [f"MASK_{k}" for k in range(5)]
    assert sum(n.startswith("JVP_") for n in names) == 10


def test_fields_lie_side_by_side_in_32_bits():
    for chip in (NET, NET | {"learning": {"scope": "global"}, "hardware": {"lanes": 40}}):
        for register in register_map(describe(chip, "test")):
            taken = [b for f in register.fields for b in range(f.low, f.low + f.bits)]
            assert len(set(taken)) == len(taken) and max(taken) < 32, register.name
            assert len({f.name for f in register.fields}) == len(register.fields)
            assert register.reset is None or 0 <= register.reset < 2**32
            assert register.offset == 4 * register.address


def test_texts_can_stand_in_tables_strings_and_comments():
    for register in register_map(describe(NET, "test")):
        texts = [register.meaning, *(field.meaning for field in register.fields)]
        assert not any(mark in text for text in texts for mark in ('"', "|", "*/", "\\", "\n"))
        assert register.name.isidentifier() and register.name.isupper()
        assert all(field.name.isidentifier() and field.name.islower() for field in register.fields)


def test_reset_values_are_those_of_the_description():
    d = describe(NET | {"learning": {"seed": 3, "layer_shift": [1, 0]}}, "test")
    reset = {r.name: r.reset for r in register_map(d)}
    assert reset["CONFIG"] == int(config_hash(d)[:8], 16)
    assert (reset["LFSR_1"], reset["LFSR_0"]) == (0x1D0B14E4, 0xDB018FED)
    assert [reset["MASK_0"], reset["MASK_1"]] == [1, 2]
    assert [reset["SHIFT_0"], reset["SHIFT_1"]] == d.step_shift
    assert reset["WEIGHT_DATA"] is None


def test_a_core_that_only_infers_has_registers_for_that_alone():
    d = describe(NET | {"learning": {"rule": "none"}}, "test")
    registers = register_map(d)
    names = "MAGIC CONFIG CONTROL STATUS FLAGS CYCLES WEIGHT_SELECT WEIGHT_DATA"
    assert [register.name for register in registers] == [*names.split(), *IRQ]
    assert [register.address for register in registers] == list(range(10))
    assert [[f.name for f in r.fields] for r in registers[2:5]] == [
        ["infer"],
        ["busy"],
        ["membrane", "floor"],
    ]


def test_without_learning_the_hash_follows_the_network_alone():
    still = {"learning": {"rule": "none"}}
    base = config_hash(describe(NET | still, "test"))
    same = [
        {"learning": {"rule": "none", "batch": 5, "structure": "factored", "directions": 3}},
        {"formats": {"tangent": "s11.0", "surrogate": "u0.9", "target": "s1.9"}},
        {"network": {"layers": [2, 3, 1], "surrogate": {"sigma": 1.0}}},
        {"hardware": {"lanes": 0}},
    ]
    other = [
        {"learning": {"rule": "rfg"}},
        {"formats": {"membrane": "s2.16"}},
        {"network": {"layers": [2, 3, 1], "threshold": 0.5}},
        {"hardware": {"simd": [2, 1]}},
    ]
    assert {config_hash(describe(NET | still | change, "test")) for change in same} == {base}
    assert base not in {config_hash(describe(NET | still | change, "test")) for change in other}


def test_layers_that_skip_have_a_counter_and_change_the_hash():
    net = {"network": {"layers": [2, 6, 6, 4]}}
    hardware = {"pe": [1, 3, 2], "simd": [1, 1, 3]}
    plain = describe(net | {"hardware": hardware}, "test")
    skipping = describe(net | {"hardware": hardware | {"skip": True}}, "test")
    names = [[r.name for r in register_map(d)] for d in (plain, skipping)]
    assert names[1] == [*names[0][:-2], "SKIPPED_1", "SKIPPED_2", *IRQ]
    assert config_hash(plain) != config_hash(skipping)
    assert identity(skipping) == identity(plain) | {"skip": [1, 2]}


def test_the_magic_word_spells_its_name():
    assert MAGIC.to_bytes(4, "big") == b"DSP1"


def test_the_hash_follows_hardware_and_nothing_else():
    base = config_hash(describe(NET, "test"))
    same = [
        {"learning": {"rate": 9, "seed": 7, "updates": 3, "stages": 1}},
        {"learning": {"masks": [[1], [0, 1]]}},
        {"data": {"source": "own.npz"}},
        {"name": "other"},
        {"network": {"layers": [2, 3, 1], "threshold": [1.0]}},
        {"network": {"layers": [2, 3, 1], "surrogate": {"samples": 3, "draws": "fresh"}}},
        {"hardware": {"skip": True}},  # with one group in every layer there is nothing to skip
    ]
    other = [
        {"learning": {"batch": 32}},
        {"learning": {"structure": "factored"}},
        {"learning": {"directions": 2}},
        {"learning": {"frozen": [0]}},
        {"learning": {"mantissa": [8, 8]}},
        {"learning": {"rounding": "stochastic"}},
        {"learning": {"schedule": "chip"}},
        {"learning": {"momentum": 3}},
        {"learning": {"momentum": 4}},
        {"hardware": {"lanes": 1}},
        {"learning": {"masks": [[0], [0], [1]]}, "hardware": {"lanes": 1}},
        {"hardware": {"pe": [3, 1]}},
        {"formats": {"tangent": "s11.0"}},
        {"network": {"layers": [2, 4, 1]}},
        {"network": {"layers": [2, 3, 1], "threshold": [1.5]}},
        {"network": {"layers": [2, 3, 1], "leak": 0.5}},
        {"network": {"layers": [2, 3, 1], "coding": "rate"}},
        {"network": {"layers": [2, 3, 1], "coding": "bernoulli"}},
        {"network": {"layers": [2, 3, 1], "reset": "attached"}},
        {"network": {"layers": [2, 3, 1], "surrogate": {"kind": "stein"}}},
        {"network": {"layers": [2, 3, 1], "surrogate": {"kind": "stein"}}, "learning": {"seed": 2}},
    ]
    assert {config_hash(describe(NET | change, "test")) for change in same} == {base}
    hashes = [config_hash(describe(NET | change, "test")) for change in other]
    assert len({base, *hashes}) == len(other) + 1
    assert identity(describe(NET, "test"))["formats"]["weight"] == "s1.16"


def test_protected_memories_have_flags_and_a_register_for_injection():
    plain = describe(NET, "test")
    for kind, flags in (("parity", ["parity"]), ("ecc", ["corrected", "uncorrectable"])):
        d = describe(NET | {"hardware": {"protection": kind}}, "test")
        registers = {r.name: r for r in register_map(d)}
        without = [r.name for r in register_map(plain)]
        assert list(registers) == [*without[:-2], "INJECT", *IRQ]
        assert registers["INJECT"].fields[0].bits == {"parity": 19, "ecc": 24}[kind]
        assert [f.name for f in registers["FLAGS"].fields[4:]] == [*flags, "floor"]
        assert f"; upsets: {', '.join(flags)}; bit 31 floor" in registers["FLAGS"].meaning
        assert identity(d) == identity(plain) | {"protection": kind}
    still = describe(
        NET | {"learning": {"rule": "none"}, "hardware": {"protection": "ecc"}}, "test"
    )
    registers = {r.name: r for r in register_map(still)}
    assert [(f.name, f.low) for f in registers["FLAGS"].fields] == [
        *(("membrane", 0), ("corrected", 5), ("uncorrectable", 6), ("floor", 31))
    ]
    assert list(registers)[-3:] == ["INJECT", *IRQ]
