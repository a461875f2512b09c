# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""A rollout while it runs: what its tasks tell, who is done, and how it goes on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._api.limiter import Budget
from ansible_collections.community.descope.plugins.module_utils._diff.text import counted, printable
from ansible_collections.community.descope.plugins.module_utils._report.entries import (
    TaskEntry,
    task_entry,
    tells_of_flows,
)
from ansible_collections.community.descope.plugins.module_utils._report.words import duration, in_line


class Rollout:
    """The tasks of a run so far. C(clock): monotonic seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.entries: list[TaskEntry] = []
        self._clock = clock
        self._known_changes: dict[str, tuple[Mapping[str, Any], ...]] = {}
        self._hosts: set[str] = set()
        self._statuses: dict[str, str] = {}
        self._began = self._told_at = clock()

    def expect(self, hosts: Iterable[str]) -> None:
        """Take note of the hosts of a play."""
        self._hosts.update(hosts)

    def add(self, entry: TaskEntry) -> None:
        self.entries.append(self._shared(entry))
        changed = any(flow.changes_flow for flow in entry.flows)
        status = "failed" if entry.failed else "changed" if changed else "unchanged"
        if entry.failed or entry.flows or entry.project_id:
            before = self._statuses.get(entry.tenant, "unchanged")
            self._statuses[entry.tenant] = status if before == "unchanged" else before if status != "failed" else status

    def _shared(self, entry: TaskEntry) -> TaskEntry:
        """Return the same entry, where ten thousand tenants with the same changes keep them in memory once."""
        flows = tuple(
            replace(
                flow, changes=self._known_changes.setdefault(json.dumps(flow.changes, sort_keys=True), flow.changes)
            )
            for flow in entry.flows
        )
        return replace(entry, flows=flows)

    @property
    def seconds(self) -> float:
        return self._clock() - self._began

    def count(self, status: str = "") -> int:
        """Return how many tenants are done, or came to this end."""
        return sum(found == status or not status for found in self._statuses.values())

    def is_due(self, interval: float) -> bool:
        """Tell whether it is time to say how far the run is, and if so, count the interval anew."""
        now = self._clock()
        if not interval or now - self._told_at < interval or self.count() >= len(self._hosts):
            return False
        self._told_at = now
        return True

    def progress(self, budget: Budget) -> str:
        """Return in one line how far the run is."""
        done, all_of_them = self.count(), max(len(self._hosts), self.count())
        parts = [f"{done} of {counted(all_of_them, 'tenant')} done, {self.count('changed')} changed"]
        parts[0] += f", {failed} failed" if (failed := self.count("failed")) else ""
        if budget.rate:
            parts.append(f"{budget.left} of {budget.rate} requests left")
        if budget.paused_seconds:
            parts.append(f"paused for {budget.paused_seconds:.0f} s after a refusal")
        if done:
            parts.append(f"{duration(self.seconds / done * (all_of_them - done))} left")
        return "rollout: " + "; ".join(parts)


def entries_of(
    host: str, result: Mapping[str, Any], *, task: str = "", failed: bool = False, unreachable: bool = False
) -> list[TaskEntry]:
    """Return what a task's result tells: an entry for each item of a loop, none where it is of no interest here."""
    items = result.get("results")
    if isinstance(items, list) and any(isinstance(item, Mapping) and tells_of_flows(item) for item in items):
        return [
            task_entry(host, item, failed=_item_failed(item), unreachable=bool(item.get("unreachable")))
            for item in items
            if isinstance(item, Mapping)
        ]
    if tells_of_flows(result):
        return [task_entry(host, result, failed=failed, unreachable=unreachable)]
    if not failed and not unreachable:
        return []
    # A failure of any other task is told with its name, since nobody knows it from its words.
    message = _message(result)
    told = f"{task}: {message}" if task else message
    return [task_entry(host, {"msg": told}, failed=failed, unreachable=unreachable)]


def _message(result: Mapping[str, Any]) -> str:
    """Return why a task failed; of a loop, why the first item did, since the loop itself says nothing of that."""
    items = result.get("results")
    failed = [item for item in items if isinstance(item, Mapping)] if isinstance(items, list) else []
    failed = [item for item in failed if _item_failed(item) or item.get("unreachable")]
    if failed:
        more = f" (and {counted(len(failed) - 1, 'more item')})" if len(failed) > 1 else ""
        return f"{_message(failed[0])}{more}"
    told = result.get("msg") or result.get("module_stderr") or result.get("censored")
    return str(told or "it failed without a message")


def _item_failed(item: Mapping[str, Any]) -> bool:
    """Tell whether an item of a loop failed. To callbacks, newer versions of Ansible say that by an exception only."""
    return bool(item.get("failed")) or "exception" in item


def tenant_line(entry: TaskEntry, *, task: str = "", ignored: bool = False) -> str:
    """Return what a task did for a tenant in one short line, which names the C(task) if it failed."""
    if entry.failed:
        what = f"{'unreachable' if entry.unreachable else 'failed'}{', and ignored' if ignored else ''}"
        named = f"{task}: " if task and not entry.message.startswith(f"{task}: ") else ""
        return f"{entry.tenant}: {what}: {in_line(f'{named}{entry.message}')}"
    changed = [flow for flow in entry.flows if flow.changes_flow]
    if not changed:
        return f"{entry.tenant}: {counted(len(entry.flows), 'flow')} as declared"
    told = "; ".join(f"{flow.flow_id} ({flow.summary})" for flow in changed)
    return in_line(f"{entry.tenant}: {changed[0].result}: {told}", 160)


def debug_lines(host: str, result: Mapping[str, Any], variable: str = "") -> list[str]:
    """Return what a debug task says, of its message or of a variable, in lines for a terminal."""
    items = result.get("results")
    if isinstance(items, list) and variable != "results":
        return [line for item in items if isinstance(item, Mapping) for line in debug_lines(host, item, variable)]
    said = result.get(variable) if variable else result.get("msg")
    if isinstance(said, list) and all(isinstance(line, str) for line in said):
        lines = said
    else:
        lines = said.splitlines() if isinstance(said, str) else [json.dumps(said, default=str)] if said else []
    lines = [printable(line) for line in lines]
    return [f"{host}: {lines[0]}"] if len(lines) == 1 else [f"{host}:", *lines] if lines else []
