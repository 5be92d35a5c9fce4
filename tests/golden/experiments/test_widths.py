from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dualspike.cli import main
from dualspike.golden.experiments.runner import outcomes
from dualspike.golden.experiments.runner.outcomes import file_of
from dualspike.golden.experiments.widths.report import markdown, text
from dualspike.golden.experiments.widths.study import WidthsPlan, collect
from dualspike.golden.experiments.widths.trial import (
    NAMES,
    FormatTrial,
    NetworkName,
    execute,
    narrowed,
    read,
    train,
)
from dualspike.model.description.format import Format
from dualspike.model.description.load import load_preset
from dualspike.model.errors import BadInput


def go_on(_done: int, _loss: float) -> bool:
    return True


@pytest.mark.parametrize("network", NAMES)
def test_every_trial_is_a_chip_with_one_format_changed(network: NetworkName) -> None:
    own = load_preset(network).formats.model_dump(mode="json")
    planned = WidthsPlan([network], 1).trials(network)
    assert len({trial.name for trial in planned}) == len({t.identity for t in planned})
    for trial in planned:
        formats = trial.description().formats.model_dump(mode="json")
        differing = {name for name in formats if formats[name] != own[name]}
        assert differing - {"target"} == ({trial.factor} - {""})
        assert "target" not in differing or trial.factor == "membrane"
    for forms in narrowed(network).values():
        bits = [Format.parse(form).bits for form in forms]
        assert bits == sorted(bits, reverse=True)
        assert len(bits) >= 4


def test_narrow_numbers_cost_accuracy():
    """What the study is about: it must tell too few bits from enough of them."""
    errors = {}
    for factor, form in (("", ""), ("weight", "s1.7"), ("weight", "s1.14")):
        found = train(FormatTrial("poisson", factor, form, 150, 1), go_on)
        assert found is not None
        errors[form] = found.error
    assert errors["s1.7"] > 1.2 * errors[""]
    assert errors["s1.14"] == pytest.approx(errors[""], rel=0.1)


def test_a_trial_repeats_and_is_kept_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "runs").mkdir()
    trial = FormatTrial("poisson", "factor", "s2.9", 3, 2)
    assert read(tmp_path, trial) is None
    execute(tmp_path, trial, lambda done, loss: done < 2)
    assert read(tmp_path, trial) is None, "a trial that was stopped leaves nothing"
    execute(tmp_path, trial, go_on)
    found, again = read(tmp_path, trial), train(trial, go_on)
    assert found is not None
    assert again is not None
    assert replace(found, seconds=0.0) == replace(again, seconds=0.0)
    longer = replace(trial, updates=4)
    with pytest.raises(BadInput, match=r"has other settings: delete it to start that run again$"):
        read(tmp_path, longer)
    with monkeypatch.context() as patch:
        patch.setattr(outcomes, "VERSION", "9.9.9")
        with pytest.raises(BadInput, match=r"is not of this version: delete it to start"):
            read(tmp_path, trial)
    file = file_of(tmp_path, trial)
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(BadInput, match="is damaged"):
        read(tmp_path, trial)


def test_what_has_not_ended_is_left_and_the_rest_is_kept(tmp_path: Path, capsys) -> None:
    arguments = ["experiment", "widths", "--network", "hat", "--quick", "--updates", "2"]
    arguments += ["--jobs", "1", "-o", str(tmp_path)]
    assert main(arguments) == 0
    first = (tmp_path / "results.json").read_bytes()
    plan = WidthsPlan(["hat"], 1, 2, quick=True)
    planned = plan.trials("hat")
    stamps = [file_of(tmp_path, trial).stat().st_mtime_ns for trial in planned]
    file_of(tmp_path, planned[0]).unlink()
    assert plan.left(tmp_path) == planned[:1]
    assert main(arguments) == 0
    after = [file_of(tmp_path, trial).stat().st_mtime_ns for trial in planned]
    assert after[1:] == stamps[1:]
    assert after[0] != stamps[0]
    found = collect(tmp_path, plan)
    assert (tmp_path / "table.md").read_text() == markdown(found)
    assert text(found) in capsys.readouterr().out
    second = (tmp_path / "results.json").read_bytes()
    assert first.partition(b'"timing"')[0] == second.partition(b'"timing"')[0]
    assert np.isfinite([row.median for row in found.rows]).all()
