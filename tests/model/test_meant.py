"""Names that nobody knows: what is told in their place, and when a name is like enough."""

import pytest

from dualspike.model.description.data import Data
from dualspike.model.description.formats import Formats
from dualspike.model.description.hardware import Hardware
from dualspike.model.description.learning import Learning
from dualspike.model.description.load import parse, presets
from dualspike.model.description.network import Network, Surrogate
from dualspike.model.errors import meant, not_one_of
from tests.refusals import refusal

SECTIONS = {
    "network": Network,
    "network.surrogate": Surrogate,
    "learning": Learning,
    "formats": Formats,
    "hardware": Hardware,
    "data": Data,
}


def test_a_preset_with_a_letter_too_many_is_told() -> None:
    for name in presets():
        assert meant(f"{name}x", presets()) == f"; did you mean {name}?"


@pytest.mark.parametrize("came", ["", "nope", "x" * 1000, "[red]a\nb", "préset"])
def test_nothing_is_guessed_for_what_is_like_nothing(came: str) -> None:
    line = not_one_of("preset", presets(), came)
    assert line == f"preset must be one of {', '.join(presets())}, not {came!r}"


@pytest.mark.parametrize("section", SECTIONS)
def test_every_key_with_a_letter_twice_is_told(section: str) -> None:
    for key in SECTIONS[section].model_fields:
        wrong = f"{key}{key[-1]}"
        text = f"network.layers = [2, 3, 1]\n{section}.{wrong} = 1\n"
        line = f"t: {section}.{wrong} is not a known key; did you mean {key}?"
        assert refusal(parse, text, "t") == line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[netwok]\nlayers = [2, 3, 1]", "netwok is not a known key; did you mean network?"),
        ("[data]\nsource = 'hat'", "t: network is missing"),
        (
            "network.layers = [2, 3, 1]\nlearnin.a = 1",
            "learnin is not a known key; did you mean learning?",
        ),
        (
            "network.layers = [2, 3, 1]\nlearning.rule = 'onlin'",
            "not 'onlin'; did you mean online?",
        ),
        (
            "network.layers = [2, 3, 1]\nlearning.rule = 7",
            "must be 'rfg', 'online' or 'none', not 7",
        ),
    ],
)
def test_sections_and_words_are_told_as_well(text: str, line: str) -> None:
    assert refusal(parse, text, "t").endswith(line)
