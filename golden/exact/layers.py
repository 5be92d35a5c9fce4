"""Layers that feed the next layer alone: batches of samples, forwards and backwards.

The neurons are those of `golden.exact.circuit`, with one rate alpha for all currents of a layer and
one beta and theta for its neurons. Where nothing feeds back, a layer can be followed through the
whole run before the next one: no queue of events, and all samples of a batch in one compiled loop.
Spikes and derivatives are those of `simulate`, `directional` and `pull` on `layered` circuits.

Source: Lee, Haghighatshoar, Karbasi, arXiv 2210.15415 (2023); adjoints between events as in
Wunderlich and Pehl, Scientific Reports 11, 12829 (2021).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.exact import layer_kernels
from dualspike.golden.exact.spikes import GRAZING
from dualspike.golden.numeric import Doubles, Indices
from dualspike.model.errors import BadInput


@dataclass(frozen=True, eq=False)
class SpikeTrains:
    """Spikes of N samples: ``times`` [N, S] rise along each row, at its end with infinities.

    ``units`` [N, S] say which unit of a layer fires, 0 after the spikes.
    """

    times: Doubles
    units: Indices


@dataclass(frozen=True, eq=False)
class SpikeBatch(SpikeTrains):
    """What a layer of n neurons fired; there is room for one more in every sample.

    ``slopes`` [N, S] are V'(f), 1 after the spikes.
    Spikes of neuron j in sample b are those at ``rank[b, begin[b, j] : begin[b, j + 1]]``.
    """

    slopes: Doubles
    rank: Indices
    begin: Indices

    @property
    def silent(self) -> NDArray[np.bool_]:
        """Which neurons did not fire [N, n]."""
        return self.begin[:, :-1] == self.begin[:, 1:]

    def first(self) -> Indices:
        """The place of each neuron's first spike [N, n]; -1 where it was silent."""
        low = np.where(self.silent, 0, self.begin[:, :-1])
        return np.where(self.silent, -1, np.take_along_axis(self.rank, low, axis=1))


@dataclass(frozen=True, eq=False)
class ExactLayer:
    """Neurons with ``weights`` [n, m] from m units.

    ``synapse`` alpha, ``membrane`` beta and ``threshold`` theta are > 0; runs end at ``until``.
    With ``once``, nothing is asked of a neuron after its first spike. Slopes count as at least
    ``floor`` beta theta in derivatives, see `golden.exact.spikes.steep`.
    """

    weights: Doubles
    synapse: float
    membrane: float
    threshold: float
    until: float
    once: bool = False
    floor: float = 0.0

    def fire(self, trains: SpikeTrains, limit: int = 1000) -> SpikeBatch:
        """What comes of spikes of the m units, from rest at time 0.

        Raises BadInput if a sample has more than ``limit`` spikes.
        """
        room = min(limit, len(self.weights)) if self.once else limit
        shape = (len(trains.times), room + 1)
        times, slopes = np.full(shape, np.inf), np.ones(shape)
        units, rank = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        begin = np.zeros((len(trains.times), len(self.weights) + 1), np.int64)
        most = layer_kernels.fire(
            *self._fed(trains), self.until, self.once, times, units, slopes, rank, begin
        )
        if most < 0:
            raise BadInput(f"spikes of a layer must be at most {limit} in a sample, not more")
        times, slopes = times[:, : most + 1].copy(), slopes[:, : most + 1].copy()
        return SpikeBatch(
            times, units[:, : most + 1].copy(), slopes, rank[:, : most + 1].copy(), begin
        )

    def tangents(
        self,
        trains: SpikeTrains,
        batch: SpikeBatch,
        dweights: Doubles,
        dtimes: Doubles | None = None,
        horizon: Doubles | None = None,
    ) -> Doubles:
        """Changes of the firing times [N, S, K] along K directions.

        Args:
            trains: What came in.
            batch: What `fire` made of it.
            dweights: Changes of the weights [n, m, K], the same for all samples.
            dtimes: Changes of the incoming times [N, S_in, K]; None for 0.
            horizon: Spikes after it [N] are left out, as 0; None for none.

        Raises:
            BadInput: A spike grazes its threshold.
        """
        found = np.zeros((*batch.times.shape, dweights.shape[2]))
        fixed = np.zeros((*trains.times.shape, dweights.shape[2]))
        layer_kernels.tangents(
            *self._fed(trains),
            *self._fired(batch),
            np.full(len(trains.times), np.inf) if horizon is None else horizon,
            dweights,
            fixed if dtimes is None else dtimes,
            found,
        )
        return found

    def vjp(
        self, trains: SpikeTrains, batch: SpikeBatch, adjoint: Doubles
    ) -> tuple[Doubles, Doubles]:
        """dL/dw [n, m], over all samples, and dL/d incoming times [N, S_in].

        ``adjoint`` [N, S] is dL/d firing times. Raises BadInput where a spike grazes its threshold.
        """
        weights, times = np.zeros_like(self.weights), np.zeros_like(trains.times)
        layer_kernels.back(*self._fed(trains), *self._fired(batch), adjoint, weights, times)
        return weights, times

    def _fed(self, trains: SpikeTrains) -> tuple[Doubles, Doubles, Indices, float, float, float]:
        constants = (self.synapse, self.membrane, self.threshold)
        return self.weights, trains.times, trains.units, *constants

    def _fired(self, batch: SpikeBatch) -> tuple[Doubles, Doubles, Indices, Indices]:
        unit = self.membrane * self.threshold
        slopes = np.maximum(batch.slopes, self.floor * unit)
        wrong = slopes[np.isfinite(batch.times) & (slopes < GRAZING * unit)]
        if wrong.size:
            raise BadInput(
                f"slopes must be at least {GRAZING * unit:.3g}, not {wrong[0]:.3g}: a spike grazes"
            )
        return batch.times, slopes, batch.rank, batch.begin


def given(times: Doubles) -> SpikeTrains:
    """One spike of every input, at ``times`` [N, m]."""
    order = np.argsort(times, axis=1, kind="stable")
    return SpikeTrains(np.take_along_axis(times, order, axis=1), order)


def followed(batch: SpikeBatch, time: float, unit: int) -> SpikeTrains:
    """The spikes of a batch, and after them all, at ``time``, one of another ``unit``."""
    times, units = batch.times.copy(), batch.units.copy()
    sample = np.arange(len(times))
    times[sample, batch.begin[:, -1]], units[sample, batch.begin[:, -1]] = time, unit
    return SpikeTrains(times, units)
