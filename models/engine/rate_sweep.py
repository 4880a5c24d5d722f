"""A sweep over learning rates, with the loss before every step."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from volcast.models.engine.member_groups import (
    Group,
    Member,
    activate_members,
    choose_widths,
    pack_groups,
)
from volcast.models.engine.rows import Rows
from volcast.models.engine.stacked_network import draw_initial_weights
from volcast.models.engine.training import TrainingPlan, get_programs
from volcast.models.processors import count_processors

Float = NDArray[np.float64]


def sweep_learning_rates(
    rows: Rows, members: Sequence[Member], plan: TrainingPlan, rates: Float
) -> tuple[Float, list[NDArray[np.integer]]]:
    """Train every member for one step at each of `rates`, over as many epochs as that takes.

    No member stops; the losses of one that diverges become infinite or NaN.

    Returns
    -------
    losses
        Of the data, (steps, members), each before its step is taken.
    orders
        The row numbers of each member in the order in which it trained on them.
    """
    widths = choose_widths(members)
    programs = get_programs(members, plan, widths)
    seeds = [member.seed for member in members]
    weights = draw_initial_weights(plan.architecture, seeds, plan.initialisation)
    active_members = activate_members(members, next(iter(programs.values())), weights)
    table = rows.build_table()
    groups = [
        Group(some, programs[some[0].member.batch_shape], table)
        for some in pack_groups(active_members, widths)
    ]
    with ThreadPoolExecutor(count_processors()) as pool:
        results = list(pool.map(lambda group: _sweep_group(group, rates), groups))
    losses = np.full((len(rates), len(members)), np.nan)
    orders: list[NDArray[np.integer]] = [np.empty(0, np.intp)] * len(members)
    for group, (group_losses, group_orders) in zip(groups, results, strict=True):
        numbers = [active.number for active in group.active_members]
        losses[:, numbers] = group_losses
        for number, order in zip(numbers, group_orders, strict=True):
            orders[number] = order
    return losses, orders


def _sweep_group(group: Group, rates: Float) -> tuple[Float, list[NDArray[np.integer]]]:
    """Return the losses (steps, members) and the row numbers of the members of a group."""
    members = group.active_members
    batch, steps = group.program.shape.batch_size, members[0].member.batch_shape[1]
    losses, orders = [], []
    for start in range(0, len(rates), steps):
        some = rates[start : start + steps]
        order = [active.draw_order()[: len(some) * batch] for active in members]
        losses.append(group.train_in_order(order, np.tile(some, (len(members), 1)))[0])
        orders.append(order)
    return np.concatenate(losses), [np.concatenate(parts) for parts in zip(*orders, strict=True)]
