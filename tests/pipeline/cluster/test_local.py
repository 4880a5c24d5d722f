"""Threads and processes of this machine."""

import importlib.metadata
import os

import pytest

from tests.pipeline.cluster.units import KILL_SELF, fail, kill_always, make_work, trouble_once
from volcast.pipeline.cluster.environment import limit_blas_threads, read_blas_threads
from volcast.pipeline.cluster.local_processes import ProcessExecutor
from volcast.pipeline.cluster.local_threads import ThreadExecutor
from volcast.pipeline.cluster.work import CollectedNotes
from volcast.pipeline.errors import ClusterError, DataError

EXECUTORS = (ThreadExecutor(), ProcessExecutor(2))


def collect(executor, work, units):
    started, progress = [], CollectedNotes()
    answers = dict(executor.run(work, units, progress, started.append))
    return answers, started, progress.notes


@pytest.mark.parametrize("executor", EXECUTORS)
def test_every_unit_is_answered_once_with_its_messages(executor, tmp_path):
    answers, started, notes = collect(executor, make_work(tmp_path / "n"), [1, 2, 3])
    assert {number: answer.value for number, answer in answers.items()} == {0: 41, 1: 42, 2: 43}
    assert started == [0, 1, 2]
    assert sorted(notes) == ["adding 1", "adding 2", "adding 3"]
    assert {answer.environment.tensorflow for answer in answers.values()} == {
        importlib.metadata.version("tensorflow")
    }


@pytest.mark.parametrize("executor", EXECUTORS)
def test_the_error_of_a_unit_is_raised_as_it_is(executor, tmp_path):
    with pytest.raises(DataError, match="unit 7 is too short"):
        collect(executor, make_work(tmp_path / "n", fail), [7])


def test_threads_yield_in_order_and_do_not_read_the_file(tmp_path):
    work = make_work(tmp_path / "n")
    work.file.unlink()
    answers = ThreadExecutor().run(work, [5, 6], CollectedNotes(), lambda _: None)
    assert [(number, answer.value) for number, answer in answers] == [(0, 45), (1, 46)]


@pytest.mark.slow
def test_the_unit_of_a_killed_process_is_computed_again(tmp_path):
    work = make_work(tmp_path / "n", trouble_once, marker=tmp_path / "m")
    units = [(1, 0), (2, KILL_SELF), (3, 0)]
    answers, _, notes = collect(ProcessExecutor(2), work, units)
    assert {number: answer.value for number, answer in answers.items()} == {0: 41, 1: 42, 2: 43}
    assert any("a process ended before its result" in note for note in notes)


@pytest.mark.slow
def test_a_unit_that_always_ends_its_process_is_given_up(tmp_path):
    with pytest.raises(ClusterError, match="unit 1 of 1 ended its process 3 times"):
        collect(ProcessExecutor(1), make_work(tmp_path / "n", kill_always), [KILL_SELF])


@pytest.mark.slow
def test_processes_use_as_many_threads_of_blas_as_the_driver(tmp_path):
    with limit_blas_threads(3):
        work = make_work(tmp_path / "n")
    answers, _, _ = collect(ProcessExecutor(1), work, [1])
    assert answers[0].environment.blas_threads == 3
    assert read_blas_threads() <= max(os.cpu_count(), 1)
