"""Expressions of Verilog as trees: read, with their widths and signs, and written again.

Widths and signs are those of IEEE 1364-2005, 5.4 and 5.5: what an operand is extended to depends on
the expression around it, so that a part may not always stand in place of a wire that holds it.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby

TOKEN = re.compile(
    r"\\\S+ |[A-Za-z_$][\w$]*|\d+'s?[bdh][\da-fA-FxXzZ?_]+|\d+"
    r"|<<<|>>>|===|!==|<<|>>|<=|>=|==|!=|&&|\|\||~&|~\||~\^|[^\s\w]"
)
_LEVELS = (
    ("||",), ("&&",), ("|",), ("^", "~^"), ("&",), ("==", "!=", "===", "!=="),
    ("<", "<=", ">", ">="), ("<<", ">>", "<<<", ">>>"), ("+", "-"), ("*", "/", "%"),
)  # fmt: skip
_LEVEL = {op: n for n, ops in enumerate(_LEVELS) for op in ops}
_CHAINS = frozenset({"|", "&", "^", "+"})
_SHIFTS = frozenset(_LEVELS[7])
_BITS = frozenset({"&", "|", "^"})
_TRUTHS = frozenset({"||", "&&", *_LEVELS[5], *_LEVELS[6]})
_REDUCES = frozenset({"!", "&", "|", "^", "~&", "~|", "~^"})

Widths = Mapping[str, int]
Naming = Callable[[str], str]


@dataclass(frozen=True)
class Expression:
    """``kind`` is name, const, cat, repeat, call, unary, binary or choice.

    ``text`` is the name, the constant, the operator, the function or the number of repetitions;
    ``select`` stands in brackets after a name, if anything does, or after a word of a memory.
    """

    kind: str
    text: str
    args: tuple["Expression", ...] = ()
    width: int = 1
    signed: bool = False
    select: tuple["Expression", ...] = ()

    @cached_property
    def exact(self) -> bool:
        """Whether more bits around it, without signs, would do nothing but extend it by zeros."""
        if self.signed:
            return False
        if self.kind == "binary" and self.text not in _TRUTHS:
            if self.text in _BITS:
                return all(one.exact for one in self.args)
            return self.text == ">>" and self.args[0].exact
        if self.kind == "unary":
            return self.text in _REDUCES
        return self.kind != "choice" or all(one.exact for one in self.args[1:])

    @cached_property
    def size(self) -> int:
        """Names and constants in it."""
        return sum(one.size for one in (*self.args, *self.select)) or 1


def contexts(one: Expression, width: int | None) -> list[int | None]:
    """What the arguments of ``one`` are extended to, where it is itself extended to ``width``.

    None stands for its own width, and for one that nothing around it can change.
    """
    within = max(width or 0, one.width)
    if one.kind == "choice":
        return [None, within, within]
    if one.kind == "unary":
        return [None if one.text in _REDUCES else within]
    if one.kind != "binary":
        return [None for _ in one.args]
    if one.text in ("&&", "||"):
        return [None, None]
    if one.text in _TRUTHS:
        return [max(arg.width for arg in one.args)] * 2
    return [within, None if one.text in _SHIFTS else within]


def names_in(one: Expression) -> Iterator[str]:
    """Every name in an expression, as often as it stands there."""
    if one.kind == "name":
        yield one.text
    for part in (*one.args, *one.select):
        yield from names_in(part)


class Reader:
    """Reads expressions out of ``tokens`` from ``at`` on; ``widths`` has those of all names.

    ``words`` has the widths of memories, ``functions`` those of functions.
    """

    def __init__(
        self, tokens: Sequence[str], widths: Widths, words: Widths, functions: Widths
    ) -> None:
        self.tokens, self.at = tokens, 0
        self._widths, self._words, self._functions = widths, words, functions

    def take(self, *wanted: str) -> str:
        """The next token, which must be one of ``wanted`` if any are."""
        token = self.tokens[self.at]
        if wanted and token not in wanted:
            raise ValueError(f"expected {' or '.join(wanted)}, not {token!r}")
        self.at += 1
        return token

    def find(self, *wanted: str) -> bool:
        """Whether the next token is one of ``wanted``, and then it is taken."""
        found = self.at < len(self.tokens) and self.tokens[self.at] in wanted
        self.at += found
        return found

    def expression(self) -> Expression:
        """One whole expression."""
        condition = self._binary(0)
        if not self.find("?"):
            return condition
        then = self.expression()
        self.take(":")
        return choice(condition, then, self.expression())

    def target(self) -> Expression:
        """What stands left of an assignment."""
        return self._operand()

    def _binary(self, level: int) -> Expression:
        left = self._unary()
        while self.at < len(self.tokens):
            op = self.tokens[self.at]
            found = _LEVEL.get(op, -1)
            if found < level:
                break
            self.at += 1
            left = binary(op, left, self._binary(found + 1))
        return left

    def _unary(self) -> Expression:
        if self.find("~", "-", "+", *_REDUCES):
            op = self.tokens[self.at - 1]
            return unary(op, self._unary())
        return self._operand()

    def _operand(self) -> Expression:
        token = self.take()
        if token == "(":
            inside = self.expression()
            self.take(")")
            return inside
        if token == "{":
            return self._braces()
        if token[0].isdigit():
            size, quote, rest = token.partition("'")
            width = int(size) if quote else 32
            return Expression("const", token, (), width, not quote or rest[0] == "s")
        name = plain(token)
        if name in self._functions or token[0] == "$":
            self.take("(")
            args = [self.expression()]
            while self.find(","):
                args.append(self.expression())
            self.take(")")
            width = self._functions.get(name, args[0].width)
            return Expression("call", name, tuple(args), width, name == "$signed")
        return self._selected(name)

    def _selected(self, name: str) -> Expression:
        whole = Expression("name", name, (), self._widths.get(name, 0))
        if self.tokens[self.at : self.at + 1] != ["["]:
            return whole
        if name in self._words:
            self.take("[")
            whole = replace(whole, width=self._words[name], select=(self.expression(),))
            self.take("]")
            if self.tokens[self.at : self.at + 1] != ["["]:
                return whole
            whole = Expression("part", "", (whole,))
        self.take("[")
        select = [self.expression()]
        if self.find(":"):
            select.append(self.expression())
        self.take("]")
        high, low = select[0].text, select[-1].text
        width = int(high) - int(low) + 1 if len(select) == 2 else 1
        return replace(whole, width=width, select=tuple(select))

    def _braces(self) -> Expression:
        first = self.expression()
        if self.find("{"):
            inside = self._braces()
            self.take("}")
            return Expression("repeat", first.text, (inside,), int(first.text) * inside.width)
        parts = [first]
        while self.find(","):
            parts.append(self.expression())
        self.take("}")
        return together(parts)


def plain(token: str) -> str:
    """A name without the marks of an escaped one."""
    return token[1:-1] if token[0] == "\\" else token


def together(parts: Sequence[Expression]) -> Expression:
    """Parts side by side, the highest first; the same one several times is a repetition."""
    runs: list[Expression] = []
    for one, run in groupby(parts):
        count = len(list(run))
        if count > 1 and one.kind == "name":
            one = Expression("repeat", str(count), (one,), count * one.width)
            count = 1
        runs += [one] * count
    if len(runs) == 1 and runs[0].kind == "repeat":
        return runs[0]
    return Expression("cat", "", tuple(runs), sum(one.width for one in runs))


def unary(op: str, arg: Expression) -> Expression:
    """``op`` of ``arg``; of one bit ``~`` is ``!``, and a test of bits for themselves a chain."""
    if op in ("&", "|") and arg.kind == "cat" and all(one.width == 1 for one in arg.args):
        chain = arg.args[0]
        for one in arg.args[1:]:
            chain = binary(op, chain, one)
        return chain
    if op in _REDUCES or (arg.width == 1 and op == "~"):
        return Expression("unary", "!" if op == "~" else op, (arg,))
    return Expression("unary", op, (arg,), arg.width, arg.signed)


def binary(op: str, left: Expression, right: Expression) -> Expression:
    """``left op right`` with its width and sign."""
    if op in _TRUTHS:
        return Expression("binary", op, (left, right))
    if op in _SHIFTS:
        return Expression("binary", op, (left, right), left.width, left.signed)
    width = max(left.width, right.width)
    return Expression("binary", op, (left, right), width, left.signed and right.signed)


def choice(condition: Expression, then: Expression, other: Expression) -> Expression:
    """``condition ? then : other`` with its width and sign."""
    width, signed = max(then.width, other.width), then.signed and other.signed
    return Expression("choice", "", (condition, then, other), width, signed)


def rebuilt(
    one: Expression, args: Sequence[Expression], select: Sequence[Expression]
) -> Expression:
    """``one`` with other arguments of the same widths."""
    return replace(one, args=tuple(args), select=tuple(select))


def written(one: Expression, naming: Naming) -> str:
    """The text of an expression, with parentheses wherever two operators meet."""
    if one.kind == "const":
        return short(one.text)
    if one.kind == "name":
        select = ":".join(written(part, naming) for part in one.select)
        return naming(one.text) + (f"[{select}]" if select else "")
    args = [written(arg, naming) for arg in one.args]
    if one.kind == "part":
        return f"{args[0]}[{':'.join(written(part, naming) for part in one.select)}]"
    if one.kind == "cat":
        return f"{{{', '.join(args)}}}"
    if one.kind == "repeat":
        inside = args[0] if one.args[0].kind == "cat" else f"{{{args[0]}}}"
        return f"{{{one.text}{inside}}}"
    if one.kind == "call":
        name = one.text if one.text[0] == "$" else naming(one.text)
        return f"{name}({', '.join(args)})"
    parts = [
        f"({text})" if _clashes(one, arg, n) else text
        for n, (arg, text) in enumerate(zip(one.args, args, strict=True))
    ]
    if one.kind == "unary":
        return one.text + parts[0]
    if one.kind == "choice":
        return f"{parts[0]} ? {parts[1]} : {parts[2]}"
    return f"{parts[0]} {one.text} {parts[1]}"


def short(constant: str) -> str:
    """A constant with one digit if it is 0."""
    return re.sub(r"'(s?[bdh])0+$", r"'\g<1>0", constant)


def _clashes(one: Expression, arg: Expression, place: int) -> bool:
    if arg.kind == "unary":
        return one.kind == "unary" or arg.text not in ("!", "~")
    if arg.kind == "choice":
        return not (one.kind == "choice" and place == 2)
    if arg.kind != "binary":
        return False
    return not (one.kind == "binary" and one.text == arg.text in _CHAINS and place == 0)
