"""An error planted in the hardware is found, named, and shown in a waveform."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from dualspike.hw.chip import part
from dualspike.hw.head import squared_error as loss
from dualspike.hw.layer import membrane, neuron, requantizer, zero_skipper
from dualspike.hw.layer.macs import signs
from dualspike.hw.layer.memory import weights
from dualspike.hw.layer.requantizer import aligned_sum
from dualspike.hw.layer.zero_skipper import silent
from dualspike.hw.learn import sequencer
from dualspike.hw.stream.arithmetic import round_half_up, saturate
from dualspike.model.description.load import describe
from dualspike.model.description.part import Part
from dualspike.model.interface.lfsr import Lfsr
from dualspike.model.sizes.layers import Layer
from dualspike.testbench.cosim.compare import Difference
from dualspike.testbench.cosim.simulation import Simulation
from dualspike.testbench.cosim.verify import Verdict, verify
from dualspike.testbench.unit.benches.shapes import described
from tests.testbench.cosimulation import cosimulate, problem_of, random_problem
from tests.testbench.planted.mutants import found, plant

TABLES: dict[str, Any] = {
    "name": "planted",
    "network": {"layers": [2, 4, 3, 1], "time_steps": 4},
    "learning": {"batch": 4, "rate": 4},
}
WIDE = {"network": {"layers": [2, 12, 6, 1], "time_steps": 4}}
SKIPPING = {
    "network": {"layers": [2, 4, 6, 1], "time_steps": 4},
    "hardware": {"pe": [4, 2, 1], "skip": True},
}
LOCAL = {"learning": {"batch": 4, "rate": 4, "local": True, "masks": [[0, 1, 2], [3, 4]]}}
INFERRING = {"learning": {"rule": "none"}}


def run(tmp_path: Path, **tables: Any) -> Verdict:
    d = describe(TABLES | tables, "test")
    return verify(d, random_problem(d, 0), 3, tmp_path / "mismatch.vcd")


def test_without_an_error_all_is_equal(tmp_path: Path) -> None:
    verdict = run(tmp_path)
    assert verdict.equal
    assert verdict.updates == 3
    assert not (tmp_path / "mismatch.vcd").exists()


def truncate(value: Any, shift: int) -> Any:
    """Rounding with its constant left out."""
    return value >> shift if shift > 0 else value << -shift


def one_more(m: Any, value: Any, bits: int, name: str) -> Any:
    """A learner whose steps are one too large."""
    return saturate(m, value + 1, bits, name)


def deaf(chunk: Any, learn: Any) -> Any:
    """Deaf to any chunk whose first tangent is positive."""
    return silent(chunk, learn) | (chunk.tangent[0][0] > 0)


def forgetful(chunk: Any, learn: Any) -> Any:
    """Drops what has a tangent and no spike."""
    return silent(chunk, learn & 0)


def misaligned(part: Part, layer: Layer) -> tuple[int, int, int]:
    """The sums of a hidden layer's own readout meet one place off; the others are right."""
    width, fraction, shift = aligned_sum(part, layer)
    return width, fraction, shift - (layer.index == 4)


@pytest.mark.parametrize(
    ("place", "name", "wrong", "tables", "signal"),
    [
        (neuron, "round_half_up", truncate, {}, r".*dS\["),
        (requantizer, "half", lambda drop: 0, {}, r".* d?z\["),
        (signs, "SIGNS", Lfsr(32, (0, 2, 6, 8)), WIDE, r".* dz\["),
        (sequencer, "saturate", one_more, {}, r"weights\["),
        (zero_skipper, "silent", deaf, SKIPPING, r".*layer 1"),
        (zero_skipper, "silent", forgetful, SKIPPING, r".*layer 1 dz\["),
        (requantizer, "aligned_sum", misaligned, LOCAL, r".*layer 4 dz\["),
    ],
)
def test_an_error_is_found_where_it_is(
    place: ModuleType,
    name: str,
    wrong: object,
    tables: dict[str, Any],
    signal: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(place, name, wrong)
    found(run(tmp_path, **tables), tmp_path, signal)


def test_without_an_error_a_core_that_infers_and_skips(tmp_path: Path) -> None:
    d = describe(
        {
            "network": {"layers": [2, 2, 2, 1], "time_steps": 2},
            "learning": {"rule": "none"},
            "hardware": {"pe": [2, 1, 1], "skip": True},
        },
        "test",
    )
    x = np.linspace(-1, 1, 8).reshape(4, 2)
    verdict = verify(d, problem_of(d, [x], x[:, :1]), 3, tmp_path / "no.vcd")
    assert verdict.equal and verdict.inferences == 4
    assert [(one.layer, one.learning) for one in verdict.skips] == [(1, 0)]
    assert 0 <= verdict.skips[0].inference <= 0.5
    assert (verdict.cycles_per_sample, verdict.cycles_per_second) == (0, 0)


def test_a_core_that_only_infers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requantizer, "half", lambda drop: 0)
    verdict = run(tmp_path, **INFERRING)
    difference = verdict.difference
    assert difference is not None and difference.update is None
    assert " z[" in difference.signal and difference.cycle is not None
    assert str(difference).startswith(f"sample {difference.sample}")
    assert verdict.waveform is not None and "$enddefinitions" in verdict.waveform.read_text()


