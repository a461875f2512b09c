# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Faults on demand: each kind, and which request meets it."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests

from emulator.api import EXPORT, IMPORT, LICENSE, LIST, Api
from emulator_client import Emulator
from example_flows import minimal_flow


def _import(api: Api, flow_id: str = "one") -> requests.Response:
    return api.post(IMPORT, {"flow": minimal_flow(flow_id)})


@pytest.mark.parametrize(
    ("body", "content_type", "start"),
    [("json", "application/json", "{"), ("html", "text/html", "<!DOCTYPE html>"), ("empty", "text/plain", "")],
)
def test_a_status_with_each_body(api: Api, body: str, content_type: str, start: str) -> None:
    api.emulator.faults(rules=[{"kind": "status", "status": 520, "body": body}])

    answer = _import(api)

    assert answer.status_code == 520
    assert answer.headers["Content-Type"].split(";")[0] == content_type
    assert answer.text.startswith(start)
    assert bool(answer.text) == bool(start)
    assert "Retry-After" not in answer.headers
    api.emulator.faults(rules=[])
    assert api.flow_ids() == []


@pytest.mark.parametrize("retry_after", [7, "7", "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_a_429_with_and_without_retry_after(api: Api, retry_after: Any) -> None:
    api.emulator.faults(
        rules=[
            {"kind": "status", "status": 429, "retry_after": retry_after, "times": 1},
            {"kind": "status", "status": 429, "times": 1},
        ]
    )

    first, second, third = (api.post(LIST) for _unused in range(3))

    assert first.headers["Retry-After"] == str(retry_after)
    assert first.json()["errorCode"] == "E130429"
    assert second.status_code == 429
    assert "Retry-After" not in second.headers
    assert third.status_code == 200


def test_an_error_of_ones_own(api: Api) -> None:
    api.emulator.faults(rules=[{"kind": "status", "status": 400, "error": {"errorCode": "E113007"}}])

    assert api.post(LIST).json() == {"errorCode": "E113007"}


def test_a_dropped_request_was_not_handled(api: Api) -> None:
    api.emulator.faults(rules=[{"kind": "drop", "times": 1}])

    with pytest.raises(requests.ConnectionError):
        _import(api)

    assert api.flow_ids() == []


def test_a_lost_reply_belongs_to_an_import_that_happened(api: Api) -> None:
    api.emulator.faults(rules=[{"kind": "drop_after", "times": 1}])

    with pytest.raises(requests.ConnectionError):
        _import(api)

    assert api.stored("one")["version"] == 1


def test_a_truncated_answer(api: Api) -> None:
    _import(api)
    api.emulator.faults(rules=[{"kind": "truncate", "match": {"path": EXPORT}}])

    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.ConnectionError)):
        api.post(EXPORT, {"flowId": "one"})


def test_a_truncated_answer_is_half_of_the_real_one(api: Api) -> None:
    _import(api)
    whole = api.post(EXPORT, {"flowId": "one"}).content
    api.emulator.faults(rules=[{"kind": "truncate"}])

    with api.post(EXPORT, {"flowId": "one"}, stream=True) as answer:
        received = answer.raw.read(len(whole) // 2)

    assert int(answer.headers["Content-Length"]) == len(whole)
    assert received == whole[: len(whole) // 2]


def test_a_delay(api: Api) -> None:
    api.emulator.faults(rules=[{"kind": "delay", "seconds": 0.3, "times": 1}])

    started = time.monotonic()
    answer = _import(api)

    assert answer.status_code == 200
    assert time.monotonic() - started >= 0.3


@pytest.mark.parametrize(
    ("fault", "content_type", "text"),
    [
        ({"kind": "html200"}, "text/html", "<!DOCTYPE html>"),
        ({"kind": "garbage"}, "application/json", '{"flow": {"flowId"'),
        ({"kind": "garbage", "text": "[1, 2]"}, "application/json", "[1, 2]"),
    ],
)
def test_a_200_that_is_no_answer(api: Api, fault: dict[str, Any], content_type: str, text: str) -> None:
    api.emulator.faults(**fault)

    answer = _import(api)

    assert answer.status_code == 200
    assert answer.headers["Content-Type"].split(";")[0] == content_type
    assert answer.text.startswith(text)
    api.emulator.faults()
    assert api.flow_ids() == []


# --- which request ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ({}, "xxxxxx"),
        ({"nth": 2}, ".x...."),
        ({"nth": [1, 4]}, "x..x.."),
        ({"times": 2}, "xx...."),
        ({"every": 3}, "..x..x"),
        ({"every": 2, "times": 2}, ".x.x.."),
    ],
)
def test_when_a_rule_is_due(api: Api, when: dict[str, Any], expected: str) -> None:
    for _unused in range(2):  # the same both times
        api.emulator.faults(rules=[{"kind": "status", "status": 503, **when}])

        assert "".join("x" if api.post(LIST).status_code == 503 else "." for _unused in range(6)) == expected


def test_a_rule_counts_and_meets_only_what_it_matches(emulator: Emulator) -> None:
    one, two = Api(emulator, "P2one"), Api(emulator, "P2two")
    match = {"method": "POST", "path": "/v?/mgmt/flow/*", "project": "P2one", "flow_id": "sign-*"}
    emulator.faults(rules=[{"kind": "status", "match": match, "nth": 2}])

    answers = [
        _import(one, "sign-in"),
        _import(two, "sign-in"),
        _import(one, "other"),
        one.get(LICENSE),
        one.post("/v1/mgmt/flow/delete", {"ids": ["a", "sign-up"]}),
        one.post("/v1/mgmt/flow/import", {"flow": {"id": "sign-x"}, "screens": []}),
    ]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 503, 200]
    assert emulator.stats()["faults"] == {"status": 1}


def test_of_several_rules_the_first_that_is_due_wins(api: Api) -> None:
    api.emulator.faults(
        rules=[
            {"kind": "status", "status": 502, "nth": 2},
            {"kind": "status", "status": 503, "times": 2},
        ]
    )

    assert [api.post(LIST).status_code for _unused in range(4)] == [503, 502, 503, 200]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"kind": "explode"}, "explode"),
        ({"match": {}}, "kinds are"),
        ({"kind": "drop", "wen": 1}, "unknown member wen"),
        ({"kind": "drop", "match": {"host": "x"}}, "unknown member host"),
        ({"kind": "status", "body": "xml"}, "xml"),
        ("drop", "rules"),
    ],
)
def test_rules_that_make_no_sense_are_refused(emulator: Emulator, body: Any, message: str) -> None:
    answer = requests.post(f"{emulator.url}/_emulator/faults", json=body, timeout=30)

    assert answer.status_code == 400
    assert message in answer.json()["error"]
