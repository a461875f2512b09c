# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The whole validation of flows: every level, all findings at once. Pure; the same for every module.

C(find_problems) looks at one flow alone, so its result can be kept for every tenant that gets this very flow;
C(find_problems_together) looks at what flows have to do with each other and with the project.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ansible_collections.community.descope.plugins.module_utils._errors import Problem, Severity
from ansible_collections.community.descope.plugins.module_utils._flow.checks import check_document
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._flow.schema import check_schema
from ansible_collections.community.descope.plugins.module_utils._json import json_path
from ansible_collections.community.descope.plugins.module_utils._validate import (
    actions,
    graph,
    project,
    safety,
    screens,
    subflows,
)
from ansible_collections.community.descope.plugins.module_utils._validate.actions import ScriptParser
from ansible_collections.community.descope.plugins.module_utils._validate.catalogue import Finding, rule_of
from ansible_collections.community.descope.plugins.module_utils._validate.inventory import ProjectInventory
from ansible_collections.community.descope.plugins.module_utils._validate.view import FlowView


@dataclass(frozen=True, slots=True)
class Settings:
    """How to validate.

    schema: whether to look at every type, which takes as long as all the rest. safety: whether to look for secrets and
    redirects, which takes half of the rest. redirect_hosts: where redirects may lead, None for everywhere.
    parse_scripts: a parser of scriptlets, None where there is none.
    """

    schema: bool = True
    safety: bool = True
    redirect_hosts: tuple[str, ...] | None = None
    parse_scripts: ScriptParser | None = None


DEFAULTS = Settings()

WHAT_STOPS = Settings(schema=False, safety=False)
"""What has to be known before a project is even read. Looking at every type is slow, and so is looking for secrets,
which stops nothing: both are left for flows that are about to be written."""


def find_problems(document: FlowDocument, settings: Settings = DEFAULTS) -> list[Problem]:
    """Return everything that can be said of one flow alone, damage first. Takes any JSON object, changes nothing."""
    problems = check_document(document)
    damaged = {problem.path for problem in problems}
    if settings.schema:
        problems += [problem for problem in check_schema(document) if problem.path not in damaged]
        damaged.update(problem.path for problem in problems)
    problems += [problem for problem in _from(document, _own(document, settings)) if problem.path not in damaged]
    return problems


def find_unsafe(document: FlowDocument, standing: FlowDocument | None) -> list[Problem]:
    """Return what of C(find_problems) is about safety: warnings of what works, and should not go out all the same.

    C(standing): the flow as the project has it. What is the same there is not told again.
    """
    return _from(document, safety.find(FlowView(document), None, standing))


def find_problems_together(
    documents: Sequence[FlowDocument],
    inventory: ProjectInventory | None = None,
    wanted: frozenset[str] = project.EVERYTHING,
) -> list[Problem]:
    """Return what flows that are deployed together lack, in each other or in the project they go to."""
    problems = [
        problem for document, finding in subflows.find(documents, inventory) for problem in _from(document, [finding])
    ]
    if inventory is not None:
        for document in documents:
            problems += _from(document, project.find(FlowView(document), inventory, wanted))
    return problems


def errors_in(problems: Iterable[Problem]) -> list[Problem]:
    """Return the problems that stop a task."""
    return [problem for problem in problems if problem.severity is Severity.ERROR]


def _own(document: FlowDocument, settings: Settings) -> Iterator[Finding]:
    flow = FlowView(document)
    yield from screens.find(flow)
    yield from actions.find(flow, settings.parse_scripts)
    yield from graph.find(flow)
    if settings.safety:
        yield from safety.find(flow, settings.redirect_hosts)


def _from(document: FlowDocument, findings: Iterable[Finding]) -> list[Problem]:
    return [
        Problem(
            code,
            message,
            path=json_path(*place),
            source=document.source,
            flow_id=document.flow_id,
            severity=rule_of(code).severity,
        )
        for code, message, place in findings
    ]
