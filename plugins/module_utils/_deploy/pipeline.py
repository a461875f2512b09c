# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The pipeline that everything takes that changes a project, wherever its flows come from.

sources -> load -> check --+
                           +--> plan --> [check mode ends here] --> backup --> apply --> verify --> record
project ----> read --------+
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._api.client import Statistics
from ansible_collections.community.descope.plugins.module_utils._backup.journal import open_journal
from ansible_collections.community.descope.plugins.module_utils._backup.records import (
    BackupReason,
    FlowOutcome,
    Intention,
    Outcome,
    Status,
)
from ansible_collections.community.descope.plugins.module_utils._backup.store import Backup, BackupStore
from ansible_collections.community.descope.plugins.module_utils._deploy import report
from ansible_collections.community.descope.plugins.module_utils._deploy.apply import (
    ApplyOptions,
    FlowResult,
    Result,
    expected_results,
)
from ansible_collections.community.descope.plugins.module_utils._deploy.bystanders import NOT_CHECKED
from ansible_collections.community.descope.plugins.module_utils._deploy.change import (
    Change,
    ChangeOptions,
    Done,
    OnFailure,
)
from ansible_collections.community.descope.plugins.module_utils._deploy.desired import schema_problems
from ansible_collections.community.descope.plugins.module_utils._deploy.plan import (
    DesiredFlow,
    Plan,
    PlannedFlow,
    make_plan,
)
from ansible_collections.community.descope.plugins.module_utils._deploy.project import Reading
from ansible_collections.community.descope.plugins.module_utils._deploy.references import (
    ReferenceOptions,
    Unresolved,
    resolve_references,
)
from ansible_collections.community.descope.plugins.module_utils._deploy.session import Session
from ansible_collections.community.descope.plugins.module_utils._errors import (
    DescopeError,
    InputError,
    Problem,
    Severity,
)
from ansible_collections.community.descope.plugins.module_utils._report.pictures import keep_pictures
from ansible_collections.community.descope.plugins.module_utils._secrets import Secrets
from ansible_collections.community.descope.plugins.module_utils._validate.catalogue import Level, rule_of
from ansible_collections.community.descope.plugins.module_utils._validate.project import ATTRIBUTES, STYLES
from ansible_collections.community.descope.plugins.module_utils._validate.validate import (
    find_problems_together,
    find_unsafe,
)

# A reading that other workers share may be older than this; then the project is read again before it is changed, so
# that the backup holds what really stood there.
_FRESH_SECONDS = 30.0

EMPTY_RESULT: Mapping[str, Any] = {
    "flows": [],
    "backup": report.backup_report(None),
    "bystanders": NOT_CHECKED.as_dict(),
    "validation": report.validation_report([]),
    "requests": Statistics().as_dict(),
    "estimate": {"requests": 0, "seconds": 0.0},
}
"""The parts that every result of a pipeline has, as they are where nothing was found or done."""


def resolved_flows(
    desired: Iterable[DesiredFlow], reading: Reading, options: ReferenceOptions
) -> tuple[list[DesiredFlow], list[Problem]]:
    """Return the flows with the ids of the project that was read, and warnings of what was not found there.

    Raises InputError where a flow refers to what does not exist, and that should stop the task.
    """
    flows, problems = resolve_references(desired, reading.flows, reading.names, options)
    if any(problem.severity is Severity.ERROR for problem in problems):
        raise InputError(problems)
    return flows, problems


@dataclass(frozen=True, slots=True)
class PipelineOptions:
    """How a change is made.

    store: where the backup goes, None for no backup. reason: what the backup's manifest says of the change.
    changelog: the note that Descope keeps with each import. layout: whether positions on the canvas count.
    check_schema: whether flows that are about to be written have to match the schema. on_failure: what becomes of the
    other flows where one fails. references: how references by name are resolved, None to send flows as they are.
    secrets: values that are not to be told of.
    """

    check_mode: bool
    diff_mode: bool
    threads: int
    verify: bool
    layout: bool
    check_schema: bool
    store: BackupStore | None
    reason: BackupReason
    changelog: str
    on_failure: OnFailure = OnFailure.STOP
    references: ReferenceOptions | None = None
    secrets: Secrets = field(default_factory=Secrets, repr=False)


