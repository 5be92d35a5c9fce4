"""How far a long run is: a bar or lines in a log; the steps of a build with their times."""

import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from dualspike.boards.flow.steps import Step, Told

Show = Callable[[int, float], None]

LINES = 10
"""Lines in a log for a whole run, at most."""
PAUSE = 10.0
"""Seconds from the first update to the first line, and from one line to the next, at least."""


@contextmanager
def progress_bar(what: str, updates: int) -> Generator[Show, None, None]:
    """Yields a function to call after every update with their number and the batch's loss.

    Where stderr is no terminal it gets a line after each tenth of the updates, unless the last one
    is less than ten seconds ago. Where the block fails the bar goes away: what failed is said in
    one line.
    """
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _lines(what, updates)
        return
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[loss]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
    )
    task = bar.add_task(what, total=updates, loss="")

    def show(done: int, loss: float) -> None:
        bar.update(task, completed=done, loss=f"loss {loss:.2e}")

    bar.start()
    try:
        yield show
    except BaseException:
        bar.live.transient = True
        bar.live.stop()
        raise
    bar.stop()


def _lines(what: str, updates: int) -> Show:
    """Prints lines for a log."""
    began: float | None = None  # with the first update: what is built before that may take long
    last, part = 0.0, 0

    def show(done: int, loss: float) -> None:
        nonlocal began, last, part
        now, reached = time.monotonic(), done * LINES // updates
        if began is None:
            began = last = now
        if reached == part or now - last < PAUSE:
            return
        part, last = reached, now
        line = f"{what}: {done} of {updates}, loss {loss:.2e}, {now - began:.0f} s"
        print(line, file=sys.stderr, flush=True)

    return show


@contextmanager
def steps(out: Console, what: str) -> Generator[Told, None, None]:
    """Yields a function to tell of steps: each is a line when it ends, with the time it took.

    On a terminal those that run stand below, with the time they have taken so far; elsewhere, and
    on stderr, beginnings are lines as well.
    """
    lines = out.stderr or not out.is_terminal
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=out,
        disable=lines,
        transient=True,
    )
    running: dict[str, TaskID] = {}

    def told(step: Step) -> None:
        if step.seconds is None:
            if lines:
                out.print(f"{what}: {step}")
            else:
                running[step.name] = bar.add_task(f"{what}: {step.name}")
            return
        if step.name in running:
            bar.remove_task(running.pop(step.name))
        if step.result:
            out.print(f"{what}: {step}")

    with bar:
        yield told
