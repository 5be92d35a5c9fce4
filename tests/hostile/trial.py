"""One case: a kind's good files, one of them damaged, read in a process of its own, and judged.

What must hold, whatever the damage: the product ends by itself within `SECONDS`, with status 0, or
with status 2, one line on stderr and the folder as it was; it needs no more than `MEMORY`; and
where a kind is ``sure``, status 0 means the result of the undamaged file.
"""

import os
import resource
import select
import shutil
import signal
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import NoReturn

from dualspike.model.errors import BadInput

from .damages import damaged

SECONDS = 20.0
MEMORY = 2**30
"""Bytes that a process may take; the system refuses it more than three times as many besides."""

BAD_INPUT, CRASHED = 2, 70


@dataclass(frozen=True)
class Kind:
    """A kind of file: the one that matches ``file`` among those that ``make`` writes in a folder.

    ``read`` gives the folder to the product and returns what comes of it, without the folder's
    name and times; it raises `Ended` where a command does not end with 0. ``sure``: the format
    tells whether it is damaged, so that another result is a fault.
    """

    name: str
    file: str
    make: Callable[[Path], None]
    read: Callable[[Path], str]
    sure: bool = True


class Ended(Exception):
    """The exit status of a command, other than 0."""


@dataclass(frozen=True)
class Outcome:
    """How a process ended: exit ``status``, or minus the signal; None if it had to be stopped."""

    status: int | None
    result: str
    stderr: str
    peak: int


@dataclass(frozen=True)
class Good:
    """A kind's undamaged files, and what the product makes of them."""

    kind: Kind
    folder: Path
    result: str

    @property
    def file(self) -> Path:
        """The file that is to be damaged, seen from the folder."""
        (found,) = self.folder.glob(self.kind.file)
        return found.relative_to(self.folder)

    @classmethod
    def of(cls, kind: Kind, room: Path) -> "Good":
        """Make the files in a folder of ``room``, unless another kind has, and read a copy.

        That must succeed. It is done in this process, so that what is compiled on the way is
        there for all that begin here.
        """
        folder = room / kind.make.__name__
        if not folder.exists():
            folder.mkdir()
            kind.make(folder)
        with tempfile.TemporaryDirectory() as name:
            copy = Path(name) / "good"
            shutil.copytree(folder, copy)
            result = kind.read(copy)
        return cls(kind, folder, result)


@dataclass(frozen=True)
class Case:
    """Case ``number`` of a kind; ``damage`` is what was done, ``fault`` what was wrong, or None."""

    kind: str
    number: int
    damage: str
    fault: str | None
    outcome: Outcome


def tried(good: Good, number: int, keep: Path | None = None) -> Case:
    """Damage the file as ``number`` says, let it be read, and judge; the files stay in ``keep``."""
    kind = good.kind
    rng = Random(f"{kind.name} {number}")
    with tempfile.TemporaryDirectory(prefix="hostile-") as name:
        folder = Path(name) / "case"
        shutil.copytree(good.folder, folder)
        damage, content = damaged(rng, (folder / good.file).read_bytes())
        (folder / good.file).write_bytes(content)
        before = _contents(folder)
        if keep:
            shutil.copytree(folder, keep)
        outcome = _apart(kind.read, folder, Path(name))
        after = _contents(folder)
        touched = [path for path in {**before, **after} if before.get(path) != after.get(path)]
        fault = judged(good, outcome, touched)
    return Case(kind.name, number, damage, fault, outcome)


def judged(good: Good, outcome: Outcome, touched: Sequence[str]) -> str | None:
    """What is wrong with an outcome, or None; ``touched``: what is not as it was in the folder."""
    lines = outcome.stderr.splitlines()
    last = lines[-1] if lines else ""
    if outcome.status is None:
        return f"hang: no end after {SECONDS:g} s"
    if outcome.status < 0:
        return f"crash: {signal.Signals(-outcome.status).name}"
    if outcome.status == CRASHED:
        return f"traceback: {last}"
    if outcome.peak > MEMORY:
        return f"memory: {outcome.peak >> 20} MiB"
    if outcome.status == BAD_INPUT:
        if len(lines) != 1 or not last.startswith("dualspike: "):
            return f"words: {len(lines)} lines on stderr, the last is {last!r}"
        return f"left: the refusal changed {', '.join(touched)}" if touched else None
    if outcome.status:
        return f"status: {outcome.status}"
    if "Warning" in outcome.stderr:
        return f"words: {last!r} on stderr with status 0"
    if good.kind.sure and outcome.result != good.result:
        return "silent: another result without a word"
    return None


def _apart(read: Callable[[Path], str], folder: Path, room: Path) -> Outcome:
    """Call ``read`` in a process of its own; its output goes into files in ``room``."""
    ended, end = os.pipe()
    process = os.fork()
    if not process:
        _child(read, folder, room)
    os.close(end)
    done = select.select([ended], [], [], SECONDS)[0]
    os.close(ended)
    if not done:
        os.kill(process, signal.SIGKILL)
    _, status, usage = os.wait4(process, 0)
    code = os.waitstatus_to_exitcode(status) if done else None
    result, stderr = room / "result", (room / "stderr").read_text("utf-8", "replace")
    said = result.read_text("utf-8", "surrogatepass") if result.exists() else ""
    return Outcome(code, said, stderr, usage.ru_maxrss << 10)


def _child(read: Callable[[Path], str], folder: Path, room: Path) -> NoReturn:
    """The process of a case."""
    status = CRASHED
    try:
        for name, number in (("stdout", 1), ("stderr", 2)):
            os.dup2(os.open(room / name, os.O_WRONLY | os.O_CREAT), number)
            setattr(sys, name, open(number, "w", encoding="utf-8"))  # noqa: SIM115 (to the end)
        taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        most = taken + 3 * MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        warnings.simplefilter("always")
        status = _status(read, folder, room / "result")
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _status(read: Callable[[Path], str], folder: Path, result: Path) -> int:
    try:
        text = read(folder)
    except Ended as ended:
        return int(str(ended))
    except BadInput as error:  # of what has no command of its own; as the command line says it
        print(f"dualspike: {' '.join(str(error).split())}", file=sys.stderr)
        return BAD_INPUT
    result.write_text(text, "utf-8", "surrogatepass")
    return 0


def _contents(folder: Path) -> dict[str, bytes | str]:
    """Everything in a folder, files with their bytes."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else "folder"
        for path in folder.rglob("*")
    }
