# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Reading a live project: few requests, made once for all workers, and nothing taken for more than it is."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.descope.plugins.module_utils._api.limiter import RateLimit
from ansible_collections.community.descope.plugins.module_utils._api.management import DescopeApi
from ansible_collections.community.descope.plugins.module_utils._deploy.project import (
    LiveProject,
    Reading,
    bulk_is_cheaper,
)
from ansible_collections.community.descope.plugins.module_utils._deploy.readings import SharedReadings
from ansible_collections.community.descope.plugins.module_utils._errors import (
    ApiError,
    AuthenticationError,
    DescopeError,
    ResponseError,
    SnapshotNotAllowedError,
)
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from emulator_client import Emulator
from example_flows import minimal_flow
from flow_tasks import EXPORT, LIST, PROJECT_ID, SNAPSHOT, in_processes, open_api, to

WORKERS = 4
UNKNOWN_FLOW = {"errorCode": "E103003", "errorDescription": "Failed getting flow"}
FLOWS = {flow_id: FlowDocument(minimal_flow(flow_id)) for flow_id in ("sign-in", "step-up", "invite")}


@pytest.fixture(autouse=True)
def _seeded(emulator: Emulator) -> None:
    emulator.project(id=PROJECT_ID, flows=[flow.data for flow in FLOWS.values()])


@contextmanager
def opened(emulator: Emulator, run_dir: Path, *, mode: str = "auto", task: str = "task") -> Iterator[LiveProject]:
    """Open the project as a worker of the run in C(run_dir) does."""
    with open_api(emulator.url) as api:
        yield _project(api, run_dir, mode=mode, task=task)


def _project(api: DescopeApi, run_dir: Path, *, mode: str = "auto", task: str = "task") -> LiveProject:
    readings = SharedReadings(run_dir, project_id=PROJECT_ID, address="here", access="key", task_id=task)
    return LiveProject(api, readings, mode=mode, threads=4)


def fingerprints(reading: Reading) -> dict[str, str | None]:
    return {flow_id: flow.fingerprint if flow else None for flow_id, flow in reading.flows.items()}


def requests_of(emulator: Emulator) -> dict[str, int]:
    return dict(emulator.stats()["requests"])


class TestRead:
    @pytest.mark.parametrize(
        ("mode", "snapshot", "asked"),
        [
            ("auto", "allowed", {SNAPSHOT: 1}),
            ("auto", "denied", {SNAPSHOT: 1, LIST: 1, EXPORT: 2}),
            ("snapshot", "allowed", {SNAPSHOT: 1}),
            ("export", "allowed", {LIST: 1, EXPORT: 2}),
        ],
    )
    def test_flows_that_exist_and_flows_that_do_not(
        self, emulator: Emulator, tmp_path: Path, mode: str, snapshot: str, asked: dict[str, int]
    ) -> None:
        emulator.reset(counters_only=True, snapshot=snapshot)
        with opened(emulator, tmp_path, mode=mode) as project:
            reading = project.read(["step-up", "nowhere", "sign-in"])

        assert fingerprints(reading) == {
            "step-up": FLOWS["step-up"].fingerprint,
            "nowhere": None,
            "sign-in": FLOWS["sign-in"].fingerprint,
        }
        assert reading.bulk is (SNAPSHOT in asked and LIST not in asked)
        assert requests_of(emulator) == asked

    def test_where_snapshots_are_demanded_a_refusal_is_an_error(self, emulator: Emulator, tmp_path: Path) -> None:
        emulator.reset(counters_only=True, snapshot="denied")
        with opened(emulator, tmp_path, mode="snapshot") as project, pytest.raises(SnapshotNotAllowedError):
            project.read(["sign-in"])

    @pytest.mark.parametrize(
        "answer",
        [
            *({"status": status} for status in (402, 403, 404, 405, 501)),
            {"status": 404, "body": "html"},
            {"status": 400, "error": {"errorDescription": "supported only with a pro license or above"}},
            {"status": 500, "error": {"errorMessage": "Please upgrade your subscription"}},
        ],
    )
    def test_what_means_that_there_are_no_snapshots(
        self, emulator: Emulator, tmp_path: Path, answer: dict[str, Any]
    ) -> None:
        emulator.faults(kind="status", match=to(SNAPSHOT), **answer)
        with opened(emulator, tmp_path) as project:
            assert fingerprints(project.read(["sign-in"])) == {"sign-in": FLOWS["sign-in"].fingerprint}

    def test_a_wrong_key_is_not_taken_for_a_missing_licence(self, emulator: Emulator, tmp_path: Path) -> None:
        emulator.faults(kind="status", status=401, match=to(SNAPSHOT))
        with opened(emulator, tmp_path) as project, pytest.raises(AuthenticationError):
            project.read(["sign-in"])
        assert requests_of(emulator) == {SNAPSHOT: 1}

    @pytest.mark.parametrize("mode", ["auto", "export"])
    def test_nothing_to_read_reads_nothing_of_a_flow(self, emulator: Emulator, tmp_path: Path, mode: str) -> None:
        with opened(emulator, tmp_path, mode=mode) as project:
            assert project.read([]).flows == {}
        assert EXPORT not in requests_of(emulator)

    def test_all_that_is_listed_is_told(self, emulator: Emulator, tmp_path: Path) -> None:
        with opened(emulator, tmp_path) as project:
            listed = project.list_all()

        assert sorted(listed) == sorted(FLOWS)
        assert listed["sign-in"] == {
            "name": "Sign In",
            "description": "Signs in with a one-time code",
            "disabled": False,
            "widget": False,
        }


