"""Which boards have room for a network: with how many directions it learns, or that it infers."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from dualspike.boards.catalog import BOARDS, Board
from dualspike.model.cost.advice import Way, ways_to_fit
from dualspike.model.cost.estimate import Use, chip_area, uses
from dualspike.model.cost.network_fit import excess, shortage
from dualspike.model.description.description import Description
from dualspike.model.description.kinds import of_others
from dualspike.model.description.load import describe, revised
from dualspike.model.errors import BadInput

BUDGET = 0.8
"""Share of a device that a core may take: the rest is for the host link, and for routing."""
MOST_DIRECTIONS = 8
_FAR = 1.25
"""Times what a device has from which no error of the forecast makes a core fit: up to 16 % too many
were forecast, see `model.cost.estimate`."""


@dataclass(frozen=True)
class BoardFit:
    """What a core takes of a board, and the most directions with which it fits.

    Those are 0 where it fits for inference only, None where not even that. ``folded`` are the
    directions with one weight, and one term, at a time, the smallest folding of all.
    """

    board: Board
    uses: list[Use]
    directions: int | None
    folded: int | None


def boards_that_fit(
    d: Description, boards: Iterable[Board] = tuple(BOARDS.values())
) -> list[BoardFit]:
    """One for every board, in their order; by the forecast of `model.cost.estimate`."""
    given, folded = (_variants(d, smallest) for smallest in (False, True))
    return [
        BoardFit(
            board,
            uses(chip_area(d, board.device.family), board.device),
            _most(given, board),
            _most(folded, board),
        )
        for board in boards
    ]


def ways_onto(d: Description, board: Board) -> list[Way]:
    """What would make a network fit on a board on which it does not as it is; none if it does."""
    if _fits(d, board):
        return []
    return ways_to_fit(d, board.device, BUDGET)


def check_room(d: Description, board: Board) -> None:
    """BadInput where a core is too large for a board for sure; tools take minutes to find that."""
    over = excess(chip_area(d, board.device.family), board.device, _FAR)
    if over:
        less = (
            "fewer learning.directions, smaller pe and simd" if d.learns else "smaller pe and simd"
        )
        less += ", or learning.rule 'none'" if d.learns else ", or narrower formats"
        line = shortage(over[0], board.device, 1, "this core")
        raise BadInput(f"{line}: {less} take less, see dualspike boards --board {board.name}")


def _most(variants: list[tuple[int, Description]], board: Board) -> int | None:
    return max((n for n, one in variants if _fits(one, board)), default=None)


def _fits(d: Description, board: Board) -> bool:
    area = chip_area(d, board.device.family)
    return all(use.share <= BUDGET for use in uses(area, board.device))


def _variants(d: Description, smallest: bool) -> list[tuple[int, Description]]:
    """The network for inference only, then learning with 1, 2, ... directions, as far as it can.

    No more lanes are built than are in the description.
    """
    tables, mlp = d.model_dump(), d.kind == "mlp"
    folding = {name: tables["hardware"][name] for name in ("pe", "simd", "terms")[: 2 + (not mlp)]}
    if smallest:
        ones = [1] * len(d.shapes)
        folding |= {"pe": ones, "simd": ones} | ({} if mlp else {"terms": 1})
    hardware = tables["hardware"] | folding | ({"lanes": None} if mlp else {})
    learning = {name: one for name, one in tables["learning"].items() if name != "masks"}
    given = [(0, _inferring(d, folding))]
    for count in range(1, MOST_DIRECTIONS + 1) if d.learns else ():
        own = {"learning": learning | {"directions": count}, "hardware": hardware}
        given.append((count, tables | own))
    found: list[tuple[int, Description]] = []
    for count, one in given:
        try:
            found.append((count, _in_passes(describe(one, d.name), d.hardware.lanes)))
        except BadInput:
            continue
    return found


def _in_passes(d: Description, lanes: int | None) -> Description:
    """With so many lanes built, where it uses more."""
    return d if lanes is None or d.lanes <= lanes else revised(d, "hardware", lanes=lanes)


def _inferring(d: Description, folding: dict[str, Any]) -> dict[str, Any]:
    """The tables of the same network for inference only; none are allowed for inputs over time."""
    tables, mlp = d.model_dump(), d.kind == "mlp"
    for section, key in of_others(mlp=mlp, online=False):
        tables.get(section, {}).pop(key, None)
    learning = {"rule": "none"} | ({} if mlp else {"batch": d.batch})
    return tables | {"learning": learning, "hardware": folding}
