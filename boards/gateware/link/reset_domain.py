"""Clock domains that a register each resets, and nothing else."""

from amaranth.hdl import ClockDomain, ClockSignal, DomainRenamer, Fragment, Module, Value
from amaranth.lib import wiring

from dualspike.hw.stream.copies import copies


def reset_domain(m: Module, name: str, reset: Value) -> DomainRenamer:
    """What puts components of ``sync`` into a domain of ``m`` with its clock and this reset.

    A `ResetInserter` would put a gate between the register and thousands of pins.
    """
    m.domains += (domain := ClockDomain(name, local=True))
    domain.clk.name, domain.rst.name = "clk", "rst"
    m.d.comb += [domain.clk.eq(ClockSignal()), domain.rst.eq(reset)]
    return DomainRenamer(name)


def reset_parts(m: Module, name: str, ahead: Value, component: wiring.Component) -> Fragment:
    """``component`` with a reset register for itself and one for each of the parts in it.

    All of them hold what ``ahead`` was a clock before. One register for all parts, wherever they
    lie, would set the clock.
    """
    whole = Fragment.get(component, None)
    parts = whole.subfragments
    own, *others = copies(m, ahead, ahead, 1 + len(parts), name, 1, spread=True)
    for n, reset in enumerate(others):
        part, *rest = parts[n]
        parts[n] = (reset_domain(m, f"{name}_{n}", reset)(part), *rest)
    return reset_domain(m, name, own)(whole)
