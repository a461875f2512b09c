# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The screens of a flow with their texts, and which of these come and go."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from ansible_collections.community.descope.plugins.module_utils._diff.words import (
    FlowWords,
    component_kind,
    naming_property,
)
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._json import (
    JsonObject,
    list_of,
    object_of,
    text_of,
)

_ROOT = "ROOT"
Line = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class ScreenTexts:
    """A screen: its name, what becomes of it, and its lines: the kind of component, its text, C(new) or C(gone)."""

    name: str
    mark: str
    lines: tuple[Line, ...]


def screen_texts(before: FlowDocument | None, after: FlowDocument | None) -> list[ScreenTexts]:
    """Return the screens in the order in which users meet them, those that go last."""
    old, new = (_screens(document) for document in (before, after))
    compare = before is not None and after is not None
    found: list[ScreenTexts] = []
    for screen_id, (name, lines) in new.items():
        was = old.get(screen_id)
        mark = "added" if compare and was is None else ""
        merged = _merged(was[1], lines) if was else [(kind, text, "") for kind, text in lines]
        changed = any(mark for _kind, _text, mark in merged)
        found.append(ScreenTexts(name, mark or ("changed" if changed else ""), tuple(merged)))
    for screen_id, (name, lines) in old.items():
        if screen_id not in new:
            mark = "removed" if compare else ""
            found.append(ScreenTexts(name, mark, tuple((kind, text, "") for kind, text in lines)))
    return found


def _screens(document: FlowDocument | None) -> dict[str, tuple[str, list[tuple[str, str]]]]:
    if document is None:
        return {}
    words = FlowWords(document)
    return {
        screen_id: (document.screen_names.get(screen_id, screen_id), _texts(words.screens[screen_id]))
        for screen_id in words.shown_screens
        if screen_id in words.screens
    }


def _texts(screen: JsonObject) -> list[tuple[str, str]]:
    """Return the kinds and texts of a screen's components from top to bottom."""
    nodes = object_of(screen.get("contents"))
    found: list[tuple[str, str]] = []
    waiting, seen = [_ROOT], set[str]()
    while waiting:
        key = waiting.pop()
        node = object_of(nodes.get(key))
        if key in seen or not node:
            continue
        seen.add(key)
        name = naming_property(node)
        if name and node.get("hidden") is not True:
            found.append((component_kind(node), object_of(node.get("props"))[name]))
        inside = [*list_of(node.get("nodes")), *object_of(node.get("linkedNodes")).values()]
        waiting += [text_of(child) for child in reversed(inside)]
    return found


def _merged(old: list[tuple[str, str]], new: list[tuple[str, str]]) -> list[Line]:
    """Return the lines after the change, with those that went before the first line that is new, else at the end."""
    gone, come = Counter(old) - Counter(new), Counter(new) - Counter(old)
    lost = [(kind, text, "gone") for kind, text in old if _take(gone, (kind, text))]
    lines = [(kind, text, "new" if _take(come, (kind, text)) else "") for kind, text in new]
    first = next((index for index, line in enumerate(lines) if line[2]), len(lines))
    return [*lines[:first], *lost, *lines[first:]]


def _take(counter: Counter[tuple[str, str]], line: tuple[str, str]) -> bool:
    if counter[line] <= 0:
        return False
    counter[line] -= 1
    return True
