"""What the runs in the middle have learned, as files of weights that all other commands take."""

from pathlib import Path

from dualspike.golden.experiments.paper.methods import TANH
from dualspike.golden.experiments.paper.report import Report
from dualspike.golden.experiments.paper.run import stem
from dualspike.golden.files.writing import write_atomic
from dualspike.golden.float.layout import Layout
from dualspike.golden.training.weights_file import npz_bytes, weight_arrays


def write_models(report: Report, folder: Path) -> list[str]:
    """Write ``weights_NAME.npz`` of every spiking row's typical run; returns the file names.

    NAME is the method, with its column but for ours; arrays are those of `weight_arrays`, in
    float64, layers part after part, local readouts last. Rows whose typical run diverged have none.
    Raises BadInput where a file cannot be written.
    """
    files: list[str] = []
    for row in report.rows:
        if row.method == TANH or row.typical.diverged is not None:
            continue
        layout = Layout(row.settings.operator, local=row.method.local)
        arrays = weight_arrays(layout.whole(row.typical.state.theta))
        files.append(f"weights_{stem(row.column, row.method)}.npz")
        write_atomic(folder / files[-1], npz_bytes(arrays))
    return files
