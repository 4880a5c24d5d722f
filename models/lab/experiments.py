"""The experiments of the lab by name; to add one, write its file and add an entry here."""

import pandas as pd

from volcast.models.lab import (
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

EXPERIMENTS = {
    "descent": gradient_descent.build_tables,
    "bowls": quadratic_loss.build_tables,
    "wells": local_minima.build_tables,
    "graph": computation_graph.build_tables,
    "by_hand": backpropagation_step.build_tables,
    "credit": credit_assignment.build_tables,
    "logistic": logistic_regression.build_tables,
    "xor": xor.build_tables,
    "classes": softmax_classification.build_tables,
    "vanishing": vanishing_gradients.build_tables,
    "batches": batch_sizes.build_tables,
    "checks": gradient_checks.build_tables,
}


def build_all_tables() -> dict[str, dict[str, pd.DataFrame]]:
    """Return the tables of every experiment by name; it takes a few seconds."""
    return {name: tables() for name, tables in EXPERIMENTS.items()}
