# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The limit per client address."""

from __future__ import annotations

import time

import pytest

from descope_emulator.ratelimit import RateLimit, RateLimiter
from emulator.api import LICENSE, LIST, Api
from emulator_client import Emulator
from example_flows import minimal_flow


class Clock:
    """A clock that goes when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_hundred_and_first_request_in_a_minute_starts_a_minute_of_refusals() -> None:
    clock = Clock()
    limiter = RateLimiter(RateLimit(100, 60, 60), clock)
    assert [limiter.refusal("a") for _unused in range(100)] == [None] * 100

    clock.now += 30
    assert limiter.refusal("a") == 60
    clock.now += 59
    assert limiter.refusal("a") == 1
    clock.now += 1
    assert limiter.refusal("a") is None


def test_the_window_slides() -> None:
    clock = Clock()
    limiter = RateLimiter(RateLimit(2, 10, 0), clock)
    assert limiter.refusal("a") is None
    clock.now += 6
    assert limiter.refusal("a") is None
    clock.now += 3
    assert limiter.refusal("a") == 1
    clock.now += 1
    assert limiter.refusal("a") is None
    assert limiter.refusal("a") == 6


def test_addresses_do_not_share_a_limit() -> None:
    limiter = RateLimiter(RateLimit(1, 60, 60), Clock())

    assert [limiter.refusal(address) for address in ("a", "b", "a", "b")] == [None, None, 60, 60]


@pytest.mark.parametrize("text", ["0", "none", "None", ""])
def test_no_limit(text: str) -> None:
    assert RateLimit.parse(text) is None


def test_a_refusal_is_the_real_one_and_lasts_for_the_penalty(emulator: Emulator) -> None:
    emulator.reset(rate_limit="3/60", penalty=1)
    api = Api(emulator)
    assert [api.post(LIST).status_code for _unused in range(3)] == [200] * 3

    refused = api.post(LIST)
    still = api.get(LICENSE)
    time.sleep(1.05)
    after = api.post(LIST)

    assert refused.status_code == still.status_code == 429
    assert refused.json() == {
        "errorCode": "E130429",
        "errorDescription": "https://docs.descope.com/rate-limit",
        "errorMessage": "API rate limit exceeded.",
    }
    assert refused.headers["Retry-After"] == "1"
    assert after.status_code == 200
    assert emulator.stats()["rate_limited"] == 2


def test_a_refused_import_is_not_stored(emulator: Emulator) -> None:
    emulator.reset(rate_limit="1/60")
    api = Api(emulator)
    api.import_flow(minimal_flow("one"))

    assert api.post("/v2/mgmt/flow/import", {"flow": minimal_flow("two")}).status_code == 429
    assert list(emulator.stored(api.project)["flows"]) == ["one"]


def test_one_machine_can_be_many_addresses_when_the_header_is_trusted(emulator: Emulator) -> None:
    def statuses() -> list[int]:
        headers = ({"X-Forwarded-For": address} for address in ("10.0.0.1", "10.0.0.2, 10.0.0.9", "10.0.0.1"))
        return [Api(emulator).post(LIST, headers=header).status_code for header in headers]

    emulator.reset(rate_limit="1/60", trust_forwarded_for=True)
    assert statuses() == [200, 200, 429]
    emulator.reset(rate_limit="1/60")
    assert statuses() == [200, 429, 429]


def test_control_requests_are_neither_counted_nor_limited_nor_failed(emulator: Emulator) -> None:
    emulator.reset(rate_limit="1/60")
    emulator.faults(rules=[{"kind": "status", "status": 503}])
    for _unused in range(5):
        emulator.stats()

    stats = emulator.stats()

    assert stats["requests"] == {}
    assert stats["rate_limited"] == 0
    assert stats["faults"] == {}
