"""From a description and weights to the files of a board, as ``dualspike build`` writes them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dualspike.api.core_files import words_of
from dualspike.api.results import table_rows
from dualspike.boards.catalog import Board
from dualspike.boards.flow.bitstream import Bitstream, Plan, build_bitstream, plan
from dualspike.boards.flow.fits import check_room
from dualspike.boards.flow.manifest import NAME, manifest, megahertz
from dualspike.boards.flow.slowest import settings
from dualspike.boards.flow.steps import Told, unheard
from dualspike.boards.pll import MHZ
from dualspike.golden.files.owned import owning
from dualspike.golden.integer.state import IntegerChip
from dualspike.hw.emit.files import Words
from dualspike.model.description.description import Description
from dualspike.model.description.files.save import toml_text
from dualspike.model.errors import BadInput
from dualspike.model.system.cache import check_cache

MOST_SEEDS = 64
BAUD = 1_000_000


@dataclass(frozen=True)
class Order:
    """What to build beside the network: see ``dualspike build``; checked by `check`."""

    board: Board
    folder: Path
    baud: int = BAUD
    seeds: int = 1
    force: bool = False

    def check(self, d: Description, name: str = "seeds") -> None:
        """BadInput for too many seeds, called ``name``, and for a core that cannot have room."""
        if not 1 <= self.seeds <= MOST_SEEDS:
            raise BadInput(f"{name} must be in [1, {MOST_SEEDS}], not {self.seeds}")
        if self.board.flow == "open":
            check_room(d, self.board)
        check_cache()


@dataclass(frozen=True, eq=False)
class Built:
    """What came of a build: ``manifest`` is what ``manifest.json`` says, ``files`` what is there.

    Where the clock is not ``met``, ``files`` is empty and nothing was written. ``removed``: files
    of an earlier run that are gone.
    """

    plan: Plan
    made: Bitstream | None
    manifest: dict[str, Any]
    files: list[Path]
    removed: list[str]

    @property
    def met(self) -> bool:
        """Whether every clock is met; of a project for a vendor's tool nobody knows yet: True."""
        return self.made is None or self.made.taken.met

    @property
    def clock_line(self) -> str:
        """The clock that was reached, next to the one asked for."""
        if self.made is None:
            return f"a project for {self.plan.board.flow}, {megahertz(self.plan.clock_hz)}"
        taken, tried = self.made.taken, len(self.made.trials)
        verdict = "met" if taken.met else "NOT met, nothing is written"
        return (
            f"Fmax {taken.fmax:.2f} MHz, asked for {megahertz(self.plan.clock_hz)}: {verdict}"
            f" (seed {taken.seed} of {tried} tried)"
        )

    @property
    def advice(self) -> list[str]:
        """What would make the slowest path shorter."""
        slowest = self.made.slowest if self.made else None
        return settings(slowest, self.plan.description) if slowest else []

    def _repr_html_(self) -> str:
        used = self.made.utilisation if self.made else {}
        shares = {
            kind: f"{n:,} of {there:,}, {100 * n / there:.1f} %"
            for kind, (n, there) in used.items()
        }
        slowest = self.made.slowest if self.made else None
        path = {"slowest path": str(slowest)} if slowest else {}
        told: dict[str, object] = {"board": self.plan.board.title, "clock": self.clock_line}
        return table_rows(told | shares | path)


def build_board(
    d: Description, order: Order, chip: IntegerChip | None = None, told: Told = unheard
) -> Built:
    """Make everything and write it into the folder, if the clock is met.

    The weights of ``chip``, if any, are in the core's memories at power-up. The clock is
    ``hardware.clock``, else that of the board. BadInput where something does not go, a folder with
    files of others among it; RuntimeError if a tool fails. ``told`` hears of every step.
    """
    try:
        return _build(d, order, () if chip is None else words_of(chip), told)
    except _NotMetError as missed:
        return missed.built


class _NotMetError(Exception):
    """Ends the writing of a folder, which then is as it was."""

    def __init__(self, built: Built) -> None:
        self.built = built


def _build(d: Description, order: Order, words: Words, told: Told) -> Built:
    board, asked = order.board, d.hardware.clock
    with owning(order.folder, "build", force=order.force) as folder:
        folder.check(NAME, f"{d.name}.toml", f"{d.name}.{board.suffix}")
        hz = board.clock_hz if asked is None else round(asked * MHZ)
        p = plan(d, board, hz, order.baud, words, told)
        d = p.description
        folder.check(*p.files)
        made = build_bitstream(p, order.seeds, told) if board.flow == "open" else None
        found = manifest(p, made)
        if made and not made.taken.met:
            raise _NotMetError(Built(p, made, found, [], []))
        contents: dict[str, str | bytes] = {f"{d.name}.toml": toml_text(d, folder.path), **p.files}
        if made:
            contents[found["bitstream"]] = made.data
        contents[NAME] = json.dumps(found, indent=2) + "\n"
        folder.write(contents)
    return Built(p, made, found, [order.folder / name for name in contents], folder.removed)
