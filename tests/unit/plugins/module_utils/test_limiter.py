# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

from __future__ import annotations

import heapq
import itertools
import json
import multiprocessing
import os
import random
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.community.descope.plugins.module_utils._api import limiter
from ansible_collections.community.descope.plugins.module_utils._api.limiter import (
    Budget,
    RateLimit,
    RequestWindow,
    budget_left,
    locked_file,
    own_rate,
    parse_share,
    shared_window_file,
)
from ansible_collections.community.descope.plugins.module_utils._errors import DescopeError, InputError
from descope_emulator.ratelimit import RateLimit as EmulatedLimit
from descope_emulator.ratelimit import RateLimiter

DOCUMENTED = RateLimit(100, 60.0)
SMALL = RateLimit(20, 0.5)
FORK = multiprocessing.get_context("fork")
Worker = Callable[[], None]


class Killed(Exception):
    """The end of a worker that never gets to say so."""


class KillsSleepers:
    """The real clock until somebody would have to wait."""

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float, /) -> None:
        raise Killed


class Simulation:
    """Virtual time for real threads.

    One thread runs at a time. Sleeping hands over to whoever wakes next, and that moves the clock. So a run of hours
    takes milliseconds, and the same run always happens the same way.
    """

    def __init__(self, overslept: Iterator[float] | None = None) -> None:
        self.now = 1000.0
        self._overslept = overslept or itertools.repeat(0.0)
        self._sleepers: list[tuple[float, int, threading.Semaphore]] = []
        self._order = itertools.count()
        self._finished = threading.Event()
        self._failures: list[Exception] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float, /) -> None:
        self._sleep_until(self.now + seconds + next(self._overslept))

    def run(self, *workers: Worker) -> None:
        self._finished.clear()
        threads = [threading.Thread(target=self._work, args=(worker, self._enter()), daemon=True) for worker in workers]
        for thread in threads:
            thread.start()
        self._wake_next()
        assert self._finished.wait(60), "the simulation stands still"
        if self._failures:
            raise self._failures[0]

    def _enter(self) -> threading.Semaphore:
        baton = threading.Semaphore(0)
        heapq.heappush(self._sleepers, (self.now, next(self._order), baton))
        return baton

    def _work(self, worker: Worker, baton: threading.Semaphore) -> None:
        baton.acquire()
        try:
            worker()
        except Killed:
            pass
        except Exception as error:
            self._failures.append(error)
        finally:
            self._wake_next()

    def _sleep_until(self, wake_at: float) -> None:
        baton = threading.Semaphore(0)
        heapq.heappush(self._sleepers, (wake_at, next(self._order), baton))
        self._wake_next()
        baton.acquire()

    def _wake_next(self) -> None:
        if not self._sleepers:
            self._finished.set()
            return
        wake_at, _order, baton = heapq.heappop(self._sleepers)
        self.now = max(self.now, wake_at)
        baton.release()


class Server:
    """Counts arrivals as strictly as a server can: over every window of the limit's length."""

    def __init__(self, clock: Simulation, rate: RateLimit, *, penalty: float = 60.0) -> None:
        self._clock, self._rate, self._penalty = clock, rate, penalty
        self._arrivals: deque[float] = deque()
        self._closed_until = 0.0
        self.accepted: list[float] = []
        self.refused = 0

    def receive(self, requests: int = 1) -> bool:
        now = self._clock.monotonic()
        while self._arrivals and self._arrivals[0] <= now - self._rate.seconds:
            self._arrivals.popleft()
        if now < self._closed_until:
            self.refused += 1
            return False
        if len(self._arrivals) + requests > self._rate.requests:
            self._closed_until = now + self._penalty
            self.refused += 1
            return False
        self._arrivals.extend([now] * requests)
        self.accepted.append(now)
        return True


def most_in_a_window(times: list[float], seconds: float) -> int:
    ordered = sorted(times)
    return max(
        sum(start <= other < start + seconds for other in ordered[index:]) for index, start in enumerate(ordered)
    )


