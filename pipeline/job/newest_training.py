"""Whether the newest network is the one that a training now would give."""

from __future__ import annotations

from volcast.pipeline.job.config_archive import hash_config
from volcast.pipeline.job.context import JobContext
from volcast.pipeline.registry.promotion import format_version


def is_trained_at_origin(context: JobContext) -> bool:
    """Return whether the newest network was trained on these sessions with these settings."""
    newest = context.registry_view.newest
    return newest is not None and (
        newest.facts["trained_through"] == str(context.panel.sessions[context.origin - 1].date())
        and newest.facts["config_hash"] == hash_config(context.config)
    )


def note_repeated_training(context: JobContext) -> str:
    """Return the note of a run that was to train what is trained already."""
    newest = context.registry_view.newest
    return f"{format_version(newest) if newest else 'no network'} was already trained on these bars"
