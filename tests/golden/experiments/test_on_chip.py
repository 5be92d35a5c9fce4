"""Where errors of an online chip come from: the rules that are float only, trials, their choice."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dualspike.golden.experiments.on_chip import trial as trials
from dualspike.golden.experiments.on_chip.cases import NETWORKS, Case
from dualspike.golden.experiments.on_chip.price import price
from dualspike.golden.experiments.on_chip.report import STUDY
from dualspike.golden.experiments.on_chip.sources import SOURCES
from dualspike.golden.experiments.on_chip.spatial import SpatialEngine
from dualspike.golden.experiments.on_chip.study import (
    OnChip,
    OnChipPlan,
    Planned,
    Row,
)
from dualspike.golden.experiments.on_chip.trial import (
    WEIGHTS,
    OnChipOutcome,
    OnChipTrial,
    execute,
    read,
    train,
)
from dualspike.golden.experiments.runner import outcomes
from dualspike.golden.experiments.runner.outcomes import file_of
from dualspike.golden.training.online_engine import OnlineFloatEngine
from dualspike.model.description.format import Format
from dualspike.model.description.load import describe
from dualspike.model.errors import BadInput

ENDS = {"digits": (64, 10), "events": (512, 4), "mnist": (784, 10), "spoken-digits": (96, 10)}
OVER_TIME = {"events", "spoken-digits"}
CHIPS = ("forward-1", "forward-2", "forward-4", "signs", "fdfa", "dkp")


def case(name: str) -> Case:
    """As of the data, which are not read here."""
    n_in, classes = ENDS[name]
    folder = None if name in ("digits", "events") else "folder"
    layers = (n_in, *NETWORKS[name].hidden, classes)
    return Case(name, folder, layers, name in OVER_TIME, "")


def go_on(_done: int, _loss: float) -> bool:
    return True


@pytest.mark.parametrize("name", NETWORKS)
def test_every_source_has_a_chip_at_every_width_and_rate(name: str) -> None:
    """Whichever rate is chosen; wider weights take more memory, and nothing else of a layer."""
    planned = Planned(OnChipPlan(), case(name))
    assert ("weights-4" in planned.sources) == (name not in OVER_TIME)
    for source in planned.sources:
        tries = planned.tries(source)
        assert [one.rate for one in tries] == sorted((one.rate for one in tries), reverse=True)
        assert len({one.name for one in tries}) == len(tries) == 4
        for bits in planned.widths(source):
            found = [replace(one, bits=bits, seed=1).description() for one in tries]
            assert {d.data.tested for d in found} == {"test"}
            if bits is not None:
                assert {d.formats.weight.bits for d in found} == {bits}
        assert {one.description().data.tested for one in tries} == {"validation"}
        assert planned.widths(source) == ([8, 10, 12, 16, None] if tries[0].bits else [None])


def test_wider_weights_and_more_lanes_cost_more() -> None:
    planned = Planned(OnChipPlan(), case("digits"))
    paid = {
        (source, bits): price(replace(planned.tries(source)[0], bits=bits).description())
        for source in CHIPS
        for bits in WEIGHTS
    }
    for source in CHIPS:
        memory = [paid[source, bits].memory for bits in WEIGHTS]
        assert memory == sorted(memory) and len(set(memory)) == len(memory)
    for bits in WEIGHTS:
        one, two, four = (paid[f"forward-{lanes}", bits] for lanes in (1, 2, 4))
        assert four.multipliers - two.multipliers == 2
        assert two.multipliers - one.multipliers == 1  # a slope for every further lane
        signs, matrix = paid["signs", bits], paid["fdfa", bits]
        assert matrix.memory - signs.memory > 64 * 10 * (16 + 8)  # a matrix, finer than tangents
        assert four.memory > two.memory > one.memory
        assert four.flip_flops > two.flip_flops > one.flip_flops
        assert Format.parse(WEIGHTS[bits]).bits == bits


def test_rules_in_software_learn_as_the_chip_does() -> None:
    """One hidden neuron has one sign, whose square is 1: forward is the gradient itself.

    In two steps no change lands before a sample ends; so both make the same of it.
    """
    tables = {
        "network": {"layers": [4, 1, 3], "time_steps": 2, "leak": 0.5, "threshold": 0.5},
        "learning": {"rule": "online", "loss": "margin", "batch": 1, "rate": 3, "updates": 40},
        "data": {"source": "digits"},
    }
    d = describe(tables, "test")
    chip, software = OnlineFloatEngine(d), SpatialEngine(d, "BP")
    rng, x = np.random.default_rng(1), np.random.default_rng(2).uniform(-1, 1, (20, 4))
    before = chip.predict((x,))
    for update in range(40):
        sample = rng.uniform(0, 2, (1, 4))
        target = np.eye(3)[rng.integers(0, 3, 1)]
        losses = [one.update((sample,), target, update) for one in (chip, software)]
        assert losses[0] == pytest.approx(losses[1], rel=1e-9)
    np.testing.assert_allclose(chip.predict((x,)), software.predict((x,)), rtol=1e-9, atol=1e-12)
    assert np.abs(chip.predict((x,)) - before).max() > 0.1


@pytest.mark.parametrize("source", [name for name, one in SOURCES.items() if one.rule])
def test_rules_that_are_float_only_learn_digits(source: str) -> None:
    """Far above the tenth that chance has, from a fortieth of the study's samples."""
    given = OnChipTrial(case("digits"), source, None, 8, 480, trials.TUNING_SEED)
    found = train(given, go_on)
    assert found is not None and found.accuracy > 0.5


