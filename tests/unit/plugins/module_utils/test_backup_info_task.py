# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The history: what happened to a project, told by its backups alone."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.descope.plugins.module_utils._backup.journal import Event, open_journal
from ansible_collections.community.descope.plugins.module_utils._backup.places import open_store
from ansible_collections.community.descope.plugins.module_utils._backup.records import BackupReason, Intention
from ansible_collections.community.descope.plugins.module_utils._backup.summary import table
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from emulator_client import Emulator
from example_flows import minimal_flow
from flow_tasks import PROJECT_ID, Controller, by_flow, to


@pytest.fixture
def controller(emulator: Emulator, tmp_path: Path) -> Controller:
    emulator.project(id=PROJECT_ID, flows=[minimal_flow("sign-in")])
    return Controller(emulator, tmp_path)


@pytest.fixture
def past(controller: Controller) -> list[str]:
    """Four backups, oldest first: one with a label, a change for acme by job 4711, a refused one, an unfinished one."""
    ids = [controller.backup(label="before-release-42", reason="Release 42")["backup"]["id"]]
    context = {**controller.new_run(), "tenant": "acme", "job_id": "4711", "user": "jo"}
    flows = [minimal_flow("sign-in", title="New"), minimal_flow("acme-extra")]
    ids.append(controller.flow(*flows, changelog="A new welcome", run_context=context)["backup"]["id"])
    controller.emulator.faults(rules=[{"kind": "status", "status": 400, "match": to("POST /v2/mgmt/flow/import")}])
    ids.append(controller.flow(minimal_flow("sign-in", title="Refused"))["backup"]["id"])
    controller.emulator.faults(rules=[])
    store = open_store(str(controller.backups), PROJECT_ID)
    intended = {flow_id: Intention("update", "1") for flow_id in ("sign-in", "a", "b")}
    reason = BackupReason(run_id="killed", tenant="globex")
    killed = store.create(
        {flow_id: FlowDocument(minimal_flow(flow_id)) for flow_id in intended}, reason, intended=intended
    )
    open_journal(store, killed).note(Event.SENDING, ["sign-in", "a"])
    open_journal(store, killed).note(Event.APPLIED, ["sign-in"])
    ids.append(killed.id)
    return ids


def listed(controller: Controller, **options: Any) -> list[str]:
    """Return the ids of the backups that are listed, newest first."""
    return [entry["id"] for entry in controller.history(**options)["backups"]]


def test_the_newest_comes_first_and_nothing_is_asked(controller: Controller, past: list[str]) -> None:
    controller.forget_requests()

    assert listed(controller, management_key=None) == past[::-1]

    assert controller.requests() == {}


def test_a_backup_says_who_and_why_and_what_was_done(controller: Controller, past: list[str]) -> None:
    _killed, refused, change, requested = controller.history()["backups"]

    assert (requested["kind"], requested["status"], requested["label"]) == ("requested", "none", "before-release-42")
    assert requested["complete"] is True
    assert (change["kind"], change["status"], change["reason"]) == ("change", "good", "A new welcome")
    assert (change["tenant"], change["job_id"], change["user"]) == ("acme", "4711", "jo")
    flows = by_flow(change)
    assert (flows["sign-in"]["state"], flows["sign-in"]["action"], flows["sign-in"]["result"]) == (
        "present",
        "update",
        "applied",
    )
    assert (flows["acme-extra"]["state"], flows["acme-extra"]["action"]) == ("absent", "create")
    assert flows["sign-in"]["verified"] is True
    assert flows["sign-in"]["fingerprint_after"] == controller.stored()["sign-in"].fingerprint
    assert refused["status"] == "failed"
    assert by_flow(refused)["sign-in"]["result"] == "untouched"
    assert all(entry["good"] for entry in (refused, change, requested))


def test_a_run_that_never_ended_is_explained_by_its_journal(controller: Controller, past: list[str]) -> None:
    killed = controller.history(limit=1)["backups"][0]

    assert killed["status"] == "unfinished"
    assert {flow_id: flow["result"] for flow_id, flow in by_flow(killed).items()} == {
        "sign-in": "applied",
        "a": "sent",
        "b": "not_started",
    }
    for words in ("sign-in: applied", "a: sent", "only reading the project can tell", "b: not started", "roll back"):
        assert words in killed["explanation"]


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"flow_id": ["acme-*"]}, [1]),
        ({"flow_id": ["sign-in"]}, [3, 2, 1, 0]),
        ({"label": ["before-*"]}, [0]),
        ({"status": ["failed", "unfinished"]}, [3, 2]),
        ({"status": ["none"]}, [0]),
        ({"run": "4711"}, [1]),
        ({"run": "killed"}, [3]),
        ({"tenant": ["acme", "glob*"]}, [3, 1]),
        ({"limit": 2}, [3, 2]),
        ({"status": ["good"], "tenant": ["globex"]}, []),
        ({"since": "2026-01-01", "until": "9999-01-01"}, [3, 2, 1, 0]),
        ({"since": "9999-01-01"}, []),
        ({"until": "2026-01-01"}, []),
    ],
)
def test_filters(controller: Controller, past: list[str], options: dict[str, Any], found: list[int]) -> None:
    assert listed(controller, **options) == [past[number] for number in found]


