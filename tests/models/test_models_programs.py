"""A walk-forward compiles once: XLA writes down every program that it compiles."""

import os
import subprocess
import sys

from models import engine
from models.stack import Architecture
from tests.models.test_models_engine import VALIDATION, make_log_rows


def test_growing_folds_and_other_rates_share_one_program_and_another_batch_size_has_its_own(
    tmp_path,
):
    dumps = tmp_path / "xla"
    flags = f"--xla_dump_to={dumps} --xla_dump_hlo_module_re=.*_run_epoch.* --xla_dump_hlo_as_text"
    subprocess.run(
        [sys.executable, "-m", "tests.models.other_process", "walk", str(tmp_path)],
        check=True,
        env={**os.environ, "XLA_FLAGS": flags},
    )
    programs = sorted(
        dumps.glob("*before_optimizations.txt"), key=lambda path: path.stat().st_mtime
    )
    before = (tmp_path / "between").stat().st_mtime
    assert [path.stat().st_mtime < before for path in programs] == [True, False]


def test_growing_folds_are_traced_once():
    trainer = engine.Trainer(
        Architecture(1, 3, 1, (), "swish", 0.0), engine.Recipe("sgd", "mse", 32, 0.0, None)
    )
    for count, rate in ((60, 1e-3), (100, 1e-2), (700, 1e-4)):
        schedule = engine.Schedule(rate, 1, 1)
        trainer.train(make_log_rows(count, 0), VALIDATION, schedule, seeds=[0])
    assert trainer._epoch.experimental_get_tracing_count() == 1


def test_a_program_is_made_once_for_a_shape_and_a_recipe():
    shape = Architecture(1, 3, 1, (), "swish", 0.0)
    first = engine.trainer(shape, engine.Recipe("sgd", "mse", 32, 0.0, None))
    assert engine.trainer(shape, engine.Recipe("sgd", "mse", 32, 0.0, None)) is first
    assert engine.trainer(shape, engine.Recipe("sgd", "mse", 16, 0.0, None)) is not first
