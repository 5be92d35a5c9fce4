"""Evidence: what there is, what there is not, and what is stale, each on the page."""

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest

from dualspike.testbench.evidence import __main__ as command
from dualspike.testbench.evidence import parts as read
from dualspike.testbench.evidence.part import COMMIT
from dualspike.testbench.mutants.campaign import Outcome, Target, line_of

TARGET = Target("skid_buffer", {"bits": 8})
NOW = "0123456789ab"
SOAK = {"draw": "online", "seed": 3, "updates": 50, "clocks": 700, "commit": "other"}
JUNIT = """<testsuites><testsuite><testcase name="one" time="2.6"/>
<testcase name="two"><failure message="m"/></testcase>
<testcase name="three"><skipped/></testcase></testsuite></testsuites>"""


class Text(HTMLParser):
    """The text of a page, and every address in it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words, self.links = "", list[str]()
        self.feed(page)

    def handle_data(self, data: str) -> None:
        self.words += data

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]


def put(place: Path, text: str) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text, "utf-8")


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Results of some commands, of others none."""
    monkeypatch.setattr(read, "TARGETS", [TARGET])
    monkeypatch.setattr(read, "CORES", [])
    monkeypatch.setattr(command, "commit", lambda: NOW)
    alive = Outcome(TARGET.name, "mutate <1>", "", False, **TARGET.digests)
    dead = Outcome(TARGET.name, "mutate 2", "test", None, **TARGET.digests)
    stale = Outcome(TARGET.name, "mutate 3", "test", None, "old", "old")
    put(tmp_path / "mutants" / "mutants.jsonl", "".join(map(line_of, (alive, dead, stale))))
    put(tmp_path / "mutants" / COMMIT, NOW + "\n")
    runs = [SOAK | {"difference": ""}, SOAK | {"seed": 4, "difference": "LOSS"}]
    put(tmp_path / "soak" / "soak.jsonl", "".join(json.dumps(one) + "\n" for one in runs))
    put(tmp_path / "states" / "results.xml", JUNIT)
    put(tmp_path / "states" / COMMIT, "else\n")
    return tmp_path


def test_what_holds_and_what_does_not(build: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([str(build)]) == 0
    record = json.loads((build / "evidence" / "evidence.json").read_text("utf-8"))
    assert record["commit"] == NOW and record["tools"]["amaranth"]
    parts = {one["command"]: one for one in record["parts"]}
    proofs, mutants, soak, states = (
        parts[f"make {one}"] for one in ("proof", "mutants", "soak", "states")
    )
    assert not proofs["run"]
    assert proofs["holes"][0] == "Not run: make proof has left nothing here."
    assert mutants["run"] and not mutants["holds"]
    assert mutants["holes"][0].startswith("2 mutants: 1 found, 0 proved harmless, 0 with a reason")
    assert f"{TARGET.name}: mutate <1>" in mutants["holes"]
    assert f"{TARGET.name}: 1 results are stale." in mutants["holes"]
    assert mutants["commits"] == [NOW]
    assert soak["holds"] == [
        "2 descriptions, 100 updates, 1,400 clocks, 1 differences from the model."
    ]
    assert "online 4: LOSS" in soak["holes"]
    assert f"Run at other, not at {NOW}." in soak["holes"]
    assert states["holds"] == ["1 of 3 tests passed."]
    assert states["holes"] == ["Failed: two", "Left out: three", f"Run at else, not at {NOW}."]
    assert "Formal proofs: nothing Holes:" in capsys.readouterr().out


def test_the_page_says_the_same_and_asks_for_nothing(build: Path) -> None:
    record = command.evidence(build)
    page = Text(command.page(record))
    said = [one for part in record["parts"] for one in (*part["holds"], *part["holes"])]
    assert said and all(one in page.words for one in said)
    assert all(tool in page.words for tool in record["tools"].values())
    assert all(link.startswith(("#", "data:")) for link in page.links)


def test_a_run_whose_commit_nobody_knows_is_a_hole(build: Path) -> None:
    (build / "states" / COMMIT).unlink()
    states = next(one for one in read.parts(build, NOW) if one.command == "make states")
    assert states.holes[-1] == "It is not known at which commit this ran."
