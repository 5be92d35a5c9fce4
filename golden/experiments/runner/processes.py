"""Processes to share work among, with one BLAS thread each, which end when this one does.

A run computes the same numbers wherever and next to whatever it runs: processes share nothing but
the folder, in which every run has files of its own.
"""

import math
import multiprocessing as mp
import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from multiprocessing import connection
from multiprocessing.connection import Connection
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from typing import Any, Protocol, TypeVar, cast

from dualspike.golden.experiments.runner.study import Show
from dualspike.model.errors import BadInput
from dualspike.model.system.children import SAFE

Message = tuple[int, int, float]
"""Which run (its place in the list), updates it has done, its last loss."""

NOTICE_SECONDS = 0.2


_VARIABLES = SAFE | {
    name: "1"
    for name in (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "BLIS_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
        "NUMBA_NUM_THREADS",
    )
}


@contextmanager
def one_thread() -> Generator[None, None, None]:
    """Processes started here compute with one thread each, and take no module from this folder."""
    before = {name: os.environ.get(name) for name in _VARIABLES}
    os.environ.update(_VARIABLES)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def cores() -> int:
    """How many this machine has."""
    return os.cpu_count() or 1


@contextmanager
def workers(
    jobs: int | None, begin: Callable[..., None] | None = None, arguments: tuple[Any, ...] = ()
) -> Generator[ProcessPoolExecutor, None, None]:
    """A pool of ``jobs`` processes, or one a core; each calls ``begin`` with ``arguments`` first.

    An error in the block, or Ctrl-C, ends them where they are.
    """
    context = mp.get_context("spawn")
    end, held = context.Pipe(duplex=False)
    tie = cast(Connection, end)
    first = (tie, begin, arguments)
    with one_thread(), ProcessPoolExecutor(jobs or cores(), context, _tie, first) as pool, tie:
        try:
            yield pool
        except BaseException:
            held.close()
            pool.shutdown(cancel_futures=True)
            raise
    held.close()


def _tie(tie: Connection, begin: Callable[..., None] | None, arguments: tuple[Any, ...]) -> None:
    tied(tie)
    if begin is not None:
        begin(*arguments)


def tied(tie: Connection) -> None:
    """First thing in a new process: it ends when the parent does, or when ``tie`` is closed.

    Ctrl-C is the parent's business.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = mp.parent_process()
    ends = [tie, *([parent.sentinel] if parent else [])]

    def watch() -> None:
        connection.wait(ends)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


class Trainable(Protocol):
    """Whatever trains for a number of updates; plain data that can be sent to a process."""

    @property
    def updates(self) -> int:
        """How many."""
        ...


T = TypeVar("T", bound=Trainable)


class Total:
    """Adds up the updates of all runs for one progress bar."""

    def __init__(self, tasks: Sequence[Trainable], show: Show) -> None:
        self._updates = [task.updates for task in tasks]
        self._done = [0] * len(tasks)
        self._loss = math.nan
        self._show = show

    def note(self, message: Message) -> None:
        """Take a message of a run; an old one that comes late changes nothing."""
        place, done, self._loss = message
        self._move(place, done)

    def ended(self, place: int) -> None:
        """The run has ended, by whatever number of updates."""
        self._move(place, self._updates[place])

    def _move(self, place: int, done: int) -> None:
        if done > self._done[place]:
            self._done[place] = done
            self._show(sum(self._done), self._loss)


class Notice:
    """What a run calls after every update: sends a message now and then, answers whether to go on.

    ``send`` hands a message over, every ``seconds`` at most; ``stopped``, asked as often, says
    whether the run is to end here.
    """

    def __init__(
        self,
        place: int,
        send: Callable[[Message], None],
        stopped: Callable[[], bool],
        seconds: float = NOTICE_SECONDS,
    ) -> None:
        self._place = place
        self._send = send
        self._stopped = stopped
        self._seconds = seconds
        self._last = -math.inf

    def __call__(self, done: int, loss: float) -> bool:
        """Returns whether to go on."""
        now = time.monotonic()
        if now - self._last < self._seconds:
            return True
        self._last = now
        self._send((self._place, done, loss))
        return not self._stopped()


def run_processes(
    tasks: Sequence[T], work: Callable[[T, "Notice"], None], jobs: int | None, show: Show
) -> None:
    """Call ``work`` on every task, in ``jobs`` processes; it leaves what it finds in files.

    The first error stops all others when their notice is next asked, and is raised. So does
    Ctrl-C.
    """
    if not tasks:
        return
    context = mp.get_context("spawn")
    with one_thread():  # the first of these starts a process that watches over them
        messages: Queue[Message] = context.Queue()
        stop = context.Event()
    total = Total(tasks, show)
    with workers(min(jobs or cores(), len(tasks)), _begin, (messages, stop)) as pool:
        try:
            futures = {pool.submit(_execute, work, task, n): n for n, task in enumerate(tasks)}
            _collect(futures, messages, total)
        except BrokenProcessPool as error:
            raise BadInput(
                "a process of a run was ended from outside (too little memory?):"
                " the same command goes on from what it left"
            ) from error
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)
            messages.close()
            messages.cancel_join_thread()


def _collect(places: dict[Future[None], int], messages: "Queue[Message]", total: Total) -> None:
    """Wait for all; raises the first error of a run as soon as it comes."""
    waiting = set(places)
    while waiting:
        done, waiting = wait(waiting, NOTICE_SECONDS, FIRST_COMPLETED)
        with suppress(queue.Empty):
            while True:
                total.note(messages.get_nowait())
        for future in done:
            future.result()
            total.ended(places[future])


_shared: tuple["Queue[Message]", Event]


def _begin(messages: "Queue[Message]", stop: Event) -> None:
    """First thing in a new process.

    Queues and events reach a pool's processes at their start only, hence the global.
    """
    global _shared  # noqa: PLW0603
    _shared = messages, stop


def _execute(work: Callable[[T, Notice], None], task: T, place: int) -> None:
    messages, stop = _shared
    work(task, Notice(place, messages.put, stop.is_set))
