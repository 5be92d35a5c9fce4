"""Descriptions that are read: from a text, a file, a preset; and their defaults."""

import pytest

from dualspike.model.description import Description
from dualspike.model.errors import BadInput
from dualspike.model.load import describe, load, load_preset, parse, preset_text, presets

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
    expected = describe(
        {"name": "hat", "network": {"layers": [2, 16, 16, 1]}, "learning": {"updates": 10000}},
        "here",
    )
    assert load_preset("hat") == expected


def test_every_preset_loads_under_its_own_name():
    assert "hat" in presets()
    for name, text in presets().items():
        assert preset_text(name) == text
        assert load_preset(name).name == name


def test_an_unknown_preset_is_refused_with_the_known_ones():
    with pytest.raises(BadInput) as caught:
        preset_text("nope")
    assert str(caught.value) == f"preset must be one of {', '.join(presets())}, not 'nope'"


def test_a_file_is_read_as_utf_8(tmp_path):
    path = tmp_path / "net.toml"
    path.write_bytes(b"# \xc2\xb5\r\n" + NETWORK.encode())
    assert load(path) == parse(NETWORK, "here")


def test_a_mistake_names_the_file(tmp_path):
    path = tmp_path / "net.toml"
    path.write_text("[network]")
    with pytest.raises(BadInput) as caught:
        load(path)
    assert str(caught.value) == f"{path}: network.layers is missing"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "No such file or directory"),
        ("folder", "Is a directory"),
        (b"# \xff", "not UTF-8 text"),
    ],
)
def test_a_file_that_cannot_be_read(tmp_path, content, reason):
    path = tmp_path / "net.toml"
    if content == "folder":
        path.mkdir()
    elif content is not None:
        path.write_bytes(content)
    with pytest.raises(BadInput) as caught:
        load(path)
    assert str(caught.value) == f"cannot read {path}: {reason}"


def test_a_file_below_a_file_cannot_be_read(tmp_path):
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "net.toml"
    with pytest.raises(BadInput) as caught:
        load(path)
    assert str(caught.value) == f"cannot read {path}: Not a directory"
