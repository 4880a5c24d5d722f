"""A walk-forward compiles once: XLA writes down every program that it compiles."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tests.models.engine.samples import assert_same_member, make_log_rows, member, plan, trained
from volcast.models.engine.epoch_program import get_program


@pytest.mark.slow
def test_growing_folds_and_other_rates_share_one_program_and_another_batch_size_has_its_own(
    tmp_path,
):
    dumps = tmp_path / "xla"
    flags = f"--xla_dump_to={dumps} --xla_dump_hlo_module_re=.*_epoch.* --xla_dump_hlo_as_text"
    subprocess.run(
        [sys.executable, "-m", "tests.models.regressor.other_process", "walk", str(tmp_path)],
        check=True,
        env={**os.environ, "XLA_FLAGS": flags, "TF_XLA_FLAGS": ""},  # nothing from a cache
    )
    programs = sorted(
        dumps.glob("*before_optimizations.txt"), key=lambda path: path.stat().st_mtime
    )
    before = (tmp_path / "between").stat().st_mtime
    assert [path.stat().st_mtime < before for path in programs] == [True, False]


KNOWN = []


def test_threads_and_stacks_of_every_size_share_one_program(monkeypatch):
    import volcast.models.engine.training as training

    monkeypatch.setattr(
        training, "get_program", lambda shape: KNOWN.append(get_program(shape)) or KNOWN[-1]
    )
    given = plan(2, patience=77)

    def fold(count):
        rows = make_log_rows(count + 40)
        parts = {"training": np.arange(count), "validation": np.arange(count, count + 40)}
        team = [member(seed, **parts, learning_rate=1e-2 / (1 + seed)) for seed in range(20)]
        return trained(team, given, rows)

    counts = (200, 300, 400, 200)
    with ThreadPoolExecutor(4) as pool:
        at_once = list(pool.map(fold, counts))
    assert len({id(p) for p in KNOWN}) == 1
    assert KNOWN[0]._function.experimental_get_tracing_count() == 1
    one_by_one = [fold(count) for count in counts[:2]]
    assert KNOWN[0]._function.experimental_get_tracing_count() == 1
    for together, alone in zip(at_once, one_by_one, strict=False):
        for at in range(20):
            assert_same_member(together, at, alone, at)
    np.testing.assert_array_equal(at_once[0].val_loss, at_once[3].val_loss)
