"""Trials of hyperparameters, trained together and scored on later rows."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from volcast.models.diagnose.training_problem import TrainingProblem, compute_qlike_by_horizon
from volcast.models.engine.epoch_program import ProgramShape, get_program
from volcast.models.engine.member_groups import (
    BatchShape,
    Group,
    Member,
    activate_members,
    uses_weight_decay,
)
from volcast.models.engine.stacked_network import (
    build_stack,
    compute_outputs,
    draw_initial_weights,
    set_weights,
)
from volcast.models.engine.training import TrainingPlan, TrainingResult, train
from volcast.models.regressor.estimator import KerasVolatilityRegressor

Float = NDArray[np.float64]
Settings: TypeAlias = Mapping[str, Any]
TrialTables: TypeAlias = tuple[pd.DataFrame, ...]  # of one trial, in the order of `Trials`
Compute: TypeAlias = Callable[[Sequence[tuple[str, Settings]]], Iterable[TrialTables]]

TIMED_EPOCHS = 3


@dataclass(frozen=True)
class Trials:
    """The results of trials, whose names are in the column `trial`.

    Attributes
    ----------
    curves
        `trial, member, epoch, train_loss, val_loss`: losses relative to the untrained network's,
        that is, HAR's; the rows of a member end where it stopped.
    outcomes
        A row per network: `trial, member, seed, best_epoch, epochs, diverged, validation, held_out,
        ratio`. `validation` is the best validation loss relative to the untrained network's;
        `held_out` and `ratio` are the QLIKE of validation and test rows relative to HAR's. All are
        means over horizons.
    together
        A row per trial: `trial, batch_size, ratio, ms_per_epoch`: the ratio of the mean of all
        members, and the wall-clock milliseconds per network and epoch while eight train together.
    """

    curves: pd.DataFrame
    outcomes: pd.DataFrame
    together: pd.DataFrame


def run_trials(
    problem: TrainingProblem, settings: Mapping[str, Settings], compute: Compute | None = None
) -> Trials:
    """Train the configured network with each of the named `settings`; score it on `problem.test`.

    Parameters
    ----------
    problem
        The rows and the configured network.
    settings
        By the name of the trial.
    compute
        Computes named trials in other processes, each as `run_trial` does. None: they train here,
        and those that differ only in learning rate, batch size or weight decay together. Only the
        measured times depend on it.
    """
    parts = _run_here(problem, settings) if compute is None else compute(list(settings.items()))
    order = list(settings)
    curves, outcomes, together = (
        pd.concat(tables, ignore_index=True).sort_values(
            "trial", key=lambda names: names.map(order.index), kind="stable", ignore_index=True
        )
        for tables in zip(*parts, strict=True)
    )
    return Trials(curves, outcomes, together)


def run_trial(problem: TrainingProblem, name: str, settings: Settings) -> TrialTables:
    """Return the tables of one trial, in the order of `Trials`."""
    (tables,) = _run_here(problem, {name: settings})
    return tables


def _run_here(problem: TrainingProblem, settings: Mapping[str, Settings]) -> list[TrialTables]:
    """Return the tables of each trial, those that can be trained together first."""
    regressors = {name: problem.configure(**changes) for name, changes in settings.items()}
    alike: dict[TrainingPlan, list[str]] = {}
    for name, regressor in regressors.items():
        alike.setdefault(problem.build_plan(regressor), []).append(name)
    return [
        tables
        for plan, names in alike.items()
        for tables in _run_together(problem, plan, {name: regressors[name] for name in names})
    ]


def _run_together(
    problem: TrainingProblem, plan: TrainingPlan, regressors: Mapping[str, KerasVolatilityRegressor]
) -> list[TrialTables]:
    """Return the tables of trials that share a plan."""
    members = {name: problem.build_members(regressor) for name, regressor in regressors.items()}
    trained = train(problem.rows, [member for some in members.values() for member in some], plan)
    corrections = {
        part: _compute_corrections(problem, plan, trained, getattr(problem, part))
        for part in ("validation", "test")
    }
    ratios = {part: _compute_ratios(problem, plan, corrections, part) for part in corrections}
    timed: dict[BatchShape, float] = {}
    start = 0
    tables: list[TrialTables] = []
    for name, own in members.items():
        numbers = slice(start, start + len(own))
        start = numbers.stop
        batch_shape = own[0].batch_shape
        if batch_shape not in timed:
            timed[batch_shape] = _time_epoch(problem, plan, own)
        mean = {part: values[numbers].mean(axis=0)[None] for part, values in corrections.items()}
        together = {
            "trial": [name],
            "batch_size": [batch_shape[0]],
            "ratio": _compute_ratios(problem, plan, mean, "test"),
            "ms_per_epoch": [timed[batch_shape]],
        }
        outcomes = _build_outcomes(name, trained, numbers, own).assign(
            held_out=ratios["validation"][numbers], ratio=ratios["test"][numbers]
        )
        tables.append((_build_curves(name, trained, numbers), outcomes, pd.DataFrame(together)))
    return tables


def _compute_ratios(
    problem: TrainingProblem, plan: TrainingPlan, corrections: Mapping[str, Float], part: str
) -> Float:
    """Return the QLIKE relative to HAR's on a part of the rows, (networks,).

    `corrections` are (networks, n, H) by part. Corrections trained on other losses than QLIKE are
    centred on the validation rows, as in the regressor.
    """
    selected, numbers = corrections[part], getattr(problem, part)
    if plan.optimization.loss != "qlike":
        rows = problem.validation
        error = problem.rows.target[rows] - problem.rows.anchor[rows] - corrections["validation"]
        selected = selected + np.log(np.exp(error).mean(axis=1))[:, None]
    losses = compute_qlike_by_horizon(problem.rows, numbers, selected)
    return np.asarray(losses.mean(axis=1) / problem.compute_har_loss(numbers).mean())


def _compute_corrections(
    problem: TrainingProblem, plan: TrainingPlan, trained: TrainingResult, numbers: NDArray[np.intp]
) -> Float:
    members, outputs = trained.best_epoch.shape
    stack = build_stack(replace(plan.architecture, outputs=1), members * outputs)
    set_weights(stack, trained.weights)
    flat = compute_outputs(stack, problem.rows.inputs[numbers])[..., 0].astype(np.float64)
    return flat.reshape(members, outputs, len(numbers)).swapaxes(1, 2)


def _build_curves(name: str, trained: TrainingResult, selected: slice) -> pd.DataFrame:
    member, epoch = np.indices(trained.train_loss[:, selected].T.shape)
    table = pd.DataFrame(
        {
            "trial": name,
            "member": member.ravel(),
            "epoch": epoch.ravel(),
            **{
                loss: (values[:, selected] / values[0, selected]).T.ravel()
                for loss, values in (
                    ("train_loss", trained.train_loss),
                    ("val_loss", trained.val_loss),
                )
            },
        }
    )
    return pd.DataFrame(table[(epoch <= trained.epochs_run[selected][:, None]).ravel()])


def _build_outcomes(
    name: str, trained: TrainingResult, selected: slice, members: Sequence[Member]
) -> pd.DataFrame:
    curve = trained.val_loss_by_output[:, selected]
    best = np.take_along_axis(curve, trained.best_epoch[None, selected], axis=0)[0]
    return pd.DataFrame(
        {
            "trial": name,
            "member": np.arange(len(members)),
            "seed": [member.seed for member in members],
            "best_epoch": trained.best_epoch[selected].max(axis=1),
            "epochs": trained.epochs_run[selected],
            "diverged": trained.diverged[selected],
            "validation": best.mean(axis=1) / trained.val_loss[0, selected],
        }
    )


def _time_epoch(problem: TrainingProblem, plan: TrainingPlan, members: Sequence[Member]) -> float:
    """Return the milliseconds per network and epoch, in a group of up to eight members."""
    width = min(8, 1 << (len(members) - 1).bit_length())
    some, (batch, steps) = list(members)[:width], members[0].batch_shape
    decay = uses_weight_decay(members)
    program = get_program(ProgramShape(plan.architecture, plan.optimization, width, batch, decay))
    seeds = [member.seed for member in some]
    weights = draw_initial_weights(plan.architecture, seeds)
    group = Group(activate_members(some, program, weights), program, problem.rows.build_table())
    rates = np.full((len(some), steps), 1e-6)
    group.train_epoch(rates)  # warms up
    seconds = []
    for _ in range(TIMED_EPOCHS):
        start = time.perf_counter()
        group.train_epoch(rates)
        seconds.append(time.perf_counter() - start)
    return 1000.0 * float(np.median(seconds)) / len(some)
