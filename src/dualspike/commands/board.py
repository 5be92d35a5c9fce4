"""``dualspike board``: boards that are only simulated."""

import signal
from typing import Annotated

import typer

from dualspike.commands.source import NetArgument, PresetOption, SeedOption, description
from dualspike.model.errors import BadInput
from dualspike.model.system.cache import check_cache
from dualspike.output import JsonFlag, console, emit_json, tell_building
from dualspike.testbench.board.virtual import VirtualBoard

app = typer.Typer(help="Simulated boards.", no_args_is_help=True)


@app.callback()
def board() -> None:
    """Simulated boards."""


@app.command()
def serve(
    net: NetArgument = None,
    preset: PresetOption = None,
    virtual: Annotated[
        bool, typer.Option("--virtual", help="The board in Verilator; there is no other yet.")
    ] = False,
    seed: SeedOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Put a board behind a pseudo-terminal, print its path, and serve until interrupted."""
    if not virtual:
        raise BadInput("--virtual must be given: a real board needs nobody to serve it")
    d = description(net, preset, seed=seed)
    out = console(as_json)
    check_cache()
    server = VirtualBoard(d, building=tell_building(out, d.name))
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C
    try:
        out.print(f"{d.name} is at {server.port}; end with Ctrl-C")
        if as_json:
            emit_json({"name": d.name, "port": server.port})
        server.serve()
    except KeyboardInterrupt:
        out.print("Stopped")
    finally:
        server.unplug()
