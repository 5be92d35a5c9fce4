"""What one gradient costs: operations and memory traffic of BP and RFG, as formulas.

Counted are the loops that the golden models come down to, each neuron with its membrane, tangents
and sums in registers. For every part, layer, sample b and neuron i, step by step:

    z = b_i + sum_j w_ij S_j     U += z     d = U - threshold     S = d > 0, then U = d     f(d)

- Inputs that are the same at every step (``constant``): z once for a sample, and with the gain
  t of dU[t] = t dz the response a[t] = t f serves all lanes: dS[t] = a[t] dz. Otherwise the first
  layer does as the equations say, and finds W x anew at every step.
- BP keeps f[t] and S[t] (a[t] where constant; its mean where there is one hidden layer), then
  q = f G + q, dW += q S, db += q, G of the layer below = W^T q.
- RFG, lane by lane: dz = c_i + sum_j v_ij S_j + sum_j w_ij dS_j; dU += dz; dS = f dU. In scope
  layer a lane has either its own term with v or the carried term with W, and layer l has l + 1
  lanes for each direction. Then slopes = sum of dL/drate drate, for readouts of v g, and g = v s.
- RFG-N: dz = v in a layer's own lanes, no V S; the rates of all hidden layers; slopes sample by
  sample, q = sum over lanes of slope v, dW = q s^T, db = q.
- All: readout, product of the parts, loss, and back to dL/drate, see `golden.float.combine`.

v has signs, so v x is an addition. A product with a spike is a ``gated`` addition: it is made only
where there is a spike, and counted as if there always were one. A matrix product in software does
a multiplication and an addition for it. A sum of n terms counts n additions. Not counted: drawing
v, the weights of functions in the loss, the optimiser's step (the same for every rule).
"""

from typing import Literal

from dualspike.golden.experiments.cost.count import Count
from dualspike.golden.float.hidden import Scope
from dualspike.model.description.network import Network
from dualspike.model.description.operator import Operator
from dualspike.model.errors import BadInput

Source = Literal["constant", "direct", "spikes"]
"""What a layer is fed with: one value, one at every step (though the same), or spikes."""


def forward(operator: Operator, batch: list[int], *, constant: bool = True) -> Count:
    """Y alone, for ``batch`` rows of each part."""
    total = Count()
    for network, rows in zip(operator.parts, batch, strict=True):
        for depth, source in enumerate(_sources(network, constant)):
            total += _fire(network, depth, source) * rows
        total += _readout(network) * rows
    return total + _output(operator, batch)


def backpropagation(
    operator: Operator, batch: list[int], *, constant: bool = True, weighted: bool = False
) -> Count:
    """The gradient by reverse mode; ``weighted``: functions have weights in the loss."""
    total = forward(operator, batch, constant=constant) + _errors(operator, batch, weighted)
    for network, rows in zip(operator.parts, batch, strict=True):
        for depth, source in enumerate(_sources(network, constant)):
            total += _keep(network, depth, source) * rows
            total += _reverse(network, depth, source) * rows
            n_in, n_out = network.shapes[depth]
            total += Count(writes=n_out * (n_in + 1))
    return total


def forward_gradient(
    operator: Operator,
    batch: list[int],
    scope: Scope,
    directions: int,
    *,
    constant: bool = True,
    weighted: bool = False,
) -> Count:
    """The estimate from K directions of signs by forward mode."""
    total = forward(operator, batch, constant=constant) + _errors(operator, batch, weighted)
    size = slopes = 0
    for network, rows in zip(operator.parts, batch, strict=True):
        for depth, source in enumerate(_sources(network, constant)):
            total += _tangents(network, depth, source, scope, directions) * rows
        last = len(network.layers) - 3
        lanes = directions * (last + 1 if scope == "layer" else 1)
        width, basis = network.layers[-2:]
        pairs = lanes * rows * width  # sums of dL/drate drate
        total += Count(multiplications=pairs, additions=pairs, reads=2 * pairs, kept_values=pairs)
        readout = directions * basis * (width + 1)  # sums of v g
        total += Count(additions=readout, reads=2 * readout)
        size += sum(n_out * (n_in + 1) for n_in, n_out in network.shapes)
        slopes += directions * len(network.shapes)
    if directions == 1:
        return total + Count(reads=size, writes=size)
    return total + Count(
        multiplications=slopes if scope == "layer" else directions,
        additions=directions * size,
        reads=2 * directions * size,
        writes=size,
    )


