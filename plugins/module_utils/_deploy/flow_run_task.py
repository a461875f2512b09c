# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The use case of C(descope_flow_run): run a management flow, and compare its output with what is expected."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._api.client import Statistics
from ansible_collections.community.descope.plugins.module_utils._arguments import flow_run_arguments
from ansible_collections.community.descope.plugins.module_utils._deploy.session import open_session
from ansible_collections.community.descope.plugins.module_utils._errors import InputError, OutcomeUnknownError
from ansible_collections.community.descope.plugins.module_utils._flow.document import flow_id_problem, json_path
from ansible_collections.community.descope.plugins.module_utils._json import JsonObject, plain_json, quoted
from ansible_collections.community.descope.plugins.module_utils._redact import redact_value
from ansible_collections.community.descope.plugins.module_utils._task import Task, UseCase


def run_flow(task: Task) -> dict[str, Any]:
    """Run the flow of a task. Raises DescopeError where it was not run; a run that nothing is known of has failed."""
    params = task.params
    flow_id = params["flow_id"]
    problem = flow_id_problem(flow_id, "flow_id")
    if problem is not None:
        raise InputError([problem])
    options = _options(params)
    expected = plain_json(params["expect_output"], "expect_output")
    result: dict[str, Any] = {**_NOTHING, "changed": True, "flow_id": flow_id}
    with open_session(params, read_only=task.check_mode) as session:
        result["project_id"] = session.project_id
        if task.check_mode:
            return {**result, "requests": session.requests(), "warnings": session.warnings()}
        try:
            output = session.api.run_flow(flow_id, options)
        except OutcomeUnknownError as error:
            failure = f"flow {flow_id} may have run, or not; it is not sent again: {error}"
            return {**result, "failed": True, "msg": failure, "requests": session.requests()}
        differences = [] if expected is None else list(_differences(expected, output, ()))
        result |= {"ran": True, "output": output, "differences": differences}
        result |= {"requests": session.requests(), "warnings": session.warnings()}
    if differences:
        more = f"; and {len(differences) - 5} more, see 'differences'" if len(differences) > 5 else ""
        failure = f"flow {flow_id} ran, but its output is not as expected: {'; '.join(differences[:5])}{more}"
        return {**result, "failed": True, "msg": failure}
    return result


def _options(params: Any) -> JsonObject:
    options: JsonObject = {"input": plain_json(params["input"] or {}, "input")}
    if params["tenant"]:
        options["tenant"] = params["tenant"]
    if params["preview"]:
        options["preview"] = True
    return options


def _differences(expected: Any, actual: Any, place: tuple[str | int, ...]) -> Iterator[str]:
    """Yield where an output is not as expected. Members that nothing is expected of may be anything."""
    path = json_path(*place)
    if isinstance(expected, dict) and isinstance(actual, dict):
        for key, value in expected.items():
            if key in actual:
                yield from _differences(value, actual[key], (*place, key))
            else:
                yield f"{json_path(*place, key)} is missing"
    elif isinstance(expected, list) and isinstance(actual, list):
        if len(expected) != len(actual):
            yield f"{path} has {len(actual)} items instead of {len(expected)}"
        for index, (value, other) in enumerate(zip(expected, actual, strict=False)):
            yield from _differences(value, other, (*place, index))
    elif isinstance(expected, bool) != isinstance(actual, bool) or expected != actual:
        name = str(place[-1]) if place else ""
        yield f"{path} is {_shown(name, actual)} instead of {_shown(name, expected)}"


def _shown(name: str, value: Any) -> str:
    shown = redact_value({name: value})[name]
    if isinstance(shown, bool):
        return str(shown).lower()
    if isinstance(shown, int | float):
        return str(shown)
    return quoted(shown)


_NOTHING: dict[str, Any] = {
    "flow_id": "",
    "ran": False,
    "output": {},
    "differences": [],
    "requests": Statistics().as_dict(),
}

DESCOPE_FLOW_RUN = UseCase(
    name="descope_flow_run",
    arguments=flow_run_arguments,
    run=run_flow,
    empty_result=_NOTHING,
)
