# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""One plan being carried out: applied, read back, and put back where something failed and the task wants it so."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum

from ansible_collections.community.descope.plugins.module_utils._backup.journal import Journal
from ansible_collections.community.descope.plugins.module_utils._deploy.apply import (
    Applier,
    ApplyOptions,
    FlowResult,
    Result,
    in_words,
    is_interruption,
    verified_results,
)
from ansible_collections.community.descope.plugins.module_utils._deploy.bystanders import (
    NOT_CHECKED,
    Bystanders,
    compare_bystanders,
)
from ansible_collections.community.descope.plugins.module_utils._deploy.plan import Plan
from ansible_collections.community.descope.plugins.module_utils._deploy.project import Reading
from ansible_collections.community.descope.plugins.module_utils._deploy.restore import (
    needs_restoring,
    results_after,
    unclear,
    way_back,
)
from ansible_collections.community.descope.plugins.module_utils._deploy.session import Session
from ansible_collections.community.descope.plugins.module_utils._deploy.write_log import RestoreLog, WriteLog
from ansible_collections.community.descope.plugins.module_utils._errors import DescopeError
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument


class OnFailure(StrEnum):
    """What becomes of the rest of a task of which one flow failed."""

    STOP = "stop"
    CONTINUE = "continue"
    RESTORE = "restore"


@dataclass(frozen=True, slots=True)
class ChangeOptions:
    """How a plan is carried out. C(journal) is None where there is no backup."""

    apply: ApplyOptions
    verify: bool
    on_failure: OnFailure
    journal: Journal | None


@dataclass(frozen=True, slots=True)
class Done:
    """What became of the flows of a plan, and of those outside of it. interruption: what interrupted the task."""

    results: Mapping[str, FlowResult]
    bystanders: Bystanders = NOT_CHECKED
    interruption: str = ""


class Change:
    """Carries out one plan, which was made from C(reading)."""

    def __init__(self, session: Session, plan: Plan, reading: Reading, options: ChangeOptions) -> None:
        self._session = session
        self._plan = plan
        self._reading = reading
        self._options = options

    def carry_out(self) -> Done:
        """Do it. Failures are results, not exceptions."""
        options = self._options
        how = replace(options.apply, keep_going=options.on_failure is OnFailure.CONTINUE)
        log = WriteLog(self._session.readings, options.journal)
        applier = Applier(self._session.api, how, log)
        results = applier.apply(self._plan)
        last = None
        if options.verify:
            results, last = self._read_back(self._plan, results)
        if options.on_failure is OnFailure.RESTORE and needs_restoring(results):
            results, after = self._restore(results, last)
            last = after or last
        return Done(results, self._bystanders(last), applier.interruption)

    def _read_back(self, plan: Plan, results: dict[str, FlowResult]) -> tuple[dict[str, FlowResult], Reading | None]:
        applied = [flow.flow_id for flow in plan.changed_flows if results[flow.flow_id].result is Result.APPLIED]
        if not applied:
            return results, None
        project = self._session.project
        try:
            reading = project.read_back(applied, not_before=time.monotonic(), rate=self._session.rate)
        except BaseException as error:
            why = str(error) if isinstance(error, DescopeError) else in_words(error)
            if not isinstance(error, Exception) and not is_interruption(error):
                raise
            unread = FlowResult(Result.APPLIED, f"it was sent and accepted, but reading it back failed: {why}")
            return {flow_id: unread if flow_id in applied else result for flow_id, result in results.items()}, None
        return verified_results(plan, results, reading.flows, layout=self._options.apply.layout), reading

    def _restore(
        self, results: dict[str, FlowResult], read_back: Reading | None
    ) -> tuple[dict[str, FlowResult], Reading | None]:
        """Put back whatever was, or may have been, changed, and read whether it worked, also with C(verify=false)."""
        plan = way_back(self._plan, results, self._standing(results, read_back))
        changelog = f"Put back after a failed change: {self._options.apply.changelog}"
        how = replace(self._options.apply, keep_going=True, changelog=changelog)
        log = RestoreLog(self._session.readings, self._options.journal)
        restored, reading = self._read_back(plan, Applier(self._session.api, how, log).apply(plan))
        return results_after(self._plan, results, restored, reading.flows if reading else {}), reading

    def _standing(self, results: Mapping[str, FlowResult], read_back: Reading | None) -> dict[str, FlowDocument | None]:
        """Return what the project holds of the flows that do not hold what they should, as far as it can be read."""
        read = read_back.flows if read_back else {}
        standing = {flow_id: flow for flow_id, flow in read.items() if results[flow_id].verified is False}
        unknown = unclear(results)
        if unknown:
            with suppress(DescopeError):
                standing |= self._session.project.read(unknown, not_before=time.monotonic()).flows
        return standing

    def _bystanders(self, after: Reading | None) -> Bystanders:
        if after is None:
            return NOT_CHECKED
        planned = [flow.flow_id for flow in self._plan.flows]
        try:
            return compare_bystanders(self._reading, after, planned, self._session.readings.written_at)
        except DescopeError:
            # Nobody can tell any more what this run itself has written.
            return NOT_CHECKED
