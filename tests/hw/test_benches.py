"""Every component on its bench: a test for each case of each module in testbench/unit/benches.

Of each bench `make test` runs the case in which mutants are planted, by which `make mutants` knows
what it finds, and the first case of what carries values. `make thorough` runs all.
"""

import inspect
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

import pytest

from dualspike.testbench.mutants.targets import CARRY_VALUES, TARGETS
from dualspike.testbench.unit import benches
from dualspike.testbench.unit.run import case_name, run_bench
from tests.few import few

# Wrong on purpose (tests/testbench/test_components.py), a measurement (benchmarks), a whole board
# (tests/boards/test_system.py).
ELSEWHERE = {"bench_fickle", "bench_rate", "bench_system"}

NAMES = {one.name for one in iter_modules(benches.__path__) if one.name.startswith("bench_")}
BENCHES = {
    name.removeprefix("bench_"): import_module(f"{benches.__name__}.{name}")
    for name in sorted(NAMES - ELSEWHERE)
}


CASES = {
    f"{name}-{case_name(case)}": (bench, case)
    for name, bench in BENCHES.items()
    for case in bench.CASES
}
QUICK = [
    *(target.name for target in TARGETS),
    *(f"{name}-{case_name(BENCHES[name].CASES[0])}" for name in CARRY_VALUES),
]


@pytest.mark.parametrize("case", few(CASES, QUICK))
def test_bench(case: tuple[ModuleType, dict[str, Any]]) -> None:
    bench, given = case
    run_bench(bench, quick=True, **given)


@pytest.mark.parametrize("name", BENCHES)
def test_whatever_is_public_and_runs_is_a_cocotb_test(name: str) -> None:
    """A function that lost its decorator would not run; and a bench without cases neither."""
    bench = BENCHES[name]
    assert bench.CASES
    assert not [
        found
        for found, one in inspect.getmembers(bench, inspect.iscoroutinefunction)
        if one.__module__ == bench.__name__ and not found.startswith("_")
    ]
