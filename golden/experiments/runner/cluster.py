"""The same runs on a Dask cluster, whose workers see the folder as this process does.

Nothing but progress goes over the network: every run reads its data and leaves its checkpoints and
its outcome in the folder, as it does next to us.
"""

# Dask leaves most of its calls untyped.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingTypeStubs=false

import asyncio
import logging
import secrets
import signal
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from dualspike.golden.experiments.paper.run import Run, execute
from dualspike.golden.experiments.runner.folder import RunsFolder
from dualspike.golden.experiments.runner.processes import Message, Notice, Total, one_thread
from dualspike.golden.experiments.runner.study import Show
from dualspike.model.errors import BadInput
from dualspike.model.version import VERSION

if TYPE_CHECKING:
    from distributed import Client

LOCAL = "local"

SECONDS = 1.0
"""Between two messages of a run."""

CONNECT = 5.0
"""Seconds to wait for the scheduler."""

STOP = 10.0
"""Seconds to wait for runs to leave a checkpoint."""


@contextmanager
def connected(address: str, jobs: int, folder: RunsFolder) -> "Generator[Client, None, None]":
    """The cluster whose scheduler is at ``address``, its workers proved to see the folder.

    ``local`` starts a cluster of ``jobs`` workers on this machine for the time being. Raises
    BadInput if Dask is not installed, the scheduler does not answer, or a worker does not see the
    folder or has another version of this package.
    """
    if find_spec("distributed") is None:
        raise BadInput("--cluster needs Dask: install it with pip install 'dualspike[cluster]'")
    from distributed import Client, LocalCluster

    if address != LOCAL:
        _check_scheduler(address)
        with Client(address, timeout=CONNECT) as client:
            _check_workers(client, folder, address)
            yield client
        return
    with one_thread(), ExitStack() as stack:
        with _deaf():
            cluster: Any = LocalCluster(
                n_workers=jobs,
                threads_per_worker=1,
                dashboard_address="127.0.0.1:0",
                silence_logs=logging.CRITICAL,
            )
        stack.enter_context(cluster)
        yield stack.enter_context(Client(cluster))


@contextmanager
def _deaf() -> Generator[None, None, None]:
    """Processes started here do not hear Ctrl-C, which is the parent's business."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def run_cluster(client: "Client", runs: Sequence[Run], folder: RunsFolder, show: Show) -> None:
    """Execute the runs on the workers; every run leaves its outcome in the folder.

    The first error stops all other runs with a checkpoint, and is raised. So does Ctrl-C.
    """
    from distributed import as_completed, wait

    here, total = RunsFolder(folder.path.resolve()), Total(runs, show)
    topic = f"dualspike-{secrets.token_hex(8)}"

    def note(event: tuple[float, list[Any]]) -> None:
        place, done, loss = event[1]
        total.note((place, done, loss))

    client.subscribe_topic(topic, note)
    futures = {
        client.submit(_execute, run, here, place, topic, pure=False): place
        for place, run in enumerate(runs)
    }
    try:
        for future in as_completed(futures):
            future.result()
            total.ended(futures[future])
    except BaseException:
        _stop(here, topic).touch()
        with suppress(TimeoutError):
            wait(list(futures), timeout=STOP)
        raise
    finally:
        client.unsubscribe_topic(topic)
        _stop(here, topic).unlink(missing_ok=True)


def _execute(run: Run, folder: RunsFolder, place: int, topic: str) -> None:
    """On a worker: one run."""
    from distributed import get_worker

    worker = get_worker()
    problem = folder.problem(run.settings)

    def send(message: Message) -> None:
        worker.log_event(topic, list(message))

    execute(run, problem, folder.runs, Notice(place, send, _stop(folder, topic).exists, SECONDS))


def _stop(folder: RunsFolder, topic: str) -> Path:
    """The file that tells all runs to end."""
    return folder.path / f".{topic}.stop"


def _check_scheduler(address: str) -> None:
    """Something must answer: a client that waits in vain cannot be closed in silence."""
    from distributed.comm.core import connect

    async def call() -> None:
        await (await connect(address, timeout=CONNECT)).close()

    try:
        asyncio.run(call())
    except (OSError, ValueError, RuntimeError) as error:
        raise BadInput(f"no Dask scheduler answers at {address}") from error


def _check_workers(client: "Client", folder: RunsFolder, address: str) -> None:
    """Every worker must read what is written here."""
    token = secrets.token_hex(8)
    file = folder.path.resolve() / f".dualspike-{token}.seen"
    file.write_text(token)
    try:
        answers = cast(dict[str, tuple[str, str]], client.run(_answer, file))
    except (ImportError, AttributeError) as error:
        raise BadInput(f"every worker at {address} must have dualspike {VERSION}") from error
    finally:
        file.unlink()
    if not answers:
        raise BadInput(f"the Dask scheduler at {address} must have a worker, it has none")
    for worker, (version, seen) in answers.items():
        if version != VERSION:
            raise BadInput(f"worker {worker} must have dualspike {VERSION}, not {version}")
        if seen != token:
            raise BadInput(
                f"worker {worker} does not see {folder.path}: give a folder that all machines share"
            )


def _answer(file: Path) -> tuple[str, str]:
    """On a worker: its version of this package and what it reads."""
    return VERSION, file.read_text() if file.exists() else ""
