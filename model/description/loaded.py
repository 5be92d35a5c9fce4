"""Where a description comes from in Python: a file, a preset, plain tables."""

from pathlib import Path
from typing import Any, Self, cast

from dualspike.model.description.network import Section


class Loaded(Section):
    """The ways to a checked description; each raises BadInput with one line for what is wrong."""

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Of a TOML file, whose name begins the line of a mistake."""
        from dualspike.model.description import load

        return cast(Self, load.load(Path(path)))

    @classmethod
    def preset(cls, name: str) -> Self:
        """A built-in one; the line of a mistake lists their names."""
        from dualspike.model.description import load

        return cast(Self, load.load_preset(name))

    @classmethod
    def from_dict(cls, tables: dict[str, Any]) -> Self:
        """Of plain tables, as a TOML file has them."""
        from dualspike.model.description import load

        return cast(Self, load.describe(tables, "description"))
