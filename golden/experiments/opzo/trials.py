"""What is trained to compare the online rules: a rule, how it is shown samples, on which network.

After Xiao et al., OPZO: table 1 (rules), table 2 (noise), figure 2 (variance), table 7 (spikes).
FWD, forward by neurons with one lane a layer, and FDFA, which learns matrices by the same lanes,
stand next to their rules.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np

from dualspike.golden.data.labelled.samples import ClassData
from dualspike.golden.online.network import OnlineNetwork, Position
from dualspike.golden.online.rules.backpropagation import SpatialBackpropagation
from dualspike.golden.online.rules.direct_feedback import DirectFeedback
from dualspike.golden.online.rules.forward import ForwardByNeurons
from dualspike.golden.online.rules.forward_direct_feedback import ForwardDirectFeedback
from dualspike.golden.online.rules.kolen_pollack import DirectKolenPollack
from dualspike.golden.online.rules.local_learning import LocalLearning
from dualspike.golden.online.rules.noise import Distribution, Noise
from dualspike.golden.online.rules.pseudo_zeroth_order import IntermediateGlobal, PseudoZerothOrder
from dualspike.golden.online.rules.rule import Rule
from dualspike.golden.online.rules.single_point import SinglePoint
from dualspike.golden.online.rules.two_point import TwoPoint
from dualspike.golden.online.training import Coding

RULES = ("BP", "OPZO", "DFA", "DKP", "SPSA", "ZO", "FWD", "FDFA")
CONVOLVED = ("BP", "OPZO", "OPZO-LL", "DFA", "ZO", "FWD")
DEEP = ("BP", "OPZO", "OPZO-LL", "OPZO-IGL", "OPZO-IGL-LL", "DFA", "FWD")
LOCAL = "-LL"

MOMENTUM = 0.999
LOCAL_SCALE, LOCAL_RATE = 0.01, 0.05
POLLACK_RATE, POLLACK_DECAY = 0.01, 1e-4

Kind = Literal["dense", "deep", "convolutional"]
Codings = tuple[Coding, ...]


@dataclass(frozen=True)
class OpzoTrial:
    """One training run."""

    rule: str
    coding: Coding = "static"
    kind: Kind = "dense"
    distribution: Distribution = "gaussian"
    position: Position = "after"
    antithetic: bool = True


def codings(samples: ClassData) -> Codings:
    """How these samples may be shown to a network."""
    return ("events",) if samples.events else ("static", "poisson")


def rule_trials(shown: Codings) -> list[OpzoTrial]:
    """Every rule alone and with local learning, for every coding."""
    names = [name + more for name in RULES for more in ("", LOCAL)]
    return [OpzoTrial(name, coding) for coding in shown for name in names]


def convolution_trials(shown: Codings) -> list[OpzoTrial]:
    """Some rules on convolutional networks, for the first coding."""
    return [OpzoTrial(name, shown[0], "convolutional") for name in CONVOLVED]


def deep_trials(shown: Codings) -> list[OpzoTrial]:
    """OPZO with and without a readout in the middle, and what it lies between; first coding."""
    return [OpzoTrial(name, shown[0], "deep") for name in DEEP]


def noise_trials(shown: Codings) -> list[OpzoTrial]:
    """OPZO with every kind of noise, for the first coding; the first is in `rule_trials` too."""
    usual = OpzoTrial("OPZO", shown[0])
    return [
        replace(usual, distribution=distribution, position=position, antithetic=antithetic)
        for distribution in ("gaussian", "rademacher")
        for position in ("after", "before")
        for antithetic in (True, False)
    ]


def variance_trials(shown: Codings) -> list[OpzoTrial]:
    """Those whose variance is followed over the run: rules without local learning, first coding."""
    return [OpzoTrial(name, shown[0]) for name in RULES]


def all_trials(shown: Codings, convolved: bool = True) -> list[OpzoTrial]:
    """Every trial once, in the order of the tables; ``convolved``: those of convolutions too."""
    kinds = [*rule_trials(shown), *deep_trials(shown)]
    if convolved:
        kinds += convolution_trials(shown)
    return list(dict.fromkeys([*kinds, *noise_trials(shown)]))


def tuning_trials(shown: Codings, convolved: bool = True) -> list[OpzoTrial]:
    """What rates are chosen by: every rule with nothing else, for the first coding."""
    return [t for t in all_trials(shown, convolved) if t == tuned_by(t, shown)]


def tuned_by(trial: OpzoTrial, shown: Codings) -> OpzoTrial:
    """The trial that a trial's rate is chosen by: its rule with nothing else."""
    return OpzoTrial(trial.rule.partition("-")[0], shown[0], trial.kind)


def named_rule(name: str, network: OnlineNetwork, rng: np.random.Generator, noise: Noise) -> Rule:
    """The rule of that name with the study's settings."""
    if name.endswith(LOCAL):
        inner = named_rule(name.removesuffix(LOCAL), network, rng, noise)
        return LocalLearning(network, inner, rng, LOCAL_SCALE, LOCAL_RATE)
    makers: dict[str, Callable[[], Rule]] = {
        "BP": SpatialBackpropagation,
        "OPZO": partial(PseudoZerothOrder, network, noise, MOMENTUM),
        "OPZO-IGL": partial(
            IntermediateGlobal,
            network,
            noise,
            MOMENTUM,
            rng,
            middle=(len(network.hidden) + 1) // 2,
            scale=LOCAL_SCALE,
            rate=LOCAL_RATE,
        ),
        "DFA": partial(DirectFeedback, network, rng),
        "DKP": partial(DirectKolenPollack, network, rng, POLLACK_RATE, POLLACK_DECAY),
        "SPSA": partial(TwoPoint, noise),
        "ZO": partial(SinglePoint, noise),
        "FWD": partial(ForwardByNeurons, rng),
        "FDFA": partial(ForwardDirectFeedback, network, rng, MOMENTUM),
    }
    return makers[name]()