class TestRateLimit:
    @pytest.mark.parametrize(
        ("text", "rate"),
        [
            ("100/60", RateLimit(100, 60.0)),
            (" 20 / 0.5 ", RateLimit(20, 0.5)),
            ("1000/10s", RateLimit(1000, 10.0)),
            ("0", None),
            ("None", None),
        ],
    )
    def test_what_users_write(self, text: str, rate: RateLimit | None) -> None:
        assert RateLimit.parse(text) == rate

    @pytest.mark.parametrize(
        "text", ["", "100", "0/60", "100/0", "-1/60", "a/b", "100/60/2", "1/inf", "1/nan", "9" * 500]
    )
    def test_nonsense_is_named_and_the_remedy_too(self, text: str) -> None:
        with pytest.raises(InputError, match=r"rate_limit: .* is not a rate: give requests/seconds.*100/60") as caught:
            RateLimit.parse(text)
        assert len(str(caught.value)) < 200
        assert caught.value.problems[0].code == "invalid-rate-limit"

    def test_text_is_what_a_user_would_write(self) -> None:
        assert str(RateLimit.parse("100/60")) == "100/60"

    @pytest.mark.parametrize(("requests", "seconds"), [(0, 0.0), (1, 0.0), (100, 0.0), (101, 61.2), (500, 4 * 61.2)])
    def test_prediction_of_the_time_it_takes(self, requests: int, seconds: float) -> None:
        assert DOCUMENTED.seconds_for(requests) == pytest.approx(seconds)

    def test_prediction_agrees_with_a_long_run(self) -> None:
        clock = Simulation()
        window = RequestWindow(DOCUMENTED, None, clock)
        began = clock.now

        def worker() -> None:
            for _unused in range(10_000):
                window.acquire()

        clock.run(worker)
        assert clock.now - began == pytest.approx(DOCUMENTED.seconds_for(10_000))


class TestShare:
    @pytest.mark.parametrize(
        ("text", "share"),
        [("1/4", 0.25), (" 1 / 4 ", 0.25), ("0.25", 0.25), ("1", 1.0), ("2/3", 2 / 3), ("1.5/3", 0.5)],
    )
    def test_what_users_write(self, text: str, share: float) -> None:
        assert parse_share(text) == pytest.approx(share)

    @pytest.mark.parametrize("text", ["", "0", "0/4", "1/0", "4/1", "1.01", "-1/4", "25%", "1/4/2", "a", "9" * 500])
    def test_nonsense_is_named_and_the_remedy_too(self, text: str) -> None:
        with pytest.raises(InputError, match=r"rate_share: .* is not a share: give for example 1/4") as caught:
            parse_share(text)
        assert len(str(caught.value)) < 200

    @pytest.mark.parametrize(
        ("limit", "share", "rate"),
        [
            ("100/60", None, RateLimit(100, 60.0)),
            ("100/60", "", RateLimit(100, 60.0)),
            ("100/60", "1/4", RateLimit(25, 60.0)),
            ("100/60", "1/3", RateLimit(33, 60.0)),
            ("300/60", "1/3", RateLimit(100, 60.0)),
            ("10/60", "1/20", RateLimit(1, 120.0)),
            ("0", "1/4", None),
        ],
    )
    def test_is_taken_of_the_limit(self, limit: str, share: str | None, rate: RateLimit | None) -> None:
        assert own_rate(limit, share) == rate

    @given(requests=st.integers(1, 1000), seconds=st.floats(0.1, 3600), runs=st.integers(1, 3000))
    def test_equal_shares_are_never_more_than_the_limit(self, requests: int, seconds: float, runs: int) -> None:
        part = own_rate(f"{requests}/{seconds:f}", f"1/{runs}")
        assert part is not None
        assert runs * part.requests / part.seconds <= requests / seconds * (1 + 1e-4)

    def test_all_that_is_wrong_is_told_at_once(self) -> None:
        with pytest.raises(InputError) as caught:
            own_rate("fast", "much")
        assert [problem.source for problem in caught.value.problems] == ["rate_limit", "rate_share"]

    def test_slices_on_four_machines_use_the_limit_and_never_hit_it(self, tmp_path: Path) -> None:
        """Each with ten forks and a quarter of 100/60 s; they know of each other by their shares alone."""
        clock = Simulation()
        server = Server(clock, DOCUMENTED)
        chance = random.Random(11)
        windows = [RequestWindow(own_rate("100/60", "1/4"), tmp_path / f"machine-{n}", clock) for n in range(4)]
        began = clock.now

        def worker(window: RequestWindow, work: deque[int]) -> None:
            while work:
                work.popleft()
                with window.turn():
                    clock.sleep(chance.uniform(0.02, 0.3))
                    assert server.receive()

        slices = [(window, deque(range(125))) for window in windows]
        clock.run(*[lambda part=part: worker(*part) for part in slices for _unused in range(10)])
        allowed = DOCUMENTED.requests * (1 + (max(server.accepted) - began) / DOCUMENTED.seconds)
        assert (len(server.accepted), server.refused) == (500, 0)
        assert len(server.accepted) / allowed >= 0.95


