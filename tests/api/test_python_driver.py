"""The Python driver of a core in memory drives its simulation; see tests/api/test_c_driver.py."""

import errno
import math
import os
from array import array
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dualspike.boards.host.driver import flat, output_shape, streams
from dualspike.boards.host.memory import MemoryCore, mapped
from dualspike.golden.integer.online.chip import OnlineChip
from dualspike.golden.numeric import Ints
from dualspike.golden.training.fixed_engine import first_chip
from dualspike.model.description.description import Description
from dualspike.model.description.format import Format
from dualspike.model.errors import BadInput, NoAnswer
from dualspike.model.interface.feeds import feeds_of
from dualspike.model.interface.identity import config_word
from dualspike.model.interface.interrupts import Cause
from dualspike.testbench.cosim.simulation import Simulation
from dualspike.testbench.cosim.strain import random_batch, random_inputs
from tests.api.driven import KINDS, described, library_of


class Bus(Simulation):
    """A simulation in memory: registers are words, and streams move as arrays of C do."""

    def __getitem__(self, number: int) -> int:
        return self._transfer(number)

    def __setitem__(self, number: int, word: int) -> None:
        self._transfer(number, word)

    def move(self, given: Mapping[str, bytes], wanted: int) -> bytes:
        """Numbers of a row that have a meaning go in; all streams pause at times."""
        rows = list[Ints]()
        for feed in feeds_of(self.d)[: len(given)]:
            numbers = np.array(array(_code(feed.format), given[feed.name]), np.int64)
            rows.append(numbers.reshape(-1, feed.chunks * feed.simd)[:, : feed.width])
        taken = array(_code(self.d.formats.membrane))
        self.stall = 60
        taken.extend(self._run(rows, wanted // taken.itemsize))
        return taken.tobytes()


def _code(form: Format) -> str:
    """The array's type code for int8_t, int16_t or int32_t."""
    return "bhi"[(form.bits > 8) + (form.bits > 16)]


def opened(kind: str, folder: Path) -> tuple[Description, Bus]:
    d = described(kind)
    return d, Bus(d, library_of(kind, folder))


@pytest.mark.parametrize("kind", KINDS)
def test_it_loads_learns_and_infers_as_the_model_does(kind: str, tmp_path: Path) -> None:
    d, bus = opened(kind, tmp_path)
    chip, rng = first_chip(d), np.random.default_rng(5)
    with bus:
        core = MemoryCore(d, bus, bus.move)
        core.load_chip(chip)
        core.write("FLAGS", 0)
        core.enable_irq([Cause.DONE])
        core.take_irq()
        for stage in (0, 1) if d.learns else ():
            batch = random_batch(d, rng)
            assert batch.target is not None
            record = chip.update(*batch.to_learn(stage))
            rows = streams(d, batch.inputs, batch.target, batch.scale)
            assert core.update(rows, 1, stage) == (record.loss, record.flags)
            assert core.record() == replace(record, skipped=(), answered=())
            assert Cause.DONE in core.take_irq()
        for found, held in zip(core.contents(), chip.memories, strict=True):
            np.testing.assert_array_equal(found, held)
        inputs = random_inputs(d, rng, [3, *d.batch[1:]])
        wanted, count = chip.infer(inputs), math.prod(output_shape(d, inputs))
        assert core.outputs(inputs, count) == wanted.ravel().tolist()
        assert core.read("FLAGS") == chip.flags
        if isinstance(chip, OnlineChip) and d.classes:
            labels = rng.integers(0, d.basis, (3, 1))
            core.write("SEEN", 0)
            core.labelled_outputs([*flat(inputs), labels], count)
            assert core.answers() == chip.answered(wanted, labels)


def test_another_core_and_one_that_stays_busy_are_told() -> None:
    d, there = described("classes"), described("infers")
    words = dict(enumerate([0x44535031, 7, *[1] * 40]))
    with pytest.raises(BadInput, match=r"^CONFIG must be 0x\w+, as of tiny, not 0x7$"):
        MemoryCore(d, words, lambda given, wanted: b"")
    words[1] = config_word(d)
    core = MemoryCore(d, words, lambda given, wanted: b"", polls=3)
    with pytest.raises(NoAnswer, match=r"^the core is busy, though STATUS was read 3 times$"):
        core.update([np.zeros((1, 5), np.int64)], 1, 0)
    with pytest.raises(NoAnswer, match=r"^60 bytes of results were asked for, 0 came$"):
        core.outputs([np.zeros((5, 2, 5), np.int64)], 15)
    words[0] = 3
    with pytest.raises(BadInput, match=r"^MAGIC must be 0x44535031, as of tiny, not 0x3$"):
        MemoryCore(there, words, lambda given, wanted: b"")


def test_registers_are_words_of_a_file_of_memory(tmp_path: Path) -> None:
    d, path, base = described("infers"), tmp_path / "mem", 4096 + 64
    path.write_bytes(bytes(3 * 4096))
    with mapped(d, base, path) as words:
        words[4] = 0x89ABCDEF
        assert words[4] == 0x89ABCDEF and words[3] == words[5] == 0
    held = path.read_bytes()
    assert held[base + 16 : base + 20] == b"\xef\xcd\xab\x89" and held.count(0) == len(held) - 4


@pytest.mark.parametrize(
    ("name", "base", "line"),
    [
        ("mem", 4097, r"base must be a multiple of 4 in \[0, 2\*\*63\), not 0x1001"),
        ("mem", -4, r"base must be a multiple of 4 in \[0, 2\*\*63\), not -0x4"),
        ("mem", 1 << 63, r"base must be a multiple of 4 in \[0, 2\*\*63\), not 0x80{15}"),
        ("mem", (1 << 63) - 4, r"cannot map \d+ bytes at 0x7f{14}c of .*mem: .+"),
        ("mem", 4096 - 4, r"cannot map \d+ bytes at 0xffc of .*mem: .*greater than file size"),
        ("none", 0, r"cannot map \d+ bytes at 0x0 of .*none: No such file or directory"),
        (".", 0, r"cannot map \d+ bytes at 0x0 of .*: Is a directory"),
        ("/dev/null", 0, r"cannot map \d+ bytes at 0x0 of /dev/null: No such device"),
        ("a\0b", 0, r"cannot map \d+ bytes at 0x0 of .*a\0b: embedded null byte"),
    ],
)
def test_memory_that_is_not_there_is_one_line(
    name: str, base: int, line: str, tmp_path: Path
) -> None:
    (tmp_path / "mem").write_bytes(bytes(4096))
    wrong = pytest.raises(BadInput, match=f"^{line}$")
    with wrong, mapped(described("infers"), base, tmp_path / name):
        pass


def test_memory_that_may_not_be_mapped_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:  # as Linux does beyond devices in /dev/mem
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    (tmp_path / "mem").write_bytes(bytes(4096))
    monkeypatch.setattr("dualspike.boards.host.memory.mmap.mmap", refused)
    open_files = os.listdir("/proc/self/fd")
    line = r"^cannot map \d+ bytes at 0x0 of .*mem: Operation not permitted$"
    with pytest.raises(BadInput, match=line), mapped(described("infers"), 0, tmp_path / "mem"):
        pass
    assert os.listdir("/proc/self/fd") == open_files