class TestNeverTakenForAbsent:
    """Taking a flow for absent would overwrite it without a backup."""

    def test_a_listed_flow_that_cannot_be_exported(self, emulator: Emulator, tmp_path: Path) -> None:
        emulator.faults(kind="status", status=500, error=UNKNOWN_FLOW, match=to(EXPORT, flow_id="step-up"))
        says = pytest.raises(ResponseError, match="lists step-up but answers that there is no such flow")
        with says, opened(emulator, tmp_path, mode="export") as project:
            project.read(["sign-in", "step-up"])

    @pytest.mark.parametrize("status", [400, 403, 404, 500, 503])
    def test_a_flow_that_is_refused(self, emulator: Emulator, tmp_path: Path, status: int) -> None:
        emulator.faults(kind="status", status=status, match=to(EXPORT, flow_id="step-up"))
        with opened(emulator, tmp_path, mode="export") as project, pytest.raises(DescopeError, match=str(status)):
            project.read(["sign-in", "step-up"])

    @pytest.mark.parametrize("status", [400, 500, 503])
    def test_a_project_that_cannot_be_listed(self, emulator: Emulator, tmp_path: Path, status: int) -> None:
        emulator.faults(kind="status", status=status, match=to(LIST))
        with opened(emulator, tmp_path, mode="export") as project, pytest.raises(ApiError):
            project.read(["nowhere"])

    @pytest.mark.parametrize(
        "answer",
        [
            {"files": {}},
            {"files": None},
            {"files": {"flows/flows.json": {"flows": ["sign-in"]}}},
            {"files": {"flows/flows.json": "{"}},
            {"files": {"flows/flows.json": {"flows": "sign-in"}}},
        ],
    )
    def test_a_snapshot_that_is_not_whole(self, emulator: Emulator, tmp_path: Path, answer: dict[str, Any]) -> None:

        emulator.faults(kind="garbage", text=json.dumps(answer), match=to(SNAPSHOT))
        with opened(emulator, tmp_path) as project:
            try:
                reading = project.read(["sign-in"])
            except DescopeError:
                return
        assert reading.flows["sign-in"] is not None, "read in another way is fine, absent is not"

    def test_one_bad_flow_does_not_keep_the_others_from_being_read(self, emulator: Emulator, tmp_path: Path) -> None:
        """A snapshot also holds flows that the task has nothing to do with."""
        with open_api(emulator.url) as api:
            files = dict(api.export_snapshot().files)
        files["flows/step-up/contents.json"] = {"logo": f"asset:img-{'0' * 64}.svg"}
        emulator.faults(kind="garbage", text=json.dumps({"files": files}), match=to(SNAPSHOT))
        with opened(emulator, tmp_path) as project:
            reading = project.read(["sign-in"])

        assert fingerprints(reading) == {"sign-in": FLOWS["sign-in"].fingerprint}


