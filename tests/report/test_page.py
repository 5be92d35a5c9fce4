"""The page as text: well formed, accessible, alone, and true to the files."""

import itertools
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from dualspike.commands.estimates import pace
from dualspike.golden.data.load import load_problem
from dualspike.golden.integer.rounding import quantise
from dualspike.golden.training.fixed_engine import first_chip
from dualspike.golden.training.weights_file import read_weights
from dualspike.model.description.load import load
from dualspike.model.system.seal import sealed
from dualspike.report.page import render
from dualspike.report.raster import LEFT, WIDTH, Strip, rasters
from tests.cli import Cli

from .parsed import Page, look

SECTIONS = ["network", "formats", "hardware", "learning", "spikes", "files"]


def test_pages_are_accessible_and_refer_to_nothing_outside(
    full: Path, bare: Path, operator: Path
) -> None:
    for text in (
        *((one / "report.html").read_text() for one in (full, operator)),
        render(look(bare)),
    ):
        page = Page(text)
        assert page.all("html") == [{"lang": "en"}]
        sections = [a["id"] for a in page.all("section")]
        assert sections == SECTIONS
        assert [a["href"] for a in page.all("a")][: len(sections)] == [f"#{s}" for s in sections]
        ids = [a["id"] for _, a, _ in page.elements if "id" in a]
        assert len(ids) == len(set(ids))
        for picture in page.all("img"):
            assert picture["alt"]
        for drawing in page.all("svg"):
            assert drawing["role"] == "img" and drawing["aria-labelledby"] in ids
        for header in page.all("th"):
            assert header["scope"] in {"row", "col"}
        assert len(page.all("table")) == len(page.all("caption"))
        levels = [int(tag[1]) for tag, _, _ in page.elements if re.fullmatch("h[1-6]", tag)]
        assert levels[0] == 1 and levels.count(1) == 1
        assert all(b - a <= 1 for a, b in itertools.pairwise(levels))
        assert not page.all("script")
        for _, attributes, _ in page.elements:
            for key in ("src", "href", "srcset", "xlink:href", "data"):
                target = attributes.get(key) or "#"
                assert target.startswith(("#", "data:")) or target in {"waves.vcd"}, target
    style = (full / "report.html").read_text().split("</style>")[0]
    assert "url(" not in style and "@import" not in style
    assert "prefers-color-scheme: dark" in style


ONLINE = """
name = "taught"
[network]
layers = [2, 3, 2]
time_steps = 4
[learning]
rule = "online"
loss = "margin"
"""


@pytest.mark.parametrize(
    ("feedback", "words"),
    [
        ("forward", "forward with 3 tangent lanes a hidden layer"),
        ("forward-dfa", "forward with 1 tangent lane a hidden layer"),
        ("signs", "by fixed signs"),
        ("kolen-pollack", "by matrices that learn"),
    ],
)
def test_a_chip_that_learns_online_has_its_own_words(
    tmp_path: Path, feedback: str, words: str
) -> None:
    """Nothing of scope, signs of weights, surrogate or derivatives, or of lanes that it has not."""
    lanes = feedback.startswith("forward")
    more = f'feedback = "{feedback}"\n' + "directions = 3\n" * (feedback == "forward")
    (tmp_path / "net.toml").write_text(ONLINE + more)
    text = Page(render(look(tmp_path))).text
    for absent in ("Scope", "surrogate", "reset in derivatives", "randomized", "targets"):
        assert absent not in text, absent
    assert ("tangent lane" in text) == lanes == ("derivatives" in text)
    assert f"Feedback {feedback}, loss margin, batches of 64" in text
    assert "gate within 0.5 of the threshold" in text
    assert f"which learns online on the chip, {words}." in text
    if lanes:
        assert f"tangent lanes {3 if feedback == 'forward' else 1}" in text
    d = load(tmp_path / "net.toml")
    said = words.removeprefix("forward with ").removeprefix("by ")
    assert pace(d, {"interval": 9}).endswith(f", {said}.")


def test_the_full_page_shows_what_the_files_say(full: Path) -> None:
    text = Page.of(full).text
    result = json.loads((full / "result.json").read_text())
    estimate = json.loads((full / "report" / "estimate.json").read_text())
    for expected in (
        "A spiking network 2-3-20-1 with 8 time steps",
        f"error before {result['rel_l2_before']:.4f}",
        f"error after {result['rel_l2']:.4f}",
        "LUT4 1,250 1,000 1.25",
        "LUT RAMs – 4 –",
        "ecp5, highest clock 80.5 MHz",
        f"A sample every {estimate['interval']} clocks",
        "weights and biases 110",
        "waves.vcd , 16 bytes",
        "Everything that this page can show is here.",
        f"configuration {estimate['config_hash'][:16]}",
    ):
        assert expected in text, expected
    assert "Not in this folder" not in text and "another configuration" not in text


