"""Processes to share work among, which end when this one does, however it ends."""

import multiprocessing as mp
import os
import signal
import threading
from collections.abc import Callable, Generator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from typing import Any, cast

from dualspike.model.children import SAFE

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


@contextmanager
def workers(
    jobs: int, begin: Callable[..., None] | None = None, arguments: tuple[Any, ...] = ()
) -> Generator[ProcessPoolExecutor, None, None]:
    """A pool of ``jobs`` processes, in each of which ``begin`` is called with ``arguments`` first.

    An error in the block, or Ctrl-C, ends them where they are.
    """
    context = mp.get_context("spawn")
    end, held = context.Pipe(duplex=False)
    tie = cast(Connection, end)
    first = (tie, begin, arguments)
    with one_thread(), ProcessPoolExecutor(jobs, context, _begin, first) as pool, tie:
        try:
            yield pool
        except BaseException:
            held.close()
            pool.shutdown(cancel_futures=True)
            raise
    held.close()


def _begin(tie: Connection, begin: Callable[..., None] | None, arguments: tuple[Any, ...]) -> None:
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
        wait(ends)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
