"""Memory that is used again."""

import numpy as np

from dualspike.golden.float.workspace import Workspace


def test_memory_is_used_again_and_grows() -> None:
    workspace = Workspace(np.dtype(np.float32))
    first = workspace.array("a", 3, 4)
    assert first.shape == (3, 4)
    assert first.dtype == np.float32
    assert np.shares_memory(first, workspace.array("a", 12))
    assert np.shares_memory(first, workspace.array("a", 2, 1))
    larger = workspace.array("a", 5, 5)
    assert not np.shares_memory(first, larger)
    assert np.shares_memory(larger, workspace.array("a", 25))


def test_names_are_kept_apart() -> None:
    workspace = Workspace(np.dtype(np.float64))
    assert not np.shares_memory(workspace.array("a", 4), workspace.array("b", 4))


def test_nothing_at_all() -> None:
    assert Workspace(np.dtype(np.float64)).array("a", 3, 0, 2).shape == (3, 0, 2)
