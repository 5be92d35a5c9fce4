"""Targets far from 1: every command answers in the units of the file."""

from pathlib import Path

import numpy as np

import dualspike as ds
from tests.cli import Cli

NET = """
[network]
layers = [2, 8, 2]
time_steps = 8

[learning]
rule = "online"
every = "sample"
loss = "squared"
batch = 16
rate = 6
updates = 120

[data]
source = "own.npz"
target_offset = [300, -5]
target_scale = [0.01, 0.2]
"""


def test_all_commands_speak_in_the_units_of_the_file(here: Path, cli: Cli) -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (100, 2))
    y = np.column_stack([300 + 40 * x[:, 0], -5 + 2 * x[:, 1]])
    np.savez("own.npz", x=x, y=y)
    Path("net.toml").write_text(NET)
    told = cli.result("train", "net.toml", "-o", "run", "--validation-split", "0.2")
    assert told["rel_l2"] < 0.05 < told["rel_l2_before"]
    looks = told["validation"]["rel_l2"]
    assert looks[-1] < 0.05 < looks[0]
    assert cli("report", "run").status == 0 and "300" in Path("run/report.html").read_text()

    chip = ds.Chip.load("run")
    answers = chip.predict(x[:3]).y
    assert (np.abs(answers - y[:3]).max(axis=0) < [30, 2]).all()
    assert chip.score("own.npz").rel_l2 == told["rel_l2"]

    assert cli.result("predict", "run", "-o", "tested")["rel_l2"] == told["rel_l2"]
    cli.result("predict", "run", "own.npz", "-o", "rows", "--samples", "3")
    with np.load("rows/predictions.npz") as rows:
        np.testing.assert_array_equal(rows["prediction"], answers)
        np.testing.assert_allclose(rows["target"], y[:3])
    table = np.genfromtxt("rows/predictions.csv", delimiter=",", names=True)
    np.testing.assert_allclose(table["target0"], y[:3, 0], rtol=1e-8)

    np.savez("x_only.npz", x=x[:3])
    cli.result("predict", "run", "x_only.npz", "-o", "only")
    with np.load("only/predictions.npz") as rows:
        np.testing.assert_array_equal(rows["prediction"], answers)
