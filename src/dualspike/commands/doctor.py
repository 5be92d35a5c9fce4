"""``dualspike doctor``."""

from dataclasses import asdict

import typer
from rich.table import Table

from dualspike.doctor import Finding, examine
from dualspike.output import JsonFlag, console, emit_json


def doctor(as_json: JsonFlag = False) -> None:
    """Check that every tool is installed.

    The exit status is 1 if one is missing or too old.
    """
    findings = examine()
    _show(findings, as_json)
    ok = all(finding.ok for finding in findings)
    if as_json:
        emit_json({"ok": ok, "tools": [asdict(finding) for finding in findings]})
    if not ok:
        raise typer.Exit(1)


def _show(findings: list[Finding], as_json: bool) -> None:
    out = console(as_json)
    table = Table("tool", "used for", "found", box=None, pad_edge=False)
    for finding in findings:
        state = ", ".join(filter(None, (finding.version, finding.problem)))
        table.add_row(finding.tool, finding.use, state)
    out.print(table)
    remedies = list(dict.fromkeys(finding.remedy for finding in findings if finding.remedy))
    out.print("\nTo put it right:" if remedies else "\nEverything is here.")
    for remedy in remedies:
        out.print(f"  {remedy}")
