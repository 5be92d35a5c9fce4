"""Every kind of file that the product reads: which file, how it is made, how it is read."""

from collections.abc import Callable
from pathlib import Path

from . import foreign, goods
from .readers import built, heard, written
from .trial import Kind

Read = Callable[[Path], str]
Make = Callable[[Path], None]


def _by(*words: str, files: tuple[str, ...] = ()) -> Read:
    return lambda folder: written(folder, files, *words)


def _data(name: str) -> Read:
    return lambda folder: heard(folder, name)


_TRAINED = ("run/result.json", "run/weights.npz")
_train = _by("train", "@net.toml", "-o", "@run", files=_TRAINED)
_resume = _by("train", "@net.toml", "--resume", "@kept.npz", "-o", "@run", files=_TRAINED)
_export = _by(
    *("nir", "export", "@net.toml", "--weights", "@run/weights.npz", "-o", "@net.nir"),
    files=("net.nir",),
)
_import = _by("nir", "import", "@net.nir", "--dt", "1e-4", "--assume-soft-reset", "-o", "@run")
_page = _by("report", "@run", files=("run/report.html",))
_flash = _by("flash", ".", "--dry-run")
_experiment = _by(*goods.EXPERIMENT, files=("experiment/results.json",))
_widths = _by(*goods.WIDTHS, files=("widths/results.json",))


def _foreign(name: str, file: str, make: Make, read: Read) -> Kind:
    """A file that has no checksum: another number may be what the user wrote."""
    return Kind(name, file, make, read, sure=False)


KINDS = (
    _foreign("description", "net.toml", goods.network, _by("boards", "@net.toml")),
    _foreign("operator description", "run/description.toml", goods.trained_operator, _page),
    _foreign("settings", "settings.toml", goods.experiment_settings, _by(*goods.EXPERIMENT)),
    Kind("data", "data.npz", goods.network, _train),
    Kind("data compressed", "data.npz", goods.packed, _train),
    Kind("labelled data", "data.npz", goods.labelled, _train),
    Kind("labelled result", "run/result.json", goods.trained_labelled, _page),
    Kind("functions", "data.npz", goods.operator, _train),
    Kind("weights", "run/weights.npz", goods.trained, _export),
    Kind("checkpoint", "kept.npz", goods.broken_off, _resume),
    Kind("operator checkpoint", "kept.npz", goods.broken_off_operator, _resume),
    _foreign("nir", "net.nir", foreign.graph, _import),
    _foreign("idx", "t10k-images-idx3-ubyte", foreign.images, _data("mnist=.")),
    _foreign("idx labels", "train-labels-idx1-ubyte", foreign.images, _data("mnist=.")),
    Kind("idx gzipped", "train-images-idx3-ubyte.gz", foreign.images, _data("mnist=.")),
    _foreign("n-mnist", "Train/3/1.bin", foreign.digits, _data("nmnist=.")),
    _foreign("aedat", "train.aedat", foreign.recordings, _data("dvs-gesture=.")),
    _foreign("gesture labels", "train_labels.csv", foreign.recordings, _data("dvs-gesture=.")),
    _foreign("gesture list", "trials_to_train.txt", foreign.recordings, _data("dvs-gesture=.")),
    _foreign("gesture hdf5", "all.hdf5", foreign.gestures, _data("dvs-gesture=all.hdf5")),
    _foreign("recording", "3_ann_9.wav", foreign.words, _data("spoken-digits=.")),
    _foreign("spikes", "shd_train.h5", foreign.spikes, _data("shd=.")),
    Kind("board manifest", "manifest.json", goods.board, _flash),
    Kind("bitstream", "net.bit", goods.board, _flash),
    Kind("core library", "cache/simulators/*/core.so", goods.simulator, built),
    Kind("core sums", "cache/simulators/*/SHA256SUMS", goods.alone, built),
    Kind("core runtime", "cache/simulators/*/runtime.o", goods.runtime, built),
    _foreign("report description", "run/description.toml", goods.trained, _page),
    Kind("report manifest", "run/manifest.json", goods.generated, _page),
    Kind("report result", "run/result.json", goods.trained, _page),
    Kind("report weights", "run/weights.npz", goods.trained, _page),
    Kind("report estimate", "run/report/estimate.json", goods.trained, _page),
    Kind("report synthesis", "run/report/synth-ecp5.json", goods.trained, _page),
    Kind("operator manifest", "run/manifest.json", goods.generated_operator, _page),
    Kind("operator result", "run/result.json", goods.trained_operator, _page),
    Kind("operator weights", "run/weights.npz", goods.trained_operator, _page),
    Kind("experiment settings", "experiment/settings.json", goods.experiment, _experiment),
    Kind("experiment data", "experiment/data.npz", goods.experiment_broken_off, _experiment),
    Kind("experiment outcome", "experiment/runs/BP-1.npz", goods.experiment, _experiment),
    Kind(
        "experiment checkpoint",
        "experiment/runs/BP-1.checkpoint.npz",
        goods.experiment_broken_off,
        _experiment,
    ),
    Kind("widths outcome", "widths/runs/hat-1.npz", goods.widths, _widths),
)
