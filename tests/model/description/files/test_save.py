import pytest

from dualspike.model.description.files.save import toml_text
from dualspike.model.description.load import describe, parse, presets


@pytest.mark.parametrize("name", sorted(presets()))
def test_presets_read_back(name: str) -> None:
    d = parse(presets()[name], name)
    assert parse(toml_text(d), "written") == d


def test_only_what_is_no_default_is_written() -> None:
    tables = {
        "network": {"layers": [2, 3, 1], "surrogate": {"sigma": 0.75}},
        "hardware": {"pe": [3, 1]},
        "data": {"source": 'a "b"\\\n\x7f\U0001f600.npz'},
    }
    d = describe(tables, "here")
    text = toml_text(d)
    assert text == (
        "\n[network]\nlayers = [2, 3, 1]\n\n[network.surrogate]\nsigma = 0.75\n"
        "\n[hardware]\npe = [3, 1]\n"
        '\n[data]\nsource = "a \\"b\\"\\\\\\n\\u007f\U0001f600.npz"\n'
    )
    assert parse(text, "written") == d
