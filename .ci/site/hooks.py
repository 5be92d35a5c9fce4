"""What MkDocs has from outside of docs/: README, examples, the Python API, and mermaid's script."""

import ast
import re
from importlib.resources import files as package_files
from pathlib import Path
from posixpath import normpath
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[2]
PAGES = {
    "README.md": "start.md",
    "examples/README.md": "examples.md",
    "CONTRIBUTING.md": "contributing.md",
}
SHIM = "https://unpkg.com/iframe-worker/shim"  # what Material loads for search in files
STYLE = """
.md-typeset table:not([class]) { font-size: .68rem; }
.md-grid { max-width: 72rem; }
.wide { overflow-x: auto; }
.wide > .mermaid { min-width: 36rem; margin: 0; }
.md-typeset table:not([class]) code { word-break: normal; overflow-wrap: normal; }
"""
_DIAGRAM = re.compile(r'<pre class="mermaid">.*?</pre>', re.S)
_LINK = re.compile(r"(!?\[[^\]]*\])\((?!https?:|#|mailto:)([^)#\s]+)(#[^)]*)?\)")


def public() -> dict[str, str]:
    """Names of `dualspike.__all__`, and the modules that they are in."""
    tree = ast.parse((ROOT / "src/dualspike/__init__.py").read_text("utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_HOMES":
            return ast.literal_eval(node.value)
    raise ValueError("src/dualspike/__init__.py must have _HOMES")


def api() -> str:
    """The page of the Python API, which mkdocstrings fills."""
    lines = [
        "# Python API",
        "",
        "`import dualspike as ds`; [Python](python.md) shows how to go about it.",
        "",
    ]
    for name, module in public().items():
        lines += [f"::: dualspike.{module}.{name}", ""]
    return "\n".join(lines)


def moved(text: str, folder: str) -> str:
    """A page with its links as they are from docs/; what is on no page loses its link."""

    def one(match: re.Match[str]) -> str:
        shown, target, anchor = match[1], normpath(f"{folder}/{match[2]}"), match[3] or ""
        if target in PAGES:
            return f"{shown}({PAGES[target]}{anchor})"
        if target in ("docs", "docs/"):
            return f"{shown}(README.md)"
        if target.startswith("docs/"):
            return f"{shown}({target.removeprefix('docs/')}{anchor})"
        return shown if shown.startswith("!") else shown[1:-1]

    return _LINK.sub(one, text)


def on_files(files: Files, config: Any) -> Files:
    """Pages and scripts that are made here."""
    for source, name in PAGES.items():
        text = moved((ROOT / source).read_text("utf-8"), str(Path(source).parent))
        files.append(File.generated(config, name, content=text))
    files.append(File.generated(config, "api.md", content=api()))
    script = package_files("mermaidx") / "assets" / "mermaid.js"
    files.append(File.generated(config, "assets/mermaid.js", content=script.read_bytes()))
    files.append(File.generated(config, "assets/site.css", content=STYLE))
    worker = (Path(__file__).with_name("worker.js")).read_text("utf-8")
    files.append(File.generated(config, "assets/worker.js", content=worker))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Links that lead out of docs/, and text that Markdown takes for HTML."""
    return moved(markdown, "docs") if page.file.generated_by is None else markdown


def on_post_page(output: str, **_: Any) -> str:
    """Nothing comes from the network: our own script is what lets search work in files."""
    output = output.replace(SHIM, "assets/worker.js")
    output = re.sub(
        r'<pre class="mermaid">.*?</pre>', r'<div class="wide">\g<0></div>', output, flags=re.S
    )
    if re.search(r'<(?:script|link|img)[^>]+(?:src|href)="https?:', output):
        raise ValueError("a page must load nothing from the network")
    return output
