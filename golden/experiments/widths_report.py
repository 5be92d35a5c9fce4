"""The widths study as a table and as plain data."""

import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dualspike.golden.experiments.widths import (
    Found,
    NetworkName,
    Trial,
    narrowed,
    preset,
    read,
    trials,
)
from dualspike.model.formats import Format
from dualspike.model.head import ProductFlag
from dualspike.model.identity import VERSION
from dualspike.model.registers import Flag

FLAGS = [*Flag, *ProductFlag]


@dataclass(frozen=True)
class Row:
    """One format of one network, with an outcome for every seed. ``own``: the preset's."""

    network: NetworkName
    factor: str
    form: str
    own: bool
    found: dict[int, Found]

    @property
    def bits(self) -> int:
        """Width of the format."""
        return Format.parse(self.form).bits

    @property
    def errors(self) -> list[float]:
        """Ascending."""
        return sorted(one.error for one in self.found.values())

    @property
    def median(self) -> float:
        """Over the seeds."""
        return statistics.median(self.errors)

    @property
    def global_median(self) -> float:
        """Over the seeds, of the norm over everything."""
        return statistics.median(one.global_error for one in self.found.values())

    @property
    def flags(self) -> list[str]:
        """What saturated in any of the runs."""
        raised = 0
        for one in self.found.values():
            raised |= one.flags
        return [flag.name.lower() for flag in FLAGS if raised >> flag & 1]


@dataclass(frozen=True)
class Study:
    """Everything asked for: rows by network and factor, the preset's own format first."""

    rows: list[Row]
    updates: dict[NetworkName, int]
    seeds: int

    @property
    def networks(self) -> list[NetworkName]:
        """In their order."""
        return list(self.updates)

    def of(self, network: NetworkName) -> dict[str, list[Row]]:
        """A network's rows by factor."""
        factors: dict[str, list[Row]] = {}
        for row in self.rows:
            if row.network == network:
                factors.setdefault(row.factor, []).append(row)
        return factors


def collect(
    folder: Path, networks: list[NetworkName], seeds: int, updates: int | None, quick: bool
) -> Study:
    """The study from its files; all of its trials have ended."""
    rows: list[Row] = []
    counts: dict[NetworkName, int] = {}
    for network in networks:
        found: dict[tuple[str, str], dict[int, Found]] = {}
        for trial in trials(network, seeds, updates, quick):
            counts[network] = trial.updates
            outcome = read(folder, trial)
            assert outcome is not None
            found.setdefault((trial.factor, trial.form), {})[trial.seed] = outcome
        for factor, forms in narrowed(network).items():
            rows.append(Row(network, factor, forms[0], True, found["", ""]))
            rows += [
                Row(network, factor, form, False, found[factor, form])
                for form in forms[1:]
                if (factor, form) in found
            ]
    return Study(rows, counts, seeds)


def left(
    folder: Path, networks: list[NetworkName], seeds: int, updates: int | None, quick: bool
) -> list[Trial]:
    """The trials that have not ended; BadInput for an outcome of other settings."""
    return [
        trial
        for network in networks
        for trial in trials(network, seeds, updates, quick)
        if read(folder, trial) is None
    ]


def results(study: Study) -> dict[str, Any]:
    """What results.json holds; all wall times are under ``timing``."""
    return {
        "study": "widths",
        "version": VERSION,
        "updates": study.updates,
        "seeds": study.seeds,
        "presets": {name: preset(name).model_dump(mode="json") for name in study.networks},
        "rows": [
            {
                "network": row.network,
                "factor": row.factor,
                "format": row.form,
                "bits": row.bits,
                "own": row.own,
                "median": row.median,
                "global_median": row.global_median,
                "errors": {str(seed): one.error for seed, one in row.found.items()},
                "flags": row.flags,
            }
            for row in study.rows
        ],
        "timing": {
            "seconds": {
                name: statistics.median(
                    one.seconds
                    for row in study.rows
                    if row.network == name
                    for one in row.found.values()
                )
                for name in study.networks
            }
        },
    }


def markdown(study: Study) -> str:
    """One table for each network; a star marks the preset's own format."""
    lines = ["# widths: relative l2 error on the validation samples, one format narrowed", ""]
    for network in study.networks:
        lines += [
            f"## {network}, {study.updates[network]:,} updates, {study.seeds} seeds",
            "",
            "| factor | format | bits | median | min..max | global norm | against own | clipped |",
            "| --- | --- | ---: | ---: | ---: | ---: | ---: | --- |",
        ]
        for rows in study.of(network).values():
            lines += [f"| {' | '.join(_cells(row, rows[0].median))} |" for row in rows]
        lines.append("")
    return "\n".join(lines)


def text(study: Study) -> str:
    """For a terminal: for every factor the fewest bits that cost less than a tenth of the error."""
    lines = ["fewest bits with an error of at most 1.1 times that of the preset's own formats"]
    for network in study.networks:
        for factor, rows in study.of(network).items():
            good = [row for row in rows if row.median <= 1.1 * rows[0].median]
            best = min(good, key=lambda row: row.bits)
            lines.append(
                f"{network:<20}{factor:<11}{best.form:>7}{best.bits:>4} bits  {best.median:.4f}"
                f"  own {rows[0].form:>6}  {rows[0].median:.4f}"
            )
    return "\n".join(lines)


def _cells(row: Row, own: float) -> list[str]:
    spread = f"{row.errors[0]:.4f}..{row.errors[-1]:.4f}"
    name = f"{row.form} \\*" if row.own else row.form
    cells = [row.factor, name, str(row.bits), f"{row.median:.4f}", spread]
    ratio = f"{row.median / own:.2f}" if own else "-"
    return [*cells, f"{row.global_median:.4f}", ratio, ", ".join(row.flags) or "-"]
