"""Many trials over the cores of this machine, one process each, with one BLAS thread each."""

import multiprocessing as mp
import queue
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from pathlib import Path

from dualspike.golden.experiments.processes import NOTICE_SECONDS, Message, Notice, one_thread
from dualspike.golden.experiments.widths import Trial, execute
from dualspike.model.errors import BadInput

Show = Callable[[int, float], None]


def run_trials(trials: Sequence[Trial], folder: Path, jobs: int, show: Show) -> None:
    """Execute the trials in ``jobs`` processes; each that has ended leaves its file.

    The first error stops all others, and is raised. So does Ctrl-C. What was under way then is
    lost, what had ended is not.
    """
    if not trials:
        return
    context = mp.get_context("spawn")
    messages: Queue[Message] = context.Queue()
    stop = context.Event()
    with (
        one_thread(),
        ProcessPoolExecutor(min(jobs, len(trials)), context, _begin, (messages, stop)) as pool,
    ):
        try:
            places: dict[Future[None], int] = {
                pool.submit(_execute, trial, folder, n): n for n, trial in enumerate(trials)
            }
            done, waiting, loss = [0] * len(trials), set(places), 0.0
            while waiting:
                ended, waiting = wait(waiting, NOTICE_SECONDS, FIRST_COMPLETED)
                with suppress(queue.Empty):
                    while True:
                        place, count, loss = messages.get_nowait()
                        done[place] = max(done[place], count)
                for future in ended:
                    future.result()
                    done[places[future]] = trials[places[future]].updates
                show(sum(done), loss)
        except BrokenProcessPool as error:
            raise BadInput(
                "a process of a run was ended from outside (too little memory?):"
                " the same command goes on behind the runs that have ended"
            ) from error
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)
            messages.close()
            messages.cancel_join_thread()


_shared: tuple["Queue[Message]", Event]


def _begin(messages: "Queue[Message]", stop: Event) -> None:
    """First thing in a new process: Ctrl-C is the parent's business, which then says stop."""
    global _shared  # noqa: PLW0603
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _shared = messages, stop


def _execute(trial: Trial, folder: Path, place: int) -> None:
    messages, stop = _shared
    parent = mp.parent_process()

    def stopped() -> bool:
        return stop.is_set() or (parent is not None and not parent.is_alive())

    execute(trial, folder, Notice(place, messages.put, stopped))
