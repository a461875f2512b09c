# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The use case of C(descope_flow_walk): the paths through flows, and whether they are as somebody expects."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._arguments import flow_walk_arguments
from ansible_collections.community.descope.plugins.module_utils._deploy.desired import declared_sources, load_sources
from ansible_collections.community.descope.plugins.module_utils._errors import InputError, Problem, Severity
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._flow.sources import parse_text
from ansible_collections.community.descope.plugins.module_utils._json import plain_json, quoted
from ansible_collections.community.descope.plugins.module_utils._task import Task, UseCase
from ansible_collections.community.descope.plugins.module_utils._walk.expect import (
    Expectation,
    failures,
    read_expectations,
)
from ansible_collections.community.descope.plugins.module_utils._walk.paths import ACTION, END, FLOW, SCREEN, Walk


def walk_flows(task: Task) -> dict[str, Any]:
    """Walk through the flows of a task. Raises InputError for what is wrong with flows or expectations."""
    desired, problems = load_sources(declared_sources(task.params), task.load_source)
    expectations, wrong = _expectations(task.params)
    problems += wrong
    if task.params["max_paths"] < 1:
        problems.append(Problem("arguments", "max_paths must be at least 1", source="max_paths"))
    if any(problem.severity is Severity.ERROR for problem in problems):
        raise InputError(problems)
    walks = {flow.flow_id: Walk(flow.document) for flow in desired if flow.document}
    checked = [_checked(expectation, source, walks) for expectation, source in expectations]
    result: dict[str, Any] = {
        "changed": False,
        "flows": [_walked(walk, task.params["max_paths"]) for walk in walks.values()],
        "expectations": checked,
    }
    failed = [entry for entry in checked if entry["failures"]]
    return result | {"failed": True, "msg": _message(failed, len(checked))} if failed else result


def _expectations(params: Mapping[str, Any]) -> tuple[list[tuple[Expectation, str]], list[Problem]]:
    """Return the expectations of the task and of its files, with where each comes from, and what is wrong with any."""
    found: list[tuple[Expectation, str]] = []
    problems: list[Problem] = []
    values = [("expect", params["expect"])] if params["expect"] is not None else []
    for source in params["expect_src"] or ():
        try:
            values.append((source, _read(source)))
        except OSError as error:
            problems.append(Problem("not-readable", f"cannot be read: {error.strerror}", source=source))
        except UnicodeDecodeError:
            problems.append(Problem("not-utf-8", "not UTF-8 text; save it as UTF-8", source=source))
        except InputError as error:
            problems += error.problems
    for source, value in values:
        try:
            found += [(expectation, source) for expectation in read_expectations(plain_json(value, source), source)]
        except InputError as error:
            problems += error.problems
    return found, problems


def _read(path: str) -> Any:
    return parse_text(Path(path).read_text(encoding="utf-8-sig"), path, "a list of expectations")


def _checked(expectation: Expectation, source: str, walks: Mapping[str, Walk]) -> dict[str, Any]:
    flow_id = expectation.flow or (next(iter(walks)) if len(walks) == 1 else "")
    walk = walks.get(flow_id)
    if walk is not None:
        found = failures(expectation, walk)
    elif flow_id:
        found = [f"there is no flow {quoted(flow_id)}; there are: {', '.join(walks)}"]
    else:
        found = [f"it does not say which flow it is about; there are: {', '.join(walks)}"]
    return {"name": expectation.name, "flow_id": flow_id, "source": source, "failures": found}


def _walked(walk: Walk, most: int) -> dict[str, Any]:
    paths, loops, truncated = walk.paths(most)
    document: FlowDocument = walk.document
    return {
        "flow_id": document.flow_id,
        "source": document.source,
        "screens": _names(walk, SCREEN),
        "actions": list(dict.fromkeys(step.does for step in walk.reached if step.kind == ACTION)),
        "flows": list(dict.fromkeys(step.does for step in walk.reached if step.kind == FLOW)),
        "ends": _names(walk, END),
        "paths": [path.as_dict() for path in paths],
        "loops": [loop.as_dict() for loop in loops],
        "truncated": truncated,
    }


def _names(walk: Walk, kind: str) -> list[str]:
    return list(dict.fromkeys(step.name for step in walk.reached if step.kind == kind))


def _message(failed: list[dict[str, Any]], total: int) -> str:
    listed = "; ".join(
        f"flow {entry['flow_id'] or '?'}, {quoted(entry['name'])}: {', and '.join(entry['failures'])}"
        for entry in failed[:5]
    )
    more = f"; and {len(failed) - 5} more, see 'expectations'" if len(failed) > 5 else ""
    return f"{len(failed)} of {total} expectations do not hold: {listed}{more}"


DESCOPE_FLOW_WALK = UseCase(
    name="descope_flow_walk",
    arguments=flow_walk_arguments,
    run=walk_flows,
    empty_result={"flows": [], "expectations": []},
    offline=True,
)
