"""What the long runs of this room are given on the command line: a folder."""

import argparse
from collections.abc import Sequence
from pathlib import Path


def folder_of(arguments: Sequence[str], run: str, about: str | None) -> Path:
    """The folder that ``python -m dualspike.testbench.RUN`` is given, which may not be there yet.

    ``--help`` says what it is ``about``. Anything else ends with status 2 and a line on what is
    wrong.
    """
    parser = argparse.ArgumentParser(
        prog=f"python -m dualspike.testbench.{run}",
        description=about,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=_folder, metavar="FOLDER", help="where results are kept")
    return parser.parse_args(arguments).folder


def _folder(text: str) -> Path:
    path = Path(text)
    if path.exists() and not path.is_dir():
        raise argparse.ArgumentTypeError(f"must be a folder, {text} is a file")
    return path
