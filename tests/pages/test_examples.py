"""Every example runs, cut short; notebooks have the cells of their scripts, and outputs."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.pages.blocks import ROOT
from tests.pages.examples import FOLDER, NOTEBOOKS, cells

SCRIPTS = sorted([*FOLDER.glob("*.py"), *FOLDER.glob("*/run.py")])
LONG = {"digits"}


def run_example(path: Path) -> dict[str, Any]:
    """Run a script here, cut short; what it has named."""
    text = re.sub(r"^UPDATES = \d+", "UPDATES = 2", path.read_text("utf-8"), flags=re.M)
    text = text.replace("chip.verify(updates=1).equal", "None")  # a simulator build: tests/api
    names = {"__name__": "__main__", "__file__": str(path)}
    exec(compile(text, str(path), "exec"), names)
    return names


def named(paths: list[Path]) -> list[str]:
    return [path.stem if path.stem != "run" else path.parent.name for path in paths]


def cases() -> list[object]:
    marks = [pytest.mark.long if name in LONG else () for name in named(SCRIPTS)]
    return [
        pytest.param(path, id=name, marks=mark)
        for path, name, mark in zip(SCRIPTS, named(SCRIPTS), marks, strict=True)
        if name != "soc"  # below
    ]


@pytest.mark.parametrize("path", cases())
def test_an_example_runs(path: Path, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", [str(path)])
    run_example(path)


def test_a_processor_with_other_weights_does_not_answer_as_the_model(here: Path) -> None:
    """The system on chip; `run_example` has compared every line. A bit of its program is turned."""
    soc = run_example(FOLDER / "soc" / "run.py")
    assert "equal" not in soc["told"] and len(soc["expected"]) == 8
    firmware = Path("plane/firmware.hex")
    weight = f"{int(soc['chip'].weights.weights[0][0, 0] * 2**16) & 0xFFFFFFFF:08x}\n"
    text = firmware.read_text()
    assert text.count(weight) == 1
    firmware.write_text(text.replace(weight, f"{int(weight, 16) ^ 1 << 14:08x}\n"))
    other = soc["run"]().splitlines()
    assert other[0] != soc["expected"][0] and other[-1].startswith("status 0 ")


def test_there_are_five_and_all_are_in_the_list() -> None:
    listed = (FOLDER / "README.md").read_text("utf-8")
    assert len(SCRIPTS) == 5
    for path in SCRIPTS:
        assert str(path.relative_to(FOLDER)) in listed


@pytest.mark.parametrize("path", NOTEBOOKS, ids=named(NOTEBOOKS))
def test_a_notebook_has_the_cells_of_its_script(path: Path) -> None:
    """Where it has not: python -m tests.pages.examples writes it anew."""
    kept = json.loads(path.with_suffix(".ipynb").read_text("utf-8"))
    found = [(one["cell_type"] == "markdown", "".join(one["source"])) for one in kept["cells"]]
    assert found == cells(path.read_text("utf-8"))
    code = [one for one in kept["cells"] if one["cell_type"] == "code"]
    outputs = [output for one in code for output in one["outputs"]]
    assert any("image/png" in output.get("data", {}) for output in outputs)
    assert all(output["output_type"] in ("stream", "display_data") for output in outputs)
    assert sum(bool(one["outputs"]) for one in code) >= 2


def test_the_marks_of_a_script_cut_it_into_cells() -> None:
    two = cells("# %% [markdown]\n# # Title\n#\n# text\n\n# %%\nx = 1\n")
    assert two == [(True, "# Title\n\ntext"), (False, "x = 1")]
    assert all((ROOT / "examples" / f"{path.stem}.ipynb").exists() for path in NOTEBOOKS)
