"""A board as a training engine that survives the loss of its port."""

import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from dualspike.boards.host.board import BoardCore
from dualspike.boards.host.port import LinkLost
from dualspike.golden.float.layout import Parameters
from dualspike.golden.numeric import Doubles
from dualspike.golden.training.checkpoint import EVERY, State
from dualspike.golden.training.fixed_engine import chip_state
from dualspike.model.description.description import Description
from dualspike.model.errors import BadInput
from dualspike.testbench.board.virtual import VirtualBoard
from dualspike.testbench.cosim.device import DeviceEngine
from dualspike.testbench.cosim.verilate import silent

Result = TypeVar("Result")

BAUD = 1_000_000
TRIES = 5
PAUSE = 1.0
"""Seconds before each try to find a lost board again."""


class BoardEngine:
    """SpikeTrains on the board that ``connect`` opens.

    The state is read back every `EVERY` updates and the batches since then are kept. If the board
    is lost it is opened anew up to `TRIES` times; it gets that state and learns those batches
    once more, so that the run ends as it would have. `LinkLost` if it does not come back.
    """

    def __init__(
        self, d: Description, connect: Callable[[], BoardCore], initial: Parameters | None = None
    ) -> None:
        self._connect = connect
        self._board = connect()
        self._engine = DeviceEngine(d, self._board, initial)
        # Answers take drawn bits then, as updates do.
        self._draws = d.learns and d.network.coding == "bernoulli"
        self._kept, self._updates = chip_state(self._engine.chip), 0
        self._since: list[tuple[Sequence[Doubles], Doubles, int]] = []

    def close(self) -> None:
        """Give the port back."""
        self._board.close()

    @property
    def learning_cycles(self) -> int:
        """Clocks of all updates."""
        return self._engine.learning_cycles

    def update(self, inputs: Sequence[Doubles], target: Doubles, update: int) -> float:
        """Learn once; see golden.train.Engine.update."""
        loss = self._safely(lambda: self._engine.update(inputs, target, update))
        self._since.append((inputs, target, update))
        if len(self._since) == EVERY:
            self._keep(self.state(), update + 1)
        return loss

    def predict(self, inputs: Sequence[Doubles]) -> Doubles:
        """Outputs; see golden.train.Engine.predict."""
        if not self._draws:
            return self._safely(lambda: self._engine.predict(inputs))

        def asked() -> tuple[Doubles, State]:
            return self._engine.predict(inputs), self._engine.state()

        y, state = self._safely(asked)
        self._keep(state, self._updates + len(self._since))
        return y

    def load(self, parameters: Parameters) -> None:
        """Begin with these parameters; see golden.train.Engine.load."""

        def loaded() -> State:
            self._engine.load(parameters)
            return chip_state(self._engine.chip)

        self._keep(self._safely(loaded), 0)

    def state(self) -> State:
        """What is read over the link; see golden.checkpoint.Resumable.state."""
        return self._safely(self._engine.state)

    def restore(self, state: State, updates: int) -> None:
        """Write a state over the link; see golden.checkpoint.Resumable.restore."""
        self._keep(state, updates)
        self._safely(lambda: self._engine.restore(state, updates))

    def flags(self) -> int:
        """What was clipped on the way; see DeviceEngine.flags."""
        return self._safely(self._engine.flags)

    def weights(self) -> Parameters:
        """Weights read back from the board; see golden.train.Engine.weights."""
        return self._safely(self._engine.weights)

    def _keep(self, state: State, updates: int) -> None:
        self._kept, self._updates = state, updates
        self._since.clear()

    def _safely(self, action: Callable[[], Result]) -> Result:
        tries = 0
        while True:
            try:
                if tries:
                    self._recover()
                return action()
            except LinkLost as lost:
                tries, reason = tries + 1, lost
            except BadInput as error:
                if not tries:
                    raise
                tries, reason = tries + 1, error
            if tries > TRIES:
                raise LinkLost(f"{reason}, {TRIES} tries to find the board again failed")

    def _recover(self) -> None:
        """Open the board anew and bring it to where it was."""
        self._board.close()
        time.sleep(PAUSE)
        self._board = self._connect()
        self._engine.replace(self._board)
        self._engine.restore(self._kept, self._updates)
        for batch in self._since:
            self._engine.update(*batch)


@contextmanager
def board_port(
    d: Description, port: str | None, building: Callable[[], None] = silent
) -> Generator[str, None, None]:
    """The port that was given, or that of a virtual board for as long as the block lasts.

    ``building`` is called where the virtual board has to be compiled first.
    """
    if port is not None:
        yield port
    else:
        with VirtualBoard(d, building=building) as virtual:
            yield virtual.port
