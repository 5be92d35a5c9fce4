"""The loops that `golden.experiments.cost.gradient` counts, with numbers that count.

Written from the equations, neuron by neuron and step by step; no matrix product, no NumPy in the
arithmetic.
"""

import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from dualspike.golden.float.layout import Slot
from dualspike.golden.float.model import Model
from dualspike.golden.numeric import Floats

from .meter import Array, Meter, Number
from .neurons import Part


def head(
    meter: Meter, model: Model, parts: list[Part], target: Floats, thetas: list[Any]
) -> tuple[Array | None, Any]:
    """Y, then what gives (dL/drate, readout gradients) of every part when called."""
    outputs = [part.outputs for part in parts]
    basis = model.operator.parts[0].layers[-1]
    truth = meter.given(target)
    if model.operator.kind == "mlp":
        y, rows = outputs[0], None
    else:
        shape = [part.rows for part in parts[:-1]]
        rows = outputs[0]
        for n, more in enumerate(outputs[1:-1], 1):
            wider = meter.made(math.prod(shape[: n + 1]), basis)
            for r, i in itertools.product(range(len(wider.values)), range(basis)):
                wider[r, i] = rows[r // shape[n], i] * more[r % shape[n], i]
            rows = wider
        y = meter.made(math.prod(shape), parts[-1].rows)
        for r, c in itertools.product(range(math.prod(shape)), range(parts[-1].rows)):
            total = meter.zero()
            for i in range(basis):
                total = total + rows[r, i] * outputs[-1][c, i]
            y[r, c] = total

    def back() -> list[tuple[Array, Array, Array]]:
        flat = truth.values = truth.values.reshape(y.values.shape)
        scale = 1 / (len(target) if rows is None else target.size)
        weights = None
        if model.floor is not None:
            square = np.square(target).reshape(len(target), -1).mean(axis=1)
            weights = meter.given(square.mean() / (square + model.floor * square.mean()))
        error, loss = meter.made(*flat.shape), meter.zero()
        for r, c in itertools.product(*map(range, flat.shape)):
            e = y[r, c] - truth[r, c]
            heavy = e if weights is None else e * weights[r * len(target) // len(flat)]
            loss = loss + e * heavy
            error[r, c] = heavy * scale if rows is None else heavy
        loss = loss * (scale / 2)
        cotangents = [error] if rows is None else _pull(meter, parts, error, rows, scale)
        return [
            _readout(meter, part, m, theta[-1][0])
            for part, m, theta in zip(parts, cotangents, thetas, strict=True)
        ]

    return y, back


def _pull(meter: Meter, parts: list[Part], error: Array, rows: Array, scale: float) -> list[Array]:
    shape = [part.rows for part in parts[:-1]]
    count, basis, columns = len(rows.values), rows.values.shape[1], parts[-1].rows
    rest, last = meter.made(count, basis), meter.made(columns, basis)
    for r, i in itertools.product(range(count), range(basis)):
        total = meter.zero()
        for c in range(columns):
            total = total + error[r, c] * parts[-1].outputs[c, i]
        rest[r, i] = total
    for c, i in itertools.product(range(columns), range(basis)):
        total = meter.zero()
        for r in range(count):
            total = total + error[r, c] * rows[r, i]
        last[c, i] = total
    rest.values = rest.values.reshape(*shape, basis)
    found: list[Array] = []
    for part in range(len(shape)):
        others = rest
        for axis in range(len(shape) - 1, -1, -1):
            if axis == part:
                continue
            size = others.values.shape
            less = meter.made(*size[:axis], *size[axis + 1 :])
            for index in itertools.product(*map(range, less.values.shape)):
                total = meter.zero()
                for n in range(size[axis]):
                    whole = (*index[:axis], n, *index[axis:])
                    total = total + others[whole] * parts[axis].outputs[n, index[-1]]
                less[index] = total
            others = less
        found.append(others)
    for array in (*found, last):
        for index in itertools.product(*map(range, array.values.shape)):
            array[index] = array[index] * scale
    return [*found, last]


def _readout(meter: Meter, part: Part, m: Array, w: Array) -> tuple[Array, Array, Array]:
    basis, width = w.values.shape
    back = meter.made(part.rows, width)
    for b, i in itertools.product(range(part.rows), range(width)):
        total = meter.zero()
        for o in range(basis):
            total = total + m[b, o] * w[o, i]
        back[b, i] = total
    dw, db = meter.made(basis, width), meter.made(basis)
    for o in range(basis):
        for i in range(width):
            total = meter.zero()
            for b in range(part.rows):
                total = total + m[b, o] * part.rates[b, i]
            dw[o, i] = total
        total = meter.zero()
        for b in range(part.rows):
            total = total + m[b, o]
        db[o] = total
    return back, dw, db


def execute(
    model: Model,
    theta: Floats,
    inputs: tuple[Floats, ...],
    target: Floats,
    v: Any,
    rule: str,
    constant: bool,
) -> tuple[Meter, Floats]:
    """Run a rule; returns what it counted, and y (forward) or g.

    ``v``: directions [K, N]; for rule neurons those of every hidden layer, [K, rows, n].
    """
    meter = Meter()
    slots = [model.layout.of_part(n) for n in range(len(inputs))]
    thetas = [[_given(meter, slot, theta) for slot in some] for some in slots]
    if rule == "neurons":
        own = iter(v)
        signs: Any = [[[*map(meter.given, next(own))] for _ in some[:-1]] for some in slots]
    else:
        signs = [[[_given(meter, slot, row) for row in v] for slot in some] for some in slots]
    parts = [
        Part(meter, network, some, x, constant)
        for network, some, x in zip(model.operator.parts, slots, inputs, strict=True)
    ]
    for part, params, lanes in zip(parts, thetas, signs, strict=True):
        part.run(params, lanes, rule)
    y, back = head(meter, model, parts, target, thetas)
    if rule == "forward":
        assert y is not None
        return meter, y.values.reshape(target.shape)
    g = np.zeros(model.layout.size)
    backs = back()
    if rule == "bp":
        for part, params, some, (rates, dw, db) in zip(parts, thetas, slots, backs, strict=True):
            found = [*reversed([*part.vjp(params, rates)]), (dw, db)]
            for slot, (w, b) in zip(some, found, strict=True):
                for into, values in zip(slot.split(g), (w, b), strict=True):
                    into[:] = values.values
        return meter, g
    if rule == "neurons":
        for part, some, lanes, (rates, dw, db) in zip(parts, slots, signs, backs, strict=True):
            found = [*_neurons(meter, part, lanes, rates), (dw, db)]
            for slot, (w, b) in zip(some, found, strict=True):
                for into, values in zip(slot.split(g), (w, b), strict=True):
                    into[:] = values.values
        return meter, g
    slopes = _slopes(meter, parts, signs, backs, rule)
    return meter, _combine(meter, model, v, slopes, rule)


def _given(meter: Meter, slot: Slot, flat: Floats) -> tuple[Array, Array]:
    w, b = slot.split(flat)
    return meter.given(w), meter.given(b)


def _slopes(
    meter: Meter, parts: list[Part], signs: list[Any], backs: list[Any], rule: str
) -> list[list[Number]]:
    """Of every lane, for all layers or for each."""
    count = len(signs[0][0])
    layers = sum(len(some) for some in signs)
    table = [[meter.zero() for _ in range(layers)] for _ in range(count)]
    column = 0
    for part, some, (back, dw, db) in zip(parts, signs, backs, strict=True):
        for lane in range(len(part.drates.values)):
            depth, k = divmod(lane, count)
            place = column + depth if rule == "layer" else 0
            for b, i in itertools.product(range(part.rows), range(part.network.layers[-2])):
                more = back[b, i] * part.drates[lane, b, i]
                table[k][place] = table[k][place] + more
        column += len(some)
        for k in range(count):
            place = column - 1 if rule == "layer" else 0
            for g, v in zip((dw, db), some[-1][k], strict=True):
                for index in itertools.product(*map(range, g.values.shape)):
                    table[k][place] = table[k][place] + g[index].signed(v[index])
    return table if rule == "layer" else [row[:1] for row in table]


def _neurons(
    meter: Meter, part: Part, signs: list[list[Array]], back: Array
) -> Iterator[tuple[Array, Array]]:
    """DW and db of every hidden layer, from dL/drate of the last."""
    count = len(signs[0])
    every = range(part.rows)
    for depth, lanes in enumerate(signs):
        n_in, n = part.network.shapes[depth]
        q, dw, db = meter.made(part.rows, n), meter.made(n, n_in), meter.made(n)
        for b in every:
            slopes: list[Number] = []
            for k in range(count):
                total = meter.zero()
                for i in range(part.network.layers[-2]):
                    total = total + back[b, i] * part.drates[depth * count + k, b, i]
                slopes.append(total if count == 1 else total * (1 / count))
            for i in range(n):
                moved = [
                    slope.signed(lane[b, i]) for slope, lane in zip(slopes, lanes, strict=True)
                ]
                q[b, i] = moved[0] if count == 1 else sum(moved, meter.zero())
        for i in range(n):
            for j in range(n_in):
                total = meter.zero()
                for b in every:
                    total = total + q[b, i] * part.sent[depth][b, j]
                dw[i, j] = total
            total = meter.zero()
            for b in every:
                total = total + q[b, i]
            db[i] = total
        yield dw, db


def _combine(
    meter: Meter, model: Model, v: Floats, slopes: list[list[Number]], rule: str
) -> Floats:
    signs, g = meter.given(v), meter.made(model.layout.size)
    if len(v) == 1:
        table = None
    else:
        table = meter.given(np.zeros((len(slopes), len(slopes[0]))))
        for k, column in itertools.product(range(len(v)), range(len(slopes[0]))):
            table.values[k, column] = (slopes[k][column] * (1 / len(v))).value
    for place, slot in enumerate(model.layout.layers):
        column = place if rule == "layer" else 0
        for n in range(slot.begin, slot.end):
            if table is None:
                g[n] = slopes[0][column].signed(signs[0, n])
                continue
            total = meter.zero()
            for k in range(len(v)):
                total = total + table[k, column].signed(signs[k, n])
            g[n] = total
    return g.values