def neuron_gradient(
    operator: Operator,
    batch: list[int],
    directions: int,
    *,
    constant: bool = True,
    weighted: bool = False,
) -> Count:
    """The estimate along neurons from K directions of signs."""
    total = forward(operator, batch, constant=constant) + _errors(operator, batch, weighted)
    for network, rows in zip(operator.parts, batch, strict=True):
        lanes = directions * (len(network.layers) - 2)
        pairs = lanes * rows * network.layers[-2]  # sums of dL/drate drate
        total += Count(multiplications=pairs, additions=pairs, reads=2 * pairs, kept_values=pairs)
        for depth, source in enumerate(_sources(network, constant)):
            total += _moved(network, depth, source, directions) * rows
            n_in, n = network.shapes[depth]
            product = rows * n * n_in
            total += Count(product, product + rows * n, reads=2 * product + rows * n)
            total += Count(writes=n * (n_in + 1))
    return total


def _sources(network: Network, constant: bool) -> list[Source]:
    """What feeds every hidden layer; raises BadInput for what is not counted here."""
    for name, wanted in (("leak", 1), ("reset", "detached"), ("coding", "direct")):
        if getattr(network, name) != wanted:
            raise BadInput(f"{name} must be {wanted} to be counted, not {getattr(network, name)}")
    first: Source = "constant" if constant else "direct"
    return [first, *("spikes" for _ in network.layers[2:-1])]


def _place(network: Network, depth: int) -> tuple[int, int, int, bool]:
    """Inputs and neurons of a hidden layer, steps, and whether it is the last hidden one."""
    n_in, n = network.shapes[depth]
    return n_in, n, network.time_steps, depth == len(network.layers) - 3


def _fire(network: Network, depth: int, source: Source) -> Count:
    """One sample's spikes of a layer; of the last one, its rates instead."""
    n_in, n, steps, last = _place(network, depth)
    times = n if source == "constant" else n * steps
    product = n_in * times
    total = Count(reads=times + 2 * product)  # b, W and the layer's input
    if source == "spikes":
        total += Count(gated=product)
    else:
        total += Count(multiplications=product, additions=product)
    total += Count(additions=2 * n * steps, comparisons=n * steps)
    if last:
        return total + Count(gated=n * steps, multiplications=n, writes=n)
    return total + Count(writes=n * steps)


def _readout(network: Network) -> Count:
    """One sample's A = W rate + b."""
    width, basis = network.layers[-2:]
    product = width * basis
    return Count(product, product, reads=basis + 2 * product, writes=basis)


def _output(operator: Operator, batch: list[int]) -> Count:
    """Y from the parts' outputs: rows of products of all but the last, times the last."""
    if operator.kind == "mlp":
        return Count()
    basis = operator.parts[0].layers[-1]
    rows, total = batch[0], Count()
    for more in batch[1:-1]:
        rows *= more
        total += Count(multiplications=rows * basis, reads=2 * rows * basis, writes=rows * basis)
    product = rows * batch[-1] * basis
    return total + Count(product, product, reads=2 * product, writes=rows * batch[-1])


