# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Who is told of each write to a project: the other workers of the run, and the journal beside the backup."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Protocol

from ansible_collections.community.descope.plugins.module_utils._backup.journal import Event, Journal
from ansible_collections.community.descope.plugins.module_utils._deploy.apply import FlowResult, Result
from ansible_collections.community.descope.plugins.module_utils._errors import DescopeError

_APPLYING: Mapping[Result, Event] = {Result.APPLIED: Event.APPLIED, Result.UNTOUCHED: Event.UNTOUCHED}
_RESTORING: Mapping[Result, Event] = {Result.APPLIED: Event.RESTORED}


class MarksWrites(Protocol):
    """Who keeps other workers from taking for true what they read before a write. All of it raises DescopeError."""

    def mark_sending(self, flow_id: str) -> None: ...
    def mark_written(self, flow_id: str) -> None: ...


class WriteLog:
    """Tells of writes. What cannot be told is not sent. C(journal): None where there is no backup."""

    def __init__(self, readings: MarksWrites, journal: Journal | None) -> None:
        self._readings = readings
        self._journal = journal

    def sending(self, flow_ids: list[str]) -> None:
        self._mark_sending(flow_ids)
        self._note(Event.SENDING, flow_ids)

    def settled(self, results: Mapping[str, FlowResult]) -> None:
        self._mark_written(results)
        self._note_results(results, _APPLYING, Event.UNKNOWN)

    def _mark_sending(self, flow_ids: list[str]) -> None:
        for flow_id in flow_ids:
            self._readings.mark_sending(flow_id)

    def _mark_written(self, results: Mapping[str, FlowResult]) -> None:
        for flow_id, result in results.items():
            # What is unknown may be under way still. Without the mark the flow is read anew each time: slow, but right.
            if result.result is not Result.UNKNOWN:
                with suppress(DescopeError):
                    self._readings.mark_written(flow_id)

    def _note(self, event: Event, flow_ids: list[str]) -> None:
        if self._journal is not None:
            self._journal.note(event, flow_ids)

    def _note_results(self, results: Mapping[str, FlowResult], events: Mapping[Result, Event], other: Event) -> None:
        noted: dict[Event, list[str]] = {}
        for flow_id, result in results.items():
            noted.setdefault(events.get(result.result, other), []).append(flow_id)
        for event, flow_ids in noted.items():
            # What was done must come out in the task's result, whatever happens to the journal.
            with suppress(DescopeError):
                self._note(event, flow_ids)


class RestoreLog(WriteLog):
    """Tells that flows are put back as they were. That goes on even where nobody can be told."""

    def sending(self, flow_ids: list[str]) -> None:
        with suppress(DescopeError):
            self._mark_sending(flow_ids)
        with suppress(DescopeError):
            self._note(Event.RESTORING, flow_ids)

    def settled(self, results: Mapping[str, FlowResult]) -> None:
        self._mark_written(results)
        self._note_results(results, _RESTORING, Event.NOT_RESTORED)
