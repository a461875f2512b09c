# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The normal form of a flow: what is left when everything the server changes by itself is taken away.

Two flows are the same flow exactly if their normal forms are equal as JSON. Sources of the rules: all observed in real
exports, by comparing what was imported into a project with what that project exported later.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._flow.defaults import without_defaults
from ansible_collections.community.descope.plugins.module_utils._json import JsonObject

# Top-level members that the server derives. References are computed from contents and list only what exists in that
# very project; the others belong to the console format and change on every save.
DERIVED_MEMBERS = frozenset({"references", "version", "etag", "modifiedTime"})

# The server rewrites this to its own current version on every import.
DERIVED_METADATA = frozenset({"componentsVersion"})

# The console keeps copies of the screen on the task that shows it; an import drops them.
EDITOR_CACHES = frozenset(
    {
        "htmlTemplate",
        "interactions",
        "clientScripts",
        "componentsConditions",
        "componentsConnectors",
        "connectorComponentProps",
        "dynamicSelects",
        "recoveryCodesData",
        "inputsMetadata",
    }
)
# Dropped by an import only when it is an empty list.
EMPTY_CACHE = "allInputKeys"


def normal_form(data: JsonObject, *, layout: bool = False) -> JsonObject:
    """Return the normal form of a flow in the exported form, as a new object that shares what did not change.

    Taken away: C(metadata.componentsVersion); the editor caches of screen tasks; C(references); C(version), C(etag) and
    C(modifiedTime) of the console format; members of metadata and of screen interactions that equal their default
    (false, 0, "", null, [], {}); and, unless C(layout), the canvas position (C(view)) of every task. Screens are sorted
    by their id. Everything else counts, rule order and screen contents above all. Any JSON object is accepted.
    """
    normal = {key: value for key, value in data.items() if key not in DERIVED_MEMBERS}
    if "metadata" in normal:
        _replace(normal, "metadata", _metadata(normal["metadata"]))
    if "contents" in normal:
        normal["contents"] = _contents(normal["contents"], layout)
    if "screens" in normal:
        _replace(normal, "screens", _screens(normal["screens"]))
    return normal


def fingerprint_of(normal: JsonObject) -> str:
    """Return the SHA-256 of a normal form's canonical JSON, 64 hexadecimal digits."""
    text = json.dumps(normal, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _replace(target: JsonObject, key: str, value: Any) -> None:
    """Set a member, or remove it if it equals its default: absent and empty mean the same there."""
    if value:
        target[key] = value
    else:
        del target[key]


def _metadata(metadata: Any) -> Any:
    if isinstance(metadata, dict):
        metadata = {key: value for key, value in metadata.items() if key not in DERIVED_METADATA}
    return without_defaults(metadata)


def _contents(contents: Any, layout: bool) -> Any:
    if not isinstance(contents, dict) or not isinstance(contents.get("tasks"), dict):
        return contents
    tasks = {task_id: _task(task, layout) for task_id, task in contents["tasks"].items()}
    return {**contents, "tasks": tasks}


def _task(task: Any, layout: bool) -> Any:
    if not isinstance(task, dict):
        return task
    if task.get("type") == "screen":
        return {key: value for key, value in task.items() if not _is_screen_task_noise(key, value, layout)}
    if layout or "view" not in task:
        return task
    return {key: value for key, value in task.items() if key != "view"}


def _is_screen_task_noise(key: str, value: Any, layout: bool) -> bool:
    return key in EDITOR_CACHES or (key == EMPTY_CACHE and value == []) or (key == "view" and not layout)


def _screens(screens: Any) -> Any:
    if not isinstance(screens, list):
        return screens
    return sorted((_screen(screen) for screen in screens), key=screen_order)


def screen_order(screen: Any) -> str:
    """Return the key that screens are sorted by: their id, as Descope's exports do."""
    screen_id = screen.get("screenId") if isinstance(screen, dict) else None
    return screen_id if isinstance(screen_id, str) else ""


def _screen(screen: Any) -> Any:
    if not isinstance(screen, dict) or "interactions" not in screen:
        return screen
    interactions = without_defaults(screen["interactions"])
    if interactions is screen["interactions"] and interactions:
        return screen
    result = dict(screen)
    _replace(result, "interactions", interactions)
    return result
