import errno
import io
import json
import os
import signal
import subprocess
import sys
import warnings
from pathlib import Path
from unittest.mock import Mock

import pytest
import typer

from dualspike import __version__
from dualspike import cli as cli_module
from dualspike.cli import main
from dualspike.commands import init
from dualspike.model.description.load import load, load_preset, preset_text

pytestmark = pytest.mark.usefixtures("here")


def run(*arguments: str, before: str = "", **options) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, which runs the statements ``before`` first."""
    command = [sys.executable, "-m", "dualspike", *arguments]
    if before:
        start = f"{before}; import os, sys; os.execv(sys.argv[1], sys.argv[1:])"
        command = [sys.executable, "-c", start, *command]
    return subprocess.run(
        command, check=False, text=True, stderr=subprocess.PIPE, timeout=60, **options
    )


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ([], "Missing command; see dualspike --help"),
        (["frob"], "No such command 'frob'; see dualspike --help"),
        (["--frob"], "No such option: --frob; see dualspike --help"),
        (["init"], "Missing argument 'NET.toml'; see dualspike init --help"),
        (["init", "a", "b"], "Got unexpected extra argument(s) (b); see dualspike init --help"),
        (["init", "a", "--frob"], "No such option: --frob (Possible options: --force)"),
        (["init", "a", "--preset"], "Option '--preset' requires an argument"),
        (["init", "a", "--force=1"], "Option '--force' does not take a value"),
        (["doctor", "a"], "Got unexpected extra argument(s) (a); see dualspike doctor --help"),
        (
            ["init", "a", "--preset", "x"],
            "preset must be one of digits, events, hat, hat_global, hat_online, mnist,"
            " spoken_digits, wide, poisson, poisson_online, reaction_diffusion,"
            " reaction_diffusion_online, not 'x'",
        ),
    ],
)
def test_bad_usage_is_one_line(cli, arguments, line):
    assert cli.failure(*arguments).startswith(line)


def test_line_breaks_and_markup_stay_inside_the_line(cli):
    names = (
        "digits, events, hat, hat_global, hat_online, mnist, spoken_digits, wide, poisson,"
        " poisson_online, reaction_diffusion, reaction_diffusion_online"
    )
    expected = rf"preset must be one of {names}, not '[red]a\nb'"
    assert cli.failure("init", "a", "--preset", "[red]a\nb") == expected
    expected = "cannot write [red]a b/c: there is no folder [red]a b"
    assert cli.failure("init", "[red]a\nb/c") == expected


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_names_every_command(cli, option):
    status, out, _ = cli(option)
    assert status == 0
    for command in ("init", "doctor"):
        assert f"\n  {command} " in out


def test_version(cli):
    assert cli("--version") == (0, f"dualspike {__version__}\n", "")


def test_nothing_heavy_is_imported_before_a_command_is_known():
    heavy = "{'numpy', 'numba', 'matplotlib', 'amaranth', 'cocotb', 'scipy'}"
    program = f"import sys, dualspike.cli; sys.exit(str({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], stderr=subprocess.PIPE, check=False)
    assert done.stderr == b"set()\n"


def test_every_command_is_there_under_its_name():
    found = cli_module.app
    commands = typer.main.get_command(found).commands  # pyright: ignore[reportAttributeAccessIssue]
    assert {name: one.name for name, one in commands.items()} == {name: name for name in commands}


def test_init_writes_the_preset_and_says_what_is_next(cli, tmp_path):
    status, out, err = cli("init", "my net.toml")
    assert (status, err) == (0, "")
    assert Path("my net.toml").read_text("utf-8") == preset_text("hat")
    assert load(Path("my net.toml")) == load_preset("hat")
    assert out.splitlines() == [
        "Wrote my net.toml from preset hat. Next: edit it, then run",
        "  dualspike generate 'my net.toml'",
    ]
    assert os.listdir(tmp_path) == ["my net.toml"]


def test_init_keeps_a_file_that_is_there(cli):
    path = Path("net.toml")
    path.write_text("mine")
    expected = "net.toml is already there: give --force to replace it"
    assert cli.failure("init", "net.toml") == expected
    assert path.read_text() == "mine"
    assert cli("init", "net.toml", "--force").status == 0
    assert path.read_text("utf-8") == preset_text("hat")


def test_init_makes_no_folder(cli):
    expected = "cannot write no/net.toml: there is no folder no"
    assert cli.failure("init", "no/net.toml") == expected
    assert cli.failure("init", ".") == "cannot write .: it is a folder"


def test_init_json_is_one_object_and_text_goes_to_stderr(cli):
    status, out, err = cli("init", "net.toml", "--json")
    assert status == 0 and out == '{"file": "net.toml", "preset": "hat"}\n'
    assert json.loads(out) == {"file": "net.toml", "preset": "hat"}
    assert err.startswith("Wrote net.toml from preset hat.")


def test_a_name_that_is_too_long_is_one_line(cli):
    name = "n" * 256
    assert cli.failure("init", name) == f"cannot use {name}: File name too long"


DENIED = "Permission denied"


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (OSError(errno.ECONNREFUSED, "Connection refused"), 2, "Connection refused"),
        (OSError("no port"), 2, "no port"),
        (PermissionError(errno.EACCES, DENIED, "f"), 2, f"cannot use f: {DENIED}"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_errors_of_the_system_and_ctrl_c_are_one_line(cli, monkeypatch, error, status, line):
    monkeypatch.setattr(init, "preset_text", Mock(side_effect=error))
    assert cli.failure("init", "net.toml", status=status) == line


def test_sigint_ends_the_process_with_one_line(tmp_path):
    """A program that doctor asks for its version sends the signal."""
    program = tmp_path / "make"
    program.write_text(f"#!/bin/sh\nkill -{signal.SIGINT.value} $PPID\nsleep 20\n")
    program.chmod(0o755)
    done = run(
        "doctor",
        stdout=subprocess.PIPE,
        env={**os.environ, "PATH": f"{tmp_path}:/bin"},
        # Shells start programs in the background with this signal ignored.
        before="import signal; signal.signal(signal.SIGINT, signal.SIG_DFL)",
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "dualspike: interrupted\n")


def test_a_bug_keeps_its_traceback(monkeypatch):
    monkeypatch.setattr(init, "preset_text", Mock(side_effect=ZeroDivisionError))
    with pytest.raises(ZeroDivisionError):
        main(["init", "net.toml"])


def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path):
    """A limit on the size of files stands in for the disk."""
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))"
    done = run("init", "net.toml", stdout=subprocess.PIPE, before=limit)
    expected = f"dualspike: cannot write net.toml: {os.strerror(errno.EFBIG)}\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", expected)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("arguments", [["--version"], ["doctor"], ["init", "a"]])
def test_output_that_cannot_be_written_is_one_line(arguments):
    with open("/dev/full", "w") as full:
        done = run(*arguments, stdout=full)
    expected = "dualspike: cannot write: No space left on device\n"
    assert (done.returncode, done.stderr) == (2, expected)


@pytest.mark.parametrize("arguments", [["--version"], ["doctor"], ["doctor", "--json"]])
def test_a_reader_that_is_gone_is_no_error_to_tell(arguments):
    reader, writer = os.pipe()
    os.close(reader)
    done = run(*arguments, stdout=writer)
    os.close(writer)
    assert done.returncode == 141
    assert "dualspike:" not in done.stderr
    assert "Error" not in done.stderr


def test_a_name_that_is_not_text_can_be_written_and_said():
    name = os.fsdecode(b"\xff.toml")
    done = run("init", name, stdout=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Wrote \\udcff.toml from preset hat.")
    assert Path(name).exists()


@pytest.mark.parametrize("closed", [(1,), (2,), (0, 1, 2)])
def test_closed_streams_are_one_line_or_none(tmp_path, closed):
    """Output that nobody gets is an error; the file that is written gets no text of ours."""
    words = ["init", "net.toml", "--json"]
    before = f"import os; [os.close(n) for n in {closed}]"
    done = run(*words, before=before, stdout=subprocess.PIPE)
    unread = 1 in closed
    assert done.returncode == (2 if unread else 0)
    assert Path("net.toml").read_text("utf-8") == preset_text("hat")
    assert done.stdout == ("" if unread else '{"file": "net.toml", "preset": "hat"}\n')
    line = "dualspike: cannot write: Bad file descriptor"
    told = done.stderr.splitlines()
    assert (line in told) == (unread and 2 not in closed)
    assert not [one for one in told if "Traceback" in one or "Error" in one]


@pytest.mark.parametrize("columns", ["0", "1", "20", "-7", "9" * 30, "9" * 5000, "²", "abc", ""])
def test_any_number_of_columns_shows_the_same(cli, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", "80")
    status, expected, _ = cli("boards")
    for name in ("COLUMNS", "LINES"):
        monkeypatch.setenv(name, columns)
    assert cli("boards") == (status, expected, "") and status == 0
    assert "ulx3s-85f" in expected and "…" not in expected


NAMES = [
    b"a b",
    b"it's",
    b'q"q',
    b"\xff\xfe7",
    "é日本".encode(),
    b"new\nline",
    b"tab\t:bug:",
    b"-net",
    b"$(x)`y`!z",
    b"\\n\\",
    b"#;&|*?[a]",
    b"~",
    b" ends ",
    b"\x07\x1b[31m",
    "\u202e\u200b".encode(),
]


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
def test_a_printed_command_can_be_pasted_into_a_shell(encoding, monkeypatch):
    buffer = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(buffer, encoding, "backslashreplace"))
    for name in NAMES:
        assert main(["init", "--", os.fsdecode(name)]) == 0
        command = buffer.getvalue().splitlines()[-1].split(b"generate ")[1]
        done = subprocess.run(
            [b"bash", b"-c", b"printf %s " + command], check=True, capture_output=True
        )
        assert done.stdout == (b"./" + name if name.startswith(b"-") else name)
        assert os.path.exists(name)


def test_no_warning_of_python_is_shown_and_errors_stay_errors(cli, monkeypatch):
    def text(_):
        warnings.warn("overflow", RuntimeWarning, stacklevel=1)
        return "text"

    monkeypatch.setattr(init, "preset_text", text)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        assert cli("init", "net.toml")[::2] == (0, "")
        warnings.simplefilter("error")
        with pytest.raises(RuntimeWarning):
            cli("init", "net.toml")
