import pytest

from dualspike.testbench.benches import bench_sequencer
from dualspike.testbench.components import run_bench


@pytest.mark.parametrize("name", ["plain", "folded", "twisted", "odd", "gliding", "local", "event"])
def test_sequencer(name: str) -> None:
    component = bench_sequencer.component(name)
    assert (
        run_bench(component, "sequencer", bench_sequencer.__name__, {"name": name}, quick=True) == 3
    )
