"""What kind of network learns: a perceptron, or an operator network put together from several."""

from typing import Literal, Self

from pydantic import model_validator

from dualspike.model.description.network import Network, Section

_KINDS = {"mlp": (1, 1, "1 part"), "deeponet": (2, 2, "2 parts (branch, trunk)")}
_SEPONET = (2, 16, "2 to 16 parts (branch, one trunk for each coordinate)")


class Operator(Section):
    """The parts of a model and how their outputs make up y.

    - mlp: y[b] = part(x[b])
    - deeponet: y[f, x] = sum over i of branch_i(u[f]) trunk_i(point[x])
    - seponet: y[f, x, t, ...] = sum over i of branch_i(u[f]) trunk1_i(x) trunk2_i(t) ..., with one
      trunk of one input for each coordinate

    ``parts``: the perceptron; or branch, then trunks, which all end with the same width (the
    basis, i = 1 ... p). Sources: Lu et al., arXiv 1910.03193; Yu et al., arXiv 2407.11253.
    """

    kind: Literal["mlp", "deeponet", "seponet"] = "mlp"
    parts: list[Network]

    def part_name(self, n: int) -> str:
        """What part ``n`` is called where people read of it."""
        if self.kind == "mlp":
            return "network"
        trunk = "trunk" if len(self.parts) == 2 else f"trunk {n}"
        return trunk if n else "branch"

    @model_validator(mode="after")
    def _check(self) -> Self:
        least, most, wanted = _KINDS.get(self.kind, _SEPONET)
        if not least <= len(self.parts) <= most:
            raise ValueError(f"parts must be {wanted} for kind {self.kind}, not {len(self.parts)}")
        basis = self.parts[0].layers[-1]
        for index, part in enumerate(self.parts[1:], 1):
            if part.layers[-1] != basis:
                raise ValueError(
                    f"parts[{index}].layers must end with the basis {basis} of parts[0],"
                    f" not {part.layers[-1]}"
                )
            if self.kind == "seponet" and part.layers[0] != 1:
                raise ValueError(
                    f"parts[{index}].layers must begin with 1 (one coordinate),"
                    f" not {part.layers[0]}"
                )
        return self
