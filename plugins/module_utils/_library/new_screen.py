# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors


"""Screens that an overlay adds: as they are exported, or from a few words."""

from __future__ import annotations

import hashlib
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._json import JsonObject, describe
from ansible_collections.community.descope.plugins.module_utils._library.draft import ChangeError

_WORDS = ("title", "text", "button")
_MEMBERS = frozenset({"screenId", "contents", "interactions"})
_COLUMN = 300


def screen_from(given: JsonObject, name: str) -> JsonObject:
    """Return the screen that an overlay describes: C(contents) and C(interactions), or a C(title), C(text), C(button).

    Raises ChangeError for what is neither.
    """
    screen_id = str(given.get("screenId") or _screen_id(name))
    if "contents" in given:
        unknown = sorted(map(str, given.keys() - _MEMBERS))
        if unknown or not isinstance(given["contents"], dict) or not isinstance(given.get("interactions"), list):
            extra = f"; unknown: {', '.join(unknown)}" if unknown else ""
            raise ChangeError(f"a screen as it is exported has contents and interactions{extra}")
        for index, entry in enumerate(given["interactions"]):
            if not isinstance(entry, dict):
                raise ChangeError(f"interactions[{index}] is {describe(entry)}, expected an object")
        return {**given, "screenId": screen_id}
    wrong = sorted(str(key) for key, value in given.items() if key not in (*_WORDS, "screenId") or not _is_word(value))
    if wrong or not given:
        found = f"not {', '.join(wrong)}" if wrong else f"found {describe(given)} without any"
        raise ChangeError(f"a new screen has texts for {', '.join(_WORDS)}, or contents and interactions; {found}")
    words = {"button": "Continue", **{key: given[key] for key in _WORDS if key in given}}
    return _built(screen_id, words)


def screen_task(task_id: str, name: str, screen: JsonObject, target: str, beside: Any) -> JsonObject:
    """Return the task that shows a new screen, from which every way leads on to C(target)."""
    view = beside if isinstance(beside, dict) else {}
    rules = [{"interactionId": entry["id"], "taskId": target} for entry in screen["interactions"] if "id" in entry]
    return {
        "id": task_id,
        "name": name,
        "type": "screen",
        "screenId": screen["screenId"],
        "next": {"rules": rules},
        "view": {"x": _number(view.get("x")) + _COLUMN // 2, "y": _number(view.get("y")) + _COLUMN},
    }


def _built(screen_id: str, words: JsonObject) -> JsonObject:
    kinds = {"title": ("Text", "h1"), "text": ("Text", "body1"), "button": ("Button", "contained")}
    nodes: JsonObject = {}
    for word, (kind, variant) in kinds.items():
        if word in words:
            nodes[f"{word}-{screen_id[-6:]}"] = _node(kind, {"children": words[word], "variant": variant})
    for node_id, node in nodes.items():
        node["props"]["id"] = node_id
    root = _node("Container", {"id": "ROOT", "direction": "column", "align": "center", "justify": "center"})
    del root["parent"]
    root |= {"isCanvas": True, "nodes": list(nodes)}
    button = f"button-{screen_id[-6:]}"
    nodes[button]["custom"] = {"type": "button"}
    return {
        "screenId": screen_id,
        "contents": {"ROOT": root, **nodes},
        "interactions": [{"id": button, "label": words["button"], "type": "button"}],
    }


def _node(kind: str, props: JsonObject) -> JsonObject:
    looks = (
        {"full-width": True, "size": "md"} if kind == "Button" else {"text-align": "center"} if kind == "Text" else {}
    )
    return {
        "custom": {},
        "displayName": kind,
        "hidden": False,
        "isCanvas": False,
        "linkedNodes": {},
        "nodes": [],
        "parent": "ROOT",
        "props": {**looks, **props},
        "type": {"resolvedName": kind},
    }


def _screen_id(name: str) -> str:
    return f"SC0{hashlib.sha256(name.encode()).hexdigest()[:26]}"


def _is_word(value: object) -> bool:
    return isinstance(value, str)


def _number(value: object) -> int | float:
    return value if isinstance(value, int | float) else 0
