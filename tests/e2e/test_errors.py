# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Every mistake a user can make ends in one clear line: where, what, and what to do; and nothing is changed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from emulator_client import Emulator
from example_flows import minimal_flow
from playbooks import MANAGEMENT_KEY, PROJECT_ID, Playbooks, Run

IMPORT = "POST /v2/mgmt/flow/import"


def _fails(run: Run, *parts: str) -> None:
    """Assert that the only task failed with one line that has all the parts."""
    assert run.returncode == 2, run.output
    _says(run, run.result, parts)


def _says(run: Run, result: dict[str, Any], parts: tuple[str, ...]) -> None:
    assert result["changed"] is False
    message = str(result["msg"])
    assert "\n" not in message
    for part in parts:
        assert part in message, message
    assert "Traceback" not in run.output
    assert MANAGEMENT_KEY not in run.output
    assert MANAGEMENT_KEY not in json.dumps(run.results)


# name -> what is in the file, and what the message has to say
FILES: dict[str, tuple[bytes, tuple[str, ...]]] = {
    "invalid": (b'{"flowId": "x",\n  "metadata": }', ("invalid.json", "line 2")),
    "conflict": (b'{\n<<<<<<< HEAD\n"flowId": "x"\n=======\n', ("conflict.json", "conflict")),
    "empty": (b"", ("empty.json", "empty")),
    "html": (b"<!doctype html><title>Sign in</title>", ("html.json", "web page")),
    "other": (b'{"some": "object"}', ("other.json", "not a flow")),
    "no_id": (
        json.dumps({key: value for key, value in minimal_flow("x").items() if key != "flowId"}).encode(),
        ("no_id.json", "flow_id"),
    ),
}

# name -> the task's options, and what the message has to say
ARGUMENTS: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "directory": ({"src": "folder.json"}, ("folder.json", "director")),
    "missing_src": ({"src": "nowhere.json"}, ("nowhere.json", "no such file")),
    "missing_template": ({"template": "nowhere.json"}, ("nowhere.json", "no such file")),
    "twice": ({"definition": [minimal_flow("twice"), minimal_flow("twice")]}, ("twice", "definition[1]", "once")),
    "undefined": (
        {"template": "undefined.json"},
        ("undefined.json", "$.screens[1].contents.title00001", "brand_name", "undefined"),
    ),
    "empty_src": ({"src": ""}, ("src: the path is empty; give that of a flow",)),
    "empty_template": ({"template": ["", "."]}, ("template: the path is empty", 'template: the path is "."')),
    "empty_item": (
        {"flows": [{"src": "."}, {"template": " "}]},
        ('flows[0].src: the path is "."', "flows[1].template"),
    ),
    "empty_id": ({"definition": minimal_flow("a"), "connectors": {"SMTP": ""}}, ("connectors", '"SMTP" has no id')),
    "nothing": ({}, ("definition", "src", "template")),
    "two_sources": ({"flows": [{"src": "a.json", "template": "b.json"}]}, ("flows[0]", "src and template")),
    "no_source": ({"flows": [{"flow_id": "x"}]}, ("flows[0]", "definition, src and template")),
    "one_id_for_two": (
        {"definition": [minimal_flow("a"), minimal_flow("b")], "flow_id": "c"},
        ("flow_id", "one source"),
    ),
    "rate_limit": ({"definition": minimal_flow("a"), "rate_limit": "fast"}, ("rate_limit", "100/60")),
    "bad_id": ({"definition": minimal_flow("not an id")}, ("not an id", "flow id")),
    "absent_what": ({"state": "absent"}, ("flow_id",)),
    "key_is_id": ({"definition": minimal_flow("a"), "management_key": "P2not"}, ("management_key", "K")),
    "no_project": ({"definition": minimal_flow("a"), "project_id": "wrong"}, ("project_id", "P")),
    "ftp": ({"definition": minimal_flow("a"), "base_url": "ftp://example.com"}, ("base_url", "https://")),
    "unknown_option": ({"definition": minimal_flow("a"), "dry_run": True}, ("unsupported parameters: dry_run",)),
    "unreachable": (
        {"definition": minimal_flow("a"), "base_url": "http://127.0.0.1:9"},
        ("127.0.0.1:9", "refuses the connection", "base_url"),
    ),
}


