"""Inside the simulator: every test of a bench on every mutant, until one finds it.

The case file (`testbench.unit.run`) has ``mutants`` besides the bench's, their numbers, and
``told``, a file that gets a line for each, with the test that found it or nothing. The line before
that of a mutant says that it has begun, so that one which never ends is known.
"""

import json
import os
from pathlib import Path
from typing import Any

import cocotb
from cocotb._decorators import Test, TestGenerator  # the version is fixed
from cocotb.triggers import with_timeout
from cocotb.utils import get_sim_time

from dualspike.testbench.mutants.planting import AGAIN, NONE, SELECT
from dualspike.testbench.unit.run import CASE, bench_of

_CASE = json.loads(Path(os.environ[CASE]).read_text("utf-8"))
_LONGER = 4
"""Times as long as without a mutant a test may take."""
_found: set[int] = set()
_lasts: dict[str, float] = {}


def _tell(**line: Any) -> None:
    with Path(_CASE["told"]).open("a", encoding="utf-8") as told:
        told.write(json.dumps(line) + "\n")


def _tried(mutant: int, test: Test, *, first: bool, last: bool) -> TestGenerator:
    async def trial(dut: Any) -> None:
        if first:
            _tell(begun=mutant)
        if mutant in _found:
            return
        getattr(dut, SELECT).value = mutant
        begun, body = get_sim_time("step"), test.func(dut, *test.args, **test.kwargs)
        try:
            if mutant == NONE:
                await body
                _lasts[test.name] = get_sim_time("step") - begun
            else:
                longest = int(_LONGER * _lasts[test.name])
                await with_timeout(cocotb.start_soon(body), longest, "step")
        except BaseException:
            _found.add(mutant)
            _tell(mutant=mutant, found=test.name)
            raise
        if last:
            _tell(mutant=mutant, found="")

    return cocotb.test(name=f"mutant_{mutant}_{test.name}")(trial)


_tests = [
    test
    for one in vars(bench_of(_CASE)).values()
    if isinstance(one, TestGenerator)
    for test in one.generate_tests()
]
for _mutant in (NONE, *_CASE["mutants"], AGAIN):
    for _n, _test in enumerate(_tests):
        _name = f"mutant_{_mutant}_{_n}"
        globals()[_name] = _tried(_mutant, _test, first=not _n, last=_test is _tests[-1])
