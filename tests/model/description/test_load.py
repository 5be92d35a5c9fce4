"""Descriptions that are read: from a text, a file, a preset; and their defaults."""

import pytest

from dualspike.model.description.description import Description
from dualspike.model.description.load import (
    describe,
    load,
    load_preset,
    parse,
    preset_text,
    presets,
)
from tests.refusals import refusal

NETWORK = "[network]\nlayers = [2, 3, 1]\n"


@pytest.mark.parametrize(
    "text",
    [
        "threshold = 7.9999\n",
        "threshold = 0.2\n[formats]\nmembrane = 's3.2'\ntarget = 's1.2'\n"
        "[network.surrogate]\nentries = 16\n",
        "[network.surrogate]\nsigma = 0.4\n",
        "[network.surrogate]\nentries = 64\n[formats]\nmembrane = 's3.4'\ntarget = 's1.4'\n",
        "[learning]\nrate = -16\nbatch = 1\n[formats]\ntangent = 's1.16'\n",
        "[learning]\nseed = 4294967295\n",
        "[learning]\nrule = 'none'\n[hardware]\nlanes = 0\n",
        "[learning]\nrule = 'none'\nbatch = 65536\n[formats]\nmembrane = 's3.20'\n",
        "[learning]\nrule = 'none'\nrate = -16\n[formats]\nsurrogate = 'u0.2'\n",
        "[learning]\ndirections = 32\n",
        "[learning]\nrate = 14\nmantissa = [8, 15]\nrounding = 'stochastic'\n",
        "[learning]\nscope = 'global'\ndirections = 3\n[hardware]\nlanes = 2\n",
        "[hardware]\npe = [3, 1]\nsimd = [2, 3]\n",
        "[hardware]\npe = [2, 1]\nsimd = [1, 2]\n",
    ],
)
def test_what_just_fits_is_taken(text):
    assert isinstance(parse(NETWORK + text, "here"), Description)


def test_a_whole_number_will_do_for_a_number():
    d = parse(NETWORK + "threshold = 2\nleak = 1\nsurrogate = { sigma = 1 }", "here")
    assert (d.network.threshold, d.network.surrogate.sigma) == (2.0, 1.0)


def test_left_out_is_the_default():
    assert parse(NETWORK, "here") == Description.model_validate({"network": {"layers": [2, 3, 1]}})


@pytest.mark.parametrize(
    ("text", "masks"),
    [
        ("masks = [[0, 1], [1], [0]]", [3, 2, 1]),
        ("masks = [[0, 1], [1], [0]]\nfrozen = [0]", [2, 2]),
        ("directions = 2\nfrozen = [1]", [1, 1]),
        ("directions = 2\nscope = 'global'\nfrozen = [1]", [1, 1]),
        ("directions = 2", [1, 2, 1, 2]),
        ("frozen = [1]\n[hardware]\nlanes = 3", [1, 0, 0]),
    ],
)
def test_lanes_without_a_layer_are_left_out(text, masks):
    d = parse(NETWORK + "[learning]\n" + text, "here")
    assert (d.masks, d.lanes) == (masks, len(masks))


def test_the_hat_spells_out_the_defaults():
    learning = {"rate": 5, "stages": 6, "layer_shift": [0, 1, 1], "updates": 20000}
    expected = describe(
        {"name": "hat", "network": {"layers": [2, 16, 16, 1]}, "learning": learning}, "here"
    )
    assert load_preset("hat") == expected


def test_every_preset_loads_under_its_own_name():
    assert "hat" in presets()
    for name, text in presets().items():
        assert preset_text(name) == text
        assert load_preset(name).name == name


def test_an_unknown_preset_is_refused_with_the_known_ones():
    line = f"preset must be one of {', '.join(presets())}, not 'nope'"
    assert refusal(preset_text, "nope") == line


@pytest.mark.parametrize("name", ["hat", "poisson"])
def test_a_file_of_either_kind_is_read(tmp_path, name):
    path = tmp_path / "net.toml"
    path.write_text(preset_text(name))
    assert load(path) == load_preset(name)


def test_a_file_is_read_as_utf_8(tmp_path):
    path = tmp_path / "net.toml"
    path.write_bytes(b"# \xc2\xb5\r\n" + NETWORK.encode())
    assert load(path) == parse(NETWORK, "here")


def test_a_mistake_names_the_file(tmp_path):
    path = tmp_path / "net.toml"
    path.write_text("[network]")
    assert refusal(load, path) == f"{path}: network.layers is missing"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("none", "No such file or directory"),
        ("folder", "Is a directory"),
        ("latin", "not UTF-8 text"),
        ("latin/net.toml", "Not a directory"),
    ],
)
def test_a_file_that_cannot_be_read(tmp_path, name, reason):
    (tmp_path / "folder").mkdir()
    (tmp_path / "latin").write_bytes(b"# \xff")
    assert refusal(load, tmp_path / name) == f"cannot read {tmp_path / name}: {reason}"
