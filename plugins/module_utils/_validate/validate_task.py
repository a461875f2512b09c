# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The use case of C(descope_flow_validate): everything that can be said of flows before anything is sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._arguments import flow_validate_arguments
from ansible_collections.community.descope.plugins.module_utils._deploy.desired import declared_sources, load_sources
from ansible_collections.community.descope.plugins.module_utils._deploy.plan import DesiredFlow
from ansible_collections.community.descope.plugins.module_utils._deploy.session import open_session
from ansible_collections.community.descope.plugins.module_utils._errors import InputError, Problem
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._json import quoted
from ansible_collections.community.descope.plugins.module_utils._task import Task, UseCase
from ansible_collections.community.descope.plugins.module_utils._validate.catalogue import RULES
from ansible_collections.community.descope.plugins.module_utils._validate.inventory import ProjectInventory
from ansible_collections.community.descope.plugins.module_utils._validate.renderings import Renderings
from ansible_collections.community.descope.plugins.module_utils._validate.report import report_all
from ansible_collections.community.descope.plugins.module_utils._validate.reports import write_reports
from ansible_collections.community.descope.plugins.module_utils._validate.scripts import find_parser
from ansible_collections.community.descope.plugins.module_utils._validate.validate import (
    Settings,
    find_problems_together,
)
from ansible_collections.community.descope.plugins.module_utils._validate.verdict import Verdict, combined


def validate_flows(task: Task) -> dict[str, Any]:
    """Validate the flows of a task, or bring the results of several tasks together. Raises InputError."""
    params = task.params
    _check_arguments(params)
    if params["results"] is not None:
        verdict, validated = combined(params["results"], params["ignore"] or ()), 0
    else:
        verdict, validated = _validate(task)
    reports = {} if task.check_mode else write_reports(verdict, params["report"] or {})
    parser = find_parser(task.run_command)
    result: dict[str, Any] = {
        "changed": False,
        **verdict.as_dict(),
        "summary": verdict.summary(),
        "validated": validated,
        "script_parser": parser.label if parser else "",
        "reports": {name: reports.get(name, "") for name in ("json", "junit", "sarif")},
    }
    failure = verdict.failure(params["fail_on"])
    return result | {"failed": True, "msg": failure} if failure else result


def _check_arguments(params: Mapping[str, Any]) -> None:
    problems = [
        Problem("arguments", f"there is no finding {quoted(code)}{_suggestion(code)}", source="ignore")
        for code in params["ignore"] or ()
        if code not in RULES
    ]
    sources = [name for name in ("definition", "src", "template", "flows") if params[name] is not None]
    if params["results"] is not None and sources:
        message = f"results are brought together, so {' and '.join(sources)} must not be given too"
        problems.append(Problem("arguments", message, source="results"))
    if params["project"]:
        problems += [
            Problem("arguments", f"project: true needs {name}", source="project")
            for name in ("project_id", "management_key")
            if not params[name]
        ]
    if problems:
        raise InputError(problems)


def _suggestion(code: str) -> str:
    close = get_close_matches(code, RULES, n=1)
    return f"; did you mean {close[0]}?" if close else "; docs/validation.md lists all of them"


def _validate(task: Task) -> tuple[Verdict, int]:
    """Validate the flows of one tenant. Returns what was found, and how many renderings were looked at for it."""
    params = task.params
    context = params["run_context"] or {}
    tenant = context.get("tenant") or "localhost"
    settings = Settings(
        redirect_hosts=None if params["redirect_hosts"] is None else tuple(params["redirect_hosts"]),
        parse_scripts=find_parser(task.run_command),
    )
    run_dir = context.get("run_dir")
    renderings = Renderings(Path(run_dir) if run_dir else None, settings)
    verdict = Verdict(params["ignore"] or ())
    verdict.add_tenant(tenant)
    desired, problems = load_sources(declared_sources(params), task.load_source)
    verdict.add(tenant, report_all(problems))
    documents = [flow.document for flow in desired if flow.document]
    for document in documents:
        verdict.add_flow(tenant, document.flow_id, document.source, renderings.key(document))
        verdict.add(tenant, renderings.reports(document))
    for about, found in _together(task, desired, documents):
        verdict.add(tenant, report_all(found, about))
    return verdict, renderings.validated


def _together(
    task: Task, desired: Sequence[DesiredFlow], documents: Sequence[FlowDocument]
) -> Iterable[tuple[FlowDocument | None, list[Problem]]]:
    inventory = _inventory(task, [flow.flow_id for flow in desired]) if task.params["project"] else None
    problems = find_problems_together(documents, inventory)
    for document in documents:
        own = [problem for problem in problems if (problem.flow_id, problem.source) == _id(document)]
        if own:
            yield document, own
    if inventory is not None:
        unknown = [name for name in ("connectors", "roles", "styles", "attributes") if getattr(inventory, name) is None]
        if unknown:
            message = f"{', '.join(unknown)} of the project could not be looked up"
            yield None, [Problem("not-in-project-snapshot", message, source=task.params["project_id"], severity=_NOTE)]


def _id(document: FlowDocument) -> tuple[str, str]:
    return document.flow_id, document.source


def _inventory(task: Task, flow_ids: list[str]) -> ProjectInventory:
    with open_session(task.params, read_only=True) as session:
        return session.project.read(flow_ids).inventory


_NOTE = RULES["not-in-project-snapshot"].severity

DESCOPE_FLOW_VALIDATE = UseCase(
    name="descope_flow_validate",
    arguments=flow_validate_arguments,
    run=validate_flows,
    empty_result={
        **Verdict().as_dict(),
        "summary": [],
        "validated": 0,
        "script_parser": "",
        "reports": {"json": "", "junit": "", "sarif": ""},
    },
    offline=True,
)
