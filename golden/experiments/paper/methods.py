"""The paper's methods by name: surrogate, rule, local losses, and the error it published.

RFG-N, forward gradients along neurons, and tanh, a network of the same size that does not spike,
stand next to them; the paper does not have them.

Source: Wan, Zhang, Karniadakis, arXiv 2411.07057 (2024); Table 1 and the text of the experiments.
"""

from dataclasses import dataclass
from typing import Literal

from dualspike.model.errors import BadInput

Experiment = Literal["hat", "poisson", "reaction-diffusion"]
PaperRule = Literal["BP", "BP-LL", "RFG-G", "RFG-L", "RFG-LL", "RFG-N", "tanh"]


@dataclass(frozen=True)
class Method:
    """One row of a table.

    ``surrogate``: the derivative in place of the step's, SG (gaussian) or WSG (stein).
    ``rule``: back-propagation (BP), or randomized forward gradients with one direction over all
    parameters (RFG-G) or one for each layer (RFG-L), or along neurons (RFG-N). The ending LL adds
    local losses to BP and to RFG-L. tanh: back-propagation where hidden neurons do not spike.
    ``published``: the paper's relative l2 error, if it has one.
    """

    name: str
    surrogate: Literal["gaussian", "stein"]
    rule: PaperRule
    published: float | None = None

    @property
    def local(self) -> bool:
        """Whether hidden layers have losses of their own."""
        return self.rule.endswith("LL")

    @property
    def scope(self) -> Literal["layer", "global"] | None:
        """What one direction of the parameters spans; None for rules without any."""
        if not self.rule.startswith("RFG") or self.rule == "RFG-N":
            return None
        return "global" if self.rule == "RFG-G" else "layer"

    @property
    def forward(self) -> bool:
        """Whether its gradient is an estimate along directions."""
        return self.rule.startswith("RFG")


def _table_1() -> tuple[Method, ...]:
    """Rows in the paper's order; SG- and WSG- are the two surrogates of every rule."""
    published: tuple[tuple[PaperRule, float | None, float | None], ...] = (
        ("BP", 0.0246, 0.0241),
        ("BP-LL", 0.0264, 0.0244),
        ("RFG-G", 0.0422, 0.0412),
        ("RFG-L", 0.0347, 0.0359),
        ("RFG-LL", 0.0431, 0.0446),
        ("RFG-N", None, None),
    )
    rows: list[Method] = []
    for rule, sg, wsg in published:
        rows.append(Method(f"SG-{rule}", "gaussian", rule, sg))
        rows.append(Method(f"WSG-{rule}", "stein", rule, wsg))
    return tuple(rows)


METHODS: dict[Experiment, tuple[Method, ...]] = {
    "hat": (
        Method("BP", "gaussian", "BP", 0.0298),
        Method("RFG-L", "gaussian", "RFG-L", 0.0342),
        Method("RFG-G", "gaussian", "RFG-G", 0.0426),
        Method("RFG-N", "gaussian", "RFG-N"),
    ),
    "poisson": _table_1(),
    "reaction-diffusion": (
        Method("BP", "gaussian", "BP", 0.0909),
        Method("RFG-G", "gaussian", "RFG-G", 0.1451),
        Method("RFG-L", "gaussian", "RFG-L", 0.1069),
        Method("RFG-N", "gaussian", "RFG-N"),
    ),
}


TANH = Method("tanh", "gaussian", "tanh")
"""The yardstick without spikes, of every experiment."""


def every(name: Experiment) -> tuple[Method, ...]:
    """The rows of its table, the yardstick last."""
    return (*METHODS[name], TANH)


def chosen(name: Experiment, wanted: str) -> tuple[Method, ...]:
    """The methods that ``wanted`` lists, names with commas between them, or ``all``.

    They come in the table's order, each once. Raises BadInput with the known names.
    """
    known = {method.name: method for method in every(name)}
    if wanted == "all":
        return every(name)
    names = [word.strip() for word in wanted.split(",")]
    for word in names:
        if word not in known:
            raise BadInput(f"--methods must be all or some of {', '.join(known)}, not {word!r}")
    return tuple(method for method in every(name) if method.name in names)
