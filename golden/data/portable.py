"""Numbers that have the same bits on every machine, so that a checksum compares runs.

Elementwise + - * / and sqrt, minima, maxima and running sums are exact or rounded as IEEE 754
says, everywhere. Matrix products (their order of summation depends on the BLAS) and exp, sin, log
(their last bit depends on the library) are not: the problems do without the former and take the
latter from here.
"""

from decimal import Context, Decimal

import numpy as np

from dualspike.golden.numeric import Doubles

STEP = 2.0**-30
_DIGITS = Context(prec=28)


def exponential(values: Doubles) -> Doubles:
    """Exp of every value, by decimal arithmetic: correctly rounded to 28 digits, then to float64.

    Made for few distinct values (10 microseconds for each), such as kernels on a grid.
    """
    distinct, place = np.unique(values, return_inverse=True)
    table = np.array([float(Decimal(value).exp(_DIGITS)) for value in distinct.tolist()])
    return table[place].reshape(values.shape)


def rounded(values: Doubles) -> Doubles:
    """The nearest multiple of 2^-30 (ties to even): 5e-10 at most away, the last bits gone.

    Two machines differ after it only where a value lies within its last bit of a tie: for values
    about 1, one in 10^6 of those whose last bit differs at all.
    """
    return np.rint(values / STEP) * STEP