class TestAssets:
    """Long values that a snapshot keeps as files of their own."""

    @pytest.fixture
    def files(self, emulator: Emulator) -> dict[str, Any]:
        """The files of a snapshot in which a description is such a value."""
        with open_api(emulator.url) as api:
            files = dict(api.export_snapshot().files)
        files["flows/sign-in/metadata.json"] |= {"description": f"asset:{self.NAME}"}
        emulator.reset(counters_only=True)
        return files

    TEXT = "A long story"
    NAME = f"txt-{hashlib.sha256(TEXT.encode()).hexdigest()}.txt"

    def test_stand_where_they_belong(self, emulator: Emulator, tmp_path: Path, files: dict[str, Any]) -> None:
        files[f"assets/{self.NAME}"] = self.TEXT
        emulator.faults(kind="garbage", text=json.dumps({"files": files}), match=to(SNAPSHOT))
        with opened(emulator, tmp_path) as project:
            found = project.read(list(FLOWS)).flows

        assert found["sign-in"] is not None
        assert found["sign-in"].metadata["description"] == self.TEXT
        assert requests_of(emulator) == {SNAPSHOT: 1}

    def test_where_one_is_missing_the_flow_is_exported(
        self, emulator: Emulator, tmp_path: Path, files: dict[str, Any]
    ) -> None:
        emulator.faults(kind="garbage", text=json.dumps({"files": files}), match=to(SNAPSHOT))
        with opened(emulator, tmp_path) as project:
            reading = project.read(list(FLOWS))

        assert fingerprints(reading) == {flow_id: flow.fingerprint for flow_id, flow in FLOWS.items()}
        assert requests_of(emulator) == {SNAPSHOT: 1, EXPORT: 1}


class TestSharing:
    def test_one_snapshot_serves_all_workers(self, emulator: Emulator, tmp_path: Path) -> None:
        def work(number: int) -> Any:
            with opened(emulator, tmp_path) as project:
                return fingerprints(project.read([list(FLOWS)[number % 3], "nowhere"]))

        answers = in_processes(WORKERS, work)

        flow_ids = [list(FLOWS)[number % 3] for number in range(WORKERS)]
        assert answers == [{flow_id: FLOWS[flow_id].fingerprint, "nowhere": None} for flow_id in flow_ids]
        assert requests_of(emulator) == {SNAPSHOT: 1}

    def test_a_refused_snapshot_is_asked_for_once(self, emulator: Emulator, tmp_path: Path) -> None:
        emulator.reset(counters_only=True, snapshot="denied", latency_ms=30)

        def work(_number: int) -> Any:
            with opened(emulator, tmp_path) as project:
                return fingerprints(project.read(["sign-in"]))

        assert in_processes(WORKERS, work) == [{"sign-in": FLOWS["sign-in"].fingerprint}] * WORKERS
        assert requests_of(emulator) == {SNAPSHOT: 1, LIST: 1, EXPORT: WORKERS}

    def test_a_flow_that_this_run_has_created_is_among_all(self, emulator: Emulator, tmp_path: Path) -> None:
        with open_api(emulator.url) as api, opened(emulator, tmp_path) as other:
            assert "new" not in other.read_all().flows
            other.list_all()
            project = _project(api, tmp_path, task="of another host")
            project._readings.mark_sending("new")
            api.import_flow(FlowDocument(minimal_flow("new")))
            project._readings.mark_written("new")

            assert "new" in other.read_all().flows
            assert "new" in other.list_all()

    def test_where_the_snapshot_is_refused_the_second_time_each_flow_is_exported(
        self, emulator: Emulator, tmp_path: Path
    ) -> None:
        with opened(emulator, tmp_path) as project:
            reading = project.read(["sign-in", "nowhere"])
            emulator.faults(kind="status", status=500, match=to(SNAPSHOT))
            again = project.refreshed(reading, ["sign-in"], not_before=time.monotonic())

        assert fingerprints(again) == {"sign-in": FLOWS["sign-in"].fingerprint, "nowhere": None}

    @pytest.mark.parametrize("mode", ["auto", "export"])
    def test_what_is_about_to_change_is_read_anew_where_it_was_read_long_ago(
        self, emulator: Emulator, tmp_path: Path, mode: str
    ) -> None:
        with opened(emulator, tmp_path, mode=mode) as project:
            reading = project.read(["sign-in", "step-up", "nowhere"])
            edited = FlowDocument(minimal_flow("sign-in", title="Edited in the console"))
            emulator.project(id=PROJECT_ID, flows=[edited.data])
            again = project.refreshed(reading, ["sign-in", "nowhere"], not_before=time.monotonic())

        expected = {"sign-in": edited.fingerprint, "step-up": FLOWS["step-up"].fingerprint, "nowhere": None}
        assert fingerprints(again) == expected

    def test_the_next_task_reads_anew_and_remembers_the_refusal(self, emulator: Emulator, tmp_path: Path) -> None:
        emulator.reset(counters_only=True, snapshot="denied")
        for task in ("one", "two"):
            with opened(emulator, tmp_path, task=task) as project:
                project.read(["sign-in"])

        assert requests_of(emulator) == {SNAPSHOT: 1, LIST: 2, EXPORT: 2}

    @pytest.mark.parametrize("mode", ["auto", "export"])
    def test_a_flow_that_this_run_has_written_is_read_anew(self, emulator: Emulator, tmp_path: Path, mode: str) -> None:
        """Its reading is void whoever wrote it; that of other flows is still good."""
        with opened(emulator, tmp_path, mode=mode) as project:
            project.read(["sign-in", "created"])
        emulator.reset(counters_only=True)

        def write(_number: int) -> None:
            readings = SharedReadings(tmp_path, project_id=PROJECT_ID, address="here", access="key", task_id="task")
            with open_api(emulator.url) as api:
                for flow_id in ("sign-in", "created"):
                    readings.mark_sending(flow_id)
                    api.import_flow(FlowDocument(minimal_flow(flow_id, title="Written")))
                    readings.mark_written(flow_id)

        in_processes(1, write)
        with opened(emulator, tmp_path, mode=mode) as project:
            other = project.read(["step-up"])
            read_for_other = requests_of(emulator)
            written = project.read(["sign-in", "created"])

        assert fingerprints(other) == {"step-up": FLOWS["step-up"].fingerprint}
        assert (SNAPSHOT in read_for_other, LIST in read_for_other) == (False, False)
        expected = {flow_id: minimal_flow(flow_id, title="Written") for flow_id in ("sign-in", "created")}
        assert fingerprints(written) == {flow_id: FlowDocument(flow).fingerprint for flow_id, flow in expected.items()}


