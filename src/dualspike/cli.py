"""The command line: names of the commands, and the law of errors.

Exit status 0: done. 1: a check failed. 2: bad input, or a file that cannot be read or written;
exactly one line on stderr says what. 130: interrupted. 141: the reader of our output is gone.
"""

import errno
import io
import os
import sys
import warnings
from typing import Annotated, cast

import typer

from dualspike import __version__
from dualspike.commands.board import app as board
from dualspike.commands.build import boards, build
from dualspike.commands.cache import cache
from dualspike.commands.demo import demo
from dualspike.commands.doctor import doctor
from dualspike.commands.experiment import experiment
from dualspike.commands.flash import flash
from dualspike.commands.generate import generate
from dualspike.commands.infer import infer
from dualspike.commands.init import init
from dualspike.commands.nir import app as nir
from dualspike.commands.report import report
from dualspike.commands.simulate import simulate
from dualspike.commands.synth import synth
from dualspike.commands.train import train
from dualspike.commands.verify import verify
from dualspike.model.errors import BadInput, NoAnswer

FAILED = 1
BAD_INPUT = 2
INTERRUPTED = 130
READER_GONE = 141

app = typer.Typer(
    name="dualspike",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    *(demo, init, generate, synth, simulate),
    *(verify, train, infer, experiment, report, doctor, cache),
    *(boards, build, flash),
):
    app.command()(command)
app.add_typer(board, name="board")
app.add_typer(nir)


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
    if arguments is None and not sys.warnoptions:  # a command of its own, no test
        warnings.simplefilter("ignore")
    cast(io.TextIOWrapper, sys.stdout).reconfigure(errors="backslashreplace")  # any file name
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
    except typer.TyperException as error:
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "dualspike"
        return _fail(f"{error.format_message().rstrip('.')}; see {command} --help")
    except (KeyboardInterrupt, typer.Abort):
        return _fail("interrupted", INTERRUPTED)
    except SystemExit as stop:  # Typer's answer to a broken pipe
        if isinstance(stop.__context__, BrokenPipeError):
            return READER_GONE
        raise
    except OSError as error:
        return _fail(_reason(error))


def _reason(error: OSError) -> str:
    """The line for an error of the system; one in the middle of writing names no file."""
    reason = error.strerror or str(error)
    if error.filename:
        return f"cannot use {error.filename}: {reason}"
    full = error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
    return f"cannot write: {reason}" if full else reason


def _fail(text: str, status: int = BAD_INPUT) -> int:
    """One line on stderr, whatever line breaks the text has."""
    print(f"dualspike: {' '.join(text.split())}", file=sys.stderr)
    return status


def _deliver(quiet: bool = False) -> int:
    """Send off what was printed; returns the exit status that a failure of this has.

    What cannot be sent goes nowhere then: Python would complain of it at the end.
    """
    try:
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            return READER_GONE
        return BAD_INPUT if quiet else _fail(_reason(error))
    return 0
