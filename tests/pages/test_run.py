"""Blocks of the documents, run as they stand there, page by page, each in a folder of its own.

Training, checks and experiments are cut short by options at their ends, which take the place of
those that the page has.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from dualspike.golden.experiments.runner.studies import STUDIES
from tests.cli import Cli
from tests.pages.blocks import PAGES, ROOT, Block, blocks
from tests.pages.given import given

SHORT = {"train": ["--updates", "2"], "verify": ["--updates", "1"]}
TO_FETCH = "=FOLDER"  # a data set that nobody has who has not fetched it
RUN = {page: [block for block in blocks(page) if block.is_run] for page in PAGES}
QUICK = [page for page, found in RUN.items() if any(not block.is_long for block in found)]
LONG = [page for page, found in RUN.items() if any(block.is_long for block in found)]


def short(words: list[str]) -> list[str]:
    """Words of a command of dualspike, cut short."""
    if words[1] == "experiment":
        options = STUDIES[words[2]].options
        return [*words[1:], *(["--quick"] if "quick" in options else [])]
    return [*words[1:], *SHORT.get(words[1], [])]


def shell(block: Block, cli: Cli) -> None:
    """Run each line of a block; commands of dualspike in this process, others in a shell."""
    for line in block.text.replace("\\\n", " ").splitlines():
        command, _, comment = line.partition("#")
        words = command.split()
        if TO_FETCH in line:
            continue
        if words[:1] == ["dualspike"]:
            done = cli(*short(words))
            assert done.status == 0, (block.place, line, done.err)
        elif words:
            path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
            ended = subprocess.run(
                ["bash", "-e", "-c", command],
                env=os.environ | {"PATH": path},
                capture_output=True,
                text=True,
                check=False,
            )
            assert ended.returncode == 0, (block.place, line, ended.stderr)
            assert ("PASS" in comment) <= ("PASS" in ended.stdout), (block.place, ended.stdout)


def tables(block: Block) -> None:
    """Write a block whose first line names a file; bare keys are edits of `net.toml`."""
    if name := re.match(r"# (\w+\.toml)\n", block.text):
        Path(name[1]).write_text(block.text)
    elif not re.search(r"^\[", block.text, re.M) and (edited := Path("net.toml")).exists():
        text = edited.read_text()
        for line in block.text.splitlines():
            key = line.split(" = ")[0]
            text, number = re.subn(rf"^{key} = .*$", line, text, count=1, flags=re.M)
            assert number == 1, line
        edited.write_text(text)


def run(page: Path, cli: Cli, long: bool) -> None:
    """All blocks of a page in their order, those that are long or only those that are not."""
    given(page)
    names: dict[str, object] = {}
    for block in blocks(page):
        if block.language == "toml":
            tables(block)
        elif block.is_run and (long or not block.is_long):
            if block.language == "sh":
                shell(block, cli)
            else:
                exec(compile(block.text, block.place, "exec"), names)


def named(pages: list[Path]) -> list[str]:
    return [str(page.relative_to(ROOT)) for page in pages]


@pytest.mark.parametrize("page", QUICK, ids=named(QUICK))
def test_what_a_page_shows_runs(page: Path, here: Path, cli: Cli) -> None:
    run(page, cli, long=False)


@pytest.mark.long
@pytest.mark.parametrize("page", LONG, ids=named(LONG))
def test_all_that_a_page_shows_runs(page: Path, here: Path, cli: Cli) -> None:
    run(page, cli, long=True)
