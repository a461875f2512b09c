# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The API against the emulator, and against answers that the emulator does not give."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from ansible_collections.community.descope.plugins.module_utils._api import client
from ansible_collections.community.descope.plugins.module_utils._api.answers import Call
from ansible_collections.community.descope.plugins.module_utils._api.client import (
    Client,
    ConnectionSettings,
    HttpResponseError,
    RetryPolicy,
)
from ansible_collections.community.descope.plugins.module_utils._api.management import DescopeApi, FlowSummary
from ansible_collections.community.descope.plugins.module_utils._errors import (
    ApiError,
    AuthenticationError,
    OutcomeUnknownError,
    ReadOnlyError,
    ResponseError,
    SnapshotNotAllowedError,
    TransportError,
)
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._flow.formats import load_snapshot
from emulator_client import Emulator

PROJECT = "P2apitestsProject"
KEY = "K2apitestsManagementKey"
LICENSE = "GET /v1/mgmt/license"


def settings(base_url: str = "http://127.0.0.1:1", **options: Any) -> ConnectionSettings:
    return ConnectionSettings(PROJECT, KEY, base_url=base_url, timeout=20.0, **options)


def flow(flow_id: str, name: str = "Sign in") -> FlowDocument:
    """The smallest flow: it starts and ends with a user who is logged in."""
    tasks = {
        "start": {"id": "start", "name": "Start", "next": {"rules": [{"taskId": "0"}]}, "view": {"x": 0, "y": 0}},
        "0": {"id": "0", "name": "End", "type": "automated", "next": {}, "view": {"x": 200, "y": 0}},
    }
    tasks["0"] |= {"action": "logged-in", "arguments": {}}
    contents = {"startTask": "0", "tasks": tasks}
    return FlowDocument({"flowId": flow_id, "metadata": {"name": name}, "contents": contents, "screens": []})


class AnsweringClient(Client):
    """A client whose every request is answered with the same thing, without a network."""

    def __init__(self, answer: Any) -> None:
        super().__init__(settings())
        self.answer = answer
        self.asked: list[tuple[str, Any]] = []

    def get(self, path: str, **options: Any) -> Any:
        return self.post(path, None)

    def post(self, path: str, body: Any, parse: Any = None) -> Any:
        self.asked.append((path, body))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def api_that_gets(answer: Any) -> tuple[DescopeApi, AnsweringClient]:
    client = AnsweringClient(answer)
    return DescopeApi(client), client


def refusal(status: int, text: str, code: str = "") -> ApiError:
    return ApiError(f"POST /x: host answered HTTP {status}: {text}", status=status, code=code, method="POST", path="/x")


@pytest.fixture
def api(emulator: Emulator) -> Iterator[DescopeApi]:
    with Client(settings(emulator.url), policy=RetryPolicy(first_delay=0.01)) as client:
        yield DescopeApi(client)


