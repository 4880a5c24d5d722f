"""The daily job with pretrained vintages: named in the ledger, and copied into the model."""

import shutil

import pytest

from tests.pipeline.job.samples import change_settings, make_context, verify_and_rebuild
from tests.pipeline.pretraining.samples import CUT_OFFS
from volcast.pipeline.home import Home
from volcast.pipeline.job.config_archive import write_archived_config
from volcast.pipeline.job.cycle import run_daily_cycle
from volcast.pipeline.ledger.ledger import Ledger

pytest.importorskip("mlflow", reason="the registry needs the extra `ops`")

LATE = 690  # a session of October 2018, whose validation part begins after the first vintage


@pytest.fixture(scope="module")
def evening(tmp_path_factory, vintages, config, market):
    """One evening with a training; its vintages are deleted afterwards."""
    folder = tmp_path_factory.mktemp("pretrained-job")
    copied = shutil.copytree(vintages, folder / "vintages")
    home, settings = (
        Home(folder / "home"),
        change_settings(config, model={"pretrained": str(copied)}),
    )
    with Ledger.to_write(home.ledger) as ledger:
        write_archived_config(settings, home, ledger)
        run_daily_cycle(make_context(home, settings, market, ledger, LATE))
    shutil.rmtree(copied)
    return home


def test_the_ledger_names_the_vintage_of_each_forecast(evening):
    with Ledger.to_read(evening.ledger) as ledger:
        rows = ledger.table("forecasts")
    by_network = rows[rows["model"] == "network"]
    assert len(by_network) and by_network["pretrained"].str.startswith(f"{CUT_OFFS[0]} ").all()
    assert rows.loc[rows["model"] == "har", "pretrained"].isna().all()


def test_forecasts_are_rebuilt_bit_for_bit_from_the_copy_in_the_model(evening):
    with Ledger.to_read(evening.ledger) as ledger:
        count = len(ledger.table("forecasts"))
        assert verify_and_rebuild(ledger, evening) == count > 0
