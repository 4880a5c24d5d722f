from pathlib import Path

import pytest

from volcast.pipeline.serve.redact import redact_paths

HOME = Path("/srv/state")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("cannot write /srv/state/models/x: full", "cannot write HOME/models/x: full"),
        ("see (/var/lib/volcast/a.csv)", "see (PATH)"),
        (r"see C:\Users\ann\a.csv", "see PATH"),
        ('"/data/prices/a.parquet"', '"PATH"'),
        ("on 2018/01/03, and/or 1/2", "on 2018/01/03, and/or 1/2"),
        ("https://example.org/a/b", "https://example.org/a/b"),
        ("</b></p></section>", "</b></p></section>"),
        ('href="../2018-01-03/report.html"', 'href="../2018-01-03/report.html"'),
    ],
)
def test_paths_of_the_host_are_taken_out(text, shown):
    assert redact_paths(text, HOME) == shown
