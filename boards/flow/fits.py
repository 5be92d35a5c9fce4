"""Which boards have room for a network: with how many directions it learns, or that it infers."""

from dataclasses import dataclass

from dualspike.boards.catalog import BOARDS, Board
from dualspike.model.cost.estimate import Use, chip_area, uses
from dualspike.model.description.description import Description
from dualspike.model.description.load import describe
from dualspike.model.errors import BadInput

BUDGET = 0.8
"""Share of a device that a core may take: the rest is for the host link, and for routing."""
MOST_DIRECTIONS = 8


@dataclass(frozen=True)
class BoardFit:
    """What a core takes of a board, and the most directions with which it fits.

    Those are 0 where it fits for inference only, None where not even that. ``folded`` are the
    directions with one weight at a time in every layer, the smallest folding of all.
    """

    board: Board
    uses: list[Use]
    directions: int | None
    folded: int | None


def boards_that_fit(d: Description) -> list[BoardFit]:
    """One for every board, in the catalogue's order; by the forecast of `model.cost.estimate`."""
    given, folded = (_variants(d, smallest) for smallest in (False, True))
    return [
        BoardFit(
            board,
            uses(chip_area(d, board.device.family), board.device),
            _most(given, board),
            _most(folded, board),
        )
        for board in BOARDS.values()
    ]


def _most(variants: list[tuple[int, Description]], board: Board) -> int | None:
    return max((n for n, one in variants if _fits(one, board)), default=None)


def _fits(d: Description, board: Board) -> bool:
    area = chip_area(d, board.device.family)
    return all(use.share <= BUDGET for use in uses(area, board.device))


def _variants(d: Description, smallest: bool) -> list[tuple[int, Description]]:
    """The network for inference only, then learning with 1, 2, ... directions."""
    tables = d.model_dump()
    if smallest:
        ones = [1] * len(d.shapes)
        tables["hardware"] |= {"pe": ones, "simd": ones}
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
