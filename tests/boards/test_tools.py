"""A tool is compiled by one process alone, and once."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from dualspike.boards.flow import tools


def test_a_tool_is_compiled_once_and_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DUALSPIKE_CACHE", str(tmp_path / "cache"))
    asked: list[str] = []

    def child(command: list[str], **_: object) -> CompletedProcess[str]:
        time.sleep(0.05)
        asked.append(command[-1])
        return CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(tools, "run_child", child)
    with ThreadPoolExecutor(4) as pool:
        for name in "abcd":
            pool.submit(tools.run, tools.YOSYS, [name], tmp_path)
    assert asked[0] == "--version"
    assert sorted(asked[1:]) == list("abcd")
    tools.run(tools.YOSYS, ["e"], tmp_path)
    tools.run(tools.NEXTPNR["ecp5"], ["f"], tmp_path)
    assert asked[5:] == ["e", "--version", "f"]
