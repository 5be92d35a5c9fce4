"""The command that is running, as words for a shell."""

from pathlib import Path
from typing import Any

import typer

from dualspike.output import shell


def again(context: typer.Context, **changed: Any) -> str:
    """The same command once more, as a shell reads it, with other values for some options."""
    words: list[str | Path] = ["dualspike", *(context.info_name or "").split()]
    for parameter in context.command.params:
        name = parameter.name or ""
        value = changed.get(name, context.params.get(name))
        if value is None or value is False or value == parameter.get_default(context):
            continue
        shown = value if isinstance(value, Path) else str(value)
        if parameter.param_type_name == "argument":
            words.append(shown)
        else:
            words += [parameter.opts[0], *([] if value is True else [shown])]
    return shell(*words)