def _errors(operator: Operator, batch: list[int], weighted: bool) -> Count:
    """From y to L, dL/drate of the last hidden layers, and the readouts' gradients."""
    basis = operator.parts[0].layers[-1]
    entries = basis * batch[0]
    if operator.kind != "mlp":
        entries = 1
        for rows in batch:
            entries *= rows
    total = Count(1 + entries, 2 * entries, reads=2 * entries, writes=entries)  # the 1: L's scale
    if weighted:
        total += Count(multiplications=entries, reads=entries)
    if operator.kind == "mlp":
        total += Count(multiplications=entries)  # to the loss's scale
    else:
        total += _pull(batch, basis, entries // batch[-1])
    for network, rows in zip(operator.parts, batch, strict=True):
        width = network.layers[-2]
        product, kept = rows * width * basis, rows * width
        total += Count(product, product, reads=2 * product, writes=kept)  # dL/drate
        total += Count(kept_values=kept)  # the rates
        total += Count(product, product, reads=2 * product, writes=width * basis)  # dW
        total += Count(additions=rows * basis, reads=rows * basis, writes=basis)  # db
    return total


def _pull(batch: list[int], basis: int, rows: int) -> Count:
    """From dL/dy [rows, B_last] to dL/dA of every part, the last part's axis contracted first."""
    product = rows * batch[-1] * basis
    total = Count(product, product, reads=2 * product, writes=rows * basis)
    total += Count(product, product, reads=2 * product, writes=batch[-1] * basis)
    for part in range(len(batch) - 1):
        values = rows * basis
        for axis in range(len(batch) - 2, -1, -1):
            if axis != part:
                total += Count(values, values, reads=2 * values, writes=values // batch[axis])
                values //= batch[axis]
    scaled = sum(batch) * basis  # to the loss's scale
    return total + Count(multiplications=scaled, reads=scaled, writes=scaled)


def _response(n: int, steps: int, last: bool) -> Count:
    """A constant input's gain t, t f and, for the last hidden layer, its mean."""
    total = Count(n * steps, n * steps, surrogates=n * steps)
    return total + Count(multiplications=n, additions=n * steps) if last else total


def _keep(network: Network, depth: int, source: Source) -> Count:
    """What a sample's forward pass leaves for reverse mode, besides its rates."""
    _, n, steps, last = _place(network, depth)
    spikes = 0 if last else n * steps
    if source != "constant":
        return Count(
            surrogates=n * steps, writes=n * steps, kept_values=n * steps, kept_bits=spikes
        )
    values = n if last else n * steps
    kept = Count(writes=values, kept_values=values, kept_bits=spikes)
    return _response(n, steps, last) + kept


def _reverse(network: Network, depth: int, source: Source) -> Count:
    """One sample's way back through a layer, with what it adds to dW, db and the layer below."""
    n_in, n, steps, last = _place(network, depth)
    if source == "constant":
        product, times = n * n_in, n
        terms = n if last else n * steps  # of q = sum of a G, or q = mean a times dL/drate
        total = Count(terms, 0 if last else terms, reads=2 * terms, writes=n)
    else:
        product, times = n * n_in * steps, n * steps
        total = Count(times, times, reads=times, writes=times)
        if last:
            total += Count(multiplications=n, reads=n)  # dL/drate / T
        else:
            total += Count(reads=times)
    total += Count(additions=times, reads=times + 2 * product)
    if source != "spikes":
        return total + Count(product, product)
    return total + Count(product, product, product, reads=2 * product, writes=n_in * steps)


def _moved(network: Network, depth: int, source: Source, directions: int) -> Count:
    """One sample's tangents of a layer whose neurons are moved, its rates, and q."""
    n_in, n, steps, last = _place(network, depth)
    total = Count(reads=2 * directions * n, writes=n)  # v, for dz and for q
    if directions > 1:
        total += Count(directions, directions * n)
    if not last:
        total += Count(gated=n * steps, multiplications=n, writes=n, kept_values=n)
    if source == "constant":
        times = n if last else n * steps
        return total + _response(n, steps, last) + Count(writes=times) * directions
    product = n * n_in * steps
    total += Count(product, product, reads=product) * (directions * depth)
    return total + Count(surrogates=n * steps) + _lane(n, steps, last) * (directions * (depth + 1))


def _lane(n: int, steps: int, last: bool) -> Count:
    """DU += dz; dS = f dU."""
    step = Count(n * steps, n * steps)
    return step + (Count(n, n * steps, writes=n) if last else Count(writes=n * steps))


def _tangents(network: Network, depth: int, source: Source, scope: Scope, directions: int) -> Count:
    """One sample's tangents of a layer, all lanes."""
    n_in, n, steps, last = _place(network, depth)
    carried = directions * (depth if scope == "layer" else min(depth, 1))
    lanes = directions + (carried if scope == "layer" else 0)
    if source == "constant":
        total = _response(n, steps, last)
        own, times = Count(additions=n * n_in, reads=n * (1 + n_in)), n if last else n * steps
        return total + (own + Count(multiplications=times, writes=times)) * directions
    product = n * n_in * steps
    own = Count(gated=product) if source == "spikes" else Count(additions=product)
    total = (own + Count(reads=n * steps + product)) * directions
    total += Count(product, product, reads=product) * carried
    return total + Count(surrogates=n * steps) + _lane(n, steps, last) * lanes
