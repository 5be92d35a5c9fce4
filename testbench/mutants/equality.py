"""Whether a mutant is harmless: no course of inputs shows it, proved by ABC from the reset state.

Component and mutant run side by side, with the same inputs; what they hold at power-up is known.
Of the whole component, what a stream carries counts only while it is offered, and inputs obey the
handshake law; of the module that a mutant is in, every output counts, whatever comes in: into the
module alone, or into the whole component around it.
"""

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from dualspike.boards.flow.tools import YOSYS, run
from dualspike.model.errors import BadInput

ABC = "berkeley-abc"
_SECONDS = 30
"""For each of the ways to prove something."""
# Words beyond the end of a memory read as 0 in both, as does what nothing drives.
_PREPARE = "memory_map; setundef -zero -undriven; setundef -zero -init; opt_clean"
_SCRIPT = """read_rtlil plain.il
{mutant}
hierarchy -top {top}
flatten
{shown}
{prepare}
rename {top} gate
design -stash gate
read_rtlil plain.il
hierarchy -top {top}
flatten
{shown}
{prepare}
rename {top} gold
design -copy-from gate -as gate gate
{both}
hierarchy -top both
flatten
{clocks}opt -full
techmap
opt -fast
setundef -zero
dffunmap
simplemap
aigmap
clean -purge
write_aiger -zinit both.aig
"""
_ALONE = "miter -equiv gold gate both"
_WHOLE = "read_verilog both.v\nproc"
_PROVE = "read_aiger both.aig; zero; scorr; dc2; scorr; bmc3 -F 60 -T {half}; pdr -T {seconds}"
_PORT = re.compile(r"^  wire (?:width (\d+) )?(input|output) \d+ \\(\S+)$", re.M)
# What says that the others mean something.
_VALID = (
    (r"(.*)payload", "valid"),
    (r"(.*)t(?:data|last)", "tvalid"),
    (r"(.*)r(?:data|resp)", "rvalid"),
    (r"(.*)bresp", "bvalid"),
    (r"(.*)dat_o", "ack_o"),
    (r"(.*)(?:address|write|write_data)", "request"),
)


def harmless(mutant: str, whole: str, folder: Path) -> bool:
    """Whether ABC proves that nothing shows a mutant of what `planting.plant` left in ``folder``.

    First in its module alone, then in the module as the ``whole`` drives it, then in the whole.
    BadInput if ABC is not there.
    """
    if shutil.which(ABC) is None:
        raise BadInput(f"{ABC} is missing: install it with apt-get install {ABC}")
    found = re.search(r" -module (\S+)", mutant)
    module = found[1] if found else whole
    if module != whole:
        if _equal(mutant, module, _ALONE, folder):
            return True
        if _equal(mutant, whole, _ALONE, folder, _shown(folder, module, whole)):
            return True
    ports = _ports(folder, whole)
    (folder / "both.v").write_text(_side_by_side(ports), "utf-8")
    return _equal(mutant, whole, _WHOLE, folder)


