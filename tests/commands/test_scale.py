"""Inputs of any size: brought to [-1, 1] on request, and the run knows how."""

from pathlib import Path

import numpy as np

import dualspike as ds
from tests.cli import Cli
from tests.small import OWN_DATA, PERCEPTRON, points


def test_scale_is_of_the_training_samples_and_kept(here: Path, cli: Cli) -> None:
    own = points()
    own["x"] = own["x"] * [1000, 0.5] + [300, -7]
    np.savez("data.npz", **own)
    Path("net.toml").write_text(PERCEPTRON + OWN_DATA)
    assert cli.failure("train", "net.toml").endswith(": train --scale brings inputs there")
    told = cli.result("train", "net.toml", "--scale", "-o", "run")
    kept = ds.Description.load("run/description.toml").data
    trained = own["x"][np.sort(np.random.default_rng(0).permutation(20)[4:])]
    assert np.allclose(kept.offset, trained.mean(axis=0), rtol=1e-3)
    scaled = np.abs((trained - kept.offset) * kept.scale).max(axis=0)
    assert np.allclose(scaled, 1, atol=1e-2)
    assert cli.result("predict", "run")["rel_l2"] == told["rel_l2"]
    np.savez("more.npz", x=own["x"][:3])
    assert cli("predict", "run", "more.npz").status == 0
    chip = ds.Chip(ds.Description.from_dict({"network": {"layers": [2, 3, 1]}}))
    chip.train(x=own["x"], y=own["y"], updates=2, scale=True)
    assert chip.description.data.offset == kept.offset
    one = chip.predict(own["x"][:3]).y
    chip.save("saved")
    assert np.array_equal(ds.Chip.load("saved").predict(own["x"][:3]).y, one)
    line = "--scale must be left out with hat: it is for files of samples"
    assert cli.failure("train", "--preset", "hat", "--scale") == line
