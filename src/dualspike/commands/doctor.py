"""``dualspike doctor``."""

from dataclasses import asdict

import typer
from rich.table import Table

from dualspike.doctor import Finding, examine
from dualspike.output import JsonFlag, console, emit_json


def doctor(as_json: JsonFlag = False) -> None:
    """Check that every tool is installed.

    The exit status is 1 if one that dualspike needs is missing or too old.
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
        optional = "optional" if finding.problem and finding.optional else None
        state = ", ".join(filter(None, (finding.version, finding.problem, optional)))
        table.add_row(finding.tool, finding.use, state)
    out.print(table)
    needed, more = _remedies(findings, ok=False), _remedies(findings, ok=True)
    if not needed and not more:
        out.print("\nEverything is here.")
    for title, remedies in (("To put it right:", needed), ("For what is optional:", more)):
        if remedies:
            out.print(f"\n{title}")
        for remedy in remedies:
            out.print(f"  {remedy}")


def _remedies(findings: list[Finding], *, ok: bool) -> list[str]:
    """Each once, of tools that are needed, or with ``ok`` of those that may be missing."""
    found = (finding.remedy for finding in findings if finding.ok == ok and finding.remedy)
    return list(dict.fromkeys(found))
