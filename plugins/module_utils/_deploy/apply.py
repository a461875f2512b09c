# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Applying a plan: import what should be there, delete what should not, and know the truth about each flow.

Imports run side by side, in one pool whose threads never wait for another task of a pool; deletions come last. Unless
told to keep going, nothing new is started after the first failure. A write whose answer was lost is settled by reading,
never by guessing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Protocol

from ansible_collections.community.descope.plugins.module_utils._deploy.order import import_waves
from ansible_collections.community.descope.plugins.module_utils._deploy.plan import Action, Plan, PlannedFlow, same_flow
from ansible_collections.community.descope.plugins.module_utils._diff.flows import diff_documents, summarize
from ansible_collections.community.descope.plugins.module_utils._errors import (
    ApiError,
    DescopeError,
    OutcomeUnknownError,
    RateLimitedError,
)
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument

_NOT_SENT = "not sent, because another flow of this task had failed"
_NOT_DELETED = "not deleted, because another flow of this task had failed"

# An import whose answer is lost is sent again only after a read has shown that it did not happen.
_IMPORT_ATTEMPTS = 3


class Result(StrEnum):
    """What became of one flow of a plan."""

    UNCHANGED = "unchanged"
    PLANNED = "planned"
    APPLIED = "applied"
    UNTOUCHED = "untouched"
    UNKNOWN = "unknown"
    RESTORED = "restored"


@dataclass(frozen=True, slots=True)
class FlowResult:
    """What became of one flow.

    error: why it is not applied or not verified, empty where all is well. verified: whether reading back showed what
    should be there now, None where it was not read back. late: whether a write of it may still arrive. followed:
    whether nothing is wrong with this flow, and it shares the fate of one that failed.
    """

    result: Result
    error: str = ""
    verified: bool | None = None
    late: bool = False
    followed: bool = False

    @property
    def failed(self) -> bool:
        return bool(self.error)

    @property
    def unread(self) -> bool:
        """Whether it was accepted, but could not be read back."""
        return self.result is Result.APPLIED and self.failed and self.verified is None


class WritesFlows(Protocol):
    """The part of the Management API that applying needs."""

    def import_flow(self, document: FlowDocument, changelog: str = "") -> Any: ...
    def delete_flows(self, flow_ids: list[str]) -> Any: ...
    def export_flow(self, flow_id: str) -> FlowDocument | None: ...
    def list_flows(self) -> Iterable[Any]: ...


def expected_results(plan: Plan) -> dict[str, FlowResult]:
    """Return the results of a plan that is only shown."""
    return _results_of_nothing(plan) | {flow.flow_id: FlowResult(Result.PLANNED) for flow in plan.changed_flows}


def _results_of_nothing(plan: Plan) -> dict[str, FlowResult]:
    """Return the results of the flows that are left alone."""
    return {
        flow.flow_id: FlowResult(Result.UNTOUCHED if flow.kept else Result.UNCHANGED)
        for flow in plan.flows
        if flow.action is Action.NONE
    }


class WatchesWrites(Protocol):
    """Who has to know of every write."""

    def sending(self, flow_ids: list[str]) -> None:
        """Flows are about to be written. Raising DescopeError keeps them from being sent."""

    def settled(self, results: Mapping[str, FlowResult]) -> None:
        """This is what came of it. Raises nothing."""


class _NobodyWatches:
    def sending(self, flow_ids: list[str]) -> None:
        pass

    def settled(self, results: Mapping[str, FlowResult]) -> None:
        pass


@dataclass(frozen=True, slots=True)
class ApplyOptions:
    """How a plan is carried out.

    changelog: the note that goes with each import. layout: whether positions on the canvas count. keep_going: whether
    every flow is tried, whatever becomes of the others.
    """

    threads: int
    changelog: str = ""
    layout: bool = False
    keep_going: bool = False


