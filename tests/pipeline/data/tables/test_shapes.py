"""Files as people have them become the bars that were worked out by hand."""

import math

import pandas as pd
import pytest

from tests.pipeline.data.conftest import asking
from tests.pipeline.data.tables.language_shapes import LANGUAGE_SHAPES
from tests.pipeline.data.tables.shapes import SHAPES
from tests.pipeline.data.tables.vendor_shapes import VENDOR_SHAPES
from volcast.pipeline.data.sources.files import FilesSource

ALL_SHAPES = SHAPES | VENDOR_SHAPES | LANGUAGE_SHAPES


@pytest.mark.parametrize("name", ALL_SHAPES)
def test_a_shape_becomes_its_bars(tmp_path, name):
    shape = ALL_SHAPES[name]
    (tmp_path / shape.file).write_bytes(shape.text.encode(shape.encoding))
    answer = FilesSource(tmp_path / shape.file).load(asking())
    for ticker, rows in shape.bars.items():
        own = answer.bars[answer.bars["ticker"] == ticker]
        found = list(
            own[["session", "open", "high", "low", "close", "volume"]].itertuples(index=False)
        )
        wanted = [
            (pd.Timestamp(day), *prices, math.nan if volume is None else volume)
            for day, *prices, volume in rows
        ]
        assert len(found) == len(wanted)
        for have, want in zip(found, wanted, strict=True):
            assert have[0] == want[0]
            assert have[1:] == pytest.approx(want[1:], nan_ok=True, rel=1e-12)
    assert set(answer.bars["ticker"]) == set(shape.bars)
    (line,) = answer.understood
    assert line.startswith(f"{shape.file}: ")
    assert all(words in line for words in shape.says), line