class TestSharedWindow:
    def test_is_a_file_or_in_a_directory(self, tmp_path: Path) -> None:
        assert shared_window_file(None) is None
        assert shared_window_file("") is None
        assert shared_window_file(str(tmp_path)) == tmp_path / "requests.window"
        assert shared_window_file(str(tmp_path / "ours")) == tmp_path / "ours"

    def test_whose_directory_is_missing_is_said_before_anything_is_sent(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=r"rate_window: the directory .*/gone does not exist: create it"):
            shared_window_file(str(tmp_path / "gone" / "window"))

    def test_leaves_what_one_run_does_not_need_to_the_others(self, tmp_path: Path) -> None:
        clock = Simulation()
        short, long = (RequestWindow(DOCUMENTED, shared_window_file(str(tmp_path)), clock) for _unused in range(2))
        began = clock.now

        def send(window: RequestWindow, requests: int) -> None:
            for _unused in range(requests):
                window.acquire()

        clock.run(lambda: send(short, 10), lambda: send(long, 490))
        assert clock.now - began == pytest.approx(DOCUMENTED.seconds_for(500))


class TestWindow:
    @settings(max_examples=40, deadline=None)
    @given(
        requests=st.integers(1, 12),
        seconds=st.floats(0.2, 90),
        threads=st.integers(1, 12),
        rounds=st.integers(1, 6),
        pauses=st.sampled_from([0, 0.1]),
        seed=st.integers(),
    )
    def test_never_more_than_the_limit_in_any_window(
        self, requests: int, seconds: float, threads: int, rounds: int, pauses: float, seed: int
    ) -> None:
        """Whatever the threads do in between, and however late they wake up."""
        chance = random.Random(seed)
        clock = Simulation(
            overslept=(chance.choice([0, 0, chance.random() * 2 * seconds]) for _unused in itertools.count())
        )
        window = RequestWindow(RateLimit(requests, seconds), None, clock)
        grants: list[float] = []

        def worker() -> None:
            for _unused in range(rounds):
                asked = clock.now
                window.acquire()
                grants.append(clock.now)
                clock.sleep(chance.choice([0.0, chance.random() * seconds]))
                if chance.random() < pauses:
                    window.pause(asked, chance.random() * 2 * seconds)

        clock.run(*[worker] * threads)
        assert len(grants) == threads * rounds
        assert most_in_a_window(grants, seconds) <= requests

    @settings(max_examples=40, deadline=None)
    @given(requests=st.integers(1, 5), threads=st.integers(2, 15), seed=st.integers())
    def test_first_come_first_served(self, requests: int, threads: int, seed: int) -> None:
        chance = random.Random(seed)
        clock = Simulation()
        window = RequestWindow(RateLimit(requests, 10.0), None, clock)
        served: list[tuple[float, float]] = []

        def worker() -> None:
            clock.sleep(chance.random() * 60)
            asked = clock.now
            window.acquire()
            served.append((asked, clock.now))

        clock.run(*[worker] * threads)
        granted_in_order_of_asking = [granted for _asked, granted in sorted(served)]
        assert granted_in_order_of_asking == sorted(granted_in_order_of_asking)

    def test_no_slot_is_lost_between_threads(self) -> None:
        clock = Simulation()
        rate = RateLimit(7, 10.0)
        window = RequestWindow(rate, None, clock)
        began = clock.now
        grants: list[float] = []

        def worker() -> None:
            for _unused in range(5):
                window.acquire()
                grants.append(clock.now - began)

        clock.run(*[worker] * 20)
        assert sorted(grants) == pytest.approx([number // 7 * rate.paced_seconds for number in range(100)])

    def test_returns_the_seconds_waited(self) -> None:
        clock = Simulation()
        window = RequestWindow(RateLimit(1, 10.0), None, clock)
        waits: list[float] = []
        clock.run(lambda: waits.extend(window.acquire() for _unused in range(3)))
        assert waits == pytest.approx([0.0, 10.2, 10.2])

    def test_the_margin_holds_for_those_who_come_late_too(self) -> None:
        clock = Simulation()
        window = RequestWindow(RateLimit(1, 10.0), None, clock)
        window.acquire()
        clock.run(lambda: clock.sleep(10.05))
        waits: list[float] = []
        clock.run(lambda: waits.append(window.acquire()))
        assert waits == pytest.approx([0.15])

    def test_no_limit_means_no_waiting(self) -> None:
        window = RequestWindow(None)
        assert [window.acquire() for _unused in range(1000)] == [0.0] * 1000

    def test_four_processes_with_ten_threads_use_the_limit_and_never_hit_it(self, tmp_path: Path) -> None:
        """500 requests under 100/60 s, each 20 ms to 1 s on its way to a server that counts strictly."""
        clock = Simulation()
        server = Server(clock, DOCUMENTED)
        chance = random.Random(7)
        processes = [RequestWindow(DOCUMENTED, tmp_path / "window", clock) for _unused in range(4)]
        work = deque(range(500))
        began = clock.now

        def worker(window: RequestWindow) -> None:
            while work:
                work.popleft()
                with window.turn():
                    clock.sleep(chance.uniform(0.02, 1.0))
                    assert server.receive()
                    clock.sleep(0.1)

        clock.run(*[lambda window=window: worker(window) for window in processes for _unused in range(10)])
        allowed = DOCUMENTED.requests * (1 + (max(server.accepted) - began) / DOCUMENTED.seconds)
        assert server.refused == 0
        assert len(server.accepted) == 500
        assert len(server.accepted) / allowed >= 0.95

    def test_hosts_with_other_limits_leave_each_others_windows_alone(self, tmp_path: Path) -> None:
        """All share the file of the run; each may send as much as its own limit says, all requests counted."""
        slow, quick = RateLimit(10, 60.0), RateLimit(50, 1.0)
        simulation = Simulation()
        sent: list[float] = []

        def host(rate: RateLimit, begins: float, requests: int) -> Worker:
            window = RequestWindow(rate, tmp_path / "window", simulation)

            def work() -> None:
                simulation.sleep(begins)
                for _number in range(requests):
                    window.acquire()
                    if rate is slow:
                        sent.append(simulation.now)

            return work

        simulation.run(host(slow, 0.1, 10), host(quick, 2.0, 1), host(slow, 3.0, 10))

        assert all(later - earlier >= slow.seconds for earlier, later in zip(sent, sent[10:], strict=False))

    def test_requests_that_are_slow_to_arrive_are_not_caught_up_with(self) -> None:
        """The first ones open their connections, on a busy machine; those of the next window find them open."""
        clock = Simulation()
        rate = RateLimit(20, 10.0)
        server = Server(clock, rate)
        window = RequestWindow(rate, None, clock)

        def worker() -> None:
            for on_its_way in (1.4, 0.01, 0.01, 0.01):
                with window.turn():
                    clock.sleep(on_its_way)
                    assert server.receive()

        clock.run(*[worker] * 40)
        assert server.refused == 0
        assert clock.now - 1000 < 7 * rate.paced_seconds + 2 * 1.5

    def test_requests_that_are_slow_to_be_answered_do_not_slow_the_others_down(self) -> None:
        clock = Simulation()
        rate = RateLimit(10, 60.0)
        window = RequestWindow(rate, None, clock)
        began = clock.now
        grants: list[float] = []

        def worker() -> None:
            for _unused in range(3):
                with window.turn():
                    grants.append(clock.now - began)
                    clock.sleep(30)

        clock.run(*[worker] * 10)
        assert max(grants) <= 2 * (rate.paced_seconds + 1.5) + 0.01

    def test_a_request_that_fails_has_still_been_sent(self) -> None:
        clock = Simulation()
        window = RequestWindow(RateLimit(1, 10.0), None, clock)
        waits: list[float] = []

        def send() -> None:
            with window.turn():
                clock.sleep(1)
                raise ConnectionError

        def worker() -> None:
            with pytest.raises(ConnectionError):
                send()
            waits.append(window.acquire())

        clock.run(worker)
        assert waits == pytest.approx([10.2])

    def test_a_worker_that_dies_waiting_costs_one_slot_at_most(self, tmp_path: Path) -> None:
        clock = Simulation()
        rate = RateLimit(2, 10.0)
        began = clock.now
        grants: list[float] = []

        class Dies(KillsSleepers):
            def monotonic(self) -> float:
                return clock.now

        def victim() -> None:
            window = RequestWindow(rate, tmp_path / "window", Dies())
            for _unused in range(3):
                window.acquire()

        def survivor() -> None:
            clock.sleep(1)
            window = RequestWindow(rate, tmp_path / "window", clock)
            for _unused in range(4):
                window.acquire()
                grants.append(clock.now - began)

        clock.run(victim, survivor)
        assert grants == pytest.approx([10.2, 20.4, 20.4, 30.6], abs=0.01)


class TestPause:
    def test_one_burst_of_refusals_is_one_pause_for_all(self, tmp_path: Path) -> None:
        """Somebody else has used up this address's budget: all that is under way is refused, then everybody waits."""
        clock = Simulation()
        server = Server(clock, DOCUMENTED)
        server.receive(90)
        processes = [RequestWindow(DOCUMENTED, tmp_path / "window", clock) for _unused in range(4)]
        chance = random.Random(3)
        pauses: list[float] = []
        work = deque(range(200))

        def send(window: RequestWindow) -> bool:
            with window.turn():
                sent_at = clock.now
                clock.sleep(chance.uniform(0.02, 0.3))
                if server.receive():
                    return True
            if window.pause(sent_at, 60.0):
                pauses.append(clock.now)
            return False

        def worker(window: RequestWindow) -> None:
            while work:
                work.popleft()
                while not send(window):
                    pass

        clock.run(*[lambda window=window: worker(window) for window in processes for _unused in range(10)])
        assert len(pauses) == 1
        assert 1 < server.refused <= 40
        assert not [moment for moment in server.accepted if pauses[0] + 0.3 < moment < pauses[0] + 60.0]
        assert len(server.accepted) - 1 == 200

    def test_a_refusal_that_belongs_to_a_burst_is_no_pause_of_its_own(self) -> None:
        clock = Simulation()
        began = clock.now
        window = RequestWindow(DOCUMENTED, None, clock)
        clock.run(lambda: clock.sleep(2))
        assert window.pause(began, 5.0)
        assert not window.pause(began + 1, 300.0), "sent before the pause"
        clock.run(lambda: clock.sleep(1))
        assert not window.pause(began + 2.001, 300.0), "on its way out when the pause began"
        clock.run(lambda: clock.sleep(10))
        assert not window.pause(began + 1, 300.0), "sent before the pause, refused very late"
        assert window.acquire() == 0.0

    def test_a_second_burst_is_a_second_pause(self) -> None:
        clock = Simulation()
        window = RequestWindow(DOCUMENTED, None, clock)
        assert window.pause(clock.now, 5.0)
        clock.run(lambda: clock.sleep(6))
        assert window.pause(clock.now, 5.0)

    @pytest.mark.parametrize("rate", [DOCUMENTED, None])
    def test_reaches_those_who_are_already_waiting_and_those_who_come_later(
        self, tmp_path: Path, rate: RateLimit | None
    ) -> None:
        clock = Simulation()
        began = clock.now
        grants: list[float] = []

        def early() -> None:
            window = RequestWindow(rate, tmp_path / "window", clock)
            window.acquire()
            clock.sleep(1)
            window.pause(began, 30.0)
            window.acquire()
            grants.append(clock.now - began)

        def late() -> None:
            clock.sleep(20)
            RequestWindow(rate, tmp_path / "window", clock).acquire()
            grants.append(clock.now - began)

        clock.run(early, late)
        assert grants == pytest.approx([31.0, 31.0])

    def test_a_waiting_thread_notices_a_pause_when_it_wakes(self) -> None:
        clock = Simulation()
        began = clock.now
        window = RequestWindow(RateLimit(1, 10.0), None, clock)
        grants: list[float] = []

        def waiting() -> None:
            for _unused in range(2):
                window.acquire()
                grants.append(clock.now - began)

        def refused() -> None:
            clock.sleep(5)
            window.pause(began, 60.0)

        clock.run(waiting, refused)
        assert grants == pytest.approx([0.0, 65.0])


class TestRollout:
    def test_of_ten_thousand_tenants_takes_as_long_as_predicted_and_is_never_refused(self) -> None:
        """One changed flow each: an import and the export that verifies it, ten forks, the emulator's own limiter."""
        tenants, setup = 10_000, 2
        clock = Simulation()
        window = RequestWindow(DOCUMENTED, None, clock)
        emulated = RateLimiter(EmulatedLimit(100, 60.0, 60.0), clock.monotonic)
        chance = random.Random(5)
        work = deque(range(tenants))
        began = clock.now

        def request() -> None:
            with window.turn():
                clock.sleep(chance.uniform(0.01, 0.2))
                assert emulated.refusal("our address") is None
                clock.sleep(0.05)

        def worker() -> None:
            while work:
                work.popleft()
                request()
                request()

        clock.run(*[request] * setup)
        clock.run(*[worker] * 10)
        predicted = DOCUMENTED.seconds_for(setup + 2 * tenants)
        assert clock.now - began == pytest.approx(predicted, rel=0.02)


class TestStateFile:
    def test_is_small_and_private(self, tmp_path: Path) -> None:
        state = tmp_path / "window"
        window = RequestWindow(RateLimit(100, 0.001), state)
        for _unused in range(300):
            window.acquire()
        assert state.stat().st_mode & 0o777 == 0o600
        assert state.stat().st_size < 5000

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"\0\0\0",
            b"{",
            b"[]\n",
            b"null\n",
            b'{"written_at": "x"}\n',
            b'{"written_at": 1}\n',
            b"\xff\xfe\n",
            b"7\n",
        ],
    )
    def test_what_cannot_be_read_counts_for_nothing(self, tmp_path: Path, content: bytes) -> None:
        state = tmp_path / "window"
        state.write_bytes(content)
        clock = Simulation()
        window = RequestWindow(RateLimit(1, 10.0), state, clock)
        waits: list[float] = []
        clock.run(lambda: waits.extend(window.acquire() for _unused in range(2)))
        assert waits == pytest.approx([0.0, 10.2])

    def test_of_an_earlier_boot_counts_for_nothing(self, tmp_path: Path) -> None:
        before = Simulation()
        before.now = 500_000.0
        window = RequestWindow(RateLimit(1, 60.0), tmp_path / "window", before)
        window.acquire()
        window.pause(before.now, 300.0)

        after = Simulation()
        after.now = 30.0
        assert RequestWindow(RateLimit(1, 60.0), tmp_path / "window", after).acquire() == 0.0

    def test_in_a_missing_directory_is_a_clear_error(self, tmp_path: Path) -> None:
        with pytest.raises(DescopeError, match=r"gone/window.* cannot be used: No such file"):
            RequestWindow(DOCUMENTED, tmp_path / "gone" / "window").acquire()


