"""Training that Ctrl-C or a callback breaks off, and that goes on as if nothing had been."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from dualspike.api.engines import EngineName
from dualspike.api.training import BrokenOff, train
from dualspike.golden.data.problem import Problem
from dualspike.golden.float.layout import Parameters
from dualspike.golden.training.train import TrainResult
from dualspike.golden.training.validation import ValidationWatch
from dualspike.interrupts import interrupts
from dualspike.model.description.description import Description
from dualspike.model.errors import BadInput

Callback = Callable[[int, float], None]


@dataclass(frozen=True, eq=False)
class Unfinished:
    """A run of a chip that was broken off: the weights it began with and its checkpoint."""

    first: Parameters
    checkpoint: bytes


@dataclass(frozen=True, eq=False)
class Run:
    """What to train: see `api.training.train`."""

    description: Description
    engine: EngineName
    problem: Problem
    watch: ValidationWatch | None
    callbacks: tuple[Callback, ...]

    def begin(self, first: Parameters) -> tuple[TrainResult, dict[str, Any]]:
        """Train from the weights ``first``; raises Stopped where it is broken off."""
        return self._train(first, None)

    def go_on(self, unfinished: Unfinished | None) -> tuple[TrainResult, dict[str, Any]]:
        """Train on; BadInput if there is nothing to go on with, or if it was another run."""
        if self.engine is EngineName.golden or unfinished is None:
            reason = "engine golden" if unfinished else "a chip whose training was not broken off"
            raise BadInput(f"resume must be False for {reason}, not True")
        return self._train(unfinished.first, unfinished.checkpoint)

    def _train(
        self, first: Parameters, checkpoint: bytes | None
    ) -> tuple[TrainResult, dict[str, Any]]:
        raised: list[BaseException] = []

        def show(done: int, loss: float) -> None:
            try:
                for one in self.callbacks:
                    one(done, loss)
            except BaseException as error:
                raised.append(error)

        with TemporaryDirectory(prefix="dualspike-") as folder, interrupts() as came:
            file = Path(folder) / "checkpoint.npz"
            if checkpoint is not None:
                file.write_bytes(checkpoint)
            try:
                return train(
                    self.description,
                    self.engine,
                    self.problem,
                    first,
                    show,
                    resume=None if checkpoint is None else file,
                    kept=file,
                    stop=lambda: bool(raised) or came(),
                    watch=self.watch,
                )
            except BrokenOff as broken:
                kept = Unfinished(first, file.read_bytes()) if file.exists() else None
                raise Stopped(broken, kept, raised) from None
            except BadInput as error:
                raise BadInput(str(error).replace(str(file), "resume")) from error


class Stopped(Exception):
    """A run was broken off with these ``weights``; how to go on is ``unfinished``."""

    def __init__(
        self, broken: BrokenOff, unfinished: Unfinished | None, raised: Iterable[BaseException]
    ) -> None:
        again = "train as before with resume=True" if unfinished else "train again, from these"
        line = f"{broken}: chip.weights has what was learned; to go on, {again}"
        super().__init__(line)
        self.weights, self.unfinished = broken.weights, unfinished
        self._raised = [*raised]

    def error(self) -> BaseException:
        """What the user is to see: the error of a callback, else KeyboardInterrupt."""
        if not self._raised:
            return KeyboardInterrupt(str(self))
        self._raised[0].add_note(str(self))
        return self._raised[0]
