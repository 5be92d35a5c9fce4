"""Hardware with an error planted in its source."""

import inspect
import sys
from types import ModuleType

import pytest


def plant(monkeypatch: pytest.MonkeyPatch, module: ModuleType, right: str, wrong: str) -> None:
    """Have all of `hw` use what ``module`` would be with ``wrong`` in place of ``right``."""
    text = inspect.getsource(module)
    assert text.count(right) == 1, f"{module.__name__} has {text.count(right)} times {right!r}"
    names = dict(module.__dict__)
    exec(compile(text.replace(right, wrong), module.__file__ or "", "exec"), names)
    users = [one for name, one in sys.modules.items() if name.startswith("dualspike.hw.")]
    for name, thing in vars(module).items():
        if getattr(thing, "__module__", None) == module.__name__:
            for user in users:
                if getattr(user, name, None) is thing:
                    monkeypatch.setattr(user, name, names[name])