def test_a_trial_repeats_and_is_kept_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "runs").mkdir()
    trial = OnChipTrial(case("digits"), "signs", 12, 8, 240, 2)
    assert read(tmp_path, trial) is None
    execute(tmp_path, trial, lambda done, loss: done < 2)
    assert read(tmp_path, trial) is None, "a trial that was stopped leaves nothing"
    execute(tmp_path, trial, go_on)
    found, again = read(tmp_path, trial), train(trial, go_on)
    assert found is not None and again is not None
    assert found.accuracy == again.accuracy
    elsewhere = replace(trial, case=replace(trial.case, folder=None, digest="other"))
    for other in (replace(trial, samples=480), elsewhere):
        with pytest.raises(BadInput, match=r"has other settings: delete it to start that run"):
            read(tmp_path, other)
    with monkeypatch.context() as patch:
        patch.setattr(outcomes, "VERSION", "9.9.9")
        with pytest.raises(BadInput, match=r"is not of this version: delete it to start"):
            read(tmp_path, trial)
    file = file_of(tmp_path, trial)
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(BadInput, match="is damaged"):
        read(tmp_path, trial)


def test_files_may_move_from_folder_to_folder() -> None:
    here = OnChipTrial(case("mnist"), "signs", 12, 8, 240, 2)
    there = replace(here, case=replace(here.case, folder="there"))
    assert here.identity == there.identity
    assert here.identity != replace(here, case=replace(here.case, digest="other")).identity


def test_a_diverging_trial_ends_and_answers_as_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SpatialEngine, "update", lambda *_: np.inf)
    seen: list[int] = []
    given = OnChipTrial(case("digits"), "bp", None, 9, 960, 1)
    found = train(given, lambda done, loss: not seen.append(done))
    assert found is not None and 0 <= found.accuracy < 0.3
    assert seen == [1] and given.updates == 20


def test_the_best_rate_is_chosen_and_of_equals_the_lowest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    accuracies = {10: 0.8, 9: 0.9, 8: 0.9}
    monkeypatch.setattr(
        "dualspike.golden.experiments.on_chip.study.read",
        lambda folder, trial: OnChipOutcome(accuracies.get(trial.rate, 0.5), 0.0),
    )
    planned = Planned(OnChipPlan(), case("digits"))
    chosen = {one.source: one.rate for one in planned.trials(tmp_path)}
    assert (chosen["forward-1"], chosen["signs"], chosen["weights-4"]) == (9, 9, 8)


def test_the_table_marks_what_is_float_only(tmp_path: Path) -> None:
    planned = Planned(OnChipPlan((12,), 3), case("digits"))
    seen = {n: OnChipOutcome(one, 1.0) for n, one in ((1, 0.9), (2, 0.95), (3, 0.5))}
    paid = price(planned.tries("signs")[0].description())
    rows = [Row("signs", 12, 8, seen, paid), Row("opzo", None, 9, seen, None)]
    lines = STUDY.table(OnChip(planned, {}, rows)).splitlines()
    assert f"| fixed signs | 12 | 90.00 | 50.00..95.00 | 2^-8 | {paid.memory:,} |" in lines[-2]
    assert lines[-1].startswith("| OPZO, momentum feedback | float only | 90.00 |")
    assert lines[-1].endswith("| 2^-9 | - | - | - | - | - | - |")
