import threading

from volcast.pipeline.serve.reading.memo import Memo


def test_a_result_is_computed_once_whoever_asks_meanwhile():
    memo, calls = Memo(), []
    started = threading.Barrier(4)

    def compute():
        calls.append(1)
        return len(calls)

    def ask():
        started.wait()
        memo.get("key", 1, compute)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert calls == [1]
    assert memo.get("key", 2, compute) == 2


def test_the_result_that_was_not_asked_for_longest_is_forgotten():
    memo = Memo(maximum=2)
    for key in "ab":
        memo.get(key, 0, lambda: 1)
    memo.get("a", 0, lambda: 2)
    memo.get("c", 0, lambda: 3)
    assert memo.get("a", 0, lambda: 4) == 1
    assert memo.get("b", 0, lambda: 5) == 5
