"""Hardware with an error planted in its source."""

import inspect
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from dualspike.testbench.cosim.verify import Verdict


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


def found(verdict: Verdict, tmp_path: Path, signal: str) -> None:
    """Assert that an error was found, named, and shown in a waveform."""
    difference = verdict.difference
    assert not verdict.equal and difference is not None
    assert re.match(signal, difference.signal), difference
    assert difference.update is not None
    assert difference.expected != difference.found
    text = str(difference)
    assert f"{difference.signal} is {difference.found}, the model has {difference.expected}" in text
    if not difference.signal.startswith("weights["):
        assert None not in (difference.sample, difference.cycle)
        assert f"update {difference.update}, sample {difference.sample}" in text
    waveform = (tmp_path / "mismatch.vcd").read_text()
    assert "$enddefinitions" in waveform and "#" in waveform.split("$enddefinitions")[1]