class TestAgainstTheEmulator:
    def test_a_flow_comes_back_as_it_was_imported(self, api: DescopeApi) -> None:
        document = flow("sign-in", "Sign in")
        api.import_flow(document, "job 7")
        exported = api.export_flow("sign-in")
        assert exported is not None
        assert exported.normal == document.normal
        assert exported.fingerprint == document.fingerprint

    def test_a_flow_that_is_not_there_is_none(self, api: DescopeApi, emulator: Emulator) -> None:
        assert api.export_flow("nothing-here") is None
        assert emulator.stats()["requests"]["POST /v2/mgmt/flow/export"] == 1, "its HTTP 500 is no failure to retry"

    def test_list(self, api: DescopeApi) -> None:
        assert api.list_flows() == []
        for flow_id in ("sign-in", "forgot-password"):
            api.import_flow(flow(flow_id, f"The {flow_id}"))
        assert sorted(api.list_flows(), key=lambda summary: summary.id) == [
            FlowSummary("forgot-password", "The forgot-password", "", disabled=False),
            FlowSummary("sign-in", "The sign-in", "", disabled=False),
        ]

    def test_delete(self, api: DescopeApi, emulator: Emulator) -> None:
        for flow_id in ("one", "two", "three"):
            api.import_flow(flow(flow_id))
        api.delete_flows(["one", "three"])
        assert [summary.id for summary in api.list_flows()] == ["two"]
        api.delete_flows([])
        assert [summary.id for summary in api.list_flows()] == ["two"]
        assert emulator.stats()["requests"]["POST /v1/mgmt/flow/delete"] == 1

    def test_tenants_are_listed_or_searched(self, api: DescopeApi, emulator: Emulator) -> None:
        tenants = [{"id": "acme", "customAttributes": {"plan": "gold"}}, {"id": "globex", "parent": "acme"}]
        emulator.project(id=PROJECT, tenants=tenants)
        assert [tenant.id for tenant in api.list_tenants()] == ["acme", "globex"]
        assert [tenant.id for tenant in api.list_tenants({"attributes": {"plan": "gold"}})] == ["acme"]
        assert [tenant.id for tenant in api.list_tenants({"top_level": True, "ids": None})] == ["acme"]
        assert [tenant.id for tenant in api.list_tenants({"parent": "acme", "auth_type": "none"})] == ["globex"]
        requests = emulator.stats()["requests"]
        assert (requests["GET /v1/mgmt/tenant/all"], requests["POST /v1/mgmt/tenant/search"]) == (1, 3)

    def test_snapshot_has_every_flow(self, api: DescopeApi) -> None:
        documents = {flow_id: flow(flow_id, f"The {flow_id}") for flow_id in ("one", "two")}
        for document in documents.values():
            api.import_flow(document)
        snapshot = load_snapshot(api.export_snapshot().files)
        assert {flow_id: document.normal for flow_id, document in snapshot.items()} == {
            flow_id: document.normal for flow_id, document in documents.items()
        }

    def test_snapshot_that_is_not_allowed_is_told_apart(self, api: DescopeApi, emulator: Emulator) -> None:
        project = {"id": PROJECT, "snapshot_allowed": False}
        requests.post(f"{emulator.url}/_emulator/project", json=project, timeout=20).raise_for_status()
        with pytest.raises(SnapshotNotAllowedError, match=r"allows no snapshot export: .*HTTP 403"):
            api.export_snapshot()

    def test_a_read_survives_faults(self, api: DescopeApi, emulator: Emulator) -> None:
        api.import_flow(flow("sign-in"))
        emulator.faults(
            rules=[
                {"kind": "drop", "nth": 1, "match": {"path": "*/export"}},
                {"kind": "truncate", "nth": 2, "match": {"path": "*/export"}},
                {"kind": "status", "status": 520, "body": "html", "nth": 3, "match": {"path": "*/export"}},
            ]
        )
        assert api.export_flow("sign-in") is not None
        assert api.client.statistics.as_dict()["retried"] == 3

    def test_an_import_whose_answer_is_lost_is_unknown_and_not_sent_again(
        self, api: DescopeApi, emulator: Emulator
    ) -> None:
        emulator.faults(kind="drop_after", match={"path": "*/import"})
        with pytest.raises(OutcomeUnknownError, match="closed the connection"):
            api.import_flow(flow("sign-in"))
        emulator.faults()
        assert emulator.stats()["requests"]["POST /v2/mgmt/flow/import"] == 1
        assert api.export_flow("sign-in") is not None, "here it had happened"

    def test_everything_that_writes_is_stopped_when_only_looking(self, emulator: Emulator) -> None:
        api = DescopeApi(Client(settings(emulator.url, read_only=True)))
        api.license()
        api.list_flows()
        api.export_flow("sign-in")
        api.export_snapshot()
        with pytest.raises(ReadOnlyError):
            api.import_flow(flow("sign-in"))
        with pytest.raises(ReadOnlyError):
            api.delete_flows(["sign-in"])
        assert not [path for path in emulator.stats()["requests"] if "import" in path or "delete" in path]


def tell_the_licence(url: str, run_dir: str) -> None:
    """What another process of the run does: ask, with four threads, and then use it."""
    api = DescopeApi(Client(settings(url)), Path(run_dir))
    with ThreadPoolExecutor(4) as pool:
        tiers = pool.map(lambda _number: api.license(), range(4))
        sys.stdout.write(" ".join([*tiers, api.client.license_tier]))


