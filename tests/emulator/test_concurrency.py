# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Many requests at once, and the counters."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

from emulator.api import EXPORT, IMPORT, LIST, SNAPSHOT, Api
from emulator_client import Emulator
from example_flows import minimal_flow


def test_parallel_imports_lose_nothing(emulator: Emulator) -> None:
    emulator.reset(latency_ms=5)

    def save(number: int) -> int:
        api = Api(emulator, f"P2project{number % 4}")
        return api.post(IMPORT, {"flow": minimal_flow(f"flow-{number}", title=f"Title {number}")}).status_code

    with ThreadPoolExecutor(32) as pool:
        statuses = list(pool.map(save, range(400)))

    assert statuses == [200] * 400
    for project in range(4):
        api = Api(emulator, f"P2project{project}")
        numbers = sorted(range(project, 400, 4), key=lambda number: f"flow-{number}")
        assert api.flow_ids() == [f"flow-{number}" for number in numbers]
        files = api.ok(SNAPSHOT)["files"]
        for number in numbers:
            assert f'"Title {number}"' in json.dumps(files[f"flows/flow-{number}/screen-welcome.json"])


def test_parallel_imports_of_one_flow_are_all_versions(emulator: Emulator) -> None:
    emulator.reset(latency_ms=2)
    titles = [f"Title {number}" for number in range(120)]

    def save(title: str) -> None:
        Api(emulator).import_flow(minimal_flow("one", title=title), changelog=title)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(save, titles))

    stored = Api(emulator).stored("one")
    assert stored["version"] == 120
    last = stored["history"][-1]["changelog"]
    assert f'"{last}"' in json.dumps(Api(emulator).export_flow("one"))


def test_requests_are_counted_by_endpoint_and_project(emulator: Emulator) -> None:
    emulator.reset(latency_ms=100)
    one, two = Api(emulator, "P2one"), Api(emulator, "P2two")
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda api: api.post(LIST), [one, Api(emulator, "P2one"), two]))
    one.post(EXPORT, {"flowId": "nothing"})
    Api(emulator, "P2one", "not a key").post(LIST)

    stats = emulator.stats()

    assert stats["requests"] == {"POST /v1/mgmt/flow/list": 4, "POST /v2/mgmt/flow/export": 1}
    assert stats["total"] == 5
    assert stats["by_project"] == {
        "P2one": {"POST /v1/mgmt/flow/list": 2, "POST /v2/mgmt/flow/export": 1},
        "P2two": {"POST /v1/mgmt/flow/list": 1},
    }
    assert stats["statuses"] == {"200": 3, "401": 1, "500": 1}
    assert stats["max_in_flight"] == 3


def test_counters_can_be_reset_alone(emulator: Emulator) -> None:
    api = Api(emulator)
    api.import_flow(minimal_flow("one"))

    emulator.reset(counters_only=True, snapshot="denied")

    assert emulator.stats()["requests"] == {}
    assert api.flow_ids() == ["one"]
    assert api.post(SNAPSHOT).status_code == 403
    emulator.reset()
    assert api.post(SNAPSHOT).status_code == 200
    assert api.flow_ids() == []


def test_counters_alone_leave_the_rate_limit_as_it_is(emulator: Emulator) -> None:
    emulator.reset(rate_limit="2/60")
    api = Api(emulator)
    api.post(LIST)

    emulator.reset(counters_only=True)

    assert [api.post(LIST).status_code for _unused in range(2)] == [200, 429]
