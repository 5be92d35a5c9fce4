"""Which boards have room for a network: with how many directions it learns, or that it infers."""

from dataclasses import dataclass

from dualspike.boards.catalog import BOARDS, Board
from dualspike.model.description import Description
from dualspike.model.errors import BadInput
from dualspike.model.estimate import Use, chip_area, uses
from dualspike.model.load import describe

BUDGET = 0.8
"""Share of a device that a core may take: the rest is for the host link, and for routing."""
MOST_DIRECTIONS = 8


@dataclass(frozen=True)
class Room:
    """What a core takes of a board, and the most directions with which it fits.

    Those are 0 where it fits for inference only, None where not even that.
    """

    board: Board
    uses: list[Use]
    directions: int | None


def rooms(d: Description) -> list[Room]:
    """One for every board, in the catalogue's order; by the forecast of `model.estimate`."""
    variants = _variants(d)
    return [_room(d, board, variants) for board in BOARDS.values()]


def _room(d: Description, board: Board, variants: list[tuple[int, Description]]) -> Room:
    taken = uses(chip_area(d, board.device.family), board.device)
    fitting = [n for n, one in variants if _fits(one, board)]
    return Room(board, taken, max(fitting, default=None))


def _fits(d: Description, board: Board) -> bool:
    area = chip_area(d, board.device.family)
    return all(use.share <= BUDGET for use in uses(area, board.device))


def _variants(d: Description) -> list[tuple[int, Description]]:
    """The network for inference only, then learning with 1, 2, ... directions, as it is folded."""
    tables = d.model_dump()
    plain = tables | {
        "learning": {"rule": "none"},
        "hardware": {key: tables["hardware"][key] for key in ("pe", "simd")},
    }
    found = [(0, describe(plain, d.name))]
    for count in range(1, MOST_DIRECTIONS + 1) if d.learns else ():
        learning = tables["learning"] | {"directions": count, "masks": None}
        hardware = tables["hardware"] | {"lanes": None}
        try:
            one = describe(tables | {"learning": learning, "hardware": hardware}, d.name)
        except BadInput:
            continue
        found.append((count, one))
    return found
