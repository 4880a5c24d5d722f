"""The lab's page: the sections in the order in which they build on each other."""

from collections.abc import Callable, Mapping

import pandas as pd

from volcast.reports.lab import (
    backpropagation_step,
    batch_sizes,
    computation_graph,
    credit_assignment,
    gradient_checks,
    gradient_descent,
    local_minima,
    logistic_regression,
    quadratic_loss,
    softmax_classification,
    vanishing_gradients,
    xor,
)
from volcast.reports.section import Section

Tables = Mapping[str, pd.DataFrame]

SECTIONS: dict[str, Callable[[Tables], Section]] = {
    "descent": gradient_descent.build_section,
    "bowls": quadratic_loss.build_section,
    "wells": local_minima.build_section,
    "graph": computation_graph.build_section,
    "by_hand": backpropagation_step.build_section,
    "credit": credit_assignment.build_section,
    "logistic": logistic_regression.build_section,
    "xor": xor.build_section,
    "classes": softmax_classification.build_section,
    "vanishing": vanishing_gradients.build_section,
    "batches": batch_sizes.build_section,
    "checks": gradient_checks.build_section,
}


def build_lab_sections(tables: Mapping[str, Tables]) -> list[Section]:
    """Return the sections of the page, given the tables of each experiment by its name."""
    return [section(tables[name]) for name, section in SECTIONS.items()]
