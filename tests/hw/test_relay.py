import pytest

from dualspike.testbench.benches import bench_relay
from dualspike.testbench.components import run_bench


@pytest.mark.parametrize("bits", [8])
def test_relay(bits: int) -> None:
    passed = run_bench(
        bench_relay.component(bits), "relay", bench_relay.__name__, {"bits": bits}, quick=True
    )
    assert passed == 6
