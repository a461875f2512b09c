# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The use case of C(descope_flow_rollback): the pipeline with backups as the source of its flows."""

from __future__ import annotations

from typing import Any

from ansible_collections.community.descope.plugins.module_utils._arguments import flow_rollback_arguments
from ansible_collections.community.descope.plugins.module_utils._backup.places import open_task_store
from ansible_collections.community.descope.plugins.module_utils._backup.records import Kind
from ansible_collections.community.descope.plugins.module_utils._backup.store import BackupStore
from ansible_collections.community.descope.plugins.module_utils._deploy.change import OnFailure
from ansible_collections.community.descope.plugins.module_utils._deploy.pipeline import (
    EMPTY_RESULT,
    Pipeline,
    PipelineOptions,
)
from ansible_collections.community.descope.plugins.module_utils._deploy.rollback import (
    choose,
    desired_flows,
    parse_request,
    pruned_flows,
)
from ansible_collections.community.descope.plugins.module_utils._deploy.rollback_report import (
    NOT_VALIDATED,
    earlier_states,
    reason_for,
    with_rollback,
)
from ansible_collections.community.descope.plugins.module_utils._deploy.session import Session, open_session
from ansible_collections.community.descope.plugins.module_utils._task import Task, UseCase


def roll_back(task: Task) -> dict[str, Any]:
    """Bring flows back to what backups hold. Raises DescopeError where nothing was changed."""
    request = parse_request(task.params)
    store = open_task_store(task.params, task.cipher)
    choice = choose(store, request)
    desired = desired_flows(store, choice, request)
    with open_session(task.params, read_only=task.check_mode) as session:
        if request.prune:
            desired += pruned_flows(choice, request, session.project.list_all())
        options = _options(task, session, store, reason_for(choice, request))
        done = Pipeline(session, options).run(desired)
    if not done["changed"]:
        done["warnings"] += earlier_states(choice, request)
    return with_rollback(done, choice, request, check_mode=task.check_mode)


def _options(task: Task, session: Session, store: BackupStore, reason: str) -> PipelineOptions:
    params = task.params
    told = ": ".join(filter(None, (reason, params["changelog"])))
    return PipelineOptions(
        check_mode=task.check_mode,
        diff_mode=task.diff_mode,
        threads=params["threads"],
        verify=params["verify"],
        layout=bool((params["compare"] or {}).get("layout")),
        # What stood there is what goes back, whatever anybody thinks of it.
        check_schema=False,
        store=store,
        reason=session.reason(told, kind=Kind.ROLLBACK),
        changelog=told,
        on_failure=OnFailure(params["on_failure"]),
    )


DESCOPE_FLOW_ROLLBACK = UseCase(
    name="descope_flow_rollback",
    arguments=flow_rollback_arguments,
    run=roll_back,
    empty_result={
        **{part: value for part, value in EMPTY_RESULT.items() if part != NOT_VALIDATED},
        "target": [],
        "conflicts": [],
        "summary": [],
    },
)