class Pipeline:
    """One change of one project, from the plan to the record of what was done."""

    def __init__(self, session: Session, options: PipelineOptions, warnings: Iterable[Problem] = ()) -> None:
        """C(warnings): what validating the flows has found already."""
        self._session = session
        self._options = options
        self._warnings = list(warnings)
        self._unresolved: list[Problem] = []

    def run(self, desired: Iterable[DesiredFlow]) -> dict[str, Any]:
        """Bring the project to what is desired and return the result of the task.

        Raises DescopeError where nothing was changed; what fails later is told in the result.
        """
        plan, reading = self._plan(list(desired))
        if self._options.check_mode:
            return self._result(plan, Done(expected_results(plan)), backup=None)
        backup = self._backup(plan)
        done = self._change(plan, reading, backup)
        failures = (report.failure_message(plan, done.results), self._record(plan, backup, done.results))
        failure = "; ".join(filter(None, failures)) or done.interruption
        return self._result(plan, done, backup, failure)

    def _plan(self, desired: list[DesiredFlow]) -> tuple[Plan, Reading]:
        project = self._session.project
        project.expect(flow.document for flow in desired if flow.document)
        reading = project.read([flow.flow_id for flow in desired])
        plan = self._compare(desired, reading)
        fresh_since = time.monotonic() - _FRESH_SECONDS
        if plan.changed_flows and not self._options.check_mode and reading.began_at < fresh_since:
            changing = [flow.flow_id for flow in plan.changed_flows]
            reading = project.refreshed(reading, changing, not_before=fresh_since)
            plan = self._compare(desired, reading)
        whole = project.whole(reading, [flow.flow_id for flow in plan.changed_flows])
        if whole is not reading:
            reading, plan = whole, self._compare(desired, whole)
        self._check_schema(plan)
        self._look_up(plan, desired, reading)
        return plan, reading

    def _compare(self, desired: list[DesiredFlow], reading: Reading) -> Plan:
        flows = self._resolved(desired, reading)
        options = self._options
        return make_plan(self._session.project_id, flows, reading.flows, layout=options.layout, secrets=options.secrets)

    def _resolved(self, desired: list[DesiredFlow], reading: Reading) -> list[DesiredFlow]:
        """Return the flows with the project's own ids. Raises InputError where one refers to what does not exist."""
        if self._options.references is None:
            return desired
        flows, self._unresolved = resolved_flows(desired, reading, self._options.references)
        return flows

    def _check_schema(self, plan: Plan) -> None:
        if not self._options.check_schema:
            return
        problems = schema_problems([DesiredFlow(flow.flow_id, flow.after, flow.source) for flow in plan.imports])
        if problems:
            raise InputError(problems)
        self._warnings += [
            found for flow in plan.imports if flow.after for found in find_unsafe(flow.after, flow.before)
        ]

    def _look_up(self, plan: Plan, desired: list[DesiredFlow], reading: Reading) -> None:
        """Warn of sub-flows, styles and attributes that flows about to be written name and the project lacks."""
        references = self._options.references
        if not self._options.check_schema or references is None or references.unresolved is Unresolved.IGNORE:
            return
        written = {flow.flow_id for flow in plan.imports}
        if not written:  # then nobody asks, and what a project has can be much to look through
            return
        documents = [flow.document for flow in desired if flow.document]
        found = [
            replace(problem, severity=Severity.WARNING)
            for problem in find_problems_together(documents, reading.inventory, frozenset({STYLES, ATTRIBUTES}))
            if problem.flow_id in written and rule_of(problem.code).level in (Level.PROJECT, Level.SAFETY)
        ]
        self._warnings += [problem for problem in found if problem not in self._warnings]

    def _backup(self, plan: Plan) -> Backup | None:
        if self._options.store is None or not plan.changed_flows:
            return None
        return self._options.store.create(
            {flow.flow_id: flow.before for flow in plan.changed_flows},
            self._options.reason,
            base_url=self._session.base_url,
            intended={
                flow.flow_id: Intention(flow.action.value, flow.fingerprint_after) for flow in plan.changed_flows
            },
        )

    def _change(self, plan: Plan, reading: Reading, backup: Backup | None) -> Done:
        if not plan.changed_flows:
            return Done(expected_results(plan))
        options = self._options
        journal = open_journal(options.store, backup) if options.store and backup else None
        how = ApplyOptions(threads=options.threads, changelog=options.changelog, layout=options.layout)
        return Change(
            self._session, plan, reading, ChangeOptions(how, options.verify, options.on_failure, journal)
        ).carry_out()

    def _record(self, plan: Plan, backup: Backup | None, results: Mapping[str, FlowResult]) -> str:
        """Write the outcome beside the backup. Returns what went wrong with that, for the task to fail with."""
        if backup is None or self._options.store is None:
            return ""
        try:
            self._options.store.record(backup, _outcome(plan, results))
        except DescopeError as error:
            return str(error)
        return ""

    def _result(self, plan: Plan, done: Done, backup: Backup | None, failure: str = "") -> dict[str, Any]:
        results = done.results
        # What was put back is as it was.
        applied = any(result.result in (Result.APPLIED, Result.UNKNOWN) for result in results.values())
        planned = self._options.check_mode and bool(plan.changed_flows)
        expected = report.estimate(plan, self._session.rate, verify=self._options.verify)
        key = self._session.run_key() if plan.changed_flows else b""
        result: dict[str, Any] = {
            "changed": applied or planned,
            "project_id": plan.project_id,
            "flows": [report.flow_report(flow, results[flow.flow_id], key) for flow in plan.flows],
            "backup": report.backup_report(backup),
            "bystanders": done.bystanders.as_dict(),
            "requests": self._session.requests(),
            "estimate": {"requests": expected.requests, "seconds": expected.seconds},
            "warnings": [
                *self._session.warnings(),
                *(self._options.store.warnings() if self._options.store else ()),
                *done.bystanders.warnings(plan.project_id),
                *map(str, self._unresolved),
                *report.validation_warnings(self._warnings),
            ],
            "validation": report.validation_report(self._warnings),
        }
        keep_pictures(self._session.run_dir, zip(plan.flows, result["flows"], strict=True))
        if self._options.diff_mode:
            result["diff"] = report.diffs(plan)
        return result | {"failed": True, "msg": failure} if failure else result


def _outcome(plan: Plan, results: Mapping[str, FlowResult]) -> Outcome:
    flows = {
        flow.flow_id: FlowOutcome(
            action=flow.action.value,
            result=results[flow.flow_id].result.value,
            fingerprint=_fingerprint_since(flow, results[flow.flow_id]),
            verified=results[flow.flow_id].verified,
        )
        for flow in plan.changed_flows
    }
    return Outcome(_status(plan, results), flows)


def _fingerprint_since(flow: PlannedFlow, result: FlowResult) -> str:
    return flow.fingerprint_before if result.result is Result.RESTORED else flow.fingerprint_after


def _status(plan: Plan, results: Mapping[str, FlowResult]) -> Status:
    outcomes = [results[flow.flow_id] for flow in plan.changed_flows]
    if any(outcome.result is Result.UNKNOWN or outcome.unread for outcome in outcomes):
        return Status.UNKNOWN
    if any(outcome.failed for outcome in outcomes):
        return Status.FAILED
    return Status.GOOD if all(outcome.verified for outcome in outcomes) else Status.UNKNOWN
