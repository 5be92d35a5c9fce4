"""What long runs and benchmarks are given on the command line: folders and numbers.

A function here reads a word for `argparse`, which ends with status 2 and a line where it is wrong.
"""

import argparse
import math
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path


def folder_of(arguments: Sequence[str], run: str, about: str | None) -> Path:
    """The folder given to ``python -m dualspike.testbench.RUN``; ``--help`` prints ``about``."""
    return folder_parser(run, about).parse_args(arguments).folder


def folder_parser(run: str, about: str | None) -> argparse.ArgumentParser:
    """What reads that folder, to which a command may add arguments of its own."""
    parser = argparse.ArgumentParser(
        prog=f"python -m dualspike.testbench.{run}",
        description=about,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=folder, metavar="FOLDER", help="where results are kept")
    return parser


def folder(text: str) -> Path:
    """A folder, which may not be there yet."""
    path = Path(text)
    if path.exists() and not path.is_dir():
        raise argparse.ArgumentTypeError(f"must be a folder, {text} is a file")
    return path


def count(text: str) -> int:
    """An integer from 1."""
    with suppress(ValueError):
        if (number := int(text)) > 0:
            return number
    raise argparse.ArgumentTypeError(f"must be an integer from 1, not {text!r}")


def positive(text: str) -> float:
    """A number above 0."""
    with suppress(ValueError):
        if 0 < (number := float(text)) < math.inf:
            return number
    raise argparse.ArgumentTypeError(f"must be a number above 0, not {text!r}")