class TestReadBack:
    def _read_back(self, project: LiveProject, flow_ids: list[str]) -> Reading:
        return project.read_back(flow_ids, not_before=time.monotonic(), rate=RateLimit(100, 60.0))

    def test_many_flows_come_back_in_one_snapshot(self, emulator: Emulator, tmp_path: Path) -> None:
        with opened(emulator, tmp_path) as project:
            project.read(list(FLOWS))
            emulator.edit(project=PROJECT_ID, flow_id="step-up", screen="Welcome", text="Edited")
            emulator.reset(counters_only=True)
            back = self._read_back(project, [*FLOWS, "nowhere"])

        assert requests_of(emulator) == {SNAPSHOT: 1}
        assert fingerprints(back)["sign-in"] == FLOWS["sign-in"].fingerprint
        assert fingerprints(back)["step-up"] != FLOWS["step-up"].fingerprint, "what is there now, not what was read"
        assert back.flows["nowhere"] is None

    def test_a_single_flow_is_exported(self, emulator: Emulator, tmp_path: Path) -> None:
        with opened(emulator, tmp_path) as project:
            project.read(list(FLOWS))
            emulator.reset(counters_only=True)
            self._read_back(project, ["sign-in"])

        assert requests_of(emulator) == {EXPORT: 1}

    def test_without_snapshots_each_flow_is_exported(self, emulator: Emulator, tmp_path: Path) -> None:
        emulator.reset(counters_only=True, snapshot="denied")
        with opened(emulator, tmp_path) as project:
            project.read(list(FLOWS))
            emulator.reset(counters_only=True, snapshot="denied")
            back = self._read_back(project, [*FLOWS, "nowhere"])

        assert requests_of(emulator) == {EXPORT: 4}
        assert fingerprints(back) == {flow_id: flow.fingerprint for flow_id, flow in FLOWS.items()} | {"nowhere": None}


PER_MINUTE = RateLimit(100, 60.0)


@pytest.mark.parametrize(
    ("flows", "snapshot_bytes", "rate", "cheaper"),
    [
        # Under Descope's limit a request costs 0.6 s, as much as 15 MB.
        (1, 10_000, PER_MINUTE, False),
        (2, 10_000, PER_MINUTE, True),
        (2, 14_000_000, PER_MINUTE, True),
        (2, 16_000_000, PER_MINUTE, False),
        (5, 50_000_000, PER_MINUTE, True),
        # Without one, a round trip costs as much as half a megabyte.
        (1, 0, None, False),
        (2, 100_000, None, True),
        (2, 5_000_000, None, False),
        (100, 5_000_000, None, True),
        (100, 500_000_000, None, False),
        # A strict limit makes every request dear.
        (2, 500_000_000, RateLimit(1, 60.0), True),
        (0, 0, PER_MINUTE, False),
    ],
)
def test_when_reading_in_bulk_is_cheaper(
    flows: int, snapshot_bytes: int, rate: RateLimit | None, cheaper: bool
) -> None:
    assert bulk_is_cheaper(flows, snapshot_bytes, rate) is cheaper
