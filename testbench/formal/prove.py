"""Proofs by the solver of Yosys."""

import re
from pathlib import Path

from amaranth.back import rtlil
from amaranth.hdl import Fragment

from dualspike.boards.flow.tools import YOSYS, run
from dualspike.testbench.formal.claims import Claims, Proof

_SCRIPT = """
log PROVING {name}
read_rtlil {name}.il
hierarchy -top {name}
flatten
proc
memory_map
chformal -lower
opt
sat {how} -prove-asserts -set-assumes {name}
design -reset
"""


class NotProvedError(Exception):
    """A claim that does not hold, or not by so many steps."""


def prove(proofs: list[Proof], folder: Path) -> None:
    """Prove all of them in one run of Yosys; proof.log in ``folder`` keeps what it said.

    Raises NotProvedError with the name of the first that fails; its values are in the log.
    """
    script: list[str] = []
    for proof in proofs:
        claims = Claims(proof.state)
        fragment = Fragment.get(claims, None)
        text = rtlil.convert(fragment, ports=claims.inputs, name=proof.name, emit_src=False)
        (folder / f"{proof.name}.il").write_text(text, "utf-8")
        script.append(_SCRIPT.format(name=proof.name, how=_how(proof)))
    (folder / "proof.ys").write_text("\n".join(script), "utf-8")
    try:
        run(YOSYS, ["-q", "-l", "proof.log", "-s", "proof.ys"], folder)
    except RuntimeError as failed:
        tried = re.findall(r"^PROVING (\w+)", (folder / "proof.log").read_text("utf-8"), re.M)
        raise NotProvedError(f"{tried[-1]} is not proved: see {folder / 'proof.log'}") from failed


def _how(proof: Proof) -> str:
    if proof.reaches:
        return f"-falsify -tempinduct-baseonly -seq {proof.reaches - 1} -maxsteps {proof.reaches}"
    if not proof.steps:
        return "-verify"
    return f"-verify -tempinduct -seq 1 -maxsteps {proof.steps}"
