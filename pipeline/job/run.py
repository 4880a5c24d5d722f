"""The job: lock the home, update the bars, run the daily cycle, write its report."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from volcast.pipeline.config.settings import Config
from volcast.pipeline.errors import DataError
from volcast.pipeline.files import lock_folder
from volcast.pipeline.home import Home
from volcast.pipeline.job import preconditions
from volcast.pipeline.job.config_archive import (
    resolve_for_home,
    write_archived_config,
    write_current_config,
)
from volcast.pipeline.job.context import Clock, JobContext
from volcast.pipeline.job.disk_space import observe_disk_space, update_reserve
from volcast.pipeline.job.last_run import find_repeated_run, repeat_last_run, write_last_run
from volcast.pipeline.job.market import Market, hash_market, load_market
from volcast.pipeline.job.monitoring.webhook import post_head
from volcast.pipeline.job.panel_cache import PanelCache
from volcast.pipeline.job.registry_view import RegistryView
from volcast.pipeline.job.summary import Summary
from volcast.pipeline.ledger.head_file import check_head, write_head
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.memory import limit_arenas
from volcast.pipeline.progress import Progress


def run_job(
    home: Home,
    config: Config,
    *,
    clock: Clock,
    progress: Progress,
    if_due: bool = True,
) -> Summary:
    """Run the daily cycle for the newest settled session; a second call changes nothing.

    Parameters
    ----------
    home
        Where ledger, registry, bars and reports lie; created if missing.
    config
        The settings.
    clock
        Returns the time, with a timezone.
    progress
        Reports the stages.
    if_due
        Train a challenger only if one is due; else always.

    Returns
    -------
    Summary
        What was done.

    Raises
    ------
    VolcastError
        Another job is running in the home, the home holds a replay or other tickers, the clock
        lies before the newest row or bar, or there are no bars. What was done before stays.
    """
    config = resolve_for_home(config, home)
    limit_arenas()
    with lock_folder(home.folder):
        return _run_in_locked_home(home, config, clock, progress, if_due=if_due)


def _run_in_locked_home(
    home: Home, config: Config, clock: Clock, progress: Progress, *, if_due: bool
) -> Summary:
    nearly_full = update_reserve(home)  # first: on a full disk the ledger cannot even be read
    preconditions.check_clock_against_ledger(home, clock())
    check_head(home)
    progress.stage("updating the bars")
    market = load_market(config, clock(), progress)
    preconditions.check_clock_against_bars(market.vintage, market.newest)
    origin = _find_last_origin(market)
    day = pd.Timestamp(market.panel.sessions[origin])
    with Ledger.to_write(home.ledger) as ledger:
        preconditions.check_live(ledger, home)
        preconditions.check_tickers(ledger, market.panel.tickers, home)
        write_archived_config(config, home, ledger)
        context = JobContext(
            config=config,
            panels=PanelCache(market, config),
            origin=origin,
            clock=clock,
            vintage=market.vintage,
            data_hash=hash_market(market, config).until(day),
            ledger=ledger,
            registry_view=RegistryView(home),
            held=market.held_on(day),
            data_notes=market.notes,
            preconditions=(
                observe_disk_space(home, nearly_full=nearly_full),
                preconditions.observe_ledger_ahead(ledger, day.date()),
            ),
            disk_nearly_full=nearly_full,
            progress=progress,
        )
        return _run_and_report(context, home, if_due=if_due)


def _find_last_origin(market: Market) -> int:
    """Return the position of the last session with a variance, or with a bar that is held."""
    panel = market.panel
    known = np.isfinite(panel.variance).any(axis=1)
    if not known.any():
        raise DataError("no session has a variance, because no bar has a price range")
    held = panel.sessions.isin(list(market.held.values()))
    return int(np.flatnonzero(known | held)[-1])


def _run_and_report(context: JobContext, home: Home, *, if_due: bool) -> Summary:
    """Run the cycle and write what depends on it: the ledger's head, settings and report."""
    context.progress.stage(f"daily run of {context.day.date()}")
    last = find_repeated_run(home, context, if_due=if_due)
    if last:
        summary = repeat_last_run(context, last, if_due=if_due)
    else:
        from volcast.pipeline.job.cycle import run_daily_cycle  # with models, seconds to import

        summary = run_daily_cycle(context, if_due=if_due)
    head, job = context.ledger.head(), context.config.job
    write_head(home, head)
    failure = post_head(job.webhook, head, summary.origin) if job.webhook_head else None
    if failure:
        summary = replace(summary, notes=(*summary.notes, failure))
    if not summary.over:
        write_current_config(context.config, home)
    if not (summary.over or last):
        from volcast.pipeline.job.report import write_report  # with figures

        write_report(home, context, summary)
        write_last_run(home, context, summary)
    return summary
