"""A full disk: forecasts are issued all the same, and nothing is lost."""

import subprocess
import sys
from collections import namedtuple
from dataclasses import replace

import pandas as pd
import pytest

from tests.pipeline.job.samples import FIRST, make_context
from tests.pipeline.samples import write_config
from volcast.pipeline.home import Home
from volcast.pipeline.job import disk_space
from volcast.pipeline.job.cycle import run_daily_cycle
from volcast.pipeline.job.disk_space import RESERVE_BYTES, observe_disk_space, update_reserve
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.verify import verify

pytest.importorskip("mlflow", reason="the registry needs the extra `ops`")

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def disk(monkeypatch):
    """Set how many bytes are free."""

    def free(count):
        usage = Usage(10 * RESERVE_BYTES, 0, count)
        monkeypatch.setattr(disk_space.shutil, "disk_usage", lambda _: usage)

    return free


def test_the_reserve_is_created_released_and_created_again(tmp_path, disk):
    home = Home(tmp_path)
    disk(3 * RESERVE_BYTES)
    assert not update_reserve(home) and home.reserve.stat().st_size == RESERVE_BYTES
    disk(RESERVE_BYTES - 1)
    assert update_reserve(home) and not home.reserve.exists()
    disk(int(1.5 * RESERVE_BYTES))
    assert not update_reserve(home) and not home.reserve.exists()
    disk(3 * RESERVE_BYTES)
    assert not update_reserve(home) and home.reserve.exists()


def test_without_space_forecasts_are_issued_nothing_is_trained_and_one_alert_is_raised(
    tmp_path, config, market, disk
):
    home = Home(tmp_path)
    with Ledger.to_write(home.ledger) as ledger:
        summaries = []
        for number, free in enumerate((RESERVE_BYTES - 1, RESERVE_BYTES - 1, 3 * RESERVE_BYTES)):
            disk(free)
            nearly_full = update_reserve(home)
            context = make_context(home, config, market, ledger, FIRST + number)
            observed = (observe_disk_space(home, nearly_full=nearly_full),)
            context = replace(context, preconditions=observed, disk_nearly_full=nearly_full)
            summaries.append(run_daily_cycle(context))
            assert len(ledger.issued(context.day.date())) == 4
    assert [each.trained for each in summaries] == [None, None, "network 2"]
    assert "the disk is nearly full" in summaries[0].notes[0]
    assert [[alert.name for alert in each.raised] for each in summaries] == [["full disk"], [], []]
    assert [len(each.open_alerts) for each in summaries] == [1, 1, 0]


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 80 MiB of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=80m", "tmpfs", place], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("a small file system can only be mounted by root")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


@pytest.mark.slow
@pytest.mark.parametrize(("left", "reserved"), [(0, True), (0, False), (32, False), (512, False)])
def test_a_disk_that_is_really_full(left, reserved, small, prices, small_disk, tmp_path):
    """With the reserve the forecasts are issued at once, without it when there is space again."""
    days = pd.to_datetime(pd.read_csv(prices)["date"].unique())[FIRST : FIRST + 2]
    home = Home(small_disk / "home")

    def retrain(day):
        data = f'[data]\nsource = "files"\npath = "{prices}"\nend = "{day:%Y-%m-%d}"\n'
        job = "[job]\nshadow_sessions = 0\nretrain_every = 1\n"
        settings = write_config(tmp_path / f"{day:%m%d}.toml", data + job)
        words = ["retrain", "--home", home.folder, "--config", settings, "--quiet", "--if-due"]
        return subprocess.run(
            [sys.executable, "-m", "volcast", *map(str, words)], capture_output=True, text=True
        )

    assert retrain(days[0]).returncode == 3
    if not reserved:
        home.reserve.unlink()
    filling = small_disk / "filling"
    free = disk_space.shutil.disk_usage(small_disk).free
    filling.write_bytes(bytes(max(0, free - left * 1024)))
    answer = retrain(days[1])
    issued = 4 if reserved or left > 500 else None
    assert answer.returncode == (3 if issued else 1), answer.stderr
    assert "Traceback" not in answer.stderr and len(answer.stderr.splitlines()) <= 1
    filling.unlink()
    with Ledger.to_read(home.ledger) as ledger:
        assert issued is None or len(ledger.issued(days[1].date())) == issued
        verify(ledger)
    assert retrain(days[1]).returncode == 3
    with Ledger.to_read(home.ledger) as ledger:
        assert len(ledger.issued(days[1].date())) == 4
        verify(ledger)
