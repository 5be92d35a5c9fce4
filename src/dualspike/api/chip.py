"""A chip in Python: describe, train, ask, verify, write, as the commands of the same names do."""

from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dualspike.api.data import problem_of, rescaled, with_data
from dualspike.api.engines import EngineName
from dualspike.api.predicting import DESCRIPTION, WEIGHTS, answers, read_run
from dualspike.api.results import Figures, Predictions, Trained
from dualspike.golden.data.measures import Measures, measure
from dualspike.golden.data.problem import Problem
from dualspike.golden.data.units import input_units
from dualspike.golden.files.owned import check_free, owning
from dualspike.golden.files.writing import write_atomic
from dualspike.golden.float.layout import Parameters, start
from dualspike.golden.numeric import Doubles
from dualspike.golden.training.fixed_engine import first_chip, real_parameters
from dualspike.golden.training.validation import validating
from dualspike.golden.training.weights_file import npz_bytes, weight_arrays
from dualspike.model.cost.devices import device_named
from dualspike.model.cost.estimate import estimate
from dualspike.model.description.description import Description
from dualspike.model.description.files.places import written_to
from dualspike.model.description.files.save import toml_text
from dualspike.model.description.load import revised
from dualspike.model.errors import BadInput, not_one_of
from dualspike.testbench.cosim.verify import Verdict
from dualspike.testbench.cosim.verify import verify as co_simulate

if TYPE_CHECKING:
    from dualspike.api.building import Built
    from dualspike.api.resuming import Callback, Unfinished

_NAMES = {"mlp": ("x",), "deeponet": ("u", "points"), "seponet": ("u", "x", "t")}