class TestBudget:
    def test_what_is_left_is_what_was_not_taken_in_the_window(self, tmp_path: Path) -> None:
        simulation = Simulation()
        state = tmp_path / "window"
        window = RequestWindow(SMALL, state, simulation)
        for _unused in range(7):
            window.acquire()
        assert budget_left(state, simulation) == Budget(SMALL, 13, 0.0)
        simulation.now += SMALL.paced_seconds
        assert budget_left(state, simulation).left == 20

    def test_looking_takes_nothing(self, tmp_path: Path) -> None:
        state = tmp_path / "window"
        RequestWindow(SMALL, state, Simulation()).acquire()
        before = state.read_bytes()
        budget_left(state, Simulation())
        assert state.read_bytes() == before

    def test_a_pause_is_known(self, tmp_path: Path) -> None:
        simulation = Simulation()
        window = RequestWindow(SMALL, tmp_path / "window", simulation)
        window.acquire()
        window.pause(simulation.now, 30)
        simulation.now += 10
        assert budget_left(tmp_path / "window", simulation).paused_seconds == 20

    def test_without_a_limit_or_before_the_first_request_nothing_is_known(self, tmp_path: Path) -> None:
        assert budget_left(tmp_path / "window") == Budget(None, 0, 0.0)
        assert not (tmp_path / "window").exists()
        RequestWindow(None, tmp_path / "window", Simulation()).acquire()
        assert budget_left(tmp_path / "window", Simulation()).rate is None


