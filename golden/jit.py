# pyright: basic
"""Numba's compiler, which keeps what it compiled where there is a folder for it."""

import os
from functools import partial

import numba

njit = partial(numba.njit, cache=bool(os.environ.get("NUMBA_CACHE_DIR")))
