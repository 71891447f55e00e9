import threading

from cairn.core.clock import TestClock
from cairn.core.loops import RETRY_MAX_S, Loop, every


class Flaky:
    name = "flaky"

    def __init__(self, failures: int) -> None:
        self.failures = failures

    def step(self) -> float:
        if self.failures:
            self.failures -= 1
            raise OSError("the disk is on fire")
        return 3.0


def test_a_failing_step_is_tried_again_after_growing_pauses_and_says_why(clock: TestClock) -> None:
    loop = Loop(Flaky(3), clock=clock)
    assert [loop.run_once() for _ in range(3)] == [0.5, 1.0, 2.0]
    assert (loop.status.failures, loop.status.last_error) == (3, "OSError: the disk is on fire")
    assert loop.run_once() == 3.0
    assert loop.status.failures == 0
    assert loop.status.last_success == clock.now()
    assert loop.status.last_error  # what went wrong last is still told


def test_pauses_have_a_limit(clock: TestClock) -> None:
    loop = Loop(Flaky(100), clock=clock)
    assert max(loop.run_once() for _ in range(100)) == RETRY_MAX_S


def test_a_loop_runs_until_it_is_stopped() -> None:
    ran = threading.Event()
    loop = Loop(every("tick", 0.001, ran.set))
    loop.start()
    assert ran.wait(5)
    loop.stop()
    ran.clear()
    assert not ran.wait(0.05)