class Chip:
    """A description with weights: those of its seed until it is trained or loaded.

    Everything wrong raises `BadInput`, whose text is the line that the command line prints.
    """

    def __init__(self, description: Description, weights: Parameters | None = None) -> None:
        if not isinstance(description, Description):  # pyright: ignore[reportUnnecessaryIsInstance]
            came = type(description).__name__
            raise BadInput(f"description must be what Description.load gives, not of type {came}")
        self.description = description
        self.weights = start(description, description.learning.seed) if weights is None else weights
        self._problem: Problem | None = None
        self._unfinished: Unfinished | None = None

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """What `save`, or ``dualspike train``, left in a folder."""
        return cls(*read_run(Path(folder)))

    def save(self, folder: str | Path, force: bool = False) -> None:
        """Write description.toml and weights.npz, which ``dualspike predict`` takes as well.

        Files that it did not write are left alone, and BadInput raised, without ``force``.
        """
        weights = npz_bytes(weight_arrays(self.weights))
        with owning(Path(folder), "save", force=force) as owned:
            owned.write({DESCRIPTION: toml_text(self.description, owned.path), WEIGHTS: weights})

    def train(
        self,
        data: str | Path | ArrayLike | None = None,
        *,
        engine: str = "fixed",
        updates: int | None = None,
        seed: int | None = None,
        scale: bool = False,
        validation_split: float | None = None,
        patience: int | None = None,
        restore_best: bool = False,
        callbacks: "Iterable[Callback]" = (),
        resume: bool = False,
        **arrays: ArrayLike,
    ) -> Trained:
        """Train from the weights there are, and keep what was learned.

        Samples are those of the description, of ``data`` (a file or the name of a data set), or
        ``arrays`` by the names that a file has: x [N, n_in] with y [N, n_out] or labels [N], and
        the same with ``_test``; u, points and y of an operator network. The first of them may
        stand in front without its name. ``engine``: golden, fixed or rtl. ``scale`` brings inputs
        x to [-1, 1] by offset and scale of the training samples, which `predict` and ``dualspike
        predict`` apply from then on. A share ``validation_split`` of the training samples is held
        out and looked at 50 times; the run stops after ``patience`` looks without a better one, and
        ends with the best weights with ``restore_best``. ``callbacks`` are called after every
        update with the updates done and the loss.

        Ctrl-C, or an error of a callback, ends it after the update: the chip has the weights so
        far, and KeyboardInterrupt, or a note of the error, says how to go on. With ``resume`` and
        all else as before it does, and ends as if nothing had been (engines fixed and rtl).
        """
        from dualspike.api.resuming import Run, Stopped
        from dualspike.api.training import check_trains

        name = engine_named(engine)
        d = revised(self.description, "learning", updates=updates, seed=seed)
        check_trains(d, name)
        data, arrays = _named(d, data, arrays)
        d, problem = _problem(d, data, arrays, scale)
        problem, watch = validating(
            problem, d.learning.updates, validation_split, patience, restore_best
        )
        run = Run(d, name, problem, watch, tuple(callbacks))
        try:
            going = run.go_on(self._unfinished) if resume else run.begin(self.weights)
        except Stopped as stopped:
            self._unfinished = stopped.unfinished
            self._keep(stopped.weights, problem, data, d if scale else None)
            raise stopped.error() from None
        result, summary = going
        self._unfinished = None
        self._keep(result.weights, problem, data, d if scale else None)
        return Trained(summary, problem, result)

    def _keep(
        self,
        weights: Parameters,
        problem: Problem,
        data: str | Path | None,
        scaled: Description | None,
    ) -> None:
        """What was learned from these samples, whose scale is that of a description, if any."""
        self.weights, self._problem = weights, problem
        self.description = with_data(self.description, None if data is None else str(data))
        if scaled is not None and scaled.data:
            self.description = self.description.model_copy(update={"data": scaled.data})

    def predict(self, *inputs: ArrayLike, engine: str = "fixed") -> Predictions:
        """Answers for any rows: x [N, n_in] or [N, T, n_in]; u and points of an operator network.

        ``data.offset`` and ``data.scale`` of the description are applied, as they are to a file,
        and answers are in the units of its targets, with ``data.target_offset`` and
        ``target_scale`` taken back.
        """
        name = engine_named(engine)
        wanted = _NAMES[self.description.kind]
        if len(inputs) != len(wanted):
            raise BadInput(f"inputs must be {', '.join(wanted)}, not {len(inputs)} arrays")
        rows = [_numbers(part, one) for part, one in zip(wanted, inputs, strict=True)]
        if self.description.kind == "mlp":
            rows = [_scaled(self.description, rows[0])]
        y, _ = answers(self.description, name, self.weights, rows)
        return Predictions(y, self.description.kind != "mlp")

    def score(self, data: str | Path | ArrayLike | None = None, **arrays: ArrayLike) -> Measures:
        """Accuracy, or relative l2, on the test samples; of those last trained with if none."""
        d, problem = self._given(self.description, data, arrays)
        y, _ = answers(d, EngineName.fixed, self.weights, problem.test.inputs)
        return measure(problem, y)

    def verify(
        self,
        updates: int = 2,
        data: str | Path | ArrayLike | None = None,
        *,
        waveform: str | Path | None = None,
        **arrays: ArrayLike,
    ) -> Verdict:
        """Train the simulated hardware next to the integer model; ``equal`` if every bit agreed.

        Both start from these weights, which stay as they are. Samples are as in `train`, or those
        last trained with. The clocks around a first difference go to ``waveform``,
        as FST where its name ends with .fst (see `dualspike doctor`), else as VCD.
        """
        d = revised(self.description, "learning", updates=updates)
        d, problem = self._given(d, data, arrays)
        to = None if waveform is None else Path(waveform)
        return co_simulate(d, problem, updates, to, None, self.weights)

    def generate(
        self,
        folder: str | Path,
        wrap: str | None = None,
        *,
        baked: bool = False,
        force: bool = False,
    ) -> list[Path]:
        """Write Verilog and all that goes with it, these weights included; returns the files.

        With ``baked`` they are in the chip's memories at power-up, and nobody has to load them.
        Files that it did not write are left alone, and BadInput raised, without ``force``.
        """
        from dualspike.api.core_files import write_core
        from dualspike.hw.soc.soc import check_wrap

        if wrap is not None:
            check_wrap(self.description, wrap)
        with owning(to := Path(folder), "generate", "report", force=force) as owned:
            names = write_core(self.description, owned, self.weights, wrap, baked=baked)
            return [to / name for name in names]

    def estimate(self, device: str | None = None) -> Figures:
        """Clocks, memories and area before synthesis, as report/estimate.json has them."""
        chip = None if device is None else device_named(device)
        return Figures(estimate(self.description, chip))

    def synthesise(self, target: str = "ecp5") -> Figures:
        """What Yosys makes of it, as ``dualspike synth`` tells it: target ecp5, ice40 or gates."""
        from dualspike.boards.flow.measure import device_of, measure
        from dualspike.boards.flow.place import DEVICES
        from dualspike.boards.flow.synthesis import TARGETS

        if target not in TARGETS:
            raise BadInput(not_one_of("target", TARGETS, target))
        chip = device_of(target, self.description.hardware.device)
        d = self.description
        if target in DEVICES:
            d = revised(d, "hardware", device=chip.name)
        return Figures(measure(d, target, chip, None))

    def build(
        self,
        board: str,
        folder: str | Path = "board",
        *,
        clock: float | None = None,
        seeds: int = 1,
        baked: bool = False,
        force: bool = False,
    ) -> "Built":
        """Make a board's bitstream, or a project for its vendor's tool, as ``dualspike build``.

        ``board`` is a name that ``dualspike boards`` lists, or the path of a TOML file. ``clock``
        in MHz; else that of the description or of the board. With ``baked`` these weights are in
        the chip at power-up. Where the clock is not ``met``, nothing is written.
        """
        from dualspike.api.building import Order, build_board
        from dualspike.boards.own.board_file import board_given

        d = revised(self.description, "hardware", clock=clock)
        order = Order(board_given(board), Path(folder), seeds=seeds, force=force)
        order.check(d)
        return build_board(d, order, first_chip(d, self.weights) if baked else None)

    def to_nir(self, path: str | Path, dt: float = 1e-4, force: bool = False) -> None:
        """Write a perceptron, as the chip stores it, as a NIR file; ``dt`` in seconds."""
        from dualspike.nir.exporting import graph_of, nir_bytes

        d = self.description
        if d.kind != "mlp":
            raise BadInput(f"a NIR graph must be that of a perceptron, not of a {d.kind}")
        chip = first_chip(d, self.weights)
        stored = real_parameters(chip.weights, chip.biases, d.formats.weight)
        check_free(Path(path), force)
        write_atomic(Path(path), nir_bytes(graph_of(written_to(d, Path(path).parent), stored, dt)))

    def _given(
        self, d: Description, data: str | Path | ArrayLike | None, arrays: dict[str, ArrayLike]
    ) -> tuple[Description, Problem]:
        """As `_problem`, but without data that of the last training."""
        data, arrays = _named(d, data, arrays)
        if data is None and not arrays and self._problem is not None:
            return d, self._problem
        return _problem(d, data, arrays)

    def __repr__(self) -> str:
        layers = [part.layers for part in self.description.networks]
        return f"<Chip {self.description.name}, {', '.join(map(str, layers))}>"

    def _repr_html_(self) -> str:
        return f"<pre>{toml_text(self.description)}</pre>"


