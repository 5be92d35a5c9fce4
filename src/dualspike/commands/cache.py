"""``dualspike cache``."""

from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from dualspike.model.system.builds import BOUND
from dualspike.model.system.cache import KINDS, cache_folder, clear, contents
from dualspike.output import JsonFlag, console, emit_json


def cache(
    empty: Annotated[bool, typer.Option("--clear", help="Remove all that is in it.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Show the folder of all that can be made again, or clear it.

    $DUALSPIKE_CACHE says where it is.
    """
    folder, out = cache_folder(), console(as_json)
    if empty:
        clear()
    found = contents()
    table = Table("kind", "what it is", "files", "MB", box=None, pad_edge=False)
    for content in found:
        size = f"{content.size / 1e6:.1f}"
        table.add_row(content.kind, KINDS[content.kind], str(content.files), size)
    out.print(f"{'Cleared ' if empty else ''}{folder}")
    out.print(table)
    out.print(
        f"Of simulators and netlists more than {BOUND / 1e6:,.0f} MB each go,"
        " the longest unused first."
    )
    if as_json:
        kinds = [asdict(content) for content in found]
        emit_json({"folder": str(folder), "bound": BOUND, "kinds": kinds})