def test_times_are_as_exact_as_they_are_typed(controller: Controller, past: list[str]) -> None:
    taken = datetime.fromisoformat(controller.history()["backups"][-1]["time"])
    before = taken - timedelta(seconds=1)

    assert past[0] in listed(controller, since=f"{taken:%Y-%m-%dT%H:%M:%SZ}", until=f"{taken:%Y-%m-%d}")
    assert listed(controller, until=f"{before:%Y-%m-%d %H:%M:%S}") == []


def test_a_table_for_people(controller: Controller, past: list[str]) -> None:
    controller_user = controller.history()
    head, *rows = controller_user["table"]

    assert head.split("  ")[0] == "TIME (UTC)"
    assert [row.split()[2] for row in rows] == past[::-1]
    assert len({row.index(backup_id) for row, backup_id in zip(rows, past[::-1], strict=True)}) == 1
    assert "update sent: a; update not started: b" in rows[0]
    assert "update untouched: sign-in" in rows[1]
    assert "acme" in rows[2]
    assert "  jo  " in rows[2]
    assert head.index("RUN") == rows[2].index("4711"), "the job, where there is one"
    assert rows[0][head.index("RUN") :].startswith("killed "), "else the run"
    assert "created acme-extra; updated sign-in; A new welcome" in rows[2]
    assert "[before-release-42]; all flows (1); Release 42" in rows[3]


def test_what_cannot_be_read_is_listed_as_such_and_hides_nothing(controller: Controller, past: list[str]) -> None:
    folder = controller.backups / PROJECT_ID
    newer = folder / past[0] / "manifest.json"
    newer.write_text(json.dumps({**json.loads(newer.read_text(encoding="utf-8")), "schema_version": 9}))
    (folder / past[1] / "outcome.json").write_text("{", encoding="utf-8")
    (folder / "20260101T000000Z-00000000").mkdir()

    history = controller.history()

    assert [entry["id"] for entry in history["backups"]] == past[:1:-1]
    problems = {entry["id"]: entry["problem"] for entry in history["unreadable"]}
    assert "newer" in problems[past[0]]
    assert "outcome.json is damaged" in problems[past[1]]
    assert [entry["id"] for entry in history["unreadable"] if entry["incomplete"]] == ["20260101T000000Z-00000000"]
    assert sum("unreadable" in row for row in history["table"]) == 3
    [warning] = history["warnings"]
    assert "backups that cannot be read, and they may say that others are not good" in warning
    assert past[0] in warning
    assert "and 1 more" in warning
    assert history["last_good"] == ""


def test_the_last_good_backup_is_named(controller: Controller, past: list[str]) -> None:
    # What a change found is not worse because nobody knows what became of that change.
    assert controller.history()["last_good"] == past[3]


def test_a_project_without_a_past(controller: Controller) -> None:
    history = controller.history()

    assert (history["backups"], history["unreadable"], history["last_good"]) == ([], [], "")
    assert history["table"] == [f"no backups in {controller.backups / PROJECT_ID}"]
    assert history["place"] == str(controller.backups / PROJECT_ID)


def test_filters_that_nothing_passes_are_not_an_empty_past(controller: Controller, past: list[str]) -> None:
    lines = controller.history(flow_id=["nobody"])["table"]

    assert lines == [f"none of the 4 backups in {controller.backups / PROJECT_ID} fits the filters"]


def test_the_table_fits_on_a_screen(controller: Controller, past: list[str]) -> None:
    [entry] = controller.history(run="4711")["backups"]
    usual = {**entry, "tenant": "europe-1", "user": "jdoe", "job_id": "", "run_id": "1234567x9_k2m4q"}

    assert max(map(len, table([{**usual, "reason": "", "flows": entry["flows"][:1]}], []))) <= 110


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {"since": "yesterday", "until": "2026-02-30"},
            ("2 problems", "since: yesterday", "2026-01-15 10:30", "until"),
        ),
        ({"limit": 0}, ("limit", "1 or more")),
        ({"project_id": "nonsense"}, ("project_id", "begin with P")),
    ],
)
def test_a_mistake_is_one_clear_line(controller: Controller, options: dict[str, Any], words: tuple[str, ...]) -> None:
    result = controller.history(**options)

    assert result["failed"] is True
    for word in words:
        assert word in result["msg"], result["msg"]
