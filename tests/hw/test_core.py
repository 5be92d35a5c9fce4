import pytest

from dualspike.testbench.benches import bench_core
from dualspike.testbench.components import run_bench


@pytest.mark.parametrize(
    ("name", "flags"),
    [
        ("plain", 5),
        ("folded", 7),
        ("odd", 15),
        ("gliding", 5),
        ("single", 0),
        ("event", 5),
        ("leaky", 7),
        ("local", 5),
    ],
)
def test_core(name: str, flags: int) -> None:
    given = {"name": name, "flags": flags}
    assert (
        run_bench(bench_core.component(name), "core", bench_core.__name__, given, quick=True) == 5
    )
