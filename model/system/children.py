"""Programs that are started: what they see, and that none outlives this process."""

import os
import subprocess
from collections.abc import Callable, Mapping
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
        heard: Callable[[str], None] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run a program in ``folder`` with ``text`` on its standard input; what it printed.

        ``variables`` are its environment, by default that of `environment`. Where there is one who
        has ``heard`` each line as it came, from both outputs, all of it is in ``stdout``.
        """
        tied = ["/bin/sh", "-c", _TIED, str(self._read), *command]
        process = subprocess.Popen(
            tied,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if heard is None else subprocess.STDOUT,
            cwd=folder,
            env=environment() if variables is None else variables,
            pass_fds=(self._read,),
            process_group=0,
            text=True,
            errors="replace",
        )
        with process:
            try:
                if heard is None:
                    out, err = process.communicate(text or "")
                else:
                    out, err = _follow(process, heard), ""
            except BaseException:
                process.kill()
                raise
        return subprocess.CompletedProcess(tied, process.returncode, out, err)


def _follow(process: subprocess.Popen[str], heard: Callable[[str], None]) -> str:
    """All lines, each told of as it comes."""
    assert process.stdin is not None and process.stdout is not None
    process.stdin.close()
    lines: list[str] = []
    for line in process.stdout:
        heard(line)
        lines.append(line)
    return "".join(lines)


def run_child(
    command: list[str],
    *,
    folder: Path | None = None,
    variables: Mapping[str, str] | None = None,
    text: str | None = None,
    heard: Callable[[str], None] | None = None,
) -> subprocess.CompletedProcess[str]:
    """One program by itself; see `Children.run`."""
    with Children() as children:
        return children.run(command, folder=folder, variables=variables, text=text, heard=heard)