def test_every_mistake_is_one_clear_line(playbooks: Playbooks, emulator: Emulator) -> None:
    for name, (content, _parts) in FILES.items():
        (playbooks.folder / f"{name}.json").write_bytes(content)
    (playbooks.folder / "folder.json").mkdir()
    undefined = minimal_flow("welcome", title="Welcome to ${ brand_name }")
    (playbooks.folder / "undefined.json").write_text(json.dumps(undefined), encoding="utf-8")
    cases = {name: {"src": f"{name}.json"} for name in FILES} | {name: case[0] for name, case in ARGUMENTS.items()}
    expected = {name: case[1] for name, case in {**FILES, **ARGUMENTS}.items()}

    run = playbooks.cases(cases, "-vvvv")

    results = run.by_host()
    assert run.failed_hosts() == set(cases)
    for name, result in results.items():
        _says(run, result, expected[name])
    assert not emulator.stats()["requests"]


def test_all_problems_are_reported_at_once(playbooks: Playbooks, emulator: Emulator) -> None:
    folder = playbooks.folder
    (folder / "broken.json").write_text("{", encoding="utf-8")
    dangling = minimal_flow("dangling")
    dangling["contents"]["tasks"]["1"]["next"]["rules"][0]["taskId"] = "99"
    (folder / "dangling.json").write_text(json.dumps(dangling), encoding="utf-8")
    (folder / "undefined.json").write_text(json.dumps(minimal_flow("u", title="${ a } ${ b }")), encoding="utf-8")

    run = playbooks.flow(
        flows=[{"src": "broken.json"}, {"src": "dangling.json"}, {"template": "undefined.json"}, {"src": "no.json"}]
    )

    _fails(run, "broken.json", "dangling.json", "undefined.json", "no.json", "4 problems")
    assert len(run.result["problems"]) == 4
    assert {problem["code"] for problem in run.result["problems"]} >= {
        "dangling-edge",
        "template-error",
        "file-not-found",
    }
    assert not emulator.stats()["requests"]


# name -> the fault that the list of flows meets, and what the message has to say
ANSWERS: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "wrong_key": ({"kind": "status", "status": 401}, ("401", "management_key")),
    "not_allowed": ({"kind": "status", "status": 403}, ("403", "management key")),
    "html": ({"kind": "html200"}, ("HTML", "base_url")),
    "html_error": ({"kind": "status", "status": 500, "body": "html"}, ("500", "HTML")),
    "garbage": ({"kind": "garbage"}, ("JSON",)),
}


def test_answers_that_are_no_help_are_one_clear_line(playbooks: Playbooks, emulator: Emulator) -> None:
    projects = {name: f"P2{name.replace('_', '')}" for name in ANSWERS}
    rules = [
        {**ANSWERS[name][0], "match": {"path": "/v1/mgmt/flow/list", "project": project}}
        for name, project in projects.items()
    ]
    emulator.faults(rules=rules)
    definition = minimal_flow("a")

    run = playbooks.cases(
        {name: {"definition": definition, "project_id": id_, "read": "export"} for name, id_ in projects.items()},
        "-vvvv",
    )

    for name, result in run.by_host().items():
        _says(run, result, ANSWERS[name][1])
    assert run.failed_hosts() == set(ANSWERS)
    assert IMPORT not in emulator.stats()["requests"]


def test_a_key_that_the_project_does_not_know(playbooks: Playbooks, emulator: Emulator) -> None:
    emulator.reset(strict={"projects": {"P2other": {"keys": ["K2other"]}}})

    _fails(playbooks.flow("-vvvv", definition=minimal_flow("a")), "management key", "403")


