"""``dualspike completion``: what a shell needs to know of commands, options and names.

The script is complete in itself. A shell that asked the program for every Tab would wait for it.
"""

from enum import StrEnum
from typing import Annotated, Any

import typer

from dualspike.boards.catalog import BOARDS
from dualspike.model.cost.devices import DEVICES
from dualspike.model.description.load import presets

HERE = "dualspike"

Tree = dict[str, tuple[list[str], dict[str, list[str]]]]


class Shell(StrEnum):
    """The shells that there is a script for."""

    bash = "bash"
    zsh = "zsh"
    fish = "fish"


def completion(
    context: typer.Context,
    shell: Annotated[Shell, typer.Argument(help="The shell that is to read it.")],
) -> None:
    """Print a script that completes commands, options and names of presets, boards and devices."""
    root: Any = context.find_root().command
    found = tree(root)
    print(_fish(found) if shell is Shell.fish else _bash(found, zsh=shell is Shell.zsh))


def tree(command: Any, path: str = "") -> Tree:
    """Of every command, "" the program itself: words that may follow, and values of its options.

    Options that take a value of no known kind have an empty list: files may follow. Flags have
    none.
    """
    options: list[Any] = [one for one in command.params if one.param_type_name == "option"]
    below: dict[str, Any] = dict(getattr(command, "commands", {}))
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    first = [word for one in arguments[:1] for word in _values(one)]
    names = [*below, *first, *(name for one in options for name in one.opts), "--help"]
    values = {name: _values(one) for one in options if not one.is_flag for name in one.opts}
    found = {path: (list(dict.fromkeys(names)), values)}
    for name, one in below.items():
        found |= tree(one, f"{path} {name}".strip())
    return found


def _values(parameter: Any) -> list[str]:
    """What an option or an argument may be; empty where that is anything."""
    known = {"preset": presets, "board": lambda: BOARDS, "device": lambda: DEVICES}
    if parameter.name in known:
        return list(known[parameter.name]())
    annotation = getattr(getattr(parameter, "type_descriptor", None), "annotation", None)
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return [one.value for one in annotation]
    return []


def _bash(found: Tree, zsh: bool) -> str:
    commands = [
        f'            "{path}") words="{" ".join(words)}" ;;'
        for path, (words, _) in found.items()
        if path
    ]
    options = [
        f'        "{path} {option}") words="{" ".join(some)}" ;;'
        for path, (_, values) in found.items()
        for option, some in values.items()
    ]
    groups = "|".join(path for path in found if any(one.startswith(f"{path} ") for one in found))
    begin = "autoload -Uz compinit bashcompinit && compinit && bashcompinit\n" if zsh else ""
    return f"""{begin}_{HERE}() {{
    local command="${{COMP_WORDS[1]}}" last="${{COMP_WORDS[COMP_CWORD]}}" words=""
    local before="${{COMP_WORDS[COMP_CWORD - 1]}}"
    case "$command" in
        {groups}) if (( COMP_CWORD > 2 )); then command="$command ${{COMP_WORDS[2]}}"; fi ;;
    esac
    if (( COMP_CWORD == 1 )); then command=""; words="{" ".join(found[""][0])}"; fi
    case "$command $before" in
{chr(10).join(options)}
        *) case "$command" in
{chr(10).join(commands)}
        esac ;;
    esac
    COMPREPLY=($(compgen -W "$words" -- "$last"))
}}
complete -o default -F _{HERE} {HERE}"""


def _fish(found: Tree) -> str:
    lines = [f"complete -c {HERE} -n __fish_use_subcommand -a '{' '.join(found[''][0])}'"]
    for path, (words, values) in found.items():
        if not path:
            continue
        seen = "; and ".join(f"__fish_seen_subcommand_from {one}" for one in path.split())
        more = [word for word in words if not word.startswith("-")]
        if more:
            lines.append(f"complete -c {HERE} -n '{seen}' -a '{' '.join(more)}'")
        for word in words:
            kind = "-l" if word.startswith("--") else "-s"
            line = f"complete -c {HERE} -n '{seen}' {kind} {word.lstrip('-')}"
            some = values.get(word)
            if some is not None:
                line += f" -x -a '{' '.join(some)}'" if some else " -r"
            lines += [line] if word.startswith("-") else []
    return "\n".join(lines)
