# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""What is needed to draw a change, kept for the report of the run while the documents are at hand.

Results must stay short, so whole flows do not travel in them. Where somebody asks for a report, there is a directory
for pictures beside what the workers of the run share, and each worker leaves there what a drawing needs: the steps of
the flow before and after, and the texts of its screens. The file is named after the change, so that a thousand tenants
with the same change leave one file, and results need not say where it is.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._deploy.plan import PlannedFlow
from ansible_collections.community.descope.plugins.module_utils._diff.change import Change, told_changes
from ansible_collections.community.descope.plugins.module_utils._files import replace_file
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._json import JsonObject, list_of, object_of, text_of
from ansible_collections.community.descope.plugins.module_utils._redact import redact_value
from ansible_collections.community.descope.plugins.module_utils._report.entries import picture_key

_DIRECTORY = "pictures"
_MOST_CHANGES = 300
# What words and drawings are made from. Everything else of a task or of a component stays where it is.
_TASK_MEMBERS = ("id", "name", "type", "action", "screenId", "next", "view", "conditions")
_ARGUMENTS = ("flowId", "connectorId")
_PROPERTIES = ("children", "label", "placeholder", "variant", "name", "password-label")
_COMPONENT_MEMBERS = ("type", "displayName", "nodes", "linkedNodes", "parent", "hidden")


def ask_for_pictures(run_dir: Path) -> None:
    """Make the workers of a run keep what drawings need. Raises OSError where they have no place for it."""
    for directory in (run_dir, run_dir / _DIRECTORY):
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)


def keep_pictures(run_dir: Path, flows: Iterable[tuple[PlannedFlow, Mapping[str, Any]]]) -> None:
    """Keep what is needed to draw the flows that change, if somebody has asked for it.

    C(flows) are planned flows with what the result says of them. A picture that cannot be kept is no reason to fail,
    whatever went wrong: by now the project has been changed, and the result has to say so.
    """
    directory = run_dir / _DIRECTORY
    if not os.path.isdir(directory):  # noqa: PTH112 - it never raises
        return
    for planned, told in flows:
        if told["action"] != "none":
            with suppress(Exception):
                _keep(directory / f"{picture_key(told)}.json", planned, told)


def find_picture(run_dir: Path, key: str) -> dict[str, Any] | None:
    """Return what was kept to draw a change."""
    try:
        return dict(json.loads((run_dir / _DIRECTORY / f"{key}.json").read_bytes()))
    except (OSError, ValueError):
        return None


def _keep(path: Path, planned: PlannedFlow, told: Mapping[str, Any]) -> None:
    if path.exists():
        return
    changes = [_in_words(change) for change in told_changes(planned.changes) if not change.layout]
    before, after = planned.shown
    content = {
        "before": _compact(before) if before else None,
        "after": _compact(after) if after else None,
        "marks": task_marks(before, after),
        "changes": changes[:_MOST_CHANGES],
        "changes_omitted": max(len(changes) - _MOST_CHANGES, 0),
        "changes_digest": told["changes_digest"],
    }
    replace_file(path, json.dumps(content, separators=(",", ":")).encode("ascii"))


def _in_words(change: Change) -> JsonObject:
    """Return a change as results tell it, but with the name of a step where they have its id."""
    told = {name: value for name, value in change.as_dict().items() if name != "layout"}
    texts = (("before", change.before_text), ("after", change.after_text))
    return told | {side: text.replace("\n", "; ") for side, text in texts if text and told[side] is not None}


def _compact(document: FlowDocument) -> JsonObject:
    """Return what is left of a flow to draw it and to list its texts, without secrets."""
    compact = {
        "flowId": document.flow_id,
        "metadata": {"name": document.name},
        "contents": {
            "startTask": document.contents.get("startTask"),
            "tasks": {task_id: _task(task) for task_id, task in document.tasks.items() if isinstance(task, dict)},
        },
        "screens": [_screen(screen) for screen in document.screens],
        "references": {"connectors": document.references.get("connectors") or {}},
    }
    return dict(redact_value(compact))


def _task(task: JsonObject) -> JsonObject:
    arguments = task.get("arguments")
    known = _only(arguments, _ARGUMENTS) if isinstance(arguments, dict) else {}
    return {**_only(task, _TASK_MEMBERS), **({"arguments": known} if known else {})}


def _screen(screen: JsonObject) -> JsonObject:
    contents = screen.get("contents")
    components = contents if isinstance(contents, dict) else {}
    return {
        "screenId": screen.get("screenId"),
        "interactions": [
            _only(entry, ("id", "label")) for entry in list_of(screen.get("interactions")) if isinstance(entry, dict)
        ],
        "contents": {key: _component(node) for key, node in components.items() if isinstance(node, dict)},
    }


def _component(node: JsonObject) -> JsonObject:
    properties = node.get("props")
    shown = _only(properties, _PROPERTIES) if isinstance(properties, dict) else {}
    return {
        **_only(node, _COMPONENT_MEMBERS),
        "props": {key: text for key, text in shown.items() if isinstance(text, str)},
    }


def _only(value: JsonObject, members: Iterable[str]) -> JsonObject:
    return {name: value[name] for name in members if name in value}


# --- marks ------------------------------------------------------------------------------------------------------------


def task_marks(before: FlowDocument | None, after: FlowDocument | None) -> dict[str, dict[str, str]]:
    """Return what becomes of the steps, for the drawing of each side. Without another side there is nothing to mark."""
    if before is None or after is None:
        return {"before": {}, "after": {}}
    old, new = _comparable(before), _comparable(after)
    changed = {task_id: "changed" for task_id in old.keys() & new.keys() if old[task_id] != new[task_id]}
    return {
        "before": {**changed, **dict.fromkeys(old.keys() - new.keys(), "removed")},
        "after": {**changed, **dict.fromkeys(new.keys() - old.keys(), "added")},
    }


def _comparable(document: FlowDocument) -> dict[str, Any]:
    """Return the tasks as they count, each with the screen that it shows, without its place on the canvas."""
    normal = FlowDocument(document.normal)
    screens = {text_of(screen.get("screenId")): screen for screen in normal.screens}
    return {
        task_id: [
            {name: value for name, value in task.items() if name != "view"} if isinstance(task, dict) else task,
            screens.get(text_of(object_of(task).get("screenId"))),
        ]
        for task_id, task in normal.tasks.items()
    }
