"""Foldings: the interval between samples against hand-made figures, and every weight's place."""

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dualspike.model.description.description import Description
from dualspike.model.description.load import describe
from dualspike.model.sizes.geometry import geometry


def described(layers: list[int], time_steps: int, hardware: dict[str, Any]) -> Description:
    network = {"layers": layers, "time_steps": time_steps}
    return describe({"network": network, "hardware": hardware}, "test")


def interval(layers: list[int], time_steps: int, **hardware: list[int]) -> int:
    return geometry(described(layers, time_steps, hardware).parts[0]).interval


@pytest.mark.parametrize(
    ("layers", "time_steps", "pe", "simd", "clocks"),
    [
        ([2, 3, 1], 4, [1, 1], [1, 1], 4 * 3),  # rows into the readout
        ([2, 3, 1], 1, [1, 1], [1, 1], 3 * 2),  # direct pass
        ([2, 3, 1], 4, [3, 1], [2, 3], 4),  # everything at once: one clock a step
        ([2, 8, 8, 1], 16, [8, 2, 1], [1, 4, 2], 16 * 4 * 2),  # spiking pass
        ([2, 8, 8, 1], 16, [8, 8, 1], [1, 8, 1], 16 * 8),  # rows of the spiking layer
        ([3, 5, 7, 2], 10, [5, 3, 2], [2, 2, 3], 10 * 3 * 3),  # nothing divides
        ([2, 4, 9], 1, [4, 1], [1, 1], 9 * 4),  # readout pass
        ([2, 2, 50], 2, None, None, 50),  # outputs leave one by one
        ([784, 10, 10], 8, [1, 10], [1, 1], 784 * 10),  # direct pass of a wide input
    ],
)
def test_the_interval_by_hand(layers, time_steps, pe, simd, clocks):
    hardware = {} if pe is None else {"pe": pe, "simd": simd}
    assert interval(layers, time_steps, **hardware) == clocks


NETS = st.lists(st.integers(1, 40), min_size=3, max_size=6)


@given(NETS, st.integers(1, 64), st.data())
def test_neurons_left_to_us_are_as_fast_as_all_at_once(layers, time_steps, data):
    simd = [data.draw(st.integers(1, n), "simd") for n in layers[:-1]]
    all_at_once = interval(layers, time_steps, simd=simd, pe=layers[1:])
    assert interval(layers, time_steps, simd=simd) == all_at_once


@given(NETS, st.data())
def test_every_folding_covers_every_weight(layers, data):
    simd = [data.draw(st.integers(1, n), "simd") for n in layers[:-1]]
    pe: list[int] = []
    for n_out, width in zip(layers[1:], [*simd[1:], 1], strict=True):
        fitting = [p for p in range(1, n_out + 1) if p == n_out or p % width == 0]
        pe.append(data.draw(st.sampled_from(fitting), "pe"))
    g = geometry(described(layers, 4, {"pe": pe, "simd": simd}).parts[0])
    for layer, p, s in zip(g.layers, pe, simd, strict=True):
        assert (layer.pe, layer.simd) == (p, s)
        assert (layer.groups - 1) * p < layer.n_out <= layer.groups * p
        assert (layer.chunks - 1) * s < layer.n_in <= layer.chunks * s
        assert (layer.rows - 1) * layer.next_simd < layer.n_out <= layer.rows * layer.next_simd
        assert layer.cycles == len(list(product(range(0, layer.n_out, p), range(0, layer.n_in, s))))
    assert [layer.next_simd for layer in g.layers] == [*simd[1:], 1]