def from_nir(path: str | Path, **options: Any) -> Chip:
    """A chip from a NIR file; ``options``: those of `nir.importing.Options`, dt, time_steps, ..."""
    from dualspike.nir.importing import Options, import_network

    found = import_network(Path(path), Options(**options))
    return Chip(found.description, found.parameters)


def engine_named(name: str) -> EngineName:
    """One of golden, fixed and rtl; boards are for the command line."""
    known = [one.value for one in EngineName if one is not EngineName.board]
    if name not in known:
        raise BadInput(not_one_of("engine", known, name))
    return EngineName(name)


def _numbers(name: str, given: ArrayLike, kind: type | None = np.float64) -> NDArray[Any]:
    """As an array, of this kind if one is given; BadInput for what is none."""
    try:
        return np.asarray(given, kind)
    except (TypeError, ValueError) as error:
        raise BadInput(f"{name} must be an array of numbers: {error}") from error


def _scaled(d: Description, x: Doubles) -> Doubles:
    """Rows of a perceptron, as the chip is given them; BadInput for those of other shapes."""
    steps = [d.network.time_steps] if d.network.coding == "frames" else []
    wanted = [*steps, d.network.layers[0]]
    if list(x.shape[1:]) != wanted or not len(x):
        shape = ", ".join(map(str, ("N", *wanted)))
        raise BadInput(f"x must have shape [{shape}], N from 1, not {list(x.shape)}")
    return input_units(d.data, x.shape[-1]).stored(x)


def _named(
    d: Description, data: str | Path | ArrayLike | None, arrays: dict[str, ArrayLike]
) -> tuple[str | Path | None, dict[str, ArrayLike]]:
    """What names data, and arrays by their names: the first of them may have come without."""
    if data is None or isinstance(data, str | Path):
        return data, arrays
    name = _NAMES[d.kind][0]
    if name in arrays:
        raise BadInput(f"{name} must be given once, in front or by its name")
    return None, {name: data, **arrays}


def _problem(
    d: Description, data: str | Path | None, arrays: dict[str, ArrayLike], scale: bool = False
) -> tuple[Description, Problem]:
    """The description with these data, and the problem that they are.

    Of arrays it keeps the scale alone, next to the name of a file that is not there.
    """
    if not arrays:
        d = with_data(d, None if data is None else str(data))
        d = rescaled(d) if scale else d
        return d, problem_of(d)
    if data is not None:
        raise BadInput("data must be left out where arrays are given")
    given = {name: _numbers(name, one, None) for name, one in arrays.items()}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "given.npz"
        path.write_bytes(npz_bytes(given))
        try:
            changed = with_data(d, str(path))
            if not scale:
                return d, problem_of(changed)
            changed = rescaled(changed)
            named = changed.data.model_copy(update={"source": path.name})
            return d.model_copy(update={"data": named}), problem_of(changed)
        except BadInput as error:
            raise BadInput(str(error).replace(str(path), "given arrays")) from error
