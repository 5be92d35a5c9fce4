"""Convolutional layers: scaled weight standardisation, and average pooling of what is sent.

Layers are flat: position by position, row by row, the channels of a position side by side.
"""

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from dualspike.golden.data.labelled.shape import Shape
from dualspike.golden.numeric import Floats
from dualspike.golden.online.dense import DenseSynapses
from dualspike.golden.online.network import OnlineNetwork
from dualspike.golden.online.neuron import LifNeuron
from dualspike.golden.online.synapses import Synapses
from dualspike.model.errors import BadInput

SCALE = 2.74
"""Brings the currents of spikes to a variance of about 1 (Xiao et al., OTTT, 2022)."""
EPSILON = 1e-4


def standardised(W: Floats, gain: Floats) -> tuple[Floats, Floats, Floats]:
    """V [n, fan_in], u and r [n, 1] with V = SCALE gain u, u = (W - mean) / r, row by row.

    r = sqrt(|W - mean|^2 + EPSILON): rows of zero mean and of norm SCALE gain. Source: Brock, De,
    Smith, "Characterizing signal propagation to close the performance gap in unnormalized ResNets".
    """
    centred = W - W.mean(axis=1, keepdims=True)
    r = np.sqrt(np.square(centred).sum(axis=1, keepdims=True) + EPSILON)
    u = centred / r
    return SCALE * gain[:, None] * u, u, r


class Convolution:
    """See Synapses: k x k kernels, zeros around the edges, as many positions as before.

    In the vector: W [channels, k k channels_in], biases [channels], gains [channels]; the kernels
    in use are the standardised W. ``kernel`` is odd. W starts normal, of
    variance 1 / fan_in; biases at 0, gains at 1.
    """

    def __init__(self, shape: Shape, channels: int, kernel: int = 3) -> None:
        if kernel < 1 or kernel % 2 == 0:
            raise BadInput(f"kernel must be odd and from 1 up, not {kernel}")
        self._from, self._kernel = shape, kernel
        self.shape = Shape(shape.height, shape.width, channels)
        self._fan_in = kernel * kernel * shape.channels
        self.n_in, self.n_out = shape.size, self.shape.size
        self.size = channels * (self._fan_in + 2)
        reached = _reached(shape.height, kernel) * _reached(shape.width, kernel)
        self.fan_out = reached * channels / (shape.height * shape.width)

    def start(self, own: Floats, rng: np.random.Generator) -> None:
        """See Synapses.start."""
        W, b, gain = self.split(own)
        W[:] = rng.standard_normal(W.shape) / math.sqrt(self._fan_in)
        b[:] = 0
        gain[:] = 1

    def split(self, own: Floats) -> tuple[Floats, Floats, Floats]:
        """See Synapses.split; the gains [channels] come last."""
        n = self.shape.channels
        weights = n * self._fan_in
        return own[:weights].reshape(n, -1), own[weights : weights + n], own[weights + n :]

    def currents(self, own: Floats, sent: Floats) -> Floats:
        """See Synapses.currents."""
        W, b, gain = self.split(own)
        found = self._patches(self._from.unfold(sent)) @ standardised(W, gain)[0].T
        found += b
        return found.reshape(len(sent), -1)

    def back(self, own: Floats, delta: Floats) -> Floats:
        """See Synapses.back: a convolution with the kernels turned round."""
        W, _, gain = self.split(own)
        k, n = self._kernel, self.shape.channels
        kernels = standardised(W, gain)[0].reshape(n, k, k, self._from.channels)
        turned = kernels[:, ::-1, ::-1].transpose(1, 2, 0, 3).reshape(k * k * n, -1)
        return (self._patches(self.shape.unfold(delta)) @ turned).reshape(len(delta), -1)

    def add_gradient(
        self, own: Floats, gradient: Floats, delta: Floats, trace: Floats, constant: float
    ) -> None:
        """See Synapses.add_gradient.

        From dL/dV: dL/dgain = SCALE u . dV; dW = SCALE gain / r (dV - u (u . dV)), less its mean.
        """
        W, _, gain = self.split(own)
        dW, db, dgain = self.split(gradient)
        _, u, r = standardised(W, gain)
        flat = delta.reshape(-1, self.shape.channels)
        dV = flat.T @ self._patches(self._from.unfold(trace))
        along = (u * dV).sum(axis=1)
        pulled = SCALE * gain[:, None] / r * (dV - u * along[:, None])
        dW += pulled - pulled.mean(axis=1, keepdims=True)
        db += constant * flat.sum(axis=0)
        dgain += SCALE * along

    def _patches(self, x: Floats) -> Floats:
        """What lies under the kernel at every position: [B height width, k k channels]."""
        edge = self._kernel // 2
        padded = np.pad(x, ((0, 0), (edge, edge), (edge, edge), (0, 0)))
        windows = sliding_window_view(padded, (self._kernel, self._kernel), (1, 2))
        return windows.transpose(0, 1, 2, 4, 5, 3).reshape(len(x) * x.shape[1] * x.shape[2], -1)


