from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dualspike.golden.experiments.paper.methods import METHODS, Experiment
from dualspike.golden.experiments.paper.rows import MethodRow
from dualspike.golden.experiments.paper.settings import (
    PaperSettings,
    load_settings,
    parse,
    read_settings,
)
from dualspike.model.errors import BadInput
from tests.refusals import refusal

PRESETS = Path(load_settings.__code__.co_filename).parent / "presets"


@pytest.mark.parametrize("name", METHODS)
def test_presets_hold_the_papers_networks(name: Experiment) -> None:
    settings = load_settings(name)
    assert settings.experiment == name and settings.seeds == 5
    parts = settings.operator.parts
    assert {part.time_steps for part in parts} == {32}
    hidden = {"hat": [16, 16], "poisson": [32], "reaction-diffusion": [16]}[name]
    assert all(part.layers[1:-1] == hidden for part in parts)
    sigma = 0.3 if name == "poisson" else 0.5
    assert {part.surrogate.sigma for part in parts} == {sigma}


@pytest.mark.parametrize("path", sorted(PRESETS.glob("*_one_*.toml")), ids=lambda path: path.stem)
def test_settings_with_one_direction(path: Path) -> None:
    """They have the preset's network and data, and a rate for every method; tanh is no method."""
    settings = read_settings(path)
    preset = load_settings(settings.experiment)
    assert settings.training.directions == 1
    assert (settings.operator, settings.problem) == (preset.operator, preset.problem)
    rules = {m.rule for m in METHODS[settings.experiment]}
    assert set(settings.training.rates) - {"tanh"} == rules


@pytest.mark.parametrize(
    "name", ["poisson_length_05", "poisson_length_02", "reaction_diffusion_strong"]
)
def test_settings_of_harder_problems(name: str) -> None:
    """One direction, a rate for every row, and no figure of the paper is theirs."""
    settings = load_settings(name)
    preset = load_settings(settings.experiment)
    assert settings.training.directions == 1
    assert settings.problem != preset.problem
    assert preset.of_paper and not settings.of_paper
    row = MethodRow(METHODS[settings.experiment][0], {}, settings)
    assert row.method.published and row.published is row.reached is None


@pytest.mark.parametrize("name", METHODS)
def test_every_method_has_its_network(name: Experiment) -> None:
    settings = load_settings(name)
    for method in METHODS[name]:
        parts = settings.network(method).parts
        assert {part.surrogate.kind for part in parts} == {method.surrogate}
        assert [part.layers for part in parts] == [p.layers for p in settings.operator.parts]


def test_the_identity_is_of_what_changes_numbers(small: Callable[..., PaperSettings]) -> None:
    settings = small("hat")
    same = settings.model_copy(update={"seeds": 7})
    assert same.identity == settings.identity
    others = [
        settings.with_training(29, quick=False),
        settings.with_training(None, quick=True),
        small("hat", directions=2),
        small("poisson"),
    ]
    assert len({s.identity for s in [settings, *others]}) == 5


def test_quick_and_updates_replace_the_training(small: Callable[..., PaperSettings]) -> None:
    settings = small("hat")
    quick = settings.with_training(None, quick=True)
    assert (quick.training.updates, quick.training.batch) == (10, [16])
    assert settings.with_training(9, quick=True).training.updates == 9
    assert settings.with_training(None, quick=False) == settings


def changed(name: str, old: str, new: str) -> str:
    text = (PRESETS / f"{name}.toml").read_text("utf-8")
    assert old in text
    return text.replace(old, new, 1)


@pytest.mark.parametrize(
    ("name", "old", "new", "line"),
    [
        (
            "poisson",
            "length = 1.0",
            "length = -1.0",
            "problem.field.length must be a number in [0.001, 1000], not -1.0",
        ),
        ("poisson", "points = 26", "point = 26", "problem.point is not a known key"),
        (
            "poisson",
            "points = 26",
            "points = 27",
            "problem.cells must be a multiple of points - 1 = 26, not 400",
        ),
        ("hat", "updates = ", "updates = -", "training.updates must be in [1, 100000000], not -"),
        ("hat", "RFG-G = ", "RFG-X = ", "training.rates must be given for BP, RFG-L, RFG-G, not"),
        ("hat", "batch = [", "batch = [1, ", "training.batch must have 1 entries, not 2"),
        (
            "hat",
            'kind = "adam"',
            'kind = "adan"',
            "training.optimiser.kind must be 'sgd', 'momentum' or 'adam', not 'adan'",
        ),
        (
            "hat",
            'kind = "mlp"',
            'kind = "deeponet"',
            "operator.parts must be 2 parts (branch, trunk) for kind deeponet, not 1",
        ),
        (
            "hat",
            "layers = [2,",
            "layers = [3,",
            "operator.parts[0].layers must begin with the problem's 2, not 3",
        ),
        ("hat", "validation = 2000", "validation = 0", "problem.validation must be an integer in"),
        (
            "hat",
            'experiment = "hat"',
            'experiment = "hut"',
            "experiment must be 'hat', 'poisson' or 'reaction-diffusion', not 'hut'",
        ),
        ("hat", 'experiment = "hat"', "", "experiment is missing"),
    ],
)
def test_mistakes_are_one_line(name: str, old: str, new: str, line: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse(changed(name, old, new), "net.toml")
    assert str(caught.value).startswith(f"net.toml: {line}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("batch", "line"),
    [
        ([801, "all"], "options: training.batch[0] must be in [1, 800], not 801"),
        ([1, 27], "options: training.batch[1] must be in [1, 26], not 27"),
    ],
)
def test_a_batch_is_no_larger_than_the_training_set(batch: list[Any], line: str) -> None:
    settings = load_settings("poisson")
    training = settings.training.model_copy(update={"batch": batch})
    assert (
        refusal(settings.model_copy(update={"training": training}).with_training, 5, quick=False)
        == line
    )


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    assert refusal(read_settings, path) == f"cannot read {path}: No such file or directory"
    path.write_text("a = ")
    with pytest.raises(BadInput, match="not valid TOML"):
        read_settings(path)
