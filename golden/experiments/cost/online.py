"""What one gradient of an online rule costs, as formulas; see `golden.experiments.cost.gradient`.

Counted are the loops that `golden.online.operator` comes down to, for an mlp or a deeponet with
inputs that are the same at every step. For every part and sample, step by step:

    U += z     d = U - threshold     S = d > 0, then U = d     o = b + W S, so is z of layers above
    with noise: nu = alpha n, and W nu is sent next to W S
    a += S for all hidden layers but the last     h += S for local readouts     total += o

The first layer's z = W x + b is found once. In every step that is learned from:

    y = total / t, its distance, loss and e     f(d)     dL/dS by the rule     delta = f dL/dS
    first layer: q += t delta     others: dW += delta a, db += t delta
    readout: dW += e S, db += e
    DKP: M = (1 - decay) M - rate / B sum of S e     OPZO: M = momentum M + share sum of n o
    SPSA: the step again with -nu, its answer, distance and loss
    local readouts: h / t, R h, error, dL/dS += scale R^T error, R -= rate / B sum of error h

and dW = q x, db = q at the end. In a deeponet both parts share y, its distance from the target and
the weighed distance; SPSA finds them once more for each. A product with a spike is a gated
addition, one with noise is not. Not counted: drawing noise, the optimiser's step, reads and writes.

``kept_values`` is what must outlive a step, besides the parameters and their gradient: U, a, h,
total, the first layer's z and q, for SPSA U of the step before, and the matrices M and R.
"""

from dualspike.golden.experiments.cost.count import Count
from dualspike.golden.online.operator import learned_from
from dualspike.model.description.network import Network
from dualspike.model.description.operator import Operator
from dualspike.model.errors import BadInput

DIRECT = ("DFA", "DKP", "OPZO")
NOISY = ("OPZO", "SPSA", "ZO")
RULES = ("OTTT", *dict.fromkeys((*DIRECT, *NOISY)))


def online(
    operator: Operator,
    batch: list[int],
    rule: str,
    *,
    local: bool = False,
    weighted: bool = False,
) -> Count:
    """The gradient from ``batch`` rows of each part by one of `RULES`.

    ``local``: with local readouts, for an mlp. ``weighted``: functions have weights in the loss.
    Raises BadInput for what is not counted here.
    """
    if rule not in RULES:
        raise BadInput(f"rule must be one of {', '.join(RULES)}, not {rule}")
    if len(operator.parts) > 2 or (local and operator.kind != "mlp"):
        raise BadInput(f"kind {operator.kind} is not counted{', local readouts' * local}")
    total, steps = Count(), operator.parts[0].time_steps
    learned = learned_from(steps)
    for network, rows in zip(operator.parts, batch, strict=True):
        total += _begin_and_end(network, rows)
        total += (_forward(network, rule) + _carried(network, rule, local)) * (rows * steps)
        total += (_signals(network, rule) + _gradient(network)) * (rows * learned)
        total += _each_step(network, rule) * learned
        if local:
            total += _readouts(network, rows) * learned
        total += _loss(operator, batch, rows) * learned
        if rule == "SPSA":
            p = network.layers[-1]
            again = _forward(network, rule) + Count(p, 2 * p + 1)  # answer, difference
            total += (again * rows + _distance(operator, batch, weighted)) * learned
            total += (_squares(operator, batch) + _loss(operator, batch, rows)) * learned
        total += Count(kept_values=_kept(network, rows, rule, local))
    head = _distance(operator, batch, weighted) + _squares(operator, batch)
    return total + (head + _errors(operator, batch)) * learned


def _hidden(network: Network) -> int:
    """Hidden neurons."""
    return sum(network.layers[1:-1])


def _direct(network: Network) -> int:
    """Entries of the matrices between hidden layers and output."""
    return _hidden(network) * network.layers[-1]


def _behind_spikes(network: Network) -> int:
    """Weights that spikes are sent through."""
    return sum(n_in * n_out for n_in, n_out in network.shapes[1:])


