"""Ctrl-C in the middle of a long run: noted, so that the run can end where it can go on from."""

import signal
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager


@contextmanager
def interrupts() -> Generator[Callable[[], bool], None, None]:
    """Yields a function that says whether Ctrl-C came. The second one ends the run as it ever did.

    Where interrupts are ignored, or this is not the main thread, it never comes.
    """
    came = threading.Event()
    before = signal.getsignal(signal.SIGINT)

    def note(*_: object) -> None:
        came.set()
        signal.signal(signal.SIGINT, before)

    ours = before is signal.default_int_handler
    if ours and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, note)
    try:
        yield came.is_set
    finally:
        if signal.getsignal(signal.SIGINT) is note:
            signal.signal(signal.SIGINT, before)
