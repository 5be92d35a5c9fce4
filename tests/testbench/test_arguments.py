"""The long runs take a folder and nothing else, and begin nothing before they have one."""

from importlib import import_module
from pathlib import Path

import pytest

RUNS = ("coverage", "evidence", "formal", "mutants")


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["--help"], 0, "python -m dualspike.testbench.{run} [-h] FOLDER"),
        ([], 2, "the following arguments are required: FOLDER"),
        (["one", "two"], 2, "unrecognized arguments: two"),
        (["--jobs", "out"], 2, "unrecognized arguments: --jobs"),
        (["a_file"], 2, "must be a folder, a_file is a file"),
    ],
)
def test_what_is_no_folder_begins_nothing(
    run: str,
    words: list[str],
    status: int,
    said: str,
    here: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("a_file").write_text("mine")
    main = import_module(f"dualspike.testbench.{run}.__main__").main
    with pytest.raises(SystemExit) as ended:
        main(words)
    out, err = capsys.readouterr()
    assert ended.value.code == status
    assert said.format(run=run) in out + err
    assert [path.name for path in here.iterdir()] == ["a_file"]
