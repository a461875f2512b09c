# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The plan: what a task is going to do to a project, as a frozen value.

C(changed), check mode, the diff, the results and the backup all derive from it and from nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from ansible_collections.community.descope.plugins.module_utils._diff.compare import same
from ansible_collections.community.descope.plugins.module_utils._diff.flows import Change, diff_documents
from ansible_collections.community.descope.plugins.module_utils._diff.hidden import Documents, hide_both
from ansible_collections.community.descope.plugins.module_utils._errors import InputError, Problem
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._flow.normal import normal_form
from ansible_collections.community.descope.plugins.module_utils._secrets import Secrets

# The console refuses to delete these (https://docs.descope.com/customize/manage_flows).
SYSTEM_FLOWS = frozenset({"sign-up", "sign-in", "sign-up-or-in", "step-up"})


class Action(StrEnum):
    """What happens to one flow."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class DesiredFlow:
    """One flow as it should be. C(document) is None where the flow should not exist.

    only_from: the fingerprints of what it may be changed from, an empty one for a flow that does not exist. None: from
    anything.
    """

    flow_id: str
    document: FlowDocument | None
    source: str
    only_from: frozenset[str] | None = None


@dataclass(frozen=True)
class PlannedFlow:
    """One flow of a plan: what stands in the project, what should, and so what to do.

    kept: whether it is left as it is, although it should be something else, because it may not be changed from that.
    secrets: values in it that nobody may see.
    """

    flow_id: str
    action: Action
    before: FlowDocument | None
    after: FlowDocument | None
    source: str
    kept: bool = False
    secrets: Secrets = field(default_factory=Secrets, repr=False, compare=False)

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        """What changes, in a reviewer's words. Empty where there is nothing to do."""
        if self.action is Action.NONE:
            return ()
        return tuple(diff_documents(*self.shown))

    @cached_property
    def shown(self) -> Documents:
        """What stands in the project and what should, without secrets: all that is told of a flow is made of these."""
        return hide_both(self.secrets, self.before, self.after)

    @property
    def fingerprint_before(self) -> str:
        """The fingerprint of what stands in the project, empty where nothing does."""
        return self.before.fingerprint if self.before else ""

    @property
    def fingerprint_after(self) -> str:
        """The fingerprint of what should stand there, empty where nothing should."""
        if self.action is Action.NONE:  # and so the same, which spares most flows of a fleet the second one
            return self.fingerprint_before
        return self.after.fingerprint if self.after else ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a task is going to do to one project, in the order the flows were declared."""

    project_id: str
    flows: tuple[PlannedFlow, ...]

    @property
    def changed_flows(self) -> tuple[PlannedFlow, ...]:
        return tuple(flow for flow in self.flows if flow.action is not Action.NONE)

    @property
    def imports(self) -> tuple[PlannedFlow, ...]:
        return tuple(flow for flow in self.flows if flow.action in (Action.CREATE, Action.UPDATE))

    @property
    def deletions(self) -> tuple[PlannedFlow, ...]:
        return tuple(flow for flow in self.flows if flow.action is Action.DELETE)


def same_flow(left: FlowDocument, right: FlowDocument, *, layout: bool) -> bool:
    """Tell whether two documents are the same flow, server noise apart; canvas positions count only when asked."""
    if not same(left.normal, right.normal):
        return False
    return not layout or same(normal_form(left.data, layout=True), normal_form(right.data, layout=True))


def make_plan(
    project_id: str,
    desired: Iterable[DesiredFlow],
    live: Mapping[str, FlowDocument | None],
    *,
    layout: bool = False,
    secrets: Secrets | None = None,
) -> Plan:
    """Compare what should be with what is.

    C(live) holds an entry for every desired flow id, None where the project has no such flow. C(secrets): values that
    are not to be told of.
    Raises InputError where a system flow that exists should be deleted.
    """
    known = Secrets() if secrets is None else secrets
    planned = tuple(_plan_flow(flow, live[flow.flow_id], layout, known) for flow in desired)
    problems = [
        Problem(
            "system-flow",
            "this is a system flow, which Descope does not delete; remove it from the flows to delete",
            source=flow.source,
            flow_id=flow.flow_id,
        )
        for flow in planned
        if flow.action is Action.DELETE and flow.flow_id in SYSTEM_FLOWS
    ]
    if problems:
        raise InputError(problems)
    return Plan(project_id=project_id, flows=planned)


def _plan_flow(flow: DesiredFlow, live: FlowDocument | None, layout: bool, secrets: Secrets) -> PlannedFlow:
    action = _action(flow.document, live, layout)
    if action is not Action.NONE and not _may_change(flow, live):
        return PlannedFlow(flow.flow_id, Action.NONE, before=live, after=live, source=flow.source, kept=True)
    return PlannedFlow(
        flow_id=flow.flow_id,
        action=action,
        before=live,
        after=flow.document,
        source=flow.source,
        secrets=secrets,
    )


def _may_change(flow: DesiredFlow, live: FlowDocument | None) -> bool:
    return flow.only_from is None or (live.fingerprint if live else "") in flow.only_from


def _action(desired: FlowDocument | None, live: FlowDocument | None, layout: bool) -> Action:
    if desired is None:
        return Action.NONE if live is None else Action.DELETE
    if live is None:
        return Action.CREATE
    return Action.NONE if same_flow(live, desired, layout=layout) else Action.UPDATE
