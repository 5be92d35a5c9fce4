"""Every part of the evidence, read from the folders in which the commands leave their results."""

import json
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

from dualspike.testbench.evidence.part import Part, lines
from dualspike.testbench.formal.table import PROOFS
from dualspike.testbench.mutants.campaign import Outcome
from dualspike.testbench.mutants.cores import CORES
from dualspike.testbench.mutants.reasons import REASONS
from dualspike.testbench.mutants.results import read
from dualspike.testbench.mutants.targets import TARGETS

WANTED_DESCRIPTIONS, WANTED_UPDATES = 1000, 1_000_000
WANTED_SCORE = 99.0
NOT_PROVED = (
    "Not proved: that a layer keeps the law which claims of its weights rest on, that no row is"
    " moved again that was read before its last change was there.",
    "Not proved: the transmitter, the check of frames and the handling of requests of the host"
    " link.",
)
MISSING_MUTANTS = "No mutant of core, operator_core or soc was tried before its own bench."


def proofs(build: Path) -> Part:
    """Formal proofs of components."""
    part = Part("Formal proofs", "make proof", "Claims that hold for all inputs at all times.")
    place = build / "proof" / "proofs.json"
    part.holes += NOT_PROVED
    if not place.exists():
        return part
    part.run, record = True, json.loads(place.read_text("utf-8"))
    found = record["proofs"]
    claims, inductive = Counter[str](), Counter[str]()
    for one in found:
        claims[one["family"]] += len(one["claims"])
        inductive[one["family"]] += len(one["claims"]) * (one["method"] == "induction")
    part.holds.append(
        f"{len(found)} proofs of {claims.total():,} claims, {inductive.total():,} of them by"
        f" induction, with {record['tool']}."
    )
    left = {one.name for one in PROOFS} - {one["name"] for one in found}
    part.holes += [f"Not proved by that run: {name}." for name in sorted(left)]
    part.head = ["family", "claims", "by induction"]
    part.rows = [[name, f"{claims[name]:,}", f"{inductive[name]:,}"] for name in claims]
    return part


def mutants(build: Path) -> Part:
    """Mutants before benches and, of whole cores, before co-simulation."""
    part = Part("Mutants", "make mutants", "Components with one wire wrong, before their benches.")
    found = read(build / "mutants" / "mutants.jsonl")
    part.holes.append(MISSING_MUTANTS)
    if not found:
        return part
    part.run = True
    part.head = ["component", "mutants", "found", "harmless, proved", "with a reason", "open"]
    total = Counter[str]()
    for target in (*TARGETS, *CORES):
        own = target.still(found)
        stale = sum(one.where == target.name for one in found) - len(own)
        counts = Counter(_fate(one) for one in own)
        total += counts
        if not own:
            part.holes.append(f"{target.name}: no mutant tried as it is now.")
        elif stale:
            part.holes.append(f"{target.name}: {stale} results are stale.")
        kinds = ("found", "harmless", "reason", "open")
        part.rows.append([target.name, str(len(own)), *(str(counts[kind]) for kind in kinds)])
        part.holes += [f"{one.where}: {one.mutant}" for one in own if _fate(one) == "open"]
    harmful = total.total() - total["harmless"]
    score = 100 * total["found"] / max(harmful, 1)
    said = (
        f"{total.total():,} mutants: {total['found']:,} found, {total['harmless']:,} proved"
        f" harmless, {total['reason']:,} with a reason, {total['open']:,} open. Of those not"
        f" proved harmless {score:.1f} % are found, {WANTED_SCORE:.0f} % are wanted."
    )
    (part.holds if score >= WANTED_SCORE else part.holes).insert(0, said)
    return part


def _fate(one: Outcome) -> str:
    if one.found:
        return "found"
    if one.proved:
        return "harmless"
    return "reason" if (one.where, one.mutant) in REASONS else "open"


def coverage(build: Path) -> Part:
    """What of the Verilog the benches reach."""
    part = Part("Coverage", "make coverage", "What of the generated Verilog the benches reach.")
    place = build / "coverage" / "coverage.json"
    if not place.exists():
        return part
    part.run, record = True, json.loads(place.read_text("utf-8"))
    for kind, counts in record["counts"].items():
        said = f"{counts['reached']:,} of {counts['reachable']:,} {kind} reached."
        (part.holds if counts["reached"] == counts["reachable"] else part.holes).append(said)
    part.holes += [f"Missed: {one}" for one in record["missed"]]
    part.holes += [f"Stale: {one}" for one in record["stale"]]
    return part


def soak(build: Path) -> Part:
    """Long runs of random descriptions."""
    part = Part("Long runs", "make soak", "Random cores, co-simulated update by update.")
    found = list(lines(build / "soak" / "soak.jsonl"))
    if not found:
        return part
    part.run, part.commits = True, sorted({one["commit"] for one in found})
    seen = {(one["draw"], one["seed"]) for one in found}
    updates = sum(one["updates"] for one in found)
    clocks = sum(one["clocks"] for one in found)
    wrong = [one for one in found if one["difference"]]
    part.holds.append(
        f"{len(seen):,} descriptions, {updates:,} updates, {clocks:,} clocks,"
        f" {len(wrong)} differences from the model."
    )
    part.holes += [f"{one['draw']} {one['seed']}: {one['difference']}" for one in wrong]
    if len(seen) < WANTED_DESCRIPTIONS or updates < WANTED_UPDATES:
        part.holes.append(
            f"{WANTED_UPDATES:,} updates over {WANTED_DESCRIPTIONS:,} descriptions are wanted."
        )
    part.head = ["draw", "seeds"]
    kinds = sorted({one["draw"] for one in found})
    part.rows = [
        [kind, ", ".join(str(seed) for draw, seed in sorted(seen) if draw == kind)]
        for kind in kinds
    ]
    return part


def tests(build: Path, title: str, folder: str, what: str) -> Part:
    """What pytest has left of a target of the Makefile, as JUnit's XML."""
    part = Part(title, f"make {folder}", what)
    place = build / folder / "results.xml"
    if not place.exists():
        return part
    part.run = True
    cases = list(ElementTree.parse(place).getroot().iter("testcase"))
    bad = [one for one in cases if one.find("failure") is not None or one.find("error") is not None]
    skipped = [one for one in cases if one.find("skipped") is not None]
    good = len(cases) - len(bad) - len(skipped)
    part.holds.append(f"{good:,} of {len(cases):,} tests passed.")
    for said, some in (("Failed", bad), ("Left out", skipped)):
        part.holes += [f"{said}: {one.get('name')}" for one in some]
    part.head, part.rows = ["test", "seconds"], []
    part.rows = [[one.get("name", ""), f"{float(one.get('time', 0)):.0f}"] for one in cases]
    return part


def parts(build: Path, now: str) -> list[Part]:
    """All of them, from the folder ``build``; ``now`` is the commit that is checked out."""
    netlists = "The synthesised core, cell by cell, learning next to the model."
    states = "Cores in Icarus Verilog, with X at idle inputs, resets and random power-ups."
    other = "Whole trainings in CXXRTL of Yosys, every update next to the model."
    found = {
        "proof": proofs(build),
        "mutants": mutants(build),
        "coverage": coverage(build),
        "soak": soak(build),
        "states": tests(build, "Four states", "states", states),
        "netlist": tests(build, "Netlists", "netlist", netlists),
        "cxxrtl": tests(build, "A second compiled simulator", "cxxrtl", other),
    }
    return [part.dated(build / folder, now) for folder, part in found.items()]