def test_the_weight_of_local_losses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loss, "_times", lambda value, factor: value)
    difference = run(tmp_path, **LOCAL).difference
    assert difference is not None and difference.signal == "LOSS"
    assert difference.expected > difference.found > difference.expected / 2


def wrap(m: Any, value: Any, bits: int, name: str) -> tuple[Any, Any]:
    """Saturation that tells of what it clips and wraps."""
    right, clips = saturate(m, value, bits, name)
    return (value[:bits].as_signed() if len(value) > bits else right), clips


MILD: dict[str, Any] = {
    "name": "mild",
    "network": {"layers": [2, 3, 1], "time_steps": 4},
    "learning": {"batch": 4},
}
MILD_OPERATOR: dict[str, Any] = {
    "name": "mild",
    "operator": {"kind": "deeponet", "parts": [{"layers": [2, 2, 2], "time_steps": 2}] * 2},
    "learning": {"batch": [4, 2]},
}


def mild_run(tmp_path: Path, tables: dict[str, Any] = MILD) -> Difference | None:
    """Two updates on data of which nothing clips anything, and what `verify` adds to them."""
    d, x = describe(tables, "test"), np.linspace(-0.1, 0.1, 8).reshape(4, 2)
    inputs, target = ([x], x[:, :1]) if d.kind == "mlp" else ([x, x[:2]], x)
    return verify(d, problem_of(d, inputs, target), 2, tmp_path / "yes.vcd").difference


LATER = (
    "m.d.sync += [s.samples_in.eq(0), s.outputs_out.eq(0)]",
    "m.d.sync += [s.samples_in.eq(self.updates == 2),"
    " s.outputs_out.eq((self.updates == 2) * (config.outputs * config.readouts))]",
)
"""A sample too few in the batch before the last of a command."""


def test_a_batch_that_is_counted_short_when_it_is_not_the_only_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch, sequencer, *LATER)
    left = "at the limits, sample 11: samples taken is 11, the model has 12"
    assert str(mild_run(tmp_path)) == str(mild_run(tmp_path, MILD_OPERATOR)) == left


@pytest.mark.parametrize(
    ("place", "right", "wrong", "threshold", "signal"),
    [
        (
            weights,
            "clipped, clips = saturate(m, moved",
            "clipped, clips = wrap(m, moved",
            1.0,
            "weights[",
        ),
        (
            membrane,
            "clipped, clips = saturate(m, total",
            "clipped, clips = wrap(m, total",
            1.0,
            "layer 0 S[",
        ),
        (
            membrane,
            "after = Mux(clips, edge, Mux(fire, distance, summed))",
            "after = Mux(fire, distance, summed)",
            0.7,
            "layer 0 S[",
        ),
    ],
)
def test_a_number_that_wraps_where_it_should_saturate(
    place: ModuleType,
    right: str,
    wrong: str,
    threshold: float,
    signal: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The user's data do not show it, batches at the limits do."""
    monkeypatch.setattr(place, "wrap", wrap, raising=False)
    plant(monkeypatch, place, right, wrong)
    difference = mild_run(tmp_path, MILD | {"network": MILD["network"] | {"threshold": threshold}})
    assert difference is not None and difference.at_limits
    assert difference.signal.startswith(signal), difference


def test_a_factor_of_an_operator_network_that_wraps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        part,
        "round_saturate",
        lambda m, value, shift, bits, name: wrap(m, round_half_up(value, shift), bits, name),
    )
    difference = mild_run(tmp_path, MILD_OPERATOR | {"formats": {"factor": "s1.15"}})
    assert difference is not None and difference.at_limits


SHIFT = "_shift"
shifted = getattr(sequencer.Sequencer, SHIFT)


def one_bit_short(own: Any, m: Any, s: Any, value: Any, shift: Any, word: Any) -> None:
    """Stochastic rounding that never adds the highest of the bits cut off."""
    mask = sequencer.Const((1 << sequencer.WORD) - 1) << shift
    shifted(own, m, s, value, shift, word & ~(mask >> 1)[: sequencer.WORD])


@pytest.mark.parametrize(
    ("place", "name", "wrong"),
    [
        (weights, "round_half_up", truncate),
        (sequencer.Sequencer, SHIFT, one_bit_short),
    ],
)
def test_the_rounding_of_velocities_and_steps(
    place: Any, name: str, wrong: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place, name, wrong)
    d = described("sliding")
    with Simulation.of(d, quick=True) as simulation:
        difference = cosimulate(d, simulation, 3, seed=0)
    assert difference is not None
    assert difference.signal.startswith(("velocities[", "weights[")), difference


def test_without_an_error_velocities_are_equal() -> None:
    sliding = described("sliding")
    with Simulation.of(sliding, quick=True) as simulation:
        assert cosimulate(sliding, simulation, 3, seed=0) is None
