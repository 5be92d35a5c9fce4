import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from dualspike.golden.experiments.estimator import report
from dualspike.golden.experiments.estimator.figures import draw
from dualspike.golden.experiments.estimator.neurons import AlongNeurons
from dualspike.golden.experiments.estimator.study import (
    RULES,
    Estimators,
    Measured,
    SamplingPlan,
    Value,
    cases,
    measure,
)
from dualspike.golden.experiments.paper.settings import PaperSettings
from dualspike.golden.experiments.runner.study import to_json
from dualspike.golden.float.estimators.forward_gradient import ForwardGradient
from dualspike.model.errors import BadInput

PLAN = SamplingPlan(draws=128, updates=3)


@pytest.fixture(scope="module")
def found() -> list[Measured]:
    return []


@pytest.fixture
def measured(found: list[Measured], small: Callable[..., PaperSettings]) -> list[Measured]:
    """The hat, both weights, made once."""
    if not found:
        for case in cases(small("hat"), 1, PLAN.updates):
            for scope, distribution, structure in RULES:
                rule = ForwardGradient(scope, PLAN.draws, distribution, structure)
                found.append(measure(case, rule))
    return found


def test_results_are_plain_data(measured: list[Measured]) -> None:
    results = json.loads(to_json(report.results(Estimators(PLAN, measured))))
    assert (results["experiment"], results["draws"], results["updates"]) == ("estimator", 128, 3)
    assert len(results["estimators"]) == 2 * 12 and len(results["shift_register"]) == 2 * 4
    first = results["estimators"][0]
    assert first["scope"] == "layer" and len(first["variances"]) == 7
    assert first["variances"][0] == {
        "predicted": measured[0].variances[0].predicted,
        "measured": measured[0].variances[0].measured,
        "error": measured[0].variances[0].error,
    }


def test_a_wrong_value_shows_in_the_checks(measured: list[Measured]) -> None:
    before = {row["kind"]: row for row in report.checks(measured)}
    assert before["variance"]["count"] == 24 * 7
    assert before["bias, every parameter"]["count"] == sum(m.parameters for m in measured)
    assert before["bias, every parameter"]["beyond_3"] is None
    wrong = replace(measured[3], variances=[Value(1, 9, 0.5)], bias=12.5)
    after = {row["kind"]: row for row in report.checks([*measured[:3], wrong, *measured[4:]])}
    assert after["variance"]["largest"] == 16 > after["variance"]["bound"]
    assert after["bias, every parameter"]["largest"] == 12.5
    assert after["variance"]["beyond_3"] > 0


def test_the_shift_register_is_set_beside_the_generator(measured: list[Measured]) -> None:
    """A register whose variance is 30 standard errors off is the row that says so."""
    index = next(i for i, m in enumerate(measured) if m.distribution == "lfsr")
    good = measured[index - 4]
    assert (good.distribution, good.structure) == ("rademacher", measured[index].structure)
    off = [replace(v, measured=v.measured + 30 * v.error, error=0.0) for v in good.variances]
    changed = [*measured[:index], replace(measured[index], variances=off), *measured[index + 1 :]]
    rows = report.results(Estimators(PLAN, changed))["shift_register"]
    assert rows[0]["variance"] == pytest.approx(30)
    assert abs(rows[1]["variance"]) < 10


def test_tables(measured: list[Measured]) -> None:
    text = report.markdown(Estimators(PLAN, measured))
    assert text.splitlines()[0] == "# Forward gradients against back-propagation"
    assert [line for line in text.splitlines() if line.startswith("## ")] == [
        f"## hat, start, seed 1: N = {measured[0].parameters}",
        f"## hat, trained, seed 1: N = {measured[0].parameters}",
        "## Bits of the shift register against PCG64, in standard errors",
    ]
    m = measured[0]
    row = next(line for line in text.splitlines() if line.startswith("| RFG-L | rademacher"))
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[2:4] == ["independent", f"{m.variances[0].predicted:.1f}"]
    assert float(cells[4]) == pytest.approx(
        m.variances[0].measured / m.variances[0].predicted, abs=1e-3
    )
    assert report.text(Estimators(PLAN, measured)).splitlines()[0].split()[0] == "prediction"


def test_neurons_have_a_table_of_their_own(measured: list[Measured]) -> None:
    one = AlongNeurons("hat", "start", 1, 32, 0.0123, 0.9991, 2.5, Value(2.0, 2.5, 0.5), 80.0)
    found = Estimators(PLAN, measured, [one])
    lines = report.markdown(found).splitlines()
    title = lines.index("## Along neurons: RFG-N, 1,024 gradients of one direction each")
    assert lines[title + 4] == (
        "| hat, start, seed 1 | 32 | 0.0123 | 0.9991 | 2.5 | 2 | 2.5 | +1.0 | 80 |"
    )
    assert report.results(found)["neurons"][0]["variance"]["predicted"] == 2


def test_figures_are_there_whole(measured: list[Measured], tmp_path: Path) -> None:
    files = draw(Estimators(PLAN, measured), tmp_path)
    assert files == ["variance.png", "variance.pdf", "cosine.png", "cosine.pdf"]
    assert sorted(files) == sorted(path.name for path in tmp_path.iterdir())
    starts = {".png": b"\x89PNG", ".pdf": b"%PDF"}
    assert all((tmp_path / f).read_bytes().startswith(starts[Path(f).suffix]) for f in files)
    with pytest.raises(BadInput, match=r"^cannot write .*variance\.png: there is no folder "):
        draw(Estimators(PLAN, measured), tmp_path / "nowhere")
