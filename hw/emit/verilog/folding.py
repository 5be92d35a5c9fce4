"""Wires without a name that are read once: what they hold goes where they are read.

Yosys gives every operator a wire of its own. Such a wire cuts an expression to its width and takes
its sign away, so that one goes only where nothing changes by IEEE 1364-2005, 5.4 and 5.5.
"""

import re
from collections import Counter
from graphlib import CycleError, TopologicalSorter

from dualspike.hw.emit.verilog.expressions import Expression, contexts, names_in, rebuilt
from dualspike.hw.emit.verilog.modules import Assign, Module

UNNAMED = re.compile(r"_\d+_")
_MOST = 7
"""Names and constants that an expression may have, so that it can be taken in at a glance."""


def fold(module: Module) -> None:
    """Change ``module``: fewer wires, and expressions of up to `_MOST` names."""
    folding = _Folding(module)
    for name in folding.order():
        one = folding.made[name]
        one.value = folding.root(one.value, one.target.width)
    done = {id(one) for one in folding.made.values()}
    for one in module.statements:
        if id(one) not in done:
            one.change(folding.root)
    gone = {name for name in folding.made if not folding.uses[name]}
    module.statements = [
        one for one in module.statements if id(one) not in done or one.target.text not in gone
    ]
    for name in gone:
        del module.wires[name]


class _Folding:
    """``made`` has what each wire without a name is, ``uses`` how often it is still read."""

    def __init__(self, module: Module) -> None:
        self.uses: Counter[str] = Counter()
        self.made: dict[str, Assign] = {}
        memories = {one.name for one in module.wires.values() if one.words}
        for one in module.statements:
            one.change(self._count)
            if isinstance(one, Assign) and UNNAMED.fullmatch(one.target.text):
                stays = one.value.text in memories or _is_choice_by_function(one.value)
                if not one.target.select and not stays:
                    self.made[one.target.text] = one
        self._shared = {name for name in self.made if self.uses[name] > 1}
        self._room = 0

    def _count(self, one: Expression, _: int | None) -> Expression:
        self.uses.update(names_in(one))
        return one

    def order(self) -> list[str]:
        """Names such that what a wire is made of comes before it.

        Where bits of one wire go round to others of it, all wires of the module stay.
        """
        parts = {
            name: [other for other in names_in(one.value) if other in self.made]
            for name, one in self.made.items()
        }
        try:
            return list(TopologicalSorter(parts).static_order())
        except CycleError:
            self.made = {}
            return []

    def root(self, one: Expression, width: int | None) -> Expression:
        """A whole expression that is given to something of ``width`` bits, or stands for itself."""
        self._room = _MOST - one.size
        found = self._found(one)
        if found and one.width == (found.width if width is None else width):
            return self._instead(one, found)
        return self._inside(one, width)

    def _inside(self, one: Expression, width: int | None) -> Expression:
        """The same where what is around it extends it to ``width``, or nothing does."""
        found = self._found(one)
        if found is None:
            args = [
                self._inside(arg, within)
                for arg, within in zip(one.args, contexts(one, width), strict=True)
            ]
            return rebuilt(one, args, [self._inside(part, None) for part in one.select])
        same = found.width == one.width
        alike = same and (width is None or (width == one.width and not found.signed))
        return self._instead(one, found) if alike or (same and found.exact) else one

    def _found(self, one: Expression) -> Expression | None:
        """What could stand in place of ``one``, if that is a wire and there is room."""
        if one.kind != "name" or one.select or one.text not in self.made:
            return None
        value = self.made[one.text].value
        small = value.size == 1
        fits = small or (one.text not in self._shared and value.size - 1 <= self._room)
        return value if fits else None

    def _instead(self, one: Expression, value: Expression) -> Expression:
        self._room -= value.size - 1
        self.uses[one.text] -= 1
        # What was read here is read once more, if the wire goes on to be read elsewhere.
        self.uses.update(names_in(value) if self.uses[one.text] else ())
        return value


def _is_choice_by_function(one: Expression) -> bool:
    return one.kind == "call" and one.text[0] != "$"
