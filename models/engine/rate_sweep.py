"""A sweep: members trained along one sequence of learning rates, and the loss before every step."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from volcast.models.engine.epoch_program import ProgramShape, program
from volcast.models.engine.member_groups import (
    ActiveMember,
    Group,
    Member,
    Rows,
    choose_widths,
    pack_groups,
    uses_weight_decay,
)
from volcast.models.engine.stacked_network import draw_initial_weights, flatten_weights
from volcast.models.engine.training import TrainingPlan, count_processors

Float = NDArray[np.float64]


def sweep_learning_rates(
    rows: Rows, members: Sequence[Member], plan: TrainingPlan, rates: Float
) -> tuple[Float, list[NDArray[np.integer]]]:
    """Train every member one step at each of `rates`, over as many epochs as that takes.

    Returns the losses of the data, (steps, members), each before its step is taken, and the rows
    of each member in the order in which it met them. Nobody stops; a member that diverges goes on
    with losses that are no numbers.
    """
    widths = choose_widths(members)
    seeds = [member.seed for member in members]
    states = draw_initial_weights(plan.architecture, seeds, plan.initialisation)
    programs = {
        batch_shape: program(
            ProgramShape(
                plan.architecture,
                plan.optimization,
                width,
                batch_shape[0],
                uses_weight_decay(members),
            )
        )
        for batch_shape, width in widths.items()
    }
    first = next(iter(programs.values())).initial_state(flatten_weights(states))
    trainees = [ActiveMember(n, *pair) for n, pair in enumerate(zip(members, first, strict=True))]
    table = rows.table()
    groups = [
        Group(some, programs[some[0].member.batch_shape], table)
        for some in pack_groups(trainees, widths)
    ]
    losses = np.full((len(rates), len(members)), np.nan)
    orders: list[NDArray[np.integer]] = [np.empty(0, np.intp)] * len(members)

    def walk(group: Group) -> None:
        numbers = [trainee.number for trainee in group.trainees]
        _, steps = group.trainees[0].member.batch_shape
        for start in range(0, len(rates), steps):
            some = rates[start : start + steps]
            picked = [t.shuffle.permutation(t.member.training) for t in group.trainees]
            taken = [order[: len(some) * group.program.shape.batch_size] for order in picked]
            losses[start : start + len(some), numbers] = group.step(
                taken, np.tile(some, (len(numbers), 1))
            )[0]
            for number, order in zip(numbers, taken, strict=True):
                orders[number] = np.concatenate([orders[number], order])

    with ThreadPoolExecutor(count_processors()) as pool:
        list(pool.map(walk, groups))
    return losses, orders
