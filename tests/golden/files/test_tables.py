"""Tables of comma separated values: what they are as arrays, and what is told of bad ones."""

from pathlib import Path

import numpy as np
import pytest

from dualspike.golden.files.arrays import array_names, read_arrays
from tests.cli import Cli
from tests.refusals import refusal


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_columns_are_arrays_by_their_names(here: Path, ends: str, mark: str) -> None:
    text = f"{mark}x1,label,x0,class,x2_3{ends}1,0,-2.5,red,3e-1{ends}{ends}4,2,5,,6{ends}"
    Path("a.csv").write_bytes(text.encode())
    arrays = read_arrays(Path("a.csv"))
    assert set(array_names(Path("a.csv"))) == set(arrays) == {"x", "labels"}
    assert arrays["x"].tolist() == [[1, -2.5, 0.3], [4, 5, 6]]
    assert arrays["labels"].tolist() == [0, 2] and arrays["labels"].dtype == np.int64
    assert list(read_arrays(Path("a.csv"), ["x"])) == ["x"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "",
            "must begin with a line of names, x0, x1, ... and y0, ... or label, it has nothing",
        ),
        ("1,2\n3,4\n", "or label, it has '1', '2'"),
        ("x0,y0\n", "a.csv must have at least one line after the names, not 0"),
        ("x0,y0\n1,2\n3\n", "a.csv: every line must have 2 entries, sample 1 has 1"),
        ("x0,y0\n1,2\n3,4,5\n", "a.csv: every line must have 2 entries, sample 1 has 3"),
        ("x0,y0\n1,two\n", "a.csv: y0 must be a number, sample 0 has 'two'"),
        ("x0,y0\n1,\n", "a.csv: y0 must be a number, sample 0 has ''"),
        ("id,label,x0\na,red,1\n", "a.csv: label must be a number, sample 0 has 'red'"),
        ("x0,x1,x1,y0\n1,2,3,4\n", "a.csv must name every column once, it has 'x1' twice"),
        ("x0,label,label\n1,0,0\n", "a.csv must name every column once, it has 'label' twice"),
        ("x0,label,label1\n1,0,0\n", "a.csv must have one column of labels, not 2"),
        ("x0\n1\n", "a.csv must hold y, it holds x"),
    ],
)
def test_mistakes_are_one_line(here: Path, text: str, line: str) -> None:
    Path("a.csv").write_text(text)
    assert refusal(read_arrays, Path("a.csv"), ["y"]).endswith(line)


def test_bytes_that_are_no_text_are_one_line(here: Path) -> None:
    for content in (b"\xff\xfe\x00x0", b"x0\n\x00\n", b"x0\n\xc3\n"):
        Path("a.csv").write_bytes(content)
        assert "a.csv" in refusal(read_arrays, Path("a.csv"))
    assert refusal(read_arrays, Path("no.csv")) == "cannot read no.csv: No such file or directory"


def test_a_table_trains_and_answers_as_an_archive_does(here: Path, cli: Cli) -> None:
    rng = np.random.default_rng(0)
    x = rng.integers(-64, 65, (40, 2)) / 64
    labels = (x[:, 0] > 0).astype(int)
    lines = [
        "x0,x1,label",
        *(f"{a!r},{b!r},{c}" for (a, b), c in zip(x.tolist(), labels, strict=True)),
    ]
    Path("own.csv").write_text("\n".join(lines))
    np.savez("own.npz", x=x, labels=labels)
    found = []
    for kind in ("csv", "npz"):
        cli("init", f"{kind}.toml", "--data", f"own.{kind}")
        cli.result("train", f"{kind}.toml", "--updates", 20, "-o", kind)
        cli.result("predict", kind, f"own.{kind}", "-o", f"p{kind}")
        found.append(Path(f"p{kind}", "predictions.csv").read_text())
    assert found[0] == found[1] and found[0].startswith("x0,x1,y0,y1,class,label")
