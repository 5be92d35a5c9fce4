"""Tables of the documents against the results.json that they were made from.

A table is bound to a file of docs/results by a line ``<!-- results/NAME.json -->`` before it. Rows
are found by their first two columns; whatever else the header names must be what the file says.

    python -m dualspike.golden.experiments.paper.kept docs

says of every file whether its settings are still those of the preset, and ends with 1 where a
figure does not agree.
"""

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any

from dualspike.golden.experiments.equation import report as equation
from dualspike.golden.experiments.estimator.study import SamplingPlan
from dualspike.golden.experiments.on_chip import report as on_chip
from dualspike.golden.experiments.on_chip.cases import NETWORKS
from dualspike.golden.experiments.on_chip.sources import SOURCES
from dualspike.golden.experiments.on_chip.study import OnChipPlan
from dualspike.golden.experiments.paper.methods import METHODS
from dualspike.golden.experiments.paper.settings import load_settings
from dualspike.golden.experiments.series import report as series
from dualspike.golden.experiments.sweep import report as sweep
from dualspike.golden.experiments.tune import report as tune
from dualspike.golden.files.differences import first_difference
from dualspike.model.version import VERSION

TABLES = {"equation": equation, "series": series, "sweep": sweep, "tune": tune}
"""Studies that make the cells of their table from their results, and know what these depend on."""

MARK = re.compile(r"^<!-- (results/\w+\.json) -->$")
Row = dict[str, str]


def tables(text: str) -> list[tuple[str, list[Row]]]:
    """File and rows, by column, of every table that is bound to one."""
    found: list[tuple[str, list[Row]]] = []
    lines = text.splitlines()
    for number, line in enumerate(lines):
        bound = MARK.match(line)
        if bound is None:
            continue
        rows: list[list[str]] = []
        for below in lines[number + 1 :]:
            if below.startswith("|"):
                rows.append([cell.strip() for cell in below.strip("|").split("|")])
            elif rows:
                break
        header, _, *cells = rows
        found.append((bound[1], [dict(zip(header, row, strict=True)) for row in cells]))
    return found


def kind_of(results: dict[str, Any]) -> str:
    """The experiment or study that wrote it."""
    return results["study"] if "study" in results else results["experiment"]


def rows_of(results: dict[str, Any]) -> dict[tuple[str, str], Row]:
    """Every row that a table may have, by its first two cells."""
    rows: dict[tuple[str, str], Row] = {}
    if kind_of(results) == "estimator":
        return _compared(results["compared"])
    if (study := TABLES.get(kind_of(results))) is not None:
        return {
            (first, second): dict(zip(study.HEADER[2:], cells, strict=True))
            for first, second, *cells in study.table(results)
        }
    if kind_of(results) == "on-chip":
        made = [
            dict(zip(on_chip.HEADER, on_chip.cells(one), strict=True)) for one in results["rows"]
        ]
        return {(one["errors come from"], one["weights"]): one for one in made}
    for one in results["baselines"]:
        cells = {"median": _number(one["error"]), "global norm": _number(one["global_error"])}
        rows["baseline", one["name"]] = cells
    for one in results["methods"]:
        verdict = {True: "yes", False: "no", None: ""}[one["reached"]]
        by = f", by {', '.join(one['departures'])}" if one["departures"] and verdict else ""
        rows[one["setting"], one["method"]] = {
            "K": str(one["directions"] or ""),
            "published": _number(one["published"], ""),
            "mean": _number(one["mean"]),
            "median": _number(one["median"]),
            "min..max": f"{_number(one['min'])}..{_number(one['max'])}",
            "global norm": _number(one["global_median"]),
            "reached": verdict + by,
            "seeds": str(len(one["seeds"])),
            "updates": str(one["updates"]),
            "rate": f"{one['rate']:g}",
        }
    for one in results["pairs"]:
        cells = {"mean difference": f"{one['mean']:+.4f}", "p": f"{one['p']:.4f}"}
        rows[one["first"], one["second"]] = cells | {"seeds": str(one["seeds"])}
    return rows


