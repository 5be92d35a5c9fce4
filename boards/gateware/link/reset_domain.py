"""A clock domain that one register resets, and nothing else."""

from amaranth.hdl import ClockDomain, ClockSignal, DomainRenamer, Module, Value


def reset_domain(m: Module, name: str, reset: Value) -> DomainRenamer:
    """What puts components of ``sync`` into a domain of ``m`` with its clock and this reset.

    A `ResetInserter` would put a gate between the register and thousands of pins.
    """
    m.domains += (domain := ClockDomain(name, local=True))
    domain.clk.name, domain.rst.name = "clk", "rst"
    m.d.comb += [domain.clk.eq(ClockSignal()), domain.rst.eq(reset)]
    return DomainRenamer(name)