def _begin_and_end(network: Network, rows: int) -> Count:
    """Z of the first layer, its gradient from q, and the mean of the whole gradient."""
    n_in, first = network.shapes[0]
    size = sum(n_out * (n_in + 1) for n_in, n_out in network.shapes)
    once = Count(2 * n_in * first, 2 * n_in * first + first) * rows
    return once + Count(multiplications=size)


def _forward(network: Network, rule: str) -> Count:
    """One step of one sample; W nu where there is noise."""
    neurons, products = _hidden(network), _behind_spikes(network)
    total = Count(additions=2 * neurons, gated=products, comparisons=neurons)
    return total + Count(products, products) if rule in NOISY else total


def _carried(network: Network, rule: str, local: bool) -> Count:
    """Sums that a step of one sample adds to, and nu."""
    traces = sum(network.layers[1:-2]) + (_hidden(network) if local else 0)
    total = Count(additions=network.layers[-1], gated=traces)
    return total + Count(multiplications=_hidden(network)) if rule in NOISY else total


def _signals(network: Network, rule: str) -> Count:
    """One step of one sample: y, f, dL/dS and delta; also the sums that M needs."""
    neurons, direct = _hidden(network), _direct(network)
    total = Count(multiplications=network.layers[-1] + neurons, surrogates=neurons)
    match rule:
        case "OTTT":
            passed_on = neurons - network.layers[1]  # f dL/dS, without what local readouts add
            return total + Count(_behind_spikes(network) + passed_on, _behind_spikes(network))
        case "DFA":
            return total + Count(direct, direct)
        case "DKP":
            return total + Count(direct, direct, gated=direct)
        case "OPZO":
            return total + Count(2 * direct, 2 * direct)
        case _:
            return total + Count(multiplications=1 + neurons)


def _gradient(network: Network) -> Count:
    """One step of one sample."""
    first, above = network.layers[1], _hidden(network) - network.layers[1]
    width, p = network.shapes[-1]
    products = _behind_spikes(network) - width * p
    total = Count(first + products, first + products + above)
    return total + Count(additions=p, gated=width * p)


def _each_step(network: Network, rule: str) -> Count:
    """Once for all samples: db of the layers above the first, and M."""
    above, direct = _hidden(network) - network.layers[1], _direct(network)
    total = Count(above, above)
    return total + Count(2 * direct, direct) if rule in ("DKP", "OPZO") else total


def _readouts(network: Network, rows: int) -> Count:
    """One step of all local readouts."""
    neurons, direct = _hidden(network), _direct(network)
    outputs = (len(network.layers) - 2) * network.layers[-1]
    each = Count(3 * direct + 2 * neurons, 3 * direct + neurons + outputs)
    return each * rows + Count(direct, direct)


def _entries(batch: list[int], operator: Operator) -> int:
    """Of y."""
    return batch[0] * (operator.parts[0].layers[-1] if operator.kind == "mlp" else batch[1])


def _distance(operator: Operator, batch: list[int], weighted: bool) -> Count:
    """Y of a deeponet; the distance from the target, and times the weights of functions."""
    entries = _entries(batch, operator)
    products = 0 if operator.kind == "mlp" else entries * operator.parts[0].layers[-1]
    return Count(products + (entries if weighted else 0), products + entries)


def _squares(operator: Operator, batch: list[int]) -> Count:
    """The distance times the weighed one."""
    return Count(multiplications=_entries(batch, operator))


def _loss(operator: Operator, batch: list[int], rows: int) -> Count:
    """The sum of squares for every row of a part, scaled."""
    return Count(rows, _entries(batch, operator))


def _errors(operator: Operator, batch: list[int]) -> Count:
    """From the weighed distance of a deeponet to both parts' errors; an mlp's is its own."""
    if operator.kind == "mlp":
        return Count()
    basis = operator.parts[0].layers[-1]
    products = 2 * _entries(batch, operator) * basis
    return Count(products + sum(batch) * basis, products)


def _kept(network: Network, rows: int, rule: str, local: bool) -> int:
    neurons, direct = _hidden(network), _direct(network)
    row = neurons + sum(network.layers[1:-2]) + 2 * network.layers[1] + network.layers[-1]
    row += neurons * (local + (rule == "SPSA"))
    return row * rows + direct * ((rule in DIRECT) + local)
