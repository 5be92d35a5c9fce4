"""The way of a user, from the wheel in a clean environment: own labels to a chip that passes."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from dualspike.model.system.cache import cache_folder
from tests.icarus import run_testbench

ROOT = Path(__file__).parents[2]
SOURCES = ("model", "golden", "hw", "testbench", "boards", "src", "pyproject.toml", "README.md")
DATA = """
import numpy as np
x = np.random.default_rng(0).uniform(-1, 1, (40, 2))
np.savez("own.npz", x=x, labels=(x[:, 0] > 0).astype(int))
np.savez("more.npz", x=x[:7] / 2)
"""
API = """
import numpy as np
import dualspike as ds
assert ds.__file__.startswith({site!r}), ds.__file__
chip = ds.Chip(ds.Description.load("net.toml"))
own = np.load("own.npz")
chip.train(x=own["x"], labels=own["labels"], updates=4)
found = chip.predict(np.load("more.npz")["x"]).classes
lines = open("predicted/predictions.csv").read().splitlines()
assert [int(line.split(",")[-1]) for line in lines[1:]] == found.tolist()
chip.generate("same", baked=True)
chip.save("kept")
"""


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """Of an environment that has the wheel, and what it depends on from the one of the tests."""
    copy, wheels, home = tmp_path / "copy", tmp_path / "wheels", tmp_path / "venv"
    for name in (*SOURCES, "LICENSE"):
        if (ROOT / name).is_dir():
            left = shutil.ignore_patterns("__pycache__", "*.egg-info")
            shutil.copytree(ROOT / name, copy / name, symlinks=True, ignore=left)
        else:
            shutil.copy(ROOT / name, copy / name)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    local = ["--no-deps", "--no-index"]
    run(*pip, "wheel", *local, "--no-build-isolation", "-w", wheels, copy)
    run(sys.executable, "-m", "venv", "--without-pip", home)
    (wheel,) = wheels.iterdir()
    python = home / "bin" / "python"
    run(*pip, "--python", python, "install", *local, "--no-compile", wheel)
    (site,) = home.glob("lib/python*/site-packages")
    (site / "others.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


def run(*words: object, folder: Path | None = None, **variables: str) -> str:
    """What a command prints; nothing of the test's own environment is seen but PATH."""
    path = {"PATH": os.environ["PATH"], "DUALSPIKE_CACHE": str(cache_folder())}
    done = subprocess.run(
        [str(word) for word in words],
        cwd=folder,
        env=path | variables,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_from_own_labels_to_a_chip_that_runs_by_itself(python: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()

    def dualspike(*words: object) -> str:
        return run(python.with_name("dualspike"), *words, folder=work, HOME=str(tmp_path))

    run(python, "-c", DATA, folder=work)
    dualspike("init", "net.toml", "--data", "own.npz")
    text = (work / "net.toml").read_text()
    for line, smaller in (("batch = 48", "batch = 4"), ("[2, 32, 2]", "[2, 4, 2]")):
        assert line in text
        text = text.replace(line, smaller)
    (work / "net.toml").write_text(text)
    dualspike("train", "net.toml", "--updates", 4, "-o", "run")
    dualspike("predict", "run", "more.npz")
    told = dualspike(
        "generate", "net.toml", "--weights", "run/weights.npz", "--baked", "-o", "chip"
    )
    assert "wrote chip/own_core_tb.v" in told
    ran = run_testbench(work / "chip", "own_core")
    assert (ran.status, ran.line.startswith("PASS 32 outputs, ")) == (0, True), ran
    dualspike("report", "chip")
    assert "own_core" in (work / "chip" / "report.html").read_text("utf-8")

    run(python, "-c", API.format(site=str(python.parents[1])), folder=work, HOME=str(tmp_path))
    same = [json.loads((work / name / "manifest.json").read_text()) for name in ("chip", "same")]
    assert same[0]["files"] == same[1]["files"]
    assert same[0]["baked_weights"]