class TestLicence:
    def test_is_asked_for_once_a_run_whatever_the_number_of_processes(self, emulator: Emulator, tmp_path: Path) -> None:
        path = os.pathsep.join([str(Path(client.__file__).parents[5]), *sys.path])
        command = [sys.executable, __file__, emulator.url, str(tmp_path)]
        options: dict[str, Any] = {"env": {**os.environ, "PYTHONPATH": path}, "stdout": subprocess.PIPE, "text": True}
        processes = [subprocess.Popen(command, **options) for _unused in range(3)]
        assert [process.communicate(timeout=60)[0].split() for process in processes] == [["tier1"] * 5] * 3
        assert emulator.stats()["requests"] == {LICENSE: 1}

    def test_of_another_key_is_asked_for_too(self, emulator: Emulator, tmp_path: Path) -> None:
        for key in ("K1", "K1", "K2"):
            client = Client(ConnectionSettings(PROJECT, key, base_url=emulator.url))
            DescopeApi(client, tmp_path).license()
        assert emulator.stats()["requests"][LICENSE] == 2

    def test_leaves_no_key_behind(self, emulator: Emulator, tmp_path: Path) -> None:
        DescopeApi(Client(settings(emulator.url)), tmp_path).license()
        (file,) = tmp_path.iterdir()
        assert KEY not in file.name
        assert KEY not in file.read_text()
        assert file.stat().st_mode & 0o777 == 0o600

    @pytest.mark.parametrize(
        "answer",
        [
            refusal(404, "not found"),
            TransportError("down"),
            {},
            {"rateLimitTier": None},
            {"rateLimitTier": "tier1\r\nX-Evil: 1"},
        ],
    )
    def test_is_not_needed(self, answer: Any, tmp_path: Path) -> None:
        for _process in range(2):
            client = AnsweringClient(answer)
            assert DescopeApi(client, tmp_path).license() == ""
            assert client.license_tier == ""
        assert client.asked == [], "the second does not try again"

    def test_is_tried_once_and_not_for_long(self, monkeypatch: pytest.MonkeyPatch) -> None:
        sent: list[Call] = []

        def refuse(self: object, call: Call, headers: object) -> None:
            sent.append(call)
            raise ConnectionRefusedError

        monkeypatch.setattr(client._Transport, "send", refuse)
        api = DescopeApi(Client(settings()))
        assert [api.license(), api.license()] == ["", ""]
        assert [(str(call), call.timeout, call.connect_timeout) for call in sent] == [(LICENSE, 5.0, 5.0)]

    def test_file_that_was_cut_short_is_written_again(self, tmp_path: Path) -> None:
        DescopeApi(AnsweringClient({"rateLimitTier": "tier2"}), tmp_path).license()
        (file,) = tmp_path.iterdir()
        file.write_text('{"ti')
        assert DescopeApi(AnsweringClient({"rateLimitTier": "tier2"}), tmp_path).license() == "tier2"
        assert DescopeApi(AnsweringClient(TransportError("down")), tmp_path).license() == "tier2"


