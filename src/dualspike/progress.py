"""A progress bar on stderr for long runs."""

from collections.abc import Callable, Generator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)


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
