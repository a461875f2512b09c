# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The use case of C(descope_flow): make flows exist, or not exist."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._arguments import flow_arguments
from ansible_collections.community.descope.plugins.module_utils._backup.places import open_task_store
from ansible_collections.community.descope.plugins.module_utils._backup.store import BackupStore
from ansible_collections.community.descope.plugins.module_utils._deploy.change import OnFailure
from ansible_collections.community.descope.plugins.module_utils._deploy.desired import desired_flows
from ansible_collections.community.descope.plugins.module_utils._deploy.pipeline import (
    EMPTY_RESULT,
    Pipeline,
    PipelineOptions,
)
from ansible_collections.community.descope.plugins.module_utils._deploy.references import (
    ReferenceOptions,
    Unresolved,
    check_given_ids,
)
from ansible_collections.community.descope.plugins.module_utils._deploy.session import Session, open_session
from ansible_collections.community.descope.plugins.module_utils._errors import Problem
from ansible_collections.community.descope.plugins.module_utils._task import Task, UseCase


def manage_flows(task: Task) -> dict[str, Any]:
    """Bring the project to what the task declares. Raises DescopeError where nothing was changed."""
    warnings: list[Problem] = []
    check_given_ids(task.params)
    desired = desired_flows(task.params, task.load_source, warnings)
    store = open_task_store(task.params, task.cipher) if task.params["backup"] else None
    with open_session(task.params, read_only=task.check_mode) as session:
        return Pipeline(session, _options(task, session, store), warnings).run(desired)


def _options(task: Task, session: Session, store: BackupStore | None) -> PipelineOptions:
    params = task.params
    changelog = params["changelog"] or ""
    return PipelineOptions(
        check_mode=task.check_mode,
        diff_mode=task.diff_mode,
        threads=params["threads"],
        verify=params["verify"],
        layout=bool((params["compare"] or {}).get("layout")),
        check_schema=params["validate"],
        store=store,
        reason=session.reason(changelog),
        changelog=changelog or session.default_changelog(),
        on_failure=OnFailure(params["on_failure"]),
        references=reference_options(params, session),
        secrets=task.secrets,
    )


def reference_options(params: Mapping[str, Any], session: Session) -> ReferenceOptions:
    """Return how a task resolves references by name, from the options of C(flow_arguments)."""
    return ReferenceOptions(
        connectors=params["connectors"] or {},
        roles=params["roles"] or {},
        unresolved=Unresolved(params["unresolved"]),
        tenant=session.context.get("tenant", ""),
        project_id=session.project_id,
    )


DESCOPE_FLOW = UseCase(
    name="descope_flow",
    arguments=flow_arguments,
    run=manage_flows,
    empty_result=EMPTY_RESULT,
)
