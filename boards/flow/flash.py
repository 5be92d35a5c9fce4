"""Programming a board with openFPGALoader, after the bitstream was checked against its manifest."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from dualspike.boards.catalog import Board, board_named
from dualspike.boards.flow.manifest import NAME, digest, read_manifest
from dualspike.boards.flow.programmer import programmer
from dualspike.boards.own.board_file import board_given, board_of
from dualspike.model.errors import BadInput
from dualspike.model.system.children import environment

# Lattice FPGA-TN-02039: the preamble, and the command that compares the device's own number.
_ECP5_PREAMBLE, _ECP5_VERIFY_ID = b"\xff\xff\xbd\xb3", b"\xe2\x00\x00\x00"
_ICE40_PREAMBLE = b"\x7e\xaa\x99\x7e"
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class FlashJob:
    """What is to be programmed: a checked bitstream, the board, and into flash or not."""

    board: Board
    bitstream: Path
    flash: bool

    @property
    def arguments(self) -> list[str]:
        """openFPGALoader's arguments."""
        board = self.board
        where = ["-b", board.programmer] if board.programmer else ["-c", board.cable or ""]
        return [*where, "-f" if self.flash else "-m", str(self.bitstream)]


def checked_job(folder: Path, board_name: str | None, flash: bool) -> FlashJob:
    """What to do for a folder of ``dualspike build``; BadInput if anything does not match."""
    made = read_manifest(folder)
    own, path = made.board_file, folder / NAME
    board = board_named(made.board) if own is None else board_of(own, f"{path}, board_file")
    if board_name is not None and board_given(board_name) != board:
        raise BadInput(
            f"--board must be {board.name}, what {folder} was built for, not {board_name}"
        )
    if made.bitstream is None or Path(made.bitstream).name != made.bitstream:
        raise BadInput(f"{folder} holds no bitstream, but a project for {board.flow}")
    if board.programmer is None and board.cable is None:
        raise BadInput(f"{path}, board_file: programmer is missing: nobody can say how to reach it")
    if not flash and not board.volatile:
        raise BadInput(f"{board.name} can only be programmed with --flash")
    path = folder / made.bitstream
    try:
        size = path.stat().st_size
        data = path.read_bytes() if size == made.size else b""
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        reason = getattr(error, "strerror", None) or "no such path"
        raise BadInput(f"cannot read {path}: {reason}") from error
    if size != made.size:
        raise BadInput(f"{path} must have the {made.size} bytes of its manifest, not {size}")
    if digest(data) != made.sha256:
        raise BadInput(
            f"{path} must have the sha256 of its manifest, {made.sha256}, not {digest(data)}"
        )
    _check_device(path, data, board)
    return FlashJob(board, path, flash)


def _check_device(path: Path, data: bytes, board: Board) -> None:
    """BadInput if a bitstream is not one for the board's FPGA, as far as it says so itself."""
    if board.idcode is None:
        if board.device.family.name == "ice40" and _ICE40_PREAMBLE not in data[:256]:
            raise BadInput(f"{path} is not a bitstream for an iCE40")
        return
    start = data.find(_ECP5_PREAMBLE)
    found = data.find(_ECP5_VERIFY_ID, start)
    if min(start, found) < 0:
        raise BadInput(f"{path} is not a bitstream for an ECP5")
    idcode = int.from_bytes(data[found + 4 : found + 8])
    if idcode != board.idcode:
        raise BadInput(
            f"{path} must be for IDCODE {board.idcode:#010x} of {board.name}, not {idcode:#010x}"
        )


def program(job: FlashJob) -> None:
    """Run the programmer; BadInput has its last words if it fails."""
    try:
        done = subprocess.run(
            [programmer(), *job.arguments],
            capture_output=True,
            text=True,
            errors="replace",
            env=environment(),
            check=False,
        )
    except OSError as error:
        raise BadInput(f"cannot run openFPGALoader: {error.strerror}") from error
    if done.returncode:
        lines = [line.strip() for line in _COLOURS.sub("", done.stdout + done.stderr).splitlines()]
        said = [line for line in lines if line]
        errors = [line for line in said if re.search(r"error|fail|unable", line, re.IGNORECASE)]
        last = (errors or said or [f"exit status {done.returncode}"])[-1]
        raise BadInput(f"openFPGALoader failed on {job.board.name}: {last}")
