"""The hidden layers neuron by neuron, as `golden.experiments.cost.gradient` describes them."""

import itertools
from collections.abc import Iterator
from typing import Any

from dualspike.golden.float.layout import Slot
from dualspike.golden.numeric import Floats
from dualspike.model.description.network import Network

from .meter import Array, Meter, Number


class Part:
    """One perceptron on its rows of the batch.

    ``rule`` is forward, bp, layer, global or neurons.
    """

    def __init__(
        self, meter: Meter, network: Network, slots: tuple[Slot, ...], x: Floats, constant: bool
    ) -> None:
        self.meter, self.network, self.slots, self.constant = meter, network, slots, constant
        self.steps, self.rows = network.time_steps, len(x)
        self.last = len(network.layers) - 3
        self.x = meter.given(x)
        self.spikes: list[Array] = []
        self.slopes: list[Array] = []
        self.rates = meter.made(len(x), network.layers[-2], keep="kept_values")
        self.sent = [self.x]  # what hidden layers are sent in the mean, for rule neurons

    def source(self, depth: int, t: int, b: int, j: int) -> Number:
        return self.spikes[depth - 1][t, b, j] if depth else self.x[b, j]

    def run(self, theta: list[tuple[Array, Array]], v: list[Any], rule: str) -> None:
        """Hidden layers, then the readout. ``v``: for each layer the lanes' signs (W, b).

        For rule neurons those of the neurons, [rows, n].
        """
        k = len(v[0])
        dspikes: Array | None = None
        for depth in range(self.last + 1):
            lanes, dspikes_above = self._lanes(depth, k, rule), None
            n = self.network.layers[depth + 1]
            if depth < self.last:
                keep = "kept_bits" if rule == "bp" else ""
                self.spikes.append(self.meter.made(self.steps, self.rows, n, keep=keep))
                dspikes_above = self.meter.made(lanes, self.steps, self.rows, n)
                if rule == "neurons":
                    self.sent.append(self.meter.made(self.rows, n, keep="kept_values"))
            else:
                keep = "kept_values" if lanes else ""
                self.drates = self.meter.made(lanes, self.rows, n, keep=keep)
            if rule == "bp":
                short = self.constant and depth == 0 and depth == self.last
                steps = 1 if short else self.steps
                self.slopes.append(self.meter.made(steps, self.rows, n, keep="kept_values"))
            for b, i in itertools.product(range(self.rows), range(n)):
                neuron = self._constant if self.constant and depth == 0 else self._neuron
                neuron(depth, b, i, theta, v, rule, dspikes, dspikes_above)
            dspikes = dspikes_above
        w, bias = theta[-1]
        width, basis = self.network.shapes[-1]
        self.outputs = self.meter.made(self.rows, basis)
        for b, o in itertools.product(range(self.rows), range(basis)):
            total = bias[o]
            for i in range(width):
                total = total + w[o, i] * self.rates[b, i]
            self.outputs[b, o] = total

    def _lanes(self, depth: int, k: int, rule: str) -> int:
        each = (depth + 1) * k
        return {"forward": 0, "bp": 0, "global": k, "layer": each, "neurons": each}[rule]

    def _fire(self, depth: int, u: Number, z: Number) -> tuple[Number, Number, bool]:
        u = u + z
        distance = u - self.network.thresholds[depth]
        fired = distance > 0
        return (distance if fired else u), distance, fired

    def _constant(
        self,
        depth: int,
        b: int,
        i: int,
        theta: list[tuple[Array, Array]],
        v: list[Any],
        rule: str,
        _: Array | None,
        dspikes_above: Array | None,
    ) -> None:
        w, bias = theta[depth]
        forward = rule in ("layer", "global")
        last, derive = depth == self.last, rule != "forward"
        z = bias[i]
        dz = [lane[1][i] for lane in v[depth]] if forward else []
        signs = [lane[b, i] for lane in v[depth]] if rule == "neurons" else []
        for j in range(self.network.layers[depth]):
            x = self.x[b, j]
            z = z + w[i, j] * x
            dz = [d + x.signed(lane[0][i, j]) for d, lane in zip(dz, v[depth], strict=False)]
        u, rate, gain, mean = (self.meter.zero() for _ in range(4))
        for t in range(self.steps):
            u, distance, fired = self._fire(depth, u, z)
            if last or rule == "neurons":
                rate = rate.plus_if(1, fired)
            if not last:
                self.spikes[depth][t, b, i] = fired
            if not derive:
                continue
            gain = gain + 1
            response = self.meter.surrogate(self.network, distance) * gain
            if last:
                mean = mean + response
            elif rule == "bp":
                self.slopes[depth][t, b, i] = response
            else:
                assert dspikes_above is not None
                for lane, d in enumerate(dz):
                    dspikes_above[lane, t, b, i] = response * d
                for lane, sign in enumerate(signs):
                    dspikes_above[lane, t, b, i] = response.signed(sign)
        if rule == "neurons" and not last:
            self.sent[depth + 1][b, i] = rate * (1 / self.steps)
        if last:
            self.rates[b, i] = rate * (1 / self.steps)
            if derive:
                mean = mean * (1 / self.steps)
            if rule == "bp":
                self.slopes[depth][0, b, i] = mean
            for lane, d in enumerate(dz):
                self.drates[lane, b, i] = mean * d
            for lane, sign in enumerate(signs):
                self.drates[lane, b, i] = mean.signed(sign)

    def _neuron(
        self,
        depth: int,
        b: int,
        i: int,
        theta: list[tuple[Array, Array]],
        v: list[Any],
        rule: str,
        dspikes: Array | None,
        dspikes_above: Array | None,
    ) -> None:
        w, bias = theta[depth]
        forward, last = rule in ("layer", "global"), depth == self.last
        n_in, own = self.network.layers[depth], v[depth] if forward else []
        signs = [lane[b, i] for lane in v[depth]] if rule == "neurons" else []
        lanes = self._lanes(depth, len(v[0]), rule)
        before = self._lanes(depth - 1, len(v[0]), rule) if depth and dspikes is not None else 0
        u, rate = self.meter.zero(), self.meter.zero()
        du, drate = ([self.meter.zero() for _ in range(lanes)] for _ in range(2))
        for t in range(self.steps):
            z = bias[i]
            # Own terms begin with c in the last lanes; carried ones, layer-wise, with 0 in front.
            dz = [self.meter.zero() for _ in range(lanes - len(own) - len(signs))]
            dz += [lane[1][i] for lane in own] + signs
            for j in range(n_in):
                weight, s = w[i, j], self.source(depth, t, b, j)
                z = z.plus_if(weight, s) if depth else z + weight * s
                for k, lane in enumerate(own):
                    sign, place = lane[0][i, j], lanes - len(own) + k
                    plain = dz[place]
                    dz[place] = plain.plus_if(sign, s) if depth else plain + s.signed(sign)
                if dspikes is not None:
                    for lane in range(before):
                        dz[lane] = dz[lane] + weight * dspikes[lane, t, b, j]
            u, distance, fired = self._fire(depth, u, z)
            if last or rule == "neurons":
                rate = rate.plus_if(1, fired)
            if not last:
                self.spikes[depth][t, b, i] = fired
            if rule == "forward":
                continue
            f = self.meter.surrogate(self.network, distance)
            if rule == "bp":
                self.slopes[depth][t, b, i] = f
            for lane in range(lanes):
                du[lane] = du[lane] + dz[lane]
                ds = f * du[lane]
                if last:
                    drate[lane] = drate[lane] + ds
                else:
                    assert dspikes_above is not None
                    dspikes_above[lane, t, b, i] = ds
        if rule == "neurons" and not last:
            self.sent[depth + 1][b, i] = rate * (1 / self.steps)
        if last:
            self.rates[b, i] = rate * (1 / self.steps)
            for lane in range(lanes):
                self.drates[lane, b, i] = drate[lane] * (1 / self.steps)

    def vjp(self, theta: list[tuple[Array, Array]], back: Array) -> Iterator[tuple[Array, Array]]:
        """DW and db of every hidden layer, the last first, from dL/drate of the last."""
        above: Array | None = None
        for depth in range(self.last, -1, -1):
            n_in, n = self.network.shapes[depth]
            short = self.constant and depth == 0
            steps = 1 if short else self.steps
            q = self.meter.made(steps, self.rows, n)
            for b, i in itertools.product(range(self.rows), range(n)):
                total = self.meter.zero()
                f = self.slopes[depth]
                if short and depth == self.last:
                    q[0, b, i] = f[0, b, i] * back[b, i]
                elif short:
                    assert above is not None
                    for t in range(self.steps):
                        total = total + f[t, b, i] * above[t, b, i]
                    q[0, b, i] = total
                else:
                    top = back[b, i] * (1 / self.steps) if depth == self.last else None
                    for t in range(self.steps - 1, -1, -1):
                        if top is None:
                            assert above is not None
                            g = above[t, b, i]
                        else:
                            g = top
                        total = f[t, b, i] * g + total
                        q[t, b, i] = total
            yield self._weights(depth, q, steps)
            if depth:
                above = self.meter.made(self.steps, self.rows, n_in)
                w = theta[depth][0]
                every = (range(self.steps), range(self.rows), range(n_in))
                for t, b, j in itertools.product(*every):
                    total = self.meter.zero()
                    for i in range(n):
                        total = total + w[i, j] * q[t, b, i]
                    above[t, b, j] = total

    def _weights(self, depth: int, q: Array, steps: int) -> tuple[Array, Array]:
        n_in, n = self.network.shapes[depth]
        dw, db = self.meter.made(n, n_in), self.meter.made(n)
        for i in range(n):
            for j in range(n_in):
                total = self.meter.zero()
                for t, b in itertools.product(range(steps), range(self.rows)):
                    s, more = self.source(depth, t, b, j), q[t, b, i]
                    total = total.plus_if(more, s) if depth else total + more * s
                dw[i, j] = total
            total = self.meter.zero()
            for t, b in itertools.product(range(steps), range(self.rows)):
                total = total + q[t, b, i]
            db[i] = total
        return dw, db
