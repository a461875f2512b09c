# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors


"""Connectors and roles by name: a flow of one project arrives in another with the ids of that one."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.descope.plugins.module_utils._deploy.order import import_waves
from ansible_collections.community.descope.plugins.module_utils._deploy.plan import Action, DesiredFlow, PlannedFlow
from ansible_collections.community.descope.plugins.module_utils._deploy.references import (
    ProjectNames,
    ReferenceOptions,
    Unresolved,
    names_in_snapshot,
    resolve_references,
)
from ansible_collections.community.descope.plugins.module_utils._errors import Problem, Severity
from ansible_collections.community.descope.plugins.module_utils._flow.checks import check_document
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._library.overlay import apply_overlay, read_overlay
from ansible_collections.community.descope.plugins.module_utils._validate.inventory import (
    ProjectInventory,
    inventory_of_snapshot,
)
from emulator_client import Emulator
from flow_tasks import IMPORT, PROJECT_ID, Controller
from full_flow import CONNECTOR, full_flow

THERE = "CI4there0000000000000000000000"
ROLE = "ROL3full00000000000000member0"
ROLE_THERE = "ROL4there000000000000000member"
PATH = "$.contents.tasks.3.arguments.connectorId.value"


def _flow(**arguments: Any) -> dict[str, Any]:
    """A flow with a connector, and with a role in the arguments of a task."""
    flow = full_flow()
    del flow["futureTopLevel"]  # for which snapshots have no place
    given = flow["contents"]["tasks"]["3"]["arguments"]
    given["roles"] = {"type": "inline", "value": [ROLE]}
    flow["references"]["roles"] = {"Member": ROLE}
    given |= {name: {"type": "inline", "value": value} for name, value in arguments.items()}
    return flow


def _resolve(
    flow: dict[str, Any], names: ProjectNames, live: dict[str, Any] | None = None, **options: Any
) -> tuple[dict[str, Any], list[Problem]]:
    document = FlowDocument(flow, "flow.json")
    before = copy.deepcopy(flow)
    flows, problems = resolve_references(
        [DesiredFlow(document.flow_id, document, "flow.json")],
        {document.flow_id: FlowDocument(live) if live else None},
        names,
        ReferenceOptions(**{"tenant": "acme", "project_id": "P2target", **options}),
    )
    assert flow == before
    assert flows[0].document is not None
    return flows[0].document.data, problems


def _ids(flow: dict[str, Any]) -> tuple[str, list[str]]:
    arguments = flow["contents"]["tasks"]["3"]["arguments"]
    return arguments["connectorId"]["value"], arguments["roles"]["value"]


KNOWN = ProjectNames({"Risk Engine": THERE, "Other": "CI5other"}, {"Member": ROLE_THERE})


def test_the_ids_of_the_target_take_the_place_of_those_of_the_source() -> None:
    flow, problems = _resolve(_flow(), KNOWN)

    assert _ids(flow) == (THERE, [ROLE_THERE])
    assert flow["references"]["connectors"] == {"Risk Engine": THERE}
    assert flow["references"]["futureReference"] == ["x"]
    assert not problems
    again, _problems = _resolve(flow, KNOWN)
    assert again is flow


def test_ids_that_are_given_win_over_those_that_were_found() -> None:
    # Of roles, a project tells only some, so nothing can be said against this one.
    flow, problems = _resolve(_flow(), KNOWN, connectors={"Risk Engine": "CI5other"}, roles={"Member": "ROL6"})

    assert _ids(flow) == ("CI5other", ["ROL6"])
    assert not problems


@pytest.mark.parametrize(("unresolved", "severities"), [("fail", ["error"]), ("warn", ["warning"]), ("ignore", [])])
@pytest.mark.parametrize("flow", [_flow(), _flow(connectorId="Risk Engine"), _flow(connectorId="CI6")])
def test_a_given_id_that_the_project_does_not_have_is_unresolved(
    flow: dict[str, Any], unresolved: str, severities: list[str]
) -> None:
    options: dict[str, Any] = {"connectors": {"Risk Engine": "CI6"}, "unresolved": Unresolved(unresolved)}

    sent, problems = _resolve(flow, KNOWN, **options)

    assert _ids(sent)[0] == "CI6"
    assert [(problem.code, problem.severity.value) for problem in problems] == [
        ("unknown-connector", severity) for severity in severities
    ]
    for problem in problems:
        assert problem.path == PATH
        assert 'for which connectors gives "CI6", but P2target has no connector of that id' in problem.message
    assert not _resolve(flow, KNOWN, live=sent, **options)[1], "the flow there uses it already"
    assert not _resolve(flow, ProjectNames(None, KNOWN.roles), **options)[1], "nobody knows what the project has"
    told_by_flows = ProjectNames(None, KNOWN.roles).and_told({"connectors": {"Other": "CI5other"}})
    assert not _resolve(flow, told_by_flows, **options)[1], "and that is not all of it"


def test_what_only_flows_tell_is_not_all_that_a_project_has() -> None:
    names = ProjectNames().and_told({"connectors": {"Other": "CI5other"}, "roles": {"Member": ROLE_THERE}})

    [problem] = _resolve(_flow(), names)[1]

    assert "whether P2target has it cannot be read" in problem.message
    assert ProjectNames.from_facts(names.as_facts()) == names


def test_a_connector_may_be_given_by_its_name() -> None:
    flow, problems = _resolve(_flow(connectorId="Other"), KNOWN)

    assert _ids(flow)[0] == "CI5other"
    assert not problems


def test_the_connector_of_an_overlay_on_a_flow_whose_references_name_none() -> None:
    flow = _flow(roles=[])
    flow["contents"]["tasks"]["8"] = {**copy.deepcopy(flow["contents"]["tasks"]["3"]), "id": "8", "name": "Other"}
    del flow["references"]
    overlay = read_overlay({"changes": [{"task": "8", "connector": "Other"}]}, "overlay.yml", needs_base=False)

    resolved, [problem] = _resolve(apply_overlay(flow, overlay), KNOWN)

    assert _ids(resolved)[0] == CONNECTOR
    assert resolved["contents"]["tasks"]["8"]["arguments"]["connectorId"]["value"] == "CI5other"
    assert (problem.code, problem.path) == ("dangling-connector", PATH)
    assert check_document(FlowDocument(resolved)) == []


def test_what_the_target_lacks_is_named_with_tenant_flow_task_and_connector() -> None:
    _flow_there, [problem] = _resolve(_flow(), ProjectNames({}, KNOWN.roles))

    assert (problem.code, problem.severity, problem.path) == ("unknown-connector", Severity.ERROR, PATH)
    for part in ('"Risk Engine"', 'task "Risk / Check" (3)', "tenant acme", "P2target does not have"):
        assert part in problem.message
    assert problem.flow_id == "sign-up-or-in"


def test_where_nothing_can_be_known_the_ids_have_to_be_given() -> None:
    _flow_there, problems = _resolve(_flow(), ProjectNames())

    assert [problem.code for problem in problems] == ["unknown-connector", "unknown-role"]
    assert 'as connectors: {"Risk Engine": <id>}' in problems[0].message
    assert 'as roles: {"Member": <id>}' in problems[1].message


def test_what_the_flow_in_the_project_uses_already_is_no_question() -> None:
    flow, problems = _resolve(_flow(), ProjectNames(), live=_flow())

    assert _ids(flow) == (CONNECTOR, [ROLE])
    assert not problems


def test_a_reference_that_nothing_uses_needs_no_answer() -> None:
    flow = _flow(connectorId="", roles=[])

    assert _resolve(flow, ProjectNames({}, {})) == (flow, [])


@pytest.mark.parametrize("names", [ProjectNames(), ProjectNames({}), KNOWN])
def test_an_id_that_no_reference_names_is_only_a_warning(names: ProjectNames) -> None:
    flow = _flow(roles=[])
    del flow["references"]

    same, [problem] = _resolve(flow, names)

    assert same is flow
    assert (problem.code, problem.severity, problem.path) == ("dangling-connector", Severity.WARNING, PATH)
    assert _resolve(flow, names, unresolved=Unresolved.IGNORE)[1] == []


def test_the_connector_of_a_translation() -> None:
    flow = _flow(roles=[], connectorId="")
    flow["metadata"]["translation"]["connectorId"] = CONNECTOR

    assert _resolve(flow, KNOWN)[0]["metadata"]["translation"]["connectorId"] == THERE
    [problem] = _resolve(flow, ProjectNames({}))[1]
    assert "its translation uses" in problem.message


@pytest.mark.parametrize(("unresolved", "severities"), [("fail", ["error"]), ("warn", ["warning"]), ("ignore", [])])
def test_what_becomes_of_it_is_a_choice(unresolved: str, severities: list[str]) -> None:
    _same, problems = _resolve(_flow(roles=[]), ProjectNames({}), unresolved=Unresolved(unresolved))

    assert [problem.severity.value for problem in problems] == severities


def test_names_in_a_snapshot() -> None:
    files = {
        "connectors/connectors.json": {"connectors": ["a"]},
        "connectors/a.json": {"name": "A", "id": "CI1", "type": "http"},
        "authorization/roles.json": {"roles": ["odd", {"name": "Admin", "id": "ROL1"}]},
        "flows/sign-in/metadata.json": {"references": _flow()["references"]},
        "flows/odd/metadata.json": ["odd"],
        "flows/odder/metadata.json": {"references": "odd"},
    }

    names = names_in_snapshot(files, inventory_of_snapshot(files))

    connectors, roles = {"A": "CI1", "Risk Engine": CONNECTOR}, {"Admin": "ROL1", "Member": ROLE}
    assert names == ProjectNames(connectors, roles)
    assert ProjectNames.from_facts(names.as_facts()) == names
    assert names_in_snapshot({}, ProjectInventory()) == ProjectNames(None, None)
    assert names_in_snapshot({}, ProjectInventory(connectors={})).connectors == {}


# --- promotion from one project to another ----------------------------------------------------------------------------


@pytest.fixture
def controller(emulator: Emulator, tmp_path: Path) -> Controller:
    return Controller(emulator, tmp_path, options={"validate": False})


@pytest.mark.parametrize("read", ["auto", "export"])
def test_a_flow_is_promoted_and_a_second_run_changes_nothing(
    controller: Controller, emulator: Emulator, read: str
) -> None:
    emulator.project(id=PROJECT_ID, connectors={"Risk Engine": THERE}, roles={"Member": ROLE_THERE})
    given: dict[str, Any] = {
        "roles": {"Member": ROLE_THERE},
        **({"connectors": {"Risk Engine": THERE}} if read == "export" else {}),
    }

    first = controller.flow(_flow(), read=read, **given)
    second = controller.flow(_flow(), read=read)

    assert not first.get("failed"), first["msg"]
    assert first["flows"][0]["verified"] is True
    assert _ids(controller.stored()["sign-up-or-in"].data) == (THERE, [ROLE_THERE])
    assert not second.get("failed"), second["msg"]
    assert not second["changed"]


def test_a_missing_connector_stops_the_task_before_any_write(controller: Controller, emulator: Emulator) -> None:
    emulator.project(id=PROJECT_ID, connectors={"Other": THERE})

    result = controller.flow(_flow(), full_flow("second"), roles={"Member": ROLE_THERE})

    assert result["failed"]
    assert [problem["flow_id"] for problem in result["problems"]] == ["sign-up-or-in", "second"]
    assert IMPORT not in controller.requests()
    warned = controller.flow(_flow(roles=[]), unresolved="warn")
    assert not warned.get("failed")
    assert any("Risk Engine" in warning for warning in warned["warnings"])


@pytest.mark.parametrize("kind", ["connectors", "roles"])
@pytest.mark.parametrize("empty", ["", " ", None, {}])
def test_an_empty_id_is_a_mistake_whatever_becomes_of_unresolved_names(
    controller: Controller, emulator: Emulator, kind: str, empty: Any
) -> None:
    emulator.project(id=PROJECT_ID, connectors={"Risk Engine": THERE}, roles={"Member": ROLE_THERE})

    options: dict[str, Any] = {"unresolved": "ignore", kind: {"SMTP": empty}}

    for result in (controller.flow(_flow(), **options), controller.drift(_flow(), **options)):
        assert result["failed"]
        [problem] = result["problems"]
        assert (problem["source"], problem["code"]) == (kind, "missing-id")
        assert '"SMTP"' in problem["message"]
    assert not controller.requests()


def test_a_given_id_that_is_not_there_stops_the_task(controller: Controller, emulator: Emulator) -> None:
    emulator.project(id=PROJECT_ID, connectors={"Risk Engine": THERE}, roles={"Member": ROLE_THERE})

    result = controller.flow(_flow(), roles={"Member": ROLE_THERE}, connectors={"Risk Engine": "CIfoo"})

    assert result["failed"]
    assert IMPORT not in controller.requests()


# --- the order of imports ---------------------------------------------------------------------------------------------


def _planned(flow_id: str, *calls: str) -> PlannedFlow:
    tasks = {
        str(number): {"type": "flow", "arguments": {"flowId": {"type": "inline", "value": called}}}
        for number, called in enumerate(calls)
    }
    document = FlowDocument({"flowId": flow_id, "contents": {"tasks": tasks}})
    return PlannedFlow(flow_id, Action.CREATE, None, document, "")


@pytest.mark.parametrize(
    ("flows", "waves"),
    [
        ({"a": [], "b": []}, ["a b"]),
        ({"a": ["b"], "b": ["c"], "c": [], "d": ["elsewhere", "d"]}, ["c d", "b", "a"]),
        ({"a": ["b"], "b": ["a"], "c": []}, ["c", "a b"]),
    ],
)
def test_a_flow_is_imported_after_those_that_it_runs(flows: dict[str, list[str]], waves: list[str]) -> None:
    planned = [_planned(flow_id, *calls) for flow_id, calls in flows.items()]

    assert [" ".join(flow.flow_id for flow in wave) for wave in import_waves(planned)] == waves
