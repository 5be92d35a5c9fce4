"""A run that is broken off goes on to the same bits, on the same engine and on the other."""

from pathlib import Path

import numpy as np
import pytest

from dualspike.golden.checkpoint import Keeper
from dualspike.golden.data import load_data
from dualspike.golden.fixed import FixedEngine
from dualspike.golden.train import TrainResult, train
from dualspike.model.errors import BadInput
from dualspike.model.load import describe
from dualspike.testbench.bulk import Simulation, core_source
from dualspike.testbench.rtl import RtlEngine
from dualspike.testbench.verilate import build

TABLES = {
    "name": "tiny",
    "network": {"layers": [2, 3, 1], "time_steps": 4},
    "learning": {
        "batch": 4,
        "updates": 230,
        "rate": 4,
        "momentum": 2,
        "schedule": "chip",
        "local": True,
    },
}
D = describe(TABLES, "test")
DATA = load_data(D)


class Broken(Exception):
    """The run ends here."""


def break_off(done: int, _: float) -> None:
    if done == 150:
        raise Broken


def finished(engine: FixedEngine | RtlEngine, path: Path | None = None) -> TrainResult:
    return train(engine, D, DATA, None, Keeper(path, engine, D) if path else None)


def test_either_engine_goes_on_where_either_broke_off(tmp_path: Path) -> None:
    whole, library = FixedEngine(D), build(core_source(D)[0], quick=True)
    expected = finished(whole)
    for first in ("fixed", "rtl"):
        for then in ("fixed", "rtl"):
            path = tmp_path / f"{first}-{then}.npz"
            with RtlEngine(D, Simulation(D, library), check=False) as rtl:
                engine = rtl if first == "rtl" else FixedEngine(D)
                with pytest.raises(Broken):
                    train(engine, D, DATA, break_off, Keeper(path, engine, D))
            with RtlEngine(D, Simulation(D, library), check=False) as rtl:
                engine = rtl if then == "rtl" else FixedEngine(D)
                result = finished(engine, path)
                state = engine.state()
            np.testing.assert_array_equal(result.losses, expected.losses)
            assert result.rel_l2_before == expected.rel_l2_before
            assert result.rel_l2 == expected.rel_l2
            assert state.lfsr == whole.state().lfsr
            assert (state.clocks > 0) == (then == "rtl")
            for held, wanted in zip(state.memories, whole.state().memories, strict=True):
                np.testing.assert_array_equal(held, wanted)


def test_other_files_are_refused_in_one_line(tmp_path: Path) -> None:
    engine, path = FixedEngine(D), tmp_path / "run.npz"
    with pytest.raises(Broken):
        train(engine, D, DATA, break_off, Keeper(path, engine, D))
    other = describe(TABLES | {"name": "other"}, "test")
    with pytest.raises(BadInput) as same:
        Keeper(path, engine, other).load()
    assert str(same.value) == f"{path} must be a checkpoint of the same description"
    for content in (b"", b"nonsense", path.read_bytes()[:-40]):
        path.write_bytes(content)
        with pytest.raises(BadInput) as torn:
            Keeper(path, engine, D).load()
        line = f"{path} must be an .npz archive, it is damaged or something else"
        assert str(torn.value) == line
