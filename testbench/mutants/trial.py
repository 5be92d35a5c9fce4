"""Inside the simulator: every test of a bench on every mutant, until one finds it.

The case file (`testbench.unit.run`) has ``mutants`` besides the bench's, their numbers, ``tests``,
the modules of the tests, and ``told``, a file that gets a line for each mutant, with the test that
found it or nothing. Lines before that say that it has begun, so that one which never ends is known.
``turns`` are the random numbers that benches draw: in turn 0 those of every run, in all others
other ones.
"""

import json
import os
import random
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest.mock import patch

import cocotb
import numpy as np
from cocotb._decorators import Test, TestGenerator  # the version is fixed
from cocotb.triggers import with_timeout
from cocotb.utils import get_sim_time

from dualspike.testbench.mutants.planting import AGAIN, NONE, SELECT
from dualspike.testbench.unit.run import CASE

_CASE = json.loads(Path(os.environ[CASE]).read_text("utf-8"))
_LONGER = 4
"""Times as long as without a mutant a test may take."""
_found: set[int] = set()
_lasts: dict[str, float] = {}
_unfit: set[str] = set()
"""Tests that want other numbers than those of their turn: they fail without a mutant."""


def _tell(**line: Any) -> None:
    with Path(_CASE["told"]).open("a", encoding="utf-8") as told:
        told.write(json.dumps(line) + "\n")


def _ended(mutant: int, *, last: bool) -> None:
    if last and mutant not in _found:
        _tell(mutant=mutant, found="")


class _Other(random.Random):
    """Draws what the present turn makes of a seed."""

    turn = 0

    def seed(self, a: Any = None, version: int = 2) -> None:
        super().seed(f"{a} in turn {self.turn}" if self.turn else a, version)


def _other(seed: int) -> np.random.Generator:
    """The same for numbers of NumPy."""
    return np.random.Generator(np.random.PCG64([seed, _Other.turn] if _Other.turn else seed))


def _tried(mutant: int, turn: int, test: Test, *, first: bool, last: bool) -> TestGenerator:
    name = f"{test.name}, turn {turn}" if turn else test.name

    async def trial(dut: Any) -> None:
        if first:
            _tell(begun=mutant)
        if mutant in _found or name in _unfit:
            _ended(mutant, last=last)
            return
        getattr(dut, SELECT).value = mutant
        _Other.turn = turn
        begun, body = get_sim_time("step"), test.func(dut, *test.args, **test.kwargs)
        try:
            with (
                patch.object(random, "Random", _Other),
                patch.object(np.random, "default_rng", _other),
            ):
                if mutant == NONE:
                    await body
                    _lasts[name] = get_sim_time("step") - begun
                else:
                    longest = int(_LONGER * _lasts[name])
                    await with_timeout(cocotb.start_soon(body), longest, "step")
        except BaseException:
            if turn and mutant == NONE:
                _unfit.add(name)
            else:
                _found.add(mutant)
                _tell(mutant=mutant, found=name)
                raise
        _ended(mutant, last=last)

    return cocotb.test(name=f"mutant_{mutant}_{turn}_{test.name}")(trial)


_tests = [
    test
    for module in _CASE["tests"]
    for one in vars(import_module(module)).values()
    if isinstance(one, TestGenerator)
    for test in one.generate_tests()
]
_all = [(turn, test) for turn in _CASE["turns"] for test in _tests]
for _mutant in (NONE, *_CASE["mutants"], AGAIN):
    for _n, (_turn, _test) in enumerate(_all):
        globals()[f"mutant_{_mutant}_{_n}"] = _tried(
            _mutant, _turn, _test, first=_test is _tests[0], last=_n == len(_all) - 1
        )
