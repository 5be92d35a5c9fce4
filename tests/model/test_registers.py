from dualspike.model.identity import config_hash, identity
from dualspike.model.load import describe
from dualspike.model.registers import MAGIC, register_map

NET = {"network": {"layers": [2, 3, 1]}}


def test_addresses_are_the_places_in_the_list_and_names_are_unique():
    chip = {"network": {"layers": [2, 3, 3, 3, 1]}, "hardware": {"lanes": 5}}
    registers = register_map(describe(chip, "test"))
    assert [r.address for r in registers] == list(range(len(registers)))
    assert len({r.name for r in registers}) == len(registers)
    assert {r.access for r in registers} == {"r", "w", "rw"}
    names = [r.name for r in registers]
    assert [n for n in names if n.startswith("MASK_")] == [f"MASK_{k}" for k in range(5)]
    assert sum(n.startswith("JVP_") for n in names) == 10


def test_the_magic_word_spells_its_name():
    assert MAGIC.to_bytes(4, "big") == b"DSP1"


def test_the_hash_follows_hardware_and_nothing_else():
    base = config_hash(describe(NET, "test"))
    same = [
        {"learning": {"rate": 9, "seed": 7, "updates": 3, "stages": 1}},
        {"data": {"source": "own.npz"}},
        {"name": "other"},
    ]
    other = [
        {"learning": {"batch": 32}},
        {"learning": {"structure": "factored"}},
        {"learning": {"directions": 2}},
        {"hardware": {"pe": [3, 1]}},
        {"formats": {"tangent": "s11.0"}},
        {"network": {"layers": [2, 4, 1]}},
    ]
    assert {config_hash(describe(NET | change, "test")) for change in same} == {base}
    hashes = [config_hash(describe(NET | change, "test")) for change in other]
    assert len({base, *hashes}) == len(other) + 1
    assert identity(describe(NET, "test"))["formats"]["weight"] == "s1.16"
