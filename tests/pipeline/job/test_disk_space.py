"""A full disk: the forecasts go out all the same, and nothing is lost."""

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
from volcast.pipeline.job.cycle import run_evening
from volcast.pipeline.job.disk_space import RESERVE, keep_room, room
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.verify import verify

pytest.importorskip("mlflow", reason="the registry needs the extra `ops`")

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def disk(monkeypatch):
    """Set how many bytes are free."""

    def free(count):
        usage = Usage(10 * RESERVE, 0, count)
        monkeypatch.setattr(disk_space.shutil, "disk_usage", lambda _: usage)

    return free


def test_the_reserve_is_set_aside_released_and_set_aside_again(tmp_path, disk):
    home = Home(tmp_path)
    disk(3 * RESERVE)
    assert not keep_room(home) and home.reserve.stat().st_size == RESERVE
    disk(RESERVE - 1)
    assert keep_room(home) and not home.reserve.exists()
    disk(int(1.5 * RESERVE))
    assert not keep_room(home) and not home.reserve.exists()
    disk(3 * RESERVE)
    assert not keep_room(home) and home.reserve.exists()


def test_without_room_forecasts_go_out_nothing_is_trained_and_one_alert_tells(
    tmp_path, config, market, disk
):
    home = Home(tmp_path)
    with Ledger.to_write(home.ledger) as ledger:
        said = []
        for context, free in enumerate((RESERVE - 1, RESERVE - 1, 3 * RESERVE)):
            disk(free)
            short = keep_room(home)
            tonight = make_context(home, config, market, ledger, FIRST + context)
            said.append(
                run_evening(replace(tonight, conditions=(room(home, short),), short_of_room=short))
            )
            assert len(ledger.issued(tonight.day.date())) == 4
    assert [each.trained for each in said] == [None, None, "network 2"]
    assert "the disk is nearly full" in said[0].notes[0]
    assert [[alert.name for alert in each.raised] for each in said] == [["full disk"], [], []]
    assert [len(each.open_alerts) for each in said] == [1, 1, 0]


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
    """With the reserve the forecasts go out at once, without it when there is room again."""
    days = pd.to_datetime(pd.read_csv(prices)["date"].unique())[FIRST : FIRST + 2]
    home = Home(small_disk / "home")

    def context(day):
        data = f'[data]\nsource = "files"\npath = "{prices}"\nend = "{day:%Y-%m-%d}"\n'
        job = "[job]\nshadow_sessions = 0\nretrain_every = 1\n"
        settings = write_config(tmp_path / f"{day:%m%d}.toml", data + job)
        words = ["retrain", "--home", home.folder, "--config", settings, "--quiet", "--if-due"]
        return subprocess.run(
            [sys.executable, "-m", "volcast", *map(str, words)], capture_output=True, text=True
        )

    assert context(days[0]).returncode == 3
    if not reserved:
        home.reserve.unlink()
    filling = small_disk / "filling"
    free = disk_space.shutil.disk_usage(small_disk).free
    filling.write_bytes(bytes(max(0, free - left * 1024)))
    answer = context(days[1])
    went_out = 4 if reserved or left > 500 else None
    assert answer.returncode == (3 if went_out else 1), answer.stderr
    assert "Traceback" not in answer.stderr and len(answer.stderr.splitlines()) <= 1
    filling.unlink()
    with Ledger.to_read(home.ledger) as ledger:
        assert went_out is None or len(ledger.issued(days[1].date())) == went_out
        verify(ledger)
    assert context(days[1]).returncode == 3
    with Ledger.to_read(home.ledger) as ledger:
        assert len(ledger.issued(days[1].date())) == 4
        verify(ledger)