class StampingClock:
    """The real clock; remembers for each thread the moment at which the window last looked at it."""

    def __init__(self) -> None:
        self._local = threading.local()

    def monotonic(self) -> float:
        self._local.last = time.monotonic()
        return self.last

    @property
    def last(self) -> float:
        return float(self._local.last)

    def sleep(self, seconds: float, /) -> None:
        time.sleep(seconds)


def grants_of_one_process(window: RequestWindow, clock: StampingClock, rounds: int) -> list[float]:
    def grant(_round: int) -> float:
        window.acquire()
        return clock.last

    with ThreadPoolExecutor(5) as pool:
        return list(pool.map(grant, range(rounds)))


def in_forked_processes(state: Path) -> None:
    """Tell when each of 60 requests went out, of four processes that were forked with the window in their hands."""
    clock = StampingClock()
    window = RequestWindow(SMALL, state, clock)
    grants: multiprocessing.SimpleQueue[list[float]] = FORK.SimpleQueue()
    for _unused in range(4):
        FORK.Process(target=lambda: grants.put(grants_of_one_process(window, clock, 15))).start()
    sys.stdout.write(json.dumps([moment for _unused in range(4) for moment in grants.get()]))


def hold_the_lock(state: Path) -> None:
    with locked_file(state):
        sys.stdout.write("held\n")
        sys.stdout.flush()
        time.sleep(60)