@pytest.mark.parametrize("verbosity", ["", "-vvvv", "-vvvvvv"])
def test_the_key_is_in_no_output(playbooks: Playbooks, verbosity: str) -> None:
    arguments = [verbosity] if verbosity else []

    apply = playbooks.flow("--diff", *arguments, definition=minimal_flow("a"), management_key=MANAGEMENT_KEY)
    info = playbooks.info(*arguments, export=True)

    assert apply.returncode == info.returncode == 0, apply.output + info.output
    for run in (apply, info):
        assert MANAGEMENT_KEY not in run.output
        assert MANAGEMENT_KEY not in json.dumps(run.results)


def test_variables_that_declare_nothing_are_warned_of(local_playbooks: Playbooks) -> None:
    hosts: dict[str, dict[str, Any]] = {"acme": {}, "globex": {"others": []}, "zoe": {"nosuch_group": []}}

    run = local_playbooks.flow(declared_in="nosuch", hosts=hosts)

    assert run.returncode == 0, run.output
    told = "declared_in: no variable is called nosuch or begins with nosuch_, so nothing is declared"
    assert {host: result.get("warnings", []) for host, result in run.by_host().items()} == {
        "acme": [told],
        "globex": [told],
        "zoe": [],
    }


# What stands where a project id should, and what results may say of it.
KEYS_AS_IDS = {f"{PROJECT_ID}:{MANAGEMENT_KEY}": PROJECT_ID, MANAGEMENT_KEY: "", f"{MANAGEMENT_KEY}:{PROJECT_ID}": ""}


def test_a_key_given_as_project_id_is_in_no_result(local_playbooks: Playbooks) -> None:
    definition = {"definition": minimal_flow("a")}
    modules: dict[str, dict[str, Any]] = {
        "descope_flow": definition,
        "descope_flow_drift": definition,
        "descope_flow_backup": {},
        "descope_flow_backup_info": {},
        "descope_flow_info": {},
        "descope_flow_rollback": {"flow_id": "a"},
        "descope_flow_run": {"flow_id": "a"},
        "descope_flow_validate": {**definition, "project": True},
    }
    local_playbooks.environment |= {
        "ANSIBLE_CALLBACKS_ENABLED": "test_results,community.descope.rollout",
        "DESCOPE_REPORT_DIR": "report",
    }
    declared = [{"flow_id": "a", "state": "absent"}]
    hosts: dict[str, dict[str, Any]] = {
        f"host{number}": {"descope_project_id": given, "declared": declared} for number, given in enumerate(KEYS_AS_IDS)
    }
    checked = {"declared_in": "declared", "list_flows": True}
    tasks = [
        {f"community.descope.{name}": {**options, "project_id": "{{ descope_project_id }}"}, "ignore_errors": True}
        for name, options in modules.items()
    ]
    tasks.append({"community.descope.descope_fleet_check": checked, "ignore_errors": True})

    run = local_playbooks.play([{"hosts": "all", "gather_facts": False, "tasks": tasks}], "-vvvv", hosts=hosts)

    assert len(run.results) == len(tasks) * len(hosts), run.output
    assert MANAGEMENT_KEY not in run.output
    assert MANAGEMENT_KEY not in json.dumps(run.results)
    for result in run.results:
        shown = KEYS_AS_IDS[hosts[result["host"]]["descope_project_id"]]
        assert result["result"].get("project_id", shown) == shown
    reports = [path.read_text(encoding="utf-8") for path in (local_playbooks.folder / "report").iterdir()]
    assert len(reports) == 3
    assert MANAGEMENT_KEY not in "".join(reports)


def test_a_backup_that_cannot_be_written_stops_the_task(playbooks: Playbooks, emulator: Emulator) -> None:
    playbooks.backups.write_text("a file where the directory should be", encoding="utf-8")

    _fails(playbooks.flow(definition=minimal_flow("a")), str(playbooks.backups), "nothing was changed")

    assert IMPORT not in emulator.stats()["requests"]