class Pooled:
    """See Synapses: another kind after means over windows of n x n positions of what is sent."""

    def __init__(self, shape: Shape, window: int, inner: Synapses) -> None:
        if window < 1 or shape.height % window or shape.width % window:
            raise BadInput(f"window must divide {shape.height} x {shape.width}, not {window}")
        self._shape, self._window, self.inner = shape, window, inner
        self.n_in, self.n_out, self.size = shape.size, inner.n_out, inner.size
        self.fan_out = inner.fan_out

    def start(self, own: Floats, rng: np.random.Generator) -> None:
        """See Synapses.start."""
        self.inner.start(own, rng)

    def split(self, own: Floats) -> tuple[Floats, ...]:
        """See Synapses.split."""
        return self.inner.split(own)

    def currents(self, own: Floats, sent: Floats) -> Floats:
        """See Synapses.currents."""
        return self.inner.currents(own, self._pool(sent))

    def back(self, own: Floats, delta: Floats) -> Floats:
        """See Synapses.back."""
        n = self._window
        high, wide = self._shape.height // n, self._shape.width // n
        pooled = self.inner.back(own, delta).reshape(-1, high, 1, wide, 1, self._shape.channels)
        return np.tile(pooled / n**2, (1, 1, n, 1, n, 1)).reshape(len(delta), -1)

    def add_gradient(
        self, own: Floats, gradient: Floats, delta: Floats, trace: Floats, constant: float
    ) -> None:
        """See Synapses.add_gradient."""
        self.inner.add_gradient(own, gradient, delta, self._pool(trace), constant)

    def _pool(self, flat: Floats) -> Floats:
        n, shape = self._window, self._shape
        cells = flat.reshape(-1, shape.height // n, n, shape.width // n, n, shape.channels)
        return cells.mean(axis=(2, 4)).reshape(len(flat), -1)


def convolutional(
    shape: Shape,
    channels: list[int],
    n_out: int,
    rng: np.random.Generator,
    neuron: LifNeuron | None = None,
    dtype: type[np.float64 | np.float32] = np.float64,
) -> OnlineNetwork:
    """3 x 3 convolutions, pooled by 2 after each but fed as they are first, then a dense readout.

    The paper's form, C3-AP2-C3-AP2-...-FC: Xiao et al., OPZO, appendix C.2.2. ``channels`` of each
    convolution; raises BadInput if the size cannot be halved after each of them.
    """
    if not channels:
        raise BadInput("channels must be those of one convolution or more, not []")
    synapses: list[Synapses] = [Convolution(shape, channels[0])]
    for depth, n in enumerate(channels):
        half = Shape(shape.height // 2, shape.width // 2, n)
        last = depth == len(channels) - 1
        inner = DenseSynapses(half.size, n_out) if last else Convolution(half, channels[depth + 1])
        synapses.append(Pooled(Shape(shape.height, shape.width, n), 2, inner))
        shape = half
    return OnlineNetwork(synapses, rng, neuron, dtype)


def _reached(size: int, kernel: int) -> int:
    """Pairs of positions in a row of ``size`` no further apart than half a kernel."""
    edge = kernel // 2
    return sum(min(i + edge, size - 1) - max(i - edge, 0) + 1 for i in range(size))
