"""A progress bar on stderr for long runs, and the steps of a build with their times."""

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


@contextmanager
def progress_bar(what: str, updates: int) -> Generator[Callable[[int, float], None], None, None]:
    """Yields a function to call after every update with their number and the batch's loss.

    Nothing is drawn where stderr is no terminal, and where the block fails the bar goes away: what
    failed is said in one line.
    """
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[loss]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
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
