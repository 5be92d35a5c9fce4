"""A step of a membrane, in both of its forms, against the equations, for all operands."""

from functools import partial

from amaranth.hdl import Mux, Signal, signed

from dualspike.hw.layer.membrane import integrate_and_fire, leaked
from dualspike.testbench.formal.claims import Claims, Proof

FAMILY = "membranes"


def steps(c: Claims, bits: int, theta: int) -> None:
    """U' = clip(U + z); S = U' > theta; U = U' - theta S."""
    membrane, z = c.anything(signed(bits), "u"), c.anything(signed(bits), "z")
    step = integrate_and_fire(c.m, membrane, z, theta, bits, "0")
    low, high = -1 << (bits - 1), (1 << (bits - 1)) - 1
    total, clipped = Signal(signed(bits + 2)), Signal(signed(bits + 2))
    c.m.d.comb += [
        total.eq(membrane + z),
        clipped.eq(Mux(total > high, high, Mux(total < low, low, total))),
    ]
    fires = clipped > theta
    what = f"{bits} bits, threshold {theta}"
    c.always(f"{what}: it fires above the threshold", step.fire == fires)
    c.always(f"{what}: the distance is that of the clipped sum", step.distance == clipped - theta)
    c.always(
        f"{what}: a spike takes the threshold off",
        step.after == Mux(fires, clipped - theta, clipped),
    )
    c.always(f"{what}: clipping at the upper end is told", step.over == (total > high))
    c.always(f"{what}: clipping at the lower end is told", step.floor == (total < low))


def leaks(c: Claims, bits: int, shift: int) -> None:
    """U - floor(U / 2^k + 1/2), which never leaves the format."""
    value = c.anything(signed(bits), "value")
    result = leaked(c.m, value, shift, bits, "0")
    lost = Signal(signed(bits + 1))
    c.m.d.comb += lost.eq(value - result)
    whole, half = 1 << shift, 1 << (shift - 1)
    c.always(
        f"{bits} bits lose a {whole}th, rounded half up",
        (lost * whole <= value + half) & (value + half < (lost + 1) * whole),
    )


PROOFS = [
    *(
        Proof(f"membrane_{bits}_{theta}", FAMILY, partial(steps, bits=bits, theta=theta))
        for bits, theta in (
            (4, 3),
            (6, 8),
            (6, 13),
            (8, 64),
            (12, 1024),
            (17, 4096),
            (17, 4097),
            (17, 65535),
        )
    ),
    *(
        Proof(f"leak_{bits}_{shift}", FAMILY, partial(leaks, bits=bits, shift=shift))
        for bits, shift in ((5, 1), (8, 3), (17, 4))
    ),
]
