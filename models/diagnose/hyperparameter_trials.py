"""Several settings of one network, trained at once and judged on later rows."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from volcast.models.diagnose.training_problem import TrainingProblem, compute_qlike_by_horizon
from volcast.models.engine.epoch_program import ProgramShape, program
from volcast.models.engine.member_groups import ActiveMember, Group, Member, uses_weight_decay
from volcast.models.engine.stacked_network import (
    build_stack,
    compute_outputs,
    draw_initial_weights,
    flatten_weights,
    set_weights,
)
from volcast.models.engine.training import TrainingPlan, TrainingResult, train
from volcast.models.regressor.estimator import KerasVolatilityRegressor

Float = NDArray[np.float64]

TIMED_EPOCHS = 3


@dataclass(frozen=True)
class Trials:
    """What became of each setting.

    Attributes
    ----------
    curves : DataFrame
        `trial, member, epoch, train_loss, val_loss`: losses as shares of the untrained network's,
        which are HAR's; a member's rows end with its stop.
    outcomes : DataFrame
        `trial, member, seed, best_epoch, epochs, diverged, validation, held_out, ratio`: the best
        validation loss, and QLIKE of the validation rows and of the later ones, of this one
        network, relative to HAR's, means over horizons.
    together : DataFrame
        `trial, batch_size, ratio, ms_per_epoch`: QLIKE of all members' mean, and the wall-clock
        milliseconds that a network takes for an epoch while eight train side by side.
    """

    curves: pd.DataFrame
    outcomes: pd.DataFrame
    together: pd.DataFrame


def run_trials(problem: TrainingProblem, settings: Mapping[str, Mapping[str, Any]]) -> Trials:
    """Train the configured network with each of the named `settings`; judge it on `problem.test`.

    Settings that differ in learning rate, batch size or weight decay only train in one stack.
    """
    regressors = {name: problem.configure(**changes) for name, changes in settings.items()}
    alike: dict[TrainingPlan, list[str]] = {}
    for name, regressor in regressors.items():
        alike.setdefault(problem.build_plan(regressor), []).append(name)
    parts = [
        part
        for plan, names in alike.items()
        for part in _trained(problem, plan, {name: regressors[name] for name in names})
    ]
    order = list(settings)
    curves, outcomes, together = (
        pd.concat(tables, ignore_index=True).sort_values(
            "trial", key=lambda names: names.map(order.index), kind="stable", ignore_index=True
        )
        for tables in zip(*parts, strict=True)
    )
    return Trials(curves, outcomes, together)


def _trained(
    problem: TrainingProblem, plan: TrainingPlan, regressors: Mapping[str, KerasVolatilityRegressor]
) -> list[tuple[pd.DataFrame, ...]]:
    teams = {name: problem.build_members(regressor) for name, regressor in regressors.items()}
    everyone = [member for team in teams.values() for member in team]
    trained = train(problem.rows, everyone, plan)
    corrections = {
        part: _corrections(problem, plan, trained, getattr(problem, part))
        for part in ("validation", "test")
    }
    ratios = {part: _ratios(problem, plan, corrections, part) for part in corrections}
    timed: dict[tuple[int, int], float] = {}
    start = 0
    tables: list[tuple[pd.DataFrame, ...]] = []
    for name, team in teams.items():
        mine = slice(start, start + len(team))
        start = mine.stop
        batch_shape = team[0].batch_shape
        if batch_shape not in timed:
            timed[batch_shape] = _time_epoch(problem, plan, team)
        mean = {part: values[mine].mean(axis=0)[None] for part, values in corrections.items()}
        together = {
            "trial": [name],
            "batch_size": [batch_shape[0]],
            "ratio": _ratios(problem, plan, mean, "test"),
            "ms_per_epoch": [timed[batch_shape]],
        }
        tables.append(
            (
                _curves(name, trained, mine),
                _outcomes(name, trained, mine, team).assign(
                    held_out=ratios["validation"][mine], ratio=ratios["test"][mine]
                ),
                pd.DataFrame(together),
            )
        )
    return tables


def _ratios(
    problem: TrainingProblem, plan: TrainingPlan, corrections: Mapping[str, Float], part: str
) -> Float:
    """Return the ratio to HAR on a part of the rows of each correction (networks, n, H).

    Other losses than QLIKE are centred on the validation rows, as the regressor does.
    """
    mine, numbers = corrections[part], getattr(problem, part)
    if plan.optimization.loss != "qlike":
        rows = problem.validation
        error = problem.rows.target[rows] - problem.rows.anchor[rows] - corrections["validation"]
        mine = mine + np.log(np.exp(error).mean(axis=1))[:, None]
    losses = compute_qlike_by_horizon(problem.rows, numbers, mine)
    return np.asarray(losses.mean(axis=1) / problem.compute_har_loss(numbers).mean())


def _corrections(
    problem: TrainingProblem, plan: TrainingPlan, trained: TrainingResult, numbers: NDArray[np.intp]
) -> Float:
    members, outputs = trained.best_epoch.shape
    stack = build_stack(replace(plan.architecture, outputs=1), members * outputs)
    set_weights(stack, trained.weights)
    flat = compute_outputs(stack, problem.rows.inputs[numbers])[..., 0].astype(np.float64)
    return flat.reshape(members, outputs, len(numbers)).swapaxes(1, 2)


def _curves(name: str, trained: TrainingResult, mine: slice) -> pd.DataFrame:
    member, epoch = np.indices(trained.train_loss[:, mine].T.shape)
    table = pd.DataFrame(
        {
            "trial": name,
            "member": member.ravel(),
            "epoch": epoch.ravel(),
            **{
                loss: (values[:, mine] / values[0, mine]).T.ravel()
                for loss, values in (
                    ("train_loss", trained.train_loss),
                    ("val_loss", trained.val_loss),
                )
            },
        }
    )
    return pd.DataFrame(table[(epoch <= trained.epochs_run[mine][:, None]).ravel()])


def _outcomes(
    name: str, trained: TrainingResult, mine: slice, team: Sequence[Member]
) -> pd.DataFrame:
    curve = trained.val_loss_by_output[:, mine]
    best = np.take_along_axis(curve, trained.best_epoch[None, mine], axis=0)[0]
    return pd.DataFrame(
        {
            "trial": name,
            "member": np.arange(len(team)),
            "seed": [member.seed for member in team],
            "best_epoch": trained.best_epoch[mine].max(axis=1),
            "epochs": trained.epochs_run[mine],
            "diverged": trained.diverged[mine],
            "validation": best.mean(axis=1) / trained.val_loss[0, mine],
        }
    )


def _time_epoch(problem: TrainingProblem, plan: TrainingPlan, team: Sequence[Member]) -> float:
    """Return what a network-epoch takes in a group of the team's size; the program is compiled."""
    width = min(8, 1 << (len(team) - 1).bit_length())
    some = list(team)[:width]
    compiled = program(
        ProgramShape(
            plan.architecture,
            plan.optimization,
            width,
            team[0].batch_shape[0],
            uses_weight_decay(team),
        )
    )
    weights = draw_initial_weights(plan.architecture, [member.seed for member in some])
    states = compiled.initial_state(flatten_weights(weights))
    trainees = [ActiveMember(n, *pair) for n, pair in enumerate(zip(some, states, strict=True))]
    group = Group(trainees, compiled, problem.rows.table())
    rates = np.full((len(some), team[0].batch_shape[1]), 1e-6)
    group.train(rates)
    seconds = []
    for _ in range(TIMED_EPOCHS):
        start = time.perf_counter()
        group.train(rates)
        seconds.append(time.perf_counter() - start)
    return 1000.0 * float(np.median(seconds)) / len(some)
