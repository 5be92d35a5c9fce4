"""Energy of a sample: published figures, the sum counted by hand, and what it must grow with."""

import pytest

from dualspike.model.cost.energy import (
    ACCESS,
    ADD,
    PJ,
    PRODUCT,
    inference_energy,
    learning_energy,
)
from dualspike.model.cost.estimate import estimate
from dualspike.model.description.description import Description
from dualspike.model.description.load import describe, load_preset, presets, revised
from dualspike.model.sizes.geometry import geometry


def chip(**learning: object) -> Description:
    network = {"layers": [3, 5, 2], "time_steps": 4}
    return describe({"network": network, "learning": learning}, "test")


def test_the_figures_are_those_that_were_published() -> None:
    """Horowitz 2014: 8 and 32 bits, 8 kB, 32 kB and 1 MB by 64 bits."""
    assert 8 * ADD == pytest.approx(0.03 * PJ, rel=0.2)
    assert 32 * ADD == pytest.approx(0.1 * PJ)
    assert 64 * PRODUCT == pytest.approx(0.2 * PJ, rel=0.05)
    assert 1024 * PRODUCT == pytest.approx(3.1 * PJ)
    assert [round(64 * joules / PJ) for _, joules in ACCESS] == [10, 20, 100]


def test_a_small_chip_is_counted_by_hand() -> None:
    """3-5-2, four steps, no lanes: the first and the last layer work once, 20 membranes move."""
    d = chip(rule="none")
    found, f = inference_energy(d), d.formats
    assert found is not None and learning_energy(d) is None
    bit = ACCESS[0][1]
    first, last = geometry(d.parts[0]).layers
    assert found.weights == pytest.approx((15 + 10) * f.weight.bits * bit)
    products = f.weight.bits * (15 * first.value_bits + 10 * last.value_bits)
    assert found.products == pytest.approx(products * PRODUCT)
    sums = 15 * first.value_sum_bits + 10 * last.value_sum_bits + 20 * f.membrane.bits
    assert found.additions == pytest.approx(sums * ADD)
    assert found.state == pytest.approx(20 * 2 * f.membrane.bits * bit)
    assert found.total == found.additions + found.products + found.weights + found.state


@pytest.mark.parametrize("name", presets())
def test_every_perceptron_has_an_estimate_that_says_so(name: str) -> None:
    d = load_preset(name)
    told = estimate(d)["energy"]
    if d.kind != "mlp":
        assert told is None
        return
    answered, learned = told["joules_per_sample_inference"], told["joules_per_sample_learning"]
    assert 1e-9 < answered <= learned < 1e-3
    assert (told["technology"], told["times_on_fpga"]) == ("45 nm CMOS", [7, 14])


def test_it_grows_with_what_is_done() -> None:
    """Lanes, steps, width, passes, and learning online on top of an answer."""

    def total(d: Description) -> float:
        found = learning_energy(d)
        assert found is not None
        return found.total

    one, three = chip(directions=1), chip(directions=3)
    assert total(three) > total(one)
    assert total(revised(three, "hardware", lanes=1)) > total(one)
    assert total(revised(one, "network", time_steps=8)) > total(one)
    assert total(revised(one, "formats", tangent="s8.3")) < total(one)
    online = chip(rule="online")
    answered = inference_energy(online)
    assert answered is not None and total(online) > 2 * answered.weights