class Applier:
    """Applies plans to one project."""

    def __init__(self, api: WritesFlows, options: ApplyOptions, watcher: WatchesWrites | None = None) -> None:
        self._api = api
        self._options = options
        self._watcher = watcher or _NobodyWatches()
        self._stop = threading.Event()
        self.interruption = ""
        """What interrupted the task, if anything did; flows that were under way have come to their end since."""
        # What is known so far, from whichever thread. An interruption must not lose it.
        self._results: dict[str, FlowResult] = {}

    def apply(self, plan: Plan) -> dict[str, FlowResult]:
        """Carry out the plan and return the result of every flow in it.

        Failures are results, not exceptions, and so is an interruption after which the task can still tell of it.
        """
        self._results = _results_of_nothing(plan)
        try:
            for wave in import_waves(plan.imports):
                self._import_side_by_side(wave)
            self._delete_all(plan.deletions)
        except BaseException as error:
            if not is_interruption(error):
                raise
            self.interruption = f"the task was interrupted: {in_words(error)}"
            untouched = FlowResult(Result.UNTOUCHED, f"not sent, because {self.interruption}")
            self._results = {**{flow.flow_id: untouched for flow in plan.changed_flows}, **self._results}
        return {flow.flow_id: self._results.get(flow.flow_id, _LOST_TRACK) for flow in plan.flows}

    def _import_side_by_side(self, flows: tuple[PlannedFlow, ...]) -> None:
        if len(flows) > 1:
            # Where the system has no more threads to give, those that there are go on, and then this one.
            with suppress(RuntimeError), ThreadPoolExecutor(min(self._options.threads, len(flows))) as pool:
                try:
                    list(pool.map(self._import_unless_stopped, flows))
                except BaseException as error:
                    if not isinstance(error, RuntimeError):
                        self._stop.set()
                    raise
        for flow in flows:
            if flow.flow_id not in self._results:
                self._import_unless_stopped(flow)

    def _import_unless_stopped(self, flow: PlannedFlow) -> None:
        if self._stop.is_set():
            self._results[flow.flow_id] = FlowResult(Result.UNTOUCHED, _NOT_SENT, followed=True)
            return
        self._write([flow.flow_id], lambda: {flow.flow_id: self._import(flow)})
        if self._results[flow.flow_id].failed and not self._options.keep_going:
            self._stop.set()

    def _write(self, flow_ids: list[str], write: Callable[[], dict[str, FlowResult]]) -> None:
        """Write flows, and tell before and after. Whatever happens, there are results then."""
        try:
            self._watcher.sending(flow_ids)
        except DescopeError as error:
            self._results |= dict.fromkeys(flow_ids, FlowResult(Result.UNTOUCHED, str(error)))
            return
        results: dict[str, FlowResult] = {}
        try:
            results = write()
        except Exception as error:
            results = dict.fromkeys(flow_ids, _surprise(error))
        except BaseException as error:
            message = f"the task was interrupted while this was under way: {in_words(error)}"
            results = dict.fromkeys(flow_ids, FlowResult(Result.UNKNOWN, message, late=True))
            raise
        finally:
            self._results |= results
            self._watcher.settled(results)

    def _import(self, flow: PlannedFlow) -> FlowResult:
        lost: list[OutcomeUnknownError] = []
        for _attempt in range(_IMPORT_ATTEMPTS):
            try:
                self._api.import_flow(_document(flow), self._options.changelog)
                return FlowResult(Result.APPLIED)
            except OutcomeUnknownError as error:
                lost.append(error)
                settled = self._settle(flow, lost)
                if settled is not None:
                    return settled
            except DescopeError as error:
                return _not_there([*lost, OutcomeUnknownError(str(error), answered=True)])
        return _not_there(lost)

    def _settle(self, flow: PlannedFlow, lost: list[OutcomeUnknownError]) -> FlowResult | None:
        """Find out by reading what became of an import. None: it did not happen."""
        try:
            live = self._api.export_flow(flow.flow_id)
        except DescopeError as error:
            message = f"{lost[-1]}; reading the flow to find out failed too: {error}"
            return FlowResult(Result.UNKNOWN, message, late=_may_arrive(lost))
        if live is not None and same_flow(live, _document(flow), layout=self._options.layout):
            return FlowResult(Result.APPLIED)
        unchanged = (
            live is None if flow.before is None else live is not None and same_flow(live, flow.before, layout=True)
        )
        if unchanged:
            return None
        message = f"{lost[-1]}; the flow is now neither what it was nor what it should be"
        return FlowResult(Result.UNKNOWN, message, late=_may_arrive(lost))

    def _delete_all(self, flows: tuple[PlannedFlow, ...]) -> None:
        ids = [flow.flow_id for flow in flows]
        if self._stop.is_set():
            self._results |= dict.fromkeys(ids, FlowResult(Result.UNTOUCHED, _NOT_DELETED, followed=True))
        elif ids:
            self._write(ids, lambda: self._delete(ids))

    def _delete(self, ids: list[str]) -> dict[str, FlowResult]:
        try:
            self._api.delete_flows(ids)
        except OutcomeUnknownError as error:
            return self._settle_deletion(ids, error)
        except RateLimitedError as error:
            return dict.fromkeys(ids, FlowResult(Result.UNTOUCHED, str(error)))
        except ApiError as error:
            # Whether a refusal of one of them spares the others is not documented.
            return self._settle_deletion(ids, OutcomeUnknownError(str(error), answered=True))
        except DescopeError as error:
            return dict.fromkeys(ids, FlowResult(Result.UNTOUCHED, str(error)))
        return dict.fromkeys(ids, FlowResult(Result.APPLIED))

    def _settle_deletion(self, ids: list[str], lost: OutcomeUnknownError) -> dict[str, FlowResult]:
        try:
            existing = {flow.id for flow in self._api.list_flows()}
        except DescopeError as error:
            failure = f"{lost}; listing the flows to find out failed too: {error}"
            return dict.fromkeys(ids, FlowResult(Result.UNKNOWN, failure, late=not lost.answered))
        results = {flow_id: FlowResult(Result.APPLIED) for flow_id in ids if flow_id not in existing}
        left = [flow_id for flow_id in ids if flow_id in existing]
        if lost.answered and self._options.keep_going and len(ids) > 1:
            # One that cannot be deleted does not keep the others.
            return results | {flow_id: result for one in left for flow_id, result in self._delete([one]).items()}
        return results | dict.fromkeys(left, _not_there([lost]))


