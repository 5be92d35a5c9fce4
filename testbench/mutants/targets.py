"""What mutants are made of: a case of every bench, the values' way first."""

from importlib import import_module
from pkgutil import iter_modules

from dualspike.testbench.mutants.campaign import Target
from dualspike.testbench.unit import benches

COUNT = 24
"""Mutants of each, at most."""
_ELSEWHERE = {"bench_fickle", "bench_rate", "bench_system"}
"""A component that is wrong on purpose, a measurement, and a whole board."""
_CASE = {
    "core": 2,
    "mac_array": 3,
    "dither": 0,
    "signs": 3,
    "serializer": 4,
    "admission": 3,
    "traces": 4,
}
"""Cases other than the second, by their place: with more of what the component can do."""
_PART = {"axi_lite": ("soc_bridge", "soc"), "wishbone": ("soc_bridge", "soc")}
"""What of a case is a bench's own, and another bench that tests it as well."""


CARRY_VALUES = (
    "arithmetic",
    "mac_array",
    "requantizer",
    "neuron",
    "weights",
    "velocities",
    "squared_error",
    "changing_weights",
    "changes",
    "step_neuron",
    "step_error",
)
"""Benches of what carries values."""
_LAST = ("operator_core", "core", "soc")
"""What takes long."""


def _targets() -> list[Target]:
    found: list[Target] = []
    for one in iter_modules(benches.__path__):
        if one.name.startswith("bench_") and one.name not in _ELSEWHERE:
            cases = import_module(f"{benches.__name__}.{one.name}").CASES
            name = one.name.removeprefix("bench_")
            case = cases[min(_CASE.get(name, 1), len(cases) - 1)]
            found.append(Target(name, case, *_PART.get(name, ())))
    return sorted(found, key=lambda one: (one.bench in _LAST, one.bench not in CARRY_VALUES))


TARGETS = _targets()