def _equal(mutant: str, top: str, both: str, folder: Path, shown: str = "") -> bool:
    # Registers of AIGER have one clock; one that is wrong itself is an input like others.
    clocks = "clk2fflogic\n" if re.search(r" -(port|wire) \S*clk", mutant, re.I) else ""
    with suppress(RuntimeError, subprocess.TimeoutExpired):
        script = _SCRIPT.format(
            mutant=mutant, top=top, shown=shown, prepare=_PREPARE, both=both, clocks=clocks
        )
        (folder / "script.ys").write_text(script, "utf-8")
        run(YOSYS, ["-q", "-s", "script.ys"], folder)
        prove = _PROVE.format(half=_SECONDS // 2, seconds=_SECONDS)
        done = subprocess.run(
            [ABC, "-c", prove],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=3 * _SECONDS,
            check=False,
        )
        (folder / "abc.log").write_text(done.stdout, "utf-8")
        return "Property proved" in done.stdout
    return False


def _shown(folder: Path, module: str, whole: str) -> str:
    """Commands that make the outputs of a ``module`` inside the ``whole`` those of all of it."""
    text = (folder / "plain.il").read_text("utf-8")
    bodies = dict(re.findall(r"^module \\(\S+)\n(.*?)^end\n", text, re.M | re.S))

    def places(inside: str, path: str) -> Iterator[str]:
        for kind, name in re.findall(r"^  cell \\(\S+) \\(\S+)$", bodies[inside], re.M):
            if kind == module:
                yield f"{path}{name}"
            yield from places(kind, f"{path}{name}.")

    outputs = [name for name, (way, _) in _ports(folder, module).items() if way == "output"]
    lines = [f"expose {whole}/w:{at}.{name}" for at in places(whole, "") for name in outputs]
    return "\n".join([f"delete -output {whole}/o:*", *lines])


def _ports(folder: Path, module: str) -> dict[str, tuple[str, int]]:
    """Direction and bits of every port."""
    text = (folder / "plain.il").read_text("utf-8")
    body = re.search(rf"^module \\{re.escape(module)}\n.*?^end\n", text, re.M | re.S)
    if body is None:
        raise ValueError(f"there is no module {module}")
    return {name: (way, int(bits or 1)) for bits, way, name in _PORT.findall(body[0])}


def _side_by_side(ports: dict[str, tuple[str, int]]) -> str:
    """A module ``both`` with one output, 1 where outputs differ and inputs have kept the law."""
    inputs = [name for name, (way, _) in ports.items() if way == "input"]
    outputs = [name for name in ports if name not in inputs]
    clock, reset = _clock_and_reset(inputs)
    wires = [f"input {_range(ports[name][1])}{name}" for name in inputs]
    lines = [f"module both({', '.join([*wires, 'output bad'])});"]
    for side in ("gold", "gate"):
        lines += [f"wire {_range(ports[name][1])}{side}_{name};" for name in outputs]
        given = [f".{name}({name})" for name in inputs]
        given += [f".{name}({side}_{name})" for name in outputs]
        lines.append(f"{side} {side}({', '.join(given)});")
    differ = ["1'b0"]
    for name in outputs:
        meant = _meaning(name, outputs)
        differ.append(f"{f'gold_{meant} && ' if meant else ''}gold_{name} != gate_{name}")
    broken = ["broken"]
    lines.append("reg broken = 0;")
    for valid in inputs:
        base = re.fullmatch(r"(.*?)t?valid", valid)
        ready = f"{valid.removesuffix('valid')}ready"
        if base is None or ready not in outputs:
            continue
        bits = [f"{valid}"] + [one for one in inputs if _meaning(one, inputs) == valid]
        now, n = f"{{{', '.join(bits)}}}", sum(ports[one][1] for one in bits)
        lines += [
            f"reg waits_{valid} = 0; reg [{n - 1}:0] was_{valid} = 0;",
            f"always @(posedge {clock}) begin",
            f"  waits_{valid} <= {valid} && !gold_{ready} && !({reset}); was_{valid} <= {now};",
            "end",
        ]
        broken.append(f"waits_{valid} && was_{valid} != {now}")
    lines += [
        f"wire breaks = {' || '.join(f'({one})' for one in broken)};",
        f"always @(posedge {clock}) broken <= breaks;",
        f"assign bad = !breaks && ({' || '.join(f'({one})' for one in differ)});",
        "endmodule",
    ]
    return "\n".join(lines) + "\n"


def _meaning(name: str, others: list[str]) -> str:
    """What says when a port means something; "" if that is always."""
    for pattern, valid in _VALID:
        found = re.fullmatch(pattern, name)
        if found and found[1] + valid in others:
            return found[1] + valid
    return ""


def _clock_and_reset(inputs: list[str]) -> tuple[str, str]:
    clock = next((one for one in ("clk", "aclk") if one in inputs), "1'b0")
    reset = {"rst": "rst", "aresetn": "!aresetn"}
    return clock, next((text for one, text in reset.items() if one in inputs), "1'b0")


def _range(bits: int) -> str:
    return f"[{bits - 1}:0] " if bits > 1 else ""
