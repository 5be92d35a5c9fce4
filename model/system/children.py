"""Programs that are started: what they see, and that none outlives this process."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Self

# No Python that is started takes modules from the folder it happens to work in.
SAFE = {"PYTHONSAFEPATH": "1"}

# Kept by the shell while the program runs: when the pipe's other end closes, because the block is
# left or this process is gone, however it ended, the whole group of processes ends.
_TIED = """
( exec </dev/fd/$0 || exit; read _; kill -9 0 ) >/dev/null 2>&1 &
"$@"
status=$?
kill -9 $! 2>/dev/null
wait $! 2>/dev/null
exit $status
"""


def environment(**more: str) -> dict[str, str]:
    """Environment of a program to be started, with ``more`` variables."""
    return {**os.environ, **SAFE, **more}


class Children:
    """Programs which, with all that they start, end when the block does or this process dies."""

    def __enter__(self) -> Self:
        self._read, self._write = os.pipe()
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._write)
        os.close(self._read)

    def run(
        self,
        command: list[str],
        *,
        folder: Path | None = None,
        variables: Mapping[str, str] | None = None,
        text: str | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run a program in ``folder`` with ``text`` on its standard input; what it printed.

        ``variables`` are its environment, by default that of `environment`.
        """
        return subprocess.run(
            ["/bin/sh", "-c", _TIED, str(self._read), *command],
            input=text or "",
            cwd=folder,
            env=environment() if variables is None else variables,
            pass_fds=(self._read,),
            process_group=0,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )


def run_child(
    command: list[str],
    *,
    folder: Path | None = None,
    variables: Mapping[str, str] | None = None,
    text: str | None = None,
) -> subprocess.CompletedProcess[str]:
    """One program by itself; see `Children.run`."""
    with Children() as children:
        return children.run(command, folder=folder, variables=variables, text=text)
