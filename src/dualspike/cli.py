"""The command line: names of the commands, and the law of errors.

Exit status 0: done. 1: a check failed. 2: bad input, or a file that cannot be read or written;
exactly one line on stderr says what. 130: interrupted. 141: the reader of our output is gone.
"""

import errno
import os
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Annotated, Any, TextIO, cast

import typer
from typer.core import TyperGroup

from dualspike import __version__
from dualspike.commands.examples import shown
from dualspike.model.errors import BadInput, Interrupted, NoAnswer, not_one_of
from dualspike.terminal import prepared

FAILED = 1
BAD_INPUT = 2
INTERRUPTED = 130
READER_GONE = 141

_COMMANDS = (
    *("demo", "init", "generate", "synth", "simulate", "verify", "train", "predict"),
    *("experiment", "report", "doctor", "cache", "boards", "build", "flash", "board", "nir"),
    "completion",
)
_LOOK: dict[str, Any] = {
    "add_completion": False,
    "pretty_exceptions_enable": False,
    "rich_markup_mode": None,
    "context_settings": {"help_option_names": ["-h", "--help"]},
}


class _Commands(Mapping[str, Any]):
    """The commands by name. Each is imported when it is asked for: no run waits for the others."""

    def __getitem__(self, name: str) -> Any:
        if name not in _COMMANDS:
            raise KeyError(name)
        module = import_module(f"dualspike.commands.{name}")
        alone = typer.Typer(**_LOOK)
        if group := getattr(module, "app", None):
            alone.add_typer(group, name=name, epilog=shown(name))
            found = cast(TyperGroup, typer.main.get_command(alone)).commands[name]
            for below, command in cast(TyperGroup, found).commands.items():
                command.epilog = shown(f"{name} {below}")
            return found
        alone.command(name, epilog=shown(name))(getattr(module, name))
        return typer.main.get_command(alone)

    def __iter__(self) -> Iterator[str]:
        return iter(_COMMANDS)

    def __len__(self) -> int:
        return len(_COMMANDS)


class _Dualspike(TyperGroup):
    def __init__(self, **keys: Any) -> None:
        super().__init__(**keys)
        self.commands = _Commands()  # pyright: ignore[reportAttributeAccessIssue]


app = typer.Typer(name="dualspike", cls=_Dualspike, **_LOOK)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"dualspike {__version__}")
        raise typer.Exit


@app.callback()
def dualspike(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Generate, prove and train spiking hardware that learns on the chip."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    with prepared():
        status = _run(arguments)
        undelivered = _deliver(quiet=status != 0)
    return status or undelivered


def _run(arguments: list[str] | None) -> int:
    try:
        status = app(arguments, prog_name="dualspike", standalone_mode=False)
        if status == INTERRUPTED:  # Typer's answer to Ctrl-C
            return _fail("interrupted", INTERRUPTED)
        return status or 0
    except BadInput as error:
        return _fail(str(error))
    except NoAnswer as error:
        return _fail(str(error), FAILED)
    except Interrupted as error:
        return _fail(str(error), INTERRUPTED)
    except typer.BadParameter as error:
        return _fail(_mistaken(error) or _usage(error))
    except typer.TyperException as error:
        return _fail(_usage(error))
    except (KeyboardInterrupt, typer.Abort):
        return _fail("interrupted", INTERRUPTED)
    except SystemExit as stop:  # Typer's answer to a broken pipe
        if isinstance(stop.__context__, BrokenPipeError):
            return READER_GONE
        raise
    except OSError as error:
        return _fail(_reason(error))


def _mistaken(error: typer.BadParameter) -> str | None:
    """The line for a word that cannot be read, as descriptions have it; None for other mistakes."""
    from pydantic import ValidationError

    from dualspike.model.description.load import mistake

    cause, parameter = error.__cause__, cast(Any, error.param)
    if not isinstance(cause, ValidationError):
        return None
    (wrong, *_), name = cause.errors(), parameter.get_error_hint().strip("'").split("'")[0]
    if choices := parameter.type_descriptor.choices:
        return not_one_of(name, (str(choice.value) for choice in choices), wrong["input"])
    return f"{name} {mistake(wrong)}"


def _usage(error: typer.TyperException) -> str:
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "dualspike"
    return f"{error.format_message().rstrip('.')}; see {command} --help"


def _reason(error: OSError) -> str:
    """The line for an error of the system; one in the middle of writing names no file."""
    reason = error.strerror or str(error)
    if error.filename:
        return f"cannot use {error.filename}: {reason}"
    refused = error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EBADF}
    return f"cannot write: {reason}" if refused else reason


def _fail(text: str, status: int = BAD_INPUT) -> int:
    """One line on stderr, whatever line breaks the text has."""
    try:
        print(f"dualspike: {' '.join(text.split())}", file=sys.stderr, flush=True)
    except OSError:  # nobody is there to be told
        _discard(sys.stderr)
    return status


def _deliver(quiet: bool = False) -> int:
    """Send off what was printed; returns the exit status that a failure of this has.

    What cannot be sent goes nowhere then: Python would complain of it at the end.
    """
    try:
        sys.stdout.flush()
    except OSError as error:
        _discard(sys.stdout)
        if isinstance(error, BrokenPipeError):
            return READER_GONE
        return BAD_INPUT if quiet else _fail(_reason(error))
    return 0


def _discard(stream: TextIO) -> None:
    """Let all that is still to be written to a stream go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
