# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""A report as some lines for a terminal or a job's log: it fits on a screen, whatever the size of the fleet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._diff.text import counted, shortened
from ansible_collections.community.descope.plugins.module_utils._report.words import (
    alike,
    cost,
    heading,
    in_line,
    names,
    sides,
    what_happens,
)

_WIDTH = 120
_GROUPS, _CHANGES, _FAILURES, _UNRESOLVED, _WARNINGS = 6, 3, 4, 3, 2


def render_summary(report: Mapping[str, Any]) -> list[str]:
    """Return the lines of the summary."""
    lines = [heading(report)]
    for section in (_changes(report), _failures(report), _unresolved(report), _warnings(report)):
        lines += section
    lines += ["", cost(report)]
    return [shortened(line, _WIDTH) for line in lines]


def _changes(report: Mapping[str, Any]) -> Iterator[str]:
    preview, changes = report["run"]["check_mode"], report["changes"]
    shown = changes if len(changes) <= _GROUPS else changes[: _GROUPS - 1]
    for change in shown:
        yield ""
        summary = in_line(change["summary"], 60)
        yield f"{in_line(change['flow'], 50)} {what_happens(change, preview=preview)}: {summary}"
        yield f"  {alike(change)}: {listed_names(names(change['variants']))}"
        first = change["variants"][0]
        for told in first["changes"][:_CHANGES] if change["action"] == "update" else ():
            yield from wrap(_told(told, change), _WIDTH, initial_indent="    ", subsequent_indent="      ")
        hidden = len(first["changes"]) + first["changes_omitted"] - _CHANGES
        if change["action"] == "update" and hidden > 0:
            yield f"    and {counted(hidden, 'more change')}"
    rest = changes[len(shown) :]
    if rest:
        tenants = len({name for change in rest for name in names(change["variants"])})
        yield ""
        yield f"{len(rest)} other changes, of {counted(tenants, 'tenant')}; a report file has them all"


def _told(told: Mapping[str, Any], change: Mapping[str, Any]) -> str:
    """Return what changes in one place. Where tenants have values of their own, those of one of them are an example."""
    before, after = (in_line(side, 60) for side in sides(told, 60))
    values = f": {before} -> {after}" if before and after else f": {before or after}" if before or after else ""
    example = " (for example)" if values and len(change["variants"]) > 1 else ""
    return f"{in_line(told.get('subject') or '', 60)}, {in_line(told.get('what') or '', 40)}{values}{example}"


def _failures(report: Mapping[str, Any]) -> Iterator[str]:
    failures = report["failures"]
    for failure in failures[:_FAILURES]:
        yield ""
        yield f"failed: {listed_names(failure['tenants'])}"
        yield from wrap(in_line(failure["message"], 330), _WIDTH, initial_indent="  ", subsequent_indent="  ")
    if len(failures) > _FAILURES:
        more = len({name for failure in failures[_FAILURES:] for name in failure["tenants"]})
        yield ""
        yield f"failed, for other reasons: {counted(more, 'tenant')}; a report file has them all"


def _unresolved(report: Mapping[str, Any]) -> Iterator[str]:
    unresolved = report["unresolved"]
    for flow in unresolved[:_UNRESOLVED]:
        yield ""
        why = f": {in_line(flow['error'])}" if flow["error"] else ""
        yield f"{flow['result']}: {in_line(flow['flow_id'], 60)} of {in_line(flow['tenant'], 60)}{why}"
    if len(unresolved) > _UNRESOLVED:
        yield f"and {counted(len(unresolved) - _UNRESOLVED, 'more flow')} that nobody knows of, or that were left alone"


def _warnings(report: Mapping[str, Any]) -> Iterator[str]:
    warnings = report["warnings"]
    for warning in warnings[:_WARNINGS]:
        yield ""
        yield f"warning: {listed_names(warning['tenants'])}"
        yield from wrap(in_line(warning["message"], 330), _WIDTH, initial_indent="  ", subsequent_indent="  ")
    if len(warnings) > _WARNINGS:
        yield f"and {counted(len(warnings) - _WARNINGS, 'more warning')}"


def listed_names(tenants: Sequence[str], room: int = 70) -> str:
    """Return as many names as fit and how many more there are."""
    shown: list[str] = []
    for name in tenants:
        if shown and sum(map(len, shown)) + 2 * len(shown) + len(name) > room:
            break
        shown.append(in_line(name, 60))
    more = len(tenants) - len(shown)
    return f"{', '.join(shown)} and {more} more" if more else ", ".join(shown)