def test_the_page_of_an_operator_chip_shows_what_its_files_say(operator: Path) -> None:
    page = Page.of(operator)
    result = json.loads((operator / "result.json").read_text())
    manifest = json.loads((operator / "manifest.json").read_text())
    clocks = manifest["cycles"]
    estimate = json.loads((operator / "report" / "estimate.json").read_text())
    bits, trunk = estimate["memory_bits"], estimate["parts"][1]
    assert trunk["interval"] == manifest["parts"][1]["sample_interval"]
    for expected in (
        "A deeponet of 2 spiking networks and the product of their outputs, which learns",
        "multiplies the 2 outputs of the parts term by term",
        "multiplies 1 of 2 terms of a point in a clock",
        "Branch, 2-3-2 Settings of the branch time steps 2 weights and biases 17",
        "Trunk, 1-20-2 Settings of the trunk time steps 2 weights and biases 82",
        "tangent lanes 0, 1 ",
        "tangent lanes 2, 3 ",
        "y(u, x) = ∑ᵢ branchᵢ(u) · trunkᵢ(x)",
        "cotangent s0.20 21 -1 0.999999",
        f"Trunk, a row every {trunk['interval']} clocks, 2 tangent lanes",
        f"to draw the signs of a batch {clocks['draw']}",
        f"to move the weights after a batch {clocks['learn']}",
        f"a batch, at least {clocks['batch_at_least']}",
        f"a function, from one to the next {clocks['function']}",
        f"a batch, at most {clocks['batch_at_most']}",
        f"{80.5e6 / clocks['function']:,.0f} functions a second",
        "LUT4 1,250 1,000 1.25",
        f"{estimate['bottleneck']} sets the pace",
        "batches of 4 by 3 (functions by points)",
        f"factors {bits['factors']:,}",
        f"all {sum(bits.values()):,}",
        f"error before, mean over functions {result['rel_l2_before']:.4f}",
        f"error after, mean over functions {result['rel_l2']:.4f}",
        f"the same, global norm {result['global_rel_l2']:.4f}",
        "functions 20",
        "Trunk, test row",
        "Everything that this page can show is here.",
    ):
        assert expected in page.text, expected
    drawn = [a for a in page.all("circle") if a.get("class") == "neuron"]
    assert len(drawn) == (2 + 3 + 2) + (1 + 16 + 2) + 1
    assert len([a for a in page.all("polyline") if a.get("class") == "line"]) == 1
    assert len([a for a in page.all("circle") if a.get("class") == "dot"]) == 2 * 5


def test_an_operator_chip_before_learning(operator: Path, tmp_path: Path, cli: Cli) -> None:
    shutil.copy(operator / "manifest.json", tmp_path)
    estimate = json.loads((operator / "report" / "estimate.json").read_text())
    del estimate["checksum"], estimate["clocks_per_function"]
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "estimate.json").write_text(sealed(estimate))
    line = f"{tmp_path}/report/estimate.json: clocks_per_function is missing"
    assert cli.failure("report", tmp_path) == line
    (tmp_path / "report" / "estimate.json").unlink()
    result = json.loads((operator / "result.json").read_text())
    del result["checksum"]
    (tmp_path / "result.json").write_text(sealed(result | {"config_hash": "other"}))
    assert cli("report", tmp_path).status == 0
    page = Page.of(tmp_path)
    assert "Weights are not in this folder, so all look alike." in page.text
    assert "result.json (other)." in page.text
    assert re.search(r"weights\.npz learned [a-z ]+ dualspike train", page.text)


def test_an_empty_folder_says_what_is_missing_and_what_writes_it(bare: Path) -> None:
    text = Page(render(look(bare))).text
    for file, command in (
        ("report/estimate.json", "generate"),
        ("report/synth-*.json", "synth"),
        ("result.json", "train"),
        ("weights.npz", "train"),
        ("waves.fst", "simulate --waves"),
    ):
        assert re.search(rf"{re.escape(file)} [a-z ,]+ dualspike {command}", text), file
    assert f"data {bare}/<i>&.npz ." in text, "text of the user is escaped"


def test_a_core_that_only_infers_lacks_no_training(bare: Path) -> None:
    with (bare / "net.toml").open("a") as file:
        file.write('[learning]\nrule = "none"\n')
    page = Page(render(look(bare)))
    assert "with 8 time steps, for inference only." in page.text
    assert "This core does not learn" in page.text and "dualspike train" not in page.text
    assert "weights.npz weights dualspike nir import" in page.text


