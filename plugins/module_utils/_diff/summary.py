# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Changes in one line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ansible_collections.community.descope.plugins.module_utils._diff.change import Change, told_changes
from ansible_collections.community.descope.plugins.module_utils._diff.text import counted


class _Row(NamedTuple):
    """Kinds that are counted together, by how they begin. Without a plural they are said, not counted."""

    kinds: tuple[str, ...]
    singular: str
    plural: str = ""
    by_subject: bool = False  # count the tasks or screens, not the changes


_ROWS = (
    _Row(("flow-name-",), "renamed"),
    _Row(("flow-description-",), "description changed"),
    _Row(("flow-disabled",), "disabled"),
    _Row(("flow-enabled",), "enabled"),
    _Row(("start-",), "start changed"),
    _Row(("translation-",), "translation changed"),
    _Row(("task-added",), "task added", "tasks added", True),
    _Row(("task-removed",), "task removed", "tasks removed", True),
    _Row(("task-replaced",), "task replaced", "tasks replaced", True),
    _Row(("task-rewired", "rule-added", "rule-removed"), "task rewired", "tasks rewired", True),
    _Row(("rules-reordered",), "task with rules re-ordered", "tasks with rules re-ordered", True),
    _Row(("connector-",), "connector replaced", "connectors replaced", True),
    _Row(("subflow-",), "sub-flow swapped", "sub-flows swapped", True),
    _Row(("condition-", "conditions-"), "condition changed", "conditions changed", True),
    _Row(("script-",), "script changed", "scripts changed", True),
    _Row(("task-renamed",), "task renamed", "tasks renamed", True),
    _Row(("error-handling-",), "task with other error handling", "tasks with other error handling", True),
    _Row(("argument-", "action-", "rule-", "task-"), "task changed", "tasks changed", True),
    _Row(("screen-added",), "screen added", "screens added", True),
    _Row(("screen-removed",), "screen removed", "screens removed", True),
    _Row(("screen-text-",), "screen text changed", "screen texts changed"),
    _Row(("component-added",), "component added", "components added"),
    _Row(("component-removed",), "component removed", "components removed"),
    _Row(("component-moved", "components-reordered"), "component moved", "components moved"),
    _Row(("component-",), "component property changed", "component properties changed"),
    _Row(("interaction-", "interactions-"), "interaction changed", "interactions changed"),
    _Row(("output-",), "output changed", "outputs changed"),
    _Row(("",), "other change", "other changes"),
)


def summarize(changes: Iterable[Change]) -> str:
    """Return the changes in one line, for example C(2 tasks rewired, 1 screen text changed, layout moved)."""
    found: dict[int, set[str]] = {}
    parts: list[str] = []
    layout = False
    for change in told_changes(changes):
        if change.layout:
            layout = True
        elif change.kind in ("flow-added", "flow-removed"):
            parts.append(_whole_flow(change))
        else:
            index = next(index for index, row in enumerate(_ROWS) if change.kind.startswith(row.kinds))
            found.setdefault(index, set()).add(change.subject if _ROWS[index].by_subject else change.path)
    for index in sorted(found):
        row = _ROWS[index]
        parts.append(counted(len(found[index]), row.singular, row.plural) if row.plural else row.singular)
    return ", ".join([*parts, "layout moved"] if layout else parts) or "no changes"


def _whole_flow(change: Change) -> str:
    size = (change.after_text or change.before_text).partition("\n")[0].partition(":")[0]
    return f"{'new flow' if change.added else 'flow removed'} ({size})"