class TestAnswersThatMislead:
    @pytest.mark.parametrize(
        ("answer", "said"),
        [
            ({}, "the flows are null instead of a list"),
            ({"total": 3}, "the flows are null instead of a list"),
            ({"flows": {}}, "the flows are an object instead of a list"),
            ({"flows": [{"id": "a"}], "total": 250}, "only 1 of 250 flows are listed"),
            ({"flows": [{"name": "a"}]}, "a flow without an id is listed"),
            ({"flows": ["a"]}, "a flow without an id is listed"),
        ],
    )
    def test_a_list_that_is_not_whole_proves_no_absence(self, answer: Any, said: str) -> None:
        with pytest.raises(ResponseError, match=f"^POST /v1/mgmt/flow/list: 127.0.0.1:1 answered .*: {said}$"):
            api_that_gets(answer)[0].list_flows()

    @pytest.mark.parametrize("answer", [{"total": 0}, {"flows": []}, {"flows": [], "total": 0}])
    def test_an_empty_list_is_one(self, answer: Any) -> None:
        assert api_that_gets(answer)[0].list_flows() == []

    def test_a_list_may_leave_defaults_out(self) -> None:
        api, _client = api_that_gets({"flows": [{"id": "a", "description": None, "new": 1}]})
        assert api.list_flows() == [FlowSummary("a", "", "", disabled=False)]

    @pytest.mark.parametrize("status", [500, 404, 400])
    def test_no_such_flow_is_known_by_its_code(self, status: int) -> None:
        assert api_that_gets(refusal(status, "Failed getting flow", "E103003"))[0].export_flow("a") is None

    @pytest.mark.parametrize("error", [refusal(500, "Unknown server error", "E010009"), refusal(404, "E103003")])
    def test_another_failure_is_not_an_absent_flow(self, error: ApiError) -> None:
        with pytest.raises(ApiError):
            api_that_gets(error)[0].export_flow("a")

    def test_another_flow_than_was_asked_for_is_refused(self) -> None:
        with pytest.raises(ResponseError, match="flow sign-up came instead of sign-in"):
            api_that_gets({"flow": flow("sign-up").data})[0].export_flow("sign-in")

    @pytest.mark.parametrize("answer", [{}, {"flow": None}, {"flow": []}, {"flow": {"flowId": "sign-in"}}])
    def test_what_is_no_flow_is_refused(self, answer: Any) -> None:
        with pytest.raises(ResponseError, match=r"^POST /v2/mgmt/flow/export: "):
            api_that_gets(answer)[0].export_flow("sign-in")

    @pytest.mark.parametrize("answer", [{}, {"files": None}, {"files": []}, {"files": {}}])
    def test_a_snapshot_without_files_is_no_empty_project(self, answer: Any) -> None:
        with pytest.raises(ResponseError, match=r"^POST /v1/mgmt/project/snapshot/export: "):
            api_that_gets(answer)[0].export_snapshot()

    @pytest.mark.parametrize(
        ("error", "is_refusal"),
        [
            (refusal(402, ""), True),
            (refusal(403, "Forbidden"), True),
            (refusal(404, ""), True),
            (refusal(501, ""), True),
            (refusal(400, "E011003: supported only with a pro license or above"), True),
            (refusal(500, "Upgrade your plan"), True),
            (refusal(400, "Request is malformed"), False),
            (refusal(500, "Unknown server error"), False),
            (refusal(503, "license server down"), False),
            (AuthenticationError("no", status=401), False),
            (AuthenticationError("no", status=403), True),
            (HttpResponseError("page", status=404, method="POST", path="/x"), True),
            (HttpResponseError("page", status=524, method="POST", path="/x"), False),
            (HttpResponseError("firewall", status=403, method="POST", path="/x"), False),
            (TransportError("down"), False),
        ],
    )
    def test_which_failures_mean_that_snapshots_are_not_allowed(self, error: Exception, is_refusal: bool) -> None:
        with pytest.raises(SnapshotNotAllowedError if is_refusal else type(error)) as caught:
            api_that_gets(error)[0].export_snapshot()
        if is_refusal:
            assert PROJECT in str(caught.value)
            assert str(error) in str(caught.value)


class TestRequests:
    def test_import_sends_the_document_and_its_note(self) -> None:
        api, client = api_that_gets({})
        api.import_flow(flow("a"), "job 7")
        api.import_flow(flow("a"))
        path = "/v2/mgmt/flow/import"
        assert client.asked == [
            (path, {"flow": flow("a").data, "changelog": "job 7"}),
            (path, {"flow": flow("a").data}),
        ]

    def test_snapshot_is_asked_for_with_long_values_in_their_places(self) -> None:
        api, client = api_that_gets({"files": {"project.json": {}}})
        assert api.export_snapshot().files == {"project.json": {}}
        assert client.asked == [("/v1/mgmt/project/snapshot/export", {"format": "plain"})]


if __name__ == "__main__":
    tell_the_licence(*sys.argv[1:])


class TestTenants:
    @pytest.mark.parametrize("answer", [{}, {"tenants": None}, {"tenants": []}])
    def test_a_project_may_have_none(self, answer: Any) -> None:
        assert api_that_gets(answer)[0].list_tenants() == []

    @pytest.mark.parametrize(
        "answer", [{"error": "x"}, {"tenants": {}}, {"tenants": [{"name": "no id"}]}, {"tenants": [{"id": 7}]}]
    )
    def test_what_is_no_list_of_tenants_is_said_to_be_none(self, answer: Any) -> None:
        with pytest.raises(ResponseError, match=r"GET /v1/mgmt/tenant/all: .* does not understand"):
            api_that_gets(answer)[0].list_tenants()
        with pytest.raises(ResponseError, match=r"POST /v1/mgmt/tenant/search: .* does not understand"):
            api_that_gets(answer)[0].list_tenants({"names": ["Acme"]})