def python(role: str, state: Path) -> subprocess.Popen[str]:
    """Start this file as a program of its own: pytest has threads, and forking those is asking for trouble."""
    path = os.pathsep.join([str(Path(limiter.__file__).parents[5]), *sys.path])
    command = [sys.executable, __file__, role, str(state)]
    return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": path}, stdout=subprocess.PIPE, text=True)


class TestRealProcesses:
    def test_share_one_window(self, tmp_path: Path) -> None:
        with python("fork", tmp_path / "window") as process:
            output, _unused = process.communicate(timeout=60)
        moments = json.loads(output)
        assert len(moments) == 60
        assert most_in_a_window(moments, SMALL.seconds) == SMALL.requests
        assert max(moments) - min(moments) >= 2 * SMALL.seconds

    def test_go_on_when_one_is_killed_with_the_lock_in_its_hands(self, tmp_path: Path) -> None:
        state = tmp_path / "window"
        window = RequestWindow(RateLimit(2, 60.0), state)
        window.acquire()
        with python("hold", state) as process, ThreadPoolExecutor(1) as pool:
            try:
                assert process.stdout is not None
                assert process.stdout.readline() == "held\n"
                waiting = pool.submit(window.acquire)
                time.sleep(0.05)
                assert not waiting.done()
            finally:
                process.kill()
            assert waiting.result(timeout=5) == 0.0
        with pytest.raises(Killed):  # both grants still count
            RequestWindow(RateLimit(2, 60.0), state, KillsSleepers()).acquire()


if __name__ == "__main__":
    {"fork": in_forked_processes, "hold": hold_the_lock}[sys.argv[1]](Path(sys.argv[2]))
