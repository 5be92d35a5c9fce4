"""What the site of `make docs` needs of the documents, without building it."""

import inspect
import re
from pathlib import Path
from typing import Any

import dualspike
from tests.pages.blocks import ROOT

NAV = (ROOT / ".ci" / "site" / "mkdocs.yml").read_text("utf-8").partition("\nnav:\n")[2]
LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?!https?:|mailto:)([^)#\s]*)#?([^)\s]*)\)")
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def anchors(page: Path) -> set[str]:
    """Those of the headings, as GitHub and the site make them."""
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.M | re.S)
    heads = re.findall(r"^#+ (.*)$", text, re.M)
    bare = [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", head).lower() for head in heads]
    return {re.sub(r"[^\w\- ]", "", head).strip().replace(" ", "-") for head in bare}


def test_every_page_is_in_the_navigation_and_in_the_index() -> None:
    index = (ROOT / "docs" / "README.md").read_text("utf-8")
    for page in sorted((ROOT / "docs").glob("*.md")):
        assert len(re.findall(rf"\b{page.name}$", NAV, re.M)) == 1, page.name
        assert page.name == "README.md" or f"]({page.name})" in index, page.name


def test_every_benchmark_is_listed() -> None:
    text = (ROOT / "docs" / "benchmarks.md").read_text("utf-8")
    listed = re.findall(r"^\| `(\w+\.py)` \|", text, re.M)
    assert sorted(listed) == sorted(path.name for path in (ROOT / "benchmarks").glob("*.py"))


def test_links_lead_somewhere() -> None:
    for page in PAGES:
        for target, anchor in LINK.findall(page.read_text("utf-8")):
            to = page if not target else page.parent / target
            assert to.exists(), (page.name, target)
            if anchor:
                assert anchor in anchors(to), (page.name, target, anchor)


def test_no_code_in_a_table_has_a_mark_that_the_site_shows() -> None:
    """A bar in code wants a backslash on GitHub, and the site writes that."""
    for page in PAGES:
        assert not re.findall(r"`[^`\n|]*\\\|[^`\n]*`", page.read_text("utf-8")), page.name


def test_all_that_is_public_has_a_docstring_and_a_home() -> None:
    homes: dict[str, str] = vars(dualspike)["_HOMES"]
    assert {*homes, "__version__", "golden"} == set(dualspike.__all__)
    for name in homes:
        public: Any = getattr(dualspike, name)
        assert inspect.getdoc(public), name
        for member, value in vars(public).items() if inspect.isclass(public) else ():
            own = inspect.isfunction(value) or isinstance(value, property | classmethod)
            if own and not member.startswith("_"):
                assert inspect.getdoc(value), f"{name}.{member}"
