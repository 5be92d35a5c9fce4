"""A description and its data may be anywhere: commands and Python find them from everywhere."""

import os
from pathlib import Path

import numpy as np

import dualspike as ds
from tests.cli import Cli
from tests.small import OWN_DATA, PERCEPTRON, points


def test_from_any_folder(here: Path, cli: Cli) -> None:
    Path("project").mkdir()
    np.savez("project/data.npz", **points())
    Path("project/net.toml").write_text(PERCEPTRON + OWN_DATA)
    first = cli.result("train", "project/net.toml", "-o", "project/runs/one")
    cli.result("init", "project/fit.toml", "--data", "project/data.npz")
    os.chdir("project/runs")
    assert cli.result("train", "../net.toml", "-o", "two")["rel_l2"] == first["rel_l2"]
    assert cli.result("predict", "one")["rel_l2"] == first["rel_l2"]
    assert cli.result("train", "../fit.toml", "--updates", 2, "-o", "three")["updates"] == 2
    chip = ds.Chip.load("one")
    assert chip.score().rel_l2 == first["rel_l2"]
    chip.save(here / "saved")
    os.chdir("/")
    assert ds.Chip.load(here / "saved").score().rel_l2 == first["rel_l2"]
    chip = ds.Chip(ds.Description.load(here / "project/net.toml"))
    assert chip.train().measures.rel_l2 == first["rel_l2"]
    assert cli.result("report", here / "project/runs/one")["file"]
    assert "cannot be" not in (here / "project/runs/one/report.html").read_text()
