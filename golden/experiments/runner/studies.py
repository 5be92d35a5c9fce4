"""Every study of ``dualspike experiment``, by its name: a further one is a further line."""

from typing import Any

from dualspike.golden.experiments.cost import report as cost_report
from dualspike.golden.experiments.equation import report as equation_report
from dualspike.golden.experiments.estimator import report as estimator_report
from dualspike.golden.experiments.exact import report as exact_report
from dualspike.golden.experiments.neighbours import report as neighbours_report
from dualspike.golden.experiments.on_chip import report as on_chip_report
from dualspike.golden.experiments.opzo import report as opzo_report
from dualspike.golden.experiments.paper.methods import METHODS
from dualspike.golden.experiments.paper.study import paper_study
from dualspike.golden.experiments.runner.study import Study
from dualspike.golden.experiments.series import report as series_report
from dualspike.golden.experiments.sweep import report as sweep_report
from dualspike.golden.experiments.tune import report as tune_report
from dualspike.golden.experiments.widths import report as widths_report

STUDIES: dict[str, Study[Any]] = {
    **{name: paper_study(name) for name in METHODS},
    "estimator": estimator_report.STUDY,
    "cost": cost_report.STUDY,
    "exact-gradient": exact_report.STUDY,
    "widths": widths_report.STUDY,
    "opzo": opzo_report.STUDY,
    "neighbours": neighbours_report.STUDY,
    "on-chip": on_chip_report.STUDY,
    "equation": equation_report.STUDY,
    "sweep": sweep_report.STUDY,
    "series": series_report.STUDY,
    "tune": tune_report.STUDY,
}
