from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dualspike.cli import main
from dualspike.golden.experiments import widths
from dualspike.golden.experiments.widths import (
    NAMES,
    NetworkName,
    Trial,
    execute,
    file_of,
    narrowed,
    preset,
    read,
    train,
    trials,
)
from dualspike.golden.experiments.widths_report import collect, left, markdown, results, text
from dualspike.model.errors import BadInput
from dualspike.model.formats import Format


def go_on(_done: int, _loss: float) -> bool:
    return True


@pytest.mark.parametrize("network", NAMES)
def test_every_trial_is_a_chip_with_one_format_changed(network: NetworkName) -> None:
    own = preset(network).formats.model_dump(mode="json")
    planned = trials(network, 1, None, False)
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
        found = train(Trial("poisson", factor, form, 150, 1), go_on)
        assert found is not None
        errors[form] = found.error
    assert errors["s1.7"] > 1.2 * errors[""]
    assert errors["s1.14"] == pytest.approx(errors[""], rel=0.1)


def test_a_trial_repeats_and_is_kept_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "runs").mkdir()
    trial = Trial("poisson", "factor", "s2.9", 3, 2)
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
        patch.setattr(widths, "VERSION", "9.9.9")
        with pytest.raises(BadInput, match=r"is not of this version: delete it to start"):
            read(tmp_path, trial)
    file = file_of(tmp_path, trial)
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(BadInput, match="is damaged"):
        read(tmp_path, trial)


def test_the_command_goes_on_where_it_ended(tmp_path: Path, capsys) -> None:
    arguments = ["experiment", "widths", "--network", "hat", "--quick", "--updates", "2"]
    arguments += ["--jobs", "1", "-o", str(tmp_path)]
    assert main(arguments) == 0
    first = (tmp_path / "results.json").read_bytes()
    planned = trials("hat", 1, 2, True)
    stamps = [file_of(tmp_path, trial).stat().st_mtime_ns for trial in planned]
    file_of(tmp_path, planned[0]).unlink()
    assert left(tmp_path, ["hat"], 1, 2, True) == planned[:1]
    assert main(arguments) == 0
    after = [file_of(tmp_path, trial).stat().st_mtime_ns for trial in planned]
    assert after[1:] == stamps[1:]
    assert after[0] != stamps[0]
    study = collect(tmp_path, ["hat"], 1, 2, True)
    assert (tmp_path / "table.md").read_text() == markdown(study)
    assert text(study) in capsys.readouterr().out
    assert results(study)["rows"][0]["format"] == "s12.5"
    assert len(study.rows) == 8
    assert (
        first[: first.index(b'"timing"')]
        == (tmp_path / "results.json").read_bytes()[: first.index(b'"timing"')]
    )
    for name, magic in (("widths.png", b"\x89PNG"), ("widths.pdf", b"%PDF")):
        assert (tmp_path / name).read_bytes().startswith(magic)
    assert np.isfinite([row.median for row in study.rows]).all()


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (["--network", "x"], "--network must be all or one of hat, poisson, reaction-diffusion"),
        (["--force"], "experiment widths does not take --force"),
        (["--jobs", "0"], "--jobs must be in [1, 256], not 0"),
        (["--updates", "0"], "--updates must be in [1, 100000000], not 0"),
    ],
)
def test_mistakes(tmp_path: Path, capsys, options: list[str], line: str) -> None:
    assert main(["experiment", "widths", *options, "-o", str(tmp_path / "new")]) == 2
    assert line in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_other_experiments_do_not_take_a_network(tmp_path: Path, capsys) -> None:
    assert main(["experiment", "hat", "--network", "hat", "-o", str(tmp_path / "new")]) == 2
    assert "experiment hat does not take --network" in capsys.readouterr().err