def _compared(found: list[dict[str, Any]]) -> dict[tuple[str, str], Row]:
    """Estimators at equal cost, by network and estimator, columns for every K."""
    rows: dict[tuple[str, str], Row] = {}
    for one in found:
        row = rows.setdefault((f"{one['experiment']}, {one['weights']}", one["estimator"]), {})
        row |= {
            f"{name}, K = {one['directions']}": f"{size:.0f}" if size >= 100 else f"{size:.3g}"
            for name, size in (
                ("predicted", one["variance"]["predicted"]),
                ("measured", one["variance"]["measured"]),
                ("arithmetic", one["arithmetic"]),
                ("gain", one["gain"]),
            )
        }
    return rows


def wrong(text: str, folder: Path) -> list[str]:
    """A line for every cell that is not what its file says, and for every row that it lacks."""
    found: list[str] = []
    for name, rows in tables(text):
        known = rows_of(json.loads((folder / name).read_text("utf-8")))
        for row in rows:
            first, second, *columns = row
            key = row[first], row[second]
            if key not in known:
                found.append(f"{name}: has no row {' '.join(key)}")
                continue
            found += [
                f"{name}: {column} of {' '.join(key)} is {known[key].get(column, '')!r},"
                f" not {row[column]!r}"
                for column in columns
                if known[key].get(column, "") != row[column]
            ]
    return found


def stale(results: dict[str, Any], name: str) -> str | None:
    """In what the settings of that name are not what results were made with; None if in nothing."""
    if (study := TABLES.get(kind_of(results))) is not None:
        now: dict[str, Any] = study.now()
        held = {key: results[key] for key in now}
    elif kind_of(results) == "on-chip":
        chips, network = OnChipPlan(), NETWORKS[results["data"]]
        now = {"seeds": chips.seeds, "samples": network.samples}
        held = {key: results[key] for key in now}
        now["rates"] = {
            source: sorted(network.rate + rate for rate in SOURCES[source].rates)
            for source in results["tuning"]
        }
        held["rates"] = {n: sorted(map(int, rates)) for n, rates in results["tuning"].items()}
    elif kind_of(results) == "estimator":
        plan = SamplingPlan()
        now = {"draws": plan.draws, "updates": plan.updates}
        now["settings"] = {experiment: load_settings(experiment).tables() for experiment in METHODS}
        held = {key: results[key] for key in now}
    else:
        settings = load_settings(name)
        columns = {n: column.model_dump(mode="json") for n, column in settings.columns.items()}
        now = settings.tables() | {"columns": columns}
        held = results["settings"] | {"columns": results["columns"]}
    held["version"], now["version"] = results["version"], VERSION
    difference = first_difference(held, now)
    if difference is None:
        return None
    key, then, is_now = difference
    return f"{key} was {then}, is {is_now}"


def main(words: list[str]) -> int:
    """Print what is stale and what is wrong; 1 where anything is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m dualspike.golden.experiments.paper.kept", description=__doc__
    )
    parser.add_argument("docs", type=_documents, metavar="DOCS", help="the folder of documents")
    docs: Path = parser.parse_args(words).docs
    for path in sorted((docs / "results").glob("*.json")):
        difference = stale(json.loads(path.read_text("utf-8")), path.stem)
        print(f"{path.name}: {'current' if difference is None else f'stale, {difference}'}")
    pages = sorted(docs.glob("*.md"))
    lines = [line for page in pages for line in wrong(page.read_text("utf-8"), docs)]
    print("\n".join(lines) if lines else "all figures of the documents agree with their files")
    return 1 if lines else 0


def _documents(text: str) -> Path:
    if not (Path(text) / "results").is_dir():
        raise argparse.ArgumentTypeError(f"must have a folder results, {text} has none")
    return Path(text)


def _number(value: float | None, none: str = "diverged") -> str:
    return none if value is None else f"{value:.4f}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
