"""What ``generate``, ``simulate``, ``verify`` and ``train`` do for an operator chip."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import typer
from rich.table import Table

from dualspike.commands.estimates import device_table, layer_table, summary
from dualspike.commands.source import problem_of
from dualspike.golden.alone import keeping, writing
from dualspike.golden.checkpoint import Keeper, Origin
from dualspike.golden.experiments.methods import METHODS
from dualspike.golden.files import write_atomic
from dualspike.golden.network import Parameters
from dualspike.golden.operator_engine import FixedOperatorEngine, first_operator_chip
from dualspike.golden.operator_train import OperatorResult, train_operator
from dualspike.golden.precision import check_moves
from dualspike.golden.problems.problem import Problem
from dualspike.golden.problems.store import checksum
from dualspike.golden.weights import npz_bytes, weight_arrays
from dualspike.hw.operator_files import operator_files
from dualspike.hw.product import hex_words
from dualspike.model.cache import check_cache
from dualspike.model.devices import Device
from dualspike.model.errors import BadInput
from dualspike.model.identity import config_hash
from dualspike.model.operator_chip import OperatorDescription
from dualspike.model.operator_estimate import operator_area, operator_estimate
from dualspike.model.save import toml_text
from dualspike.model.seal import sealed
from dualspike.output import console, emit_json, grid_csv
from dualspike.progress import progress_bar
from dualspike.testbench.operator_bulk import OperatorSimulation, operator_source
from dualspike.testbench.operator_rtl import OperatorRtlEngine
from dualspike.testbench.strain import strain_operator
from dualspike.testbench.verilate import build


def generate_operator(
    d: OperatorDescription,
    output: Path,
    source: str,
    first: Parameters | None,
    wrap: str | None,
    device: Device | None,
    *,
    fitted: bool,
    as_json: bool,
) -> None:
    """Write Verilog, lint waivers, manifest, register map, start weights and an estimate.

    The weights are ``first``, or those of the seed. ``wrap`` is one of `hw.soc.WRAPS`, or None.
    The estimate names ``device``. A folding that was chosen is written as a description.
    """
    chip, found = first_operator_chip(d, first), operator_estimate(d, device)
    check_cache()
    contents, bits = operator_files(d, wrap), d.formats.weight.bits
    for kind, arrays in (("weights", chip.weights), ("biases", chip.biases)):
        for layer, values in enumerate(arrays):
            contents[f"{kind}_{layer}.hex"] = hex_words([int(v) for v in values.flat], bits)
    contents["report/estimate.json"] = sealed(found)
    if fitted:
        contents[f"{d.name}.toml"] = toml_text(d)
    out = console(as_json)
    with writing(output, "report"):
        for name, text in contents.items():
            write_atomic(output / name, text)
            out.print(f"wrote {output / name}")
    for n, part in enumerate(found["parts"]):
        name = f"trunk {n}" if n else "branch"
        out.print(f"Part {n}, {name}: {part['interval']:,} clocks a row, {part['lanes']} lanes.")
        out.print(layer_table(part["layers"]))
    for line in summary(found):
        out.print(line)
    if device:
        out.print(device_table(operator_area(d, device.family), device))
    least, most = found["clocks_per_batch_at_least"], found["clocks_per_batch_at_most"]
    out.print(
        f"A function every {found['clocks_per_function']:,} clocks, a batch in {least:,} to"
        f" {most:,}, {d.lanes} tangent lanes. Next:"
    )
    out.print(f"  dualspike verify {source}")
    if as_json:
        result = {"folder": str(output), "files": list(contents), "config_hash": config_hash(d)}
        emit_json(result | {"estimate": found})


def simulate_operator(
    d: OperatorDescription,
    output: Path,
    functions: int,
    first: Parameters | None,
    *,
    waves: bool,
    as_json: bool,
) -> None:
    """Infer test functions on the hardware, write outputs.csv; exit status 1 if a bit differs."""
    test, out = problem_of(d).test, console(as_json)
    branch, *axes = test.inputs
    if not 1 <= functions <= len(branch):
        raise BadInput(f"--samples must be in [1, {len(branch)}], not {functions}")
    check_cache()
    with writing(output):
        out.print(f"Building {d.name} with Verilator (kept for the next time) ...")
        simulation = OperatorSimulation(d, build(operator_source(d, debug=waves)))
        with OperatorRtlEngine(d, simulation, check=True, initial=first) as engine:
            if waves:
                simulation.trace(output / "waves.vcd", 0, 1 << 62)
            y = engine.predict([branch[:functions], *axes])
            cycles, equal = simulation.cycles, engine.difference is None
        write_atomic(output / "outputs.csv", grid_csv(axes, y))
    files = ["outputs.csv", "waves.vcd"] if waves else ["outputs.csv"]
    out.print(f"{functions} functions at {y[0].size} points each, {cycles} clocks;", end=" ")
    out.print(f"as the integer model: {equal}")
    out.print(f"Wrote {' and '.join(files)} in {output}")
    if as_json:
        emit_json({"equal": equal, "functions": functions, "cycles": cycles, "files": files})
    if not equal:
        raise typer.Exit(1)


def verify_operator(d: OperatorDescription, first: Parameters | None, *, as_json: bool) -> None:
    """Train hardware and integer model together; exit status 1 if a bit differs."""
    problem, out = problem_of(d), console(as_json)
    check_cache()
    out.print(f"Building {d.name} with Verilator (kept for the next time) ...")
    simulation = OperatorSimulation.of(d)
    with OperatorRtlEngine(d, simulation, check=True, initial=first) as engine:
        with progress_bar("verify", d.learning.updates) as show:
            result = train_operator(engine, d, problem, show)
        cycles = engine.learning_cycles
        difference = engine.difference or strain_operator(d, simulation)
    table = Table("", d.name, box=None, pad_edge=False)
    table.add_row("equal, every bit", "NO" if difference else "yes")
    table.add_row("updates", f"{result.updates}")
    table.add_row("clocks a batch, learning", f"{cycles / result.updates:,.1f}")
    table.add_row("clocks a second, simulated", f"{cycles / result.seconds:,.0f}")
    out.print(table)
    if difference:
        out.print(f"FIRST DIFFERENCE: {difference}")
    if as_json:
        emit_json(
            {
                "equal": difference is None,
                "updates": result.updates,
                "cycles": cycles,
                "cycles_per_second": cycles / result.seconds,
                "first_difference": asdict(difference) if difference else None,
            }
        )
    if difference:
        raise typer.Exit(1)


def train_operator_chip(
    d: OperatorDescription,
    engine: str,
    output: Path,
    first: Parameters | None,
    resume: Path | None,
    *,
    force: bool,
    as_json: bool,
) -> None:
    """Train and write result.json and weights.npz; ``resume``: the file of the run so far."""
    if engine not in ("fixed", "rtl"):
        raise BadInput(f"--engine must be fixed or rtl for an operator chip, not {engine}")
    check_moves(d)
    problem = problem_of(d)
    if engine == "rtl":
        check_cache()
    with writing(output), keeping(resume):
        if (output / "result.json").exists() and not force:
            raise BadInput(f"{output} already holds a run: give another folder or --force")
        result, learned, cycles = _trained(d, engine, problem, first, resume)
        summary = _summary(d, engine, result)
        if cycles is not None:
            summary |= {"cycles": cycles, "cycles_per_batch": cycles / result.updates}
        write_atomic(output / "weights.npz", _npz(learned, result))
        write_atomic(output / "result.json", sealed(summary))
        if resume is not None:
            resume.unlink(missing_ok=True)
    out = console(as_json)
    title = f"{d.name}, engine {engine}, {result.updates} updates, seed {d.learning.seed}"
    table = Table("", title, box=None, pad_edge=False)
    table.add_row("relative l2 before, mean over functions", f"{result.rel_l2_before:.4f}")
    table.add_row("relative l2 after, mean over functions", f"{result.rel_l2:.4f}")
    table.add_row("the same, global norm", f"{result.global_rel_l2:.4f}")
    if "published" in summary:
        table.add_row("published, RFG-L in floating point", f"{summary['published']:.4f}")
    table.add_row("seconds", f"{result.seconds:.1f}")
    if cycles is not None:
        table.add_row("clocks a batch", f"{summary['cycles_per_batch']:,.1f}")
    out.print(table)
    out.print(f"Wrote result.json and weights.npz in {output}")
    if as_json:
        emit_json(summary)


def _trained(
    d: OperatorDescription,
    engine: str,
    problem: Problem,
    first: Parameters | None,
    resume: Path | None,
) -> tuple[OperatorResult, tuple[Parameters, ...], int | None]:
    """The run, what was learned, and the clocks of a simulated chip."""
    start = first_operator_chip(d, first)
    origin = Origin.of(d, checksum(problem), start.weights, start.biases)
    with progress_bar(f"train {engine}", d.learning.updates) as show:
        if engine == "fixed":
            model = FixedOperatorEngine(d, first)
            keeper = Keeper(resume, model, origin) if resume else None
            result = train_operator(model, d, problem, show, keeper)
            return result, model.weights(), None
        simulation = OperatorSimulation.of(d)
        with OperatorRtlEngine(d, simulation, check=False, initial=first) as chip:
            keeper = Keeper(resume, chip, origin) if resume else None
            result = train_operator(chip, d, problem, show, keeper)
            return result, chip.weights(), chip.learning_cycles


def _summary(d: OperatorDescription, engine: str, result: OperatorResult) -> dict[str, Any]:
    """What result.json says of a run."""
    sources = [methods for name, methods in METHODS.items() if name == d.data.source]
    methods = [method for rows in sources for method in rows if method.rule == "RFG-L"]
    published = {"published": methods[0].published} if methods else {}
    return {
        "name": d.name,
        "engine": engine,
        "config_hash": config_hash(d),
        "seed": d.learning.seed,
        "scope": d.learning.scope,
        "tested_on": "test set",
        "rel_l2_before": result.rel_l2_before,
        "rel_l2": result.rel_l2,
        "global_rel_l2": result.global_rel_l2,
        **published,
        "updates": result.updates,
        "seconds": result.seconds,
    }


def _npz(parts: tuple[Parameters, ...], result: OperatorResult) -> bytes:
    """Weights and biases of all layers, losses and the test samples' prediction as one .npz."""
    every = Parameters(
        tuple(w for part in parts for w in part.weights),
        tuple(b for part in parts for b in part.biases),
    )
    arrays: dict[str, Any] = {"losses": result.losses, "prediction": result.prediction}
    return npz_bytes(arrays | weight_arrays(every))
