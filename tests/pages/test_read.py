"""Every block of the documents that can be read is: commands, options, targets, keys."""

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import typer

from dualspike.cli import app
from dualspike.model.description.load import describe, preset_text, tables_of
from tests.pages.blocks import (
    CODE,
    LANGUAGES,
    PAGES,
    REASONS,
    ROOT,
    Block,
    blocks,
    commands,
    spoken,
)

ALL = [block for page in PAGES for block in blocks(page)]
INDENTED = re.compile(
    r"^ {4,}(?:\$ )?(?:dualspike [^w]|make |pip |\.venv|python|import |from )", re.M
)
"""Commands and code that stand indented, as formulas do, out of reach of `blocks`."""
OTHERS = {"cd", "iverilog", "ruff", "basedpyright", "lint-imports", "vvp"}


def accepted(words: list[str]) -> str:
    """What the command line has against these words of dualspike; "" if nothing."""
    command: Any = typer.main.get_command(app)
    context = command.make_context("dualspike", words[1:], resilient_parsing=False)
    try:
        while hasattr(command, "resolve_command"):
            if not (rest := [*context._protected_args, *context.args]):
                return "Missing command."
            name, command, rest = command.resolve_command(context, rest)
            context = command.make_context(name, rest, parent=context)
    except typer.TyperException as error:
        return error.format_message()
    return ""


def named(pages: list[Path]) -> list[str]:
    return [str(page.relative_to(ROOT)) for page in pages]


@pytest.mark.parametrize("page", PAGES, ids=named(PAGES))
def test_a_page_has_no_other_blocks_than_those_that_are_read(page: Path) -> None:
    text = page.read_text("utf-8")
    assert text.count("\n```") == 2 * len(blocks(page))
    assert not INDENTED.search(re.sub(r"```.*?```", "", text, flags=re.S))


@pytest.mark.parametrize("page", PAGES, ids=named(PAGES))
def test_marks_are_right(page: Path) -> None:
    for block in blocks(page):
        assert block.language in LANGUAGES, block.place
        kind, _, what = block.mark.partition(": ")
        if kind == "run by":
            test = (ROOT / what).read_text("utf-8")
            assert block.page.name in test, block.place
        elif block.mark:
            assert block.language in CODE, block.place
            assert block.is_long or (kind == "not run" and what in REASONS), block.place


@pytest.mark.parametrize("page", PAGES, ids=named(PAGES))
def test_commands_exist(page: Path) -> None:
    shell = [block for block in blocks(page) if block.language == "sh"]
    passing = spoken(page)  # may name a command without what it needs
    for words in [words for block in shell for words in commands(block.text)] + passing:
        words = [word for word in words if not re.match("[A-Z_]+=", word)]
        program = words[0].removeprefix(".venv/bin/")
        if program == "dualspike":
            against = accepted(["1" if word == "N" else word for word in words])
            assert not against or (against.startswith("Missing") and words in passing), words
        elif program == "make":
            targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.M)
            assert set(words[1:]) <= set(targets), words
        elif program == "python":
            asked = words[1:] if words[1:3] != ["-m", "pytest"] else words[3:]
            files = [word.split("::")[0] for word in asked if word.startswith(("tests/", "bench"))]
            assert all((ROOT / name).exists() for name in files), words
            assert files or find_spec(asked[1]), words
        elif program not in OTHERS:
            for block in shell:
                if words[0] in block.text.split():
                    assert "run" in block.mark and not block.is_long, (block.place, words)


TOML = [block for block in ALL if block.language == "toml" and not block.mark]


@pytest.mark.parametrize("block", TOML, ids=lambda block: block.place)
def test_keys_exist(block: Block) -> None:
    """Blocks of tables are descriptions, or parts that fit the preset hat; others are edits.

    Files of another kind are read by a test of their own: ``<!-- run by: FILE -->`` above them.
    """
    tables = tables_of(block.text, block.place)
    if all(isinstance(table, dict) for key, table in tables.items() if key != "name"):
        whole = {} if "network" in tables else tables_of(preset_text("hat"), "preset hat")
        describe(whole | tables, block.place)
    else:
        edited = preset_text("hat")
        for key in tables:
            assert re.search(rf"^{key} = ", edited, re.M), key


@pytest.mark.parametrize("page", PAGES, ids=named(PAGES))
def test_no_run_is_trained_where_one_is(page: Path) -> None:
    """A folder with a run is refused: who walks down a page would end there."""
    trained: list[str] = []
    for block in blocks(page):
        for words in commands(block.text) if block.language == "sh" and block.is_run else ():
            if words[:2] == ["dualspike", "train"] and not {"--force", "--resume"} & set(words):
                folder = words[words.index("-o") + 1] if "-o" in words else "trained"
                assert folder not in trained, (block.place, words)
                trained.append(folder)