# Every flow of a plan is reported, whatever happened to it.
_LOST_TRACK = FlowResult(Result.UNKNOWN, "nothing says what became of it; run the task again")


def _not_there(lost: list[OutcomeUnknownError]) -> FlowResult:
    """Judge a write whose attempts brought nothing that a read could see."""
    if not _may_arrive(lost):
        return FlowResult(Result.UNTOUCHED, str(lost[-1]))
    message = f"{lost[-1]}; when last read it had not arrived, but it may still do so"
    return FlowResult(Result.UNKNOWN, message, late=True)


def _may_arrive(lost: list[OutcomeUnknownError]) -> bool:
    return not all(error.answered for error in lost)


def _surprise(error: Exception) -> FlowResult:
    """One flow's surprise must not hide what was done to the others."""
    return FlowResult(Result.UNKNOWN, f"an error in this collection, please report it: {in_words(error)}")


def is_interruption(error: BaseException) -> bool:
    """Tell whether a task that was interrupted can still tell of it: Ansible's own timeout does not end the process."""
    return not isinstance(error, Exception | KeyboardInterrupt | SystemExit | GeneratorExit)


def in_words(error: BaseException) -> str:
    """Return an error as one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


def verified_results(
    plan: Plan,
    results: Mapping[str, FlowResult],
    read_back: Mapping[str, FlowDocument | None],
    *,
    layout: bool = False,
) -> dict[str, FlowResult]:
    """Judge the flows that were applied by what the project holds now."""
    flows = {flow.flow_id: flow for flow in plan.flows}
    return {
        flow_id: _verified(flows[flow_id], result, read_back[flow_id], layout) if flow_id in read_back else result
        for flow_id, result in results.items()
    }


def _verified(flow: PlannedFlow, result: FlowResult, live: FlowDocument | None, layout: bool) -> FlowResult:
    if flow.after is None:
        error = "" if live is None else "it was deleted, but the project still has it"
    elif live is None:
        error = "it was imported, but the project does not have it"
    elif same_flow(live, flow.after, layout=layout):
        error = ""
    else:
        difference = summarize(diff_documents(flow.after, live))
        error = f"it was imported, but what the project holds now differs: {difference}"
    return replace(result, verified=not error, error=error or result.error)


def _document(flow: PlannedFlow) -> FlowDocument:
    if flow.after is None:
        raise AssertionError(f"the plan imports {flow.flow_id} without a document")
    return flow.after
