"""The panel of a large market, whose features are in a temporary file and not in memory."""

from __future__ import annotations

import dataclasses
import tempfile
import weakref
from pathlib import Path

from volcast.features.bars import Bars
from volcast.features.panel import Panel, flag_features
from volcast.pipeline.config.settings import Config
from volcast.pipeline.panel.build import build_panel, iterate_panels, join_axes
from volcast.pipeline.panel.panel_table import open_features, write_panels

LARGE_PANEL = 1_000_000  # bars; the features of fewer take at most 0.3 GB


def build_lean_panel(bars_by_calendar: dict[str, Bars], config: Config, bars: int) -> Panel:
    """Return the panel of `build_panel`; of more than `LARGE_PANEL` bars, features are in a file.

    They are computed block by block, and read column by column when they are used. The file lies in
    the folder for temporary files (TMPDIR), with up to 400 bytes a bar. It is deleted when the
    panel is no longer used, at the latest when the process ends.

    Raises
    ------
    StorageError
        The file cannot be written.
    """
    if bars <= LARGE_PANEL:
        return build_panel(bars_by_calendar, config)
    folder = tempfile.TemporaryDirectory(prefix="volcast-panel-")
    file = Path(folder.name) / "features.arrow"
    write_panels(file, iterate_panels(bars_by_calendar, config), *join_axes(bars_by_calendar))
    columns = open_features(file)
    weakref.finalize(columns, folder.cleanup)
    panel = build_panel(bars_by_calendar, config, names=())
    return dataclasses.replace(
        panel,
        names=columns.chosen,
        x=dataclasses.replace(panel.x, columns=columns),
        **flag_features(columns.chosen),
    )
