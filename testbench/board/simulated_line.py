"""A line to a simulated board on which time is simulated time: the same run every time."""

from dualspike.testbench.board.board import BoardSimulation

_AT_ONCE = 64


class SimulatedLine:
    """The `boards.host.host.Line` to a `BoardSimulation`, which runs while its answers are awaited.

    Waiting for a board that has nothing left to do is cut short.
    """

    def __init__(self, board: BoardSimulation) -> None:
        self.board, self.name = board, "simulation"

    def send(self, data: bytes) -> None:
        """Put bytes into the queue to the board."""
        self.board.send(data)

    def receive(self, seconds: float) -> bytes:
        """Run until some bytes have come or nothing is left to do, at most for so much time."""
        return self.board.run(_AT_ONCE, int(seconds * self.board.clock_hz), rest=True)

    def now(self) -> float:
        """Simulated time in seconds."""
        return self.board.cycle / self.board.clock_hz

    def close(self) -> None:
        """Nothing: the simulation may go on."""