def test_points_without_a_grid_are_dots(plain_data: Path, cli: Cli) -> None:
    assert cli("train", "net.toml", "-o", ".", "--updates", 5, "--force").status == 0
    page = Page(render(look(plain_data)))
    assert len([a for a in page.all("circle") if a.get("class") == "dot"]) == 16
    assert page.all("img") == []
    assert "3-4-2" in page.text and "Test sample 3" in page.text
    for words in (
        "relative l2 errors on the held-out part",
        "three samples of the held-out",
        "trained on 32",
    ):
        assert words in page.text
    assert "test set" not in page.text


def test_the_same_folder_gives_the_same_page(full: Path) -> None:
    first = (full / "report.html").read_bytes()
    assert render(look(full)).encode() == first


def spikes_in(strip: Strip, steps: int, neurons: int) -> np.ndarray:
    """What a strip shows, each mark once: [step, neuron]."""
    seen = np.zeros((steps, neurons))
    for x, y in re.findall(r"M([0-9.]+) ([0-9.]+)v", strip.path):
        step = (float(x) - LEFT) / ((WIDTH - 2 * LEFT) / steps)
        seen[round(step), round((float(y) - strip.y) / (strip.height / neurons))] += 1
    return seen


def test_rasters_are_the_spikes_of_the_chip(full: Path) -> None:
    d = load(full / "description.toml")
    weights, test = read_weights(full / "weights.npz", d), load_problem(d).test
    found = rasters(d, weights, test, [[7, 4000]])
    chip = first_chip(d, weights)
    x = quantise(test.inputs[0][[7, 4000]], d.formats.input, "x")
    expected = chip.infer([x]) / 2.0**d.formats.membrane.fraction
    (forward,) = chip.follow([x])
    traces = forward.layers
    for row, raster in enumerate(found):
        assert raster.outputs == expected[row].tolist()
        assert raster.targets == test.target[[7, 4000][row]].tolist()
        for strip, trace in zip(raster.strips, traces, strict=False):
            spikes = trace.spikes[:, row]
            np.testing.assert_array_equal(spikes_in(strip, *spikes.shape), spikes)
            assert strip.rate == spikes.mean()
        assert raster.strips[1].path.count("M") > 0


def test_rasters_of_an_operator_chip_are_those_of_its_parts(operator: Path) -> None:
    """Each part shows its own rows, and the spikes that make its outputs."""
    d = load(operator / "description.toml")
    weights, test = read_weights(operator / "weights.npz", d), load_problem(d).test
    rows = [[1, 0], [0, 4, 2]]
    found = rasters(d, weights, test, rows)
    assert [[r.row for r in found if r.part == part] for part in (0, 1)] == rows
    for raster in found:
        assert raster.inputs == test.inputs[raster.part][raster.row].tolist()
        assert raster.targets == []
        layers = d.layers_of(raster.part)
        (strip,), readout = raster.strips, layers[-1]
        drawn = spikes_in(strip, raster.steps, d.networks[raster.part].layers[1])
        outputs = weights.weights[readout] @ drawn.mean(axis=0) + weights.biases[readout]
        np.testing.assert_allclose(raster.outputs, outputs, atol=1e-3)


def test_files_of_another_configuration_are_told(full: Path, tmp_path: Path) -> None:
    for name in ("description.toml", "result.json", "weights.npz"):
        (tmp_path / name).write_bytes((full / name).read_bytes())
    path = tmp_path / "description.toml"
    path.write_text(path.read_text().replace("batch = 4", "batch = 8"))
    old = json.loads((full / "result.json").read_text())["config_hash"][:16]
    text = Page(render(look(tmp_path))).text
    assert "Made for another configuration than the description in this folder" in text
    assert f"result.json ({old})." in text


def test_the_command(bare: Path, tmp_path: Path, cli: Cli) -> None:
    files = ["report/estimate.json", "report/synth-*.json", "result.json", "weights.npz"]
    assert cli.result("report", bare) == {
        "file": f"{bare}/report.html",
        "missing": [*files, "waves.fst"],
    }
    empty, names = tmp_path / "empty", "description.toml, net.toml, manifest.json"
    empty.mkdir()
    line = f"{empty} must hold one of {names}: run generate or train with -o {empty}"
    assert cli.failure("report", empty) == line
    assert list(empty.iterdir()) == []
    line = f"report needs a folder that dualspike has written to, not {tmp_path}/none"
    assert cli.failure("report", tmp_path / "none") == line


def test_losses_of_zero_and_single_updates_are_drawn(full: Path) -> None:
    folder = look(full)
    for losses in ([0.0, 0.0], [0.5], [1e-3, 0.0, 1e3]):
        folder.losses = np.array(losses)
        text = render(folder)
        assert "nan" not in text.split('class="curve"')[1].split("</svg>")[0]
