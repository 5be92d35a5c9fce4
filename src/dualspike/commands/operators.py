"""What ``generate``, ``verify`` and ``train`` do for an operator chip."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import typer
from rich.table import Table

from dualspike.golden.checkpoint import Keeper
from dualspike.golden.experiments.methods import METHODS
from dualspike.golden.files import output_folder, write_atomic
from dualspike.golden.network import Parameters
from dualspike.golden.operator_data import load_operator_data
from dualspike.golden.operator_engine import FixedOperatorEngine, stored_operator_start
from dualspike.golden.operator_train import OperatorResult, train_operator
from dualspike.golden.weights import npz_bytes, weight_arrays
from dualspike.hw.operator_files import operator_files
from dualspike.hw.product import hex_words
from dualspike.model.errors import BadInput
from dualspike.model.identity import config_hash
from dualspike.model.operator_chip import OperatorDescription
from dualspike.output import console, emit_json
from dualspike.progress import progress_bar
from dualspike.testbench.operator_bulk import OperatorSimulation
from dualspike.testbench.operator_rtl import OperatorRtlEngine


def generate_operator(d: OperatorDescription, output: Path, source: str, as_json: bool) -> None:
    """Write Verilog, lint waivers, manifest, register map and start weights."""
    output_folder(output)
    contents, bits = operator_files(d), d.formats.weight.bits
    stored = stored_operator_start(d, d.learning.seed)
    for kind, arrays in zip(("weights", "biases"), stored, strict=True):
        for layer, values in enumerate(arrays):
            contents[f"{kind}_{layer}.hex"] = hex_words([int(v) for v in values.flat], bits)
    out = console(as_json)
    for name, text in contents.items():
        write_atomic(output / name, text)
        out.print(f"wrote {output / name}")
    out.print(f"{len(d.parts)} parts, {d.lanes} tangent lanes. Next:")
    out.print(f"  dualspike verify {source}")
    if as_json:
        files = list(contents)
        emit_json({"folder": str(output), "files": files, "config_hash": config_hash(d)})


def verify_operator(d: OperatorDescription, as_json: bool) -> None:
    """Train hardware and integer model together; exit status 1 if a bit differs."""
    problem, out = load_operator_data(d), console(as_json)
    out.print(f"Building {d.name} with Verilator (kept for the next time) ...")
    with OperatorRtlEngine(d, OperatorSimulation.of(d), check=True) as engine:
        with progress_bar("verify", d.learning.updates) as show:
            result = train_operator(engine, d, problem, show)
        difference, cycles = engine.difference, engine.learning_cycles
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
    resume: Path | None,
    *,
    force: bool,
    as_json: bool,
) -> None:
    """Train and write result.json and weights.npz; ``resume``: the file of the run so far."""
    if engine not in ("fixed", "rtl"):
        raise BadInput(f"--engine must be fixed or rtl for an operator chip, not {engine}")
    problem = load_operator_data(d)
    output_folder(output)
    if (output / "result.json").exists() and not force:
        raise BadInput(f"{output} already holds a run: give another folder or --force")
    with progress_bar(f"train {engine}", d.learning.updates) as show:
        if engine == "fixed":
            model = FixedOperatorEngine(d)
            keeper = Keeper(resume, model, d) if resume else None
            result = train_operator(model, d, problem, show, keeper)
            learned, cycles = model.weights(), None
        else:
            with OperatorRtlEngine(d, OperatorSimulation.of(d), check=False) as chip:
                keeper = Keeper(resume, chip, d) if resume else None
                result = train_operator(chip, d, problem, show, keeper)
                learned, cycles = chip.weights(), chip.learning_cycles
    summary = _summary(d, engine, result)
    if cycles is not None:
        summary |= {"cycles": cycles, "cycles_per_batch": cycles / result.updates}
    write_atomic(output / "weights.npz", _npz(learned, result))
    write_atomic(output / "result.json", json.dumps(summary, indent=2) + "\n")
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
