# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Two versions of a flow without values that are known to be secret, for all that is told of their difference.

The values go before anything is compared: what is cut, joined or drawn afterwards cannot show a part of them. Where one
side of a difference holds such a value, the other one is hidden too, because it may be the value of before. What
differs in the flows differs in these as well.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from ansible_collections.community.descope.plugins.module_utils._diff.compare import keyed, same
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._json import JsonObject, JsonValue
from ansible_collections.community.descope.plugins.module_utils._redact import OTHER_SECRET, REDACTED
from ansible_collections.community.descope.plugins.module_utils._secrets import Secrets

_KEYS_OF_LISTS = ("screenId", "key", "id", "interactionId")
# Names and ids that hold a flow together, or say what a value is. A short secret, say 3, must not tear it apart.
_LINKS = frozenset(
    {"action", "flowId", "id", "interactionId", "key", "nodes", "parent", "screenId", "startTask", "taskId", "type"}
)
_WITH_IDS = ((), ("contents",), ("contents", "tasks"))

Sides: TypeAlias = "tuple[JsonValue, JsonValue]"
Documents: TypeAlias = "tuple[FlowDocument | None, FlowDocument | None]"


def hide_both(secrets: Secrets, before: FlowDocument | None, after: FlowDocument | None) -> Documents:
    """Return two versions of a flow as they can be shown; None stands for no such flow."""
    if not secrets:
        return before, after
    hiding = _Hiding(secrets)
    if before is None or after is None:
        return hiding.document(before), hiding.document(after)
    old, new = hiding.both(before.data, after.data, ())
    return FlowDocument(old, before.source), FlowDocument(new, after.source)


class _Hiding:
    """Hides the secrets of two values. A place: the names of members that lead there, of items of lists their keys."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self._keys: dict[str, str] = {}

    def document(self, document: FlowDocument | None) -> FlowDocument | None:
        return None if document is None else FlowDocument(self.alone(document.data), document.source)

    def alone(self, value: JsonValue, name: str = "") -> JsonValue:
        """Return a value without the secrets in it. C(name): of the member that it is, or is in."""
        if isinstance(value, str):
            return self._secrets.hide(value, short=name not in _LINKS)
        if isinstance(value, dict):
            return self._named({key: self.alone(member, key) for key, member in value.items()})
        if isinstance(value, list):
            return [self.alone(item, name) for item in value]
        return REDACTED if self._secrets.is_number(value) else value

    def gone(self, value: JsonValue, name: str = "") -> JsonValue:
        """Return a value in whose place there is a secret now: nothing is left of it but its shape."""
        if isinstance(value, dict):
            return self._named({key: self.gone(member, key) for key, member in value.items()})
        if isinstance(value, list):
            return [self.gone(item, name) for item in value]
        if name == "type" or value is None or value == "" or isinstance(value, bool):
            return self.alone(value, name)
        return REDACTED

    def both(self, before: JsonValue, after: JsonValue, place: tuple[str, ...]) -> Sides:
        """Return what stands at the same place of two flows as it can be shown."""
        if isinstance(before, dict) and isinstance(after, dict):
            return self._members(before, after, place)
        if isinstance(before, list) and isinstance(after, list):
            return self._items(before, after, place)
        name = place[-1] if place else ""
        old, new = self.alone(before, name), self.alone(after, name)
        if same(before, after) or (same(old, before) and same(new, after)):
            return old, new
        if _is_long(old) and _is_long(new):
            return _lines(old, new)
        old = self.gone(before)
        if isinstance(after, dict | list | bool | None):
            return old, new
        return old, OTHER_SECRET if old == REDACTED else REDACTED

    def _members(self, before: JsonObject, after: JsonObject, place: tuple[str, ...]) -> Sides:
        pairs = {key: self.both(before[key], after[key], (*place, key)) for key in before if key in after}
        fresh = {key: member for key, member in after.items() if key not in before}
        hide = self.gone if self._is_anew(fresh, place) else self.alone
        if hide == self.gone and any(self._key(key) != key for key in fresh):
            for key in before.keys() - after.keys():
                self._hide_key(key, REDACTED)
        old = {key: pairs[key][0] if key in pairs else hide(member, key) for key, member in before.items()}
        new = {key: pairs[key][1] if key in pairs else self.alone(member, key) for key, member in after.items()}
        return self._named(old), self._named(new)

    def _items(self, before: list[Any], after: list[Any], place: tuple[str, ...]) -> Sides:
        old, new = self._paired_items(before, after, place)
        if old == new and before != after:
            new = [*new, OTHER_SECRET]
        return old, new

    def _paired_items(self, before: list[Any], after: list[Any], place: tuple[str, ...]) -> tuple[list[Any], list[Any]]:
        name = place[-1] if place else ""
        keys = keyed(before, _KEYS_OF_LISTS), keyed(after, _KEYS_OF_LISTS)
        if keys[0] and keys[1]:
            old, new = self._members(_by_key(before, keys[0]), _by_key(after, keys[1]), place)
            return list(old.values()), list(new.values())
        if len(before) == len(after) and all(isinstance(item, dict) for item in (*before, *after)):
            pairs = [self.both(one, other, place) for one, other in zip(before, after, strict=True)]
            return [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        fresh = [item for item in after if item not in before]
        hide = self.gone if self._is_anew(fresh, place) else self.alone
        old_items = [self.alone(item, name) if item in after else hide(item, name) for item in before]
        return old_items, [self.alone(item, name) for item in after]

    def _is_anew(self, fresh: JsonValue, place: tuple[str, ...]) -> bool:
        """Tell whether something that is new holds a secret: what is gone may be the same under another name.

        Tasks, screens and components have ids, so what is gone there is something else.
        """
        with_ids = place in _WITH_IDS or (place[0] == "screens" and place[2:] in ((), ("contents",)))
        return not with_ids and bool(self.alone(fresh) != fresh)

    def _named(self, value: JsonObject) -> JsonObject:
        return {self._key(key): member for key, member in value.items()}

    def _key(self, key: str) -> str:
        """Return the name of a member as it can be shown: different for different members."""
        shown = self._secrets.hide(key, short=False)
        return key if shown == key and key not in self._keys else self._hide_key(key, shown)

    def _hide_key(self, key: str, shown: str) -> str:
        if key not in self._keys:
            count = sum(other.startswith(shown) for other in self._keys.values())
            self._keys[key] = f"{shown} {count + 1}" if count else shown
        return self._keys[key]


def _by_key(items: list[Any], indexes: dict[str, int]) -> JsonObject:
    return {key: items[index] for key, index in indexes.items()}


def _is_long(value: JsonValue) -> bool:
    return isinstance(value, str) and value.strip().count("\n") > 1


def _lines(before: str, after: str) -> Sides:
    """Return two texts of many lines, of which the secrets are hidden already, without the lines of before.

    Which of those holds what a secret has taken the place of, nobody can tell, so none of them is left.
    """
    old, new = before.splitlines(), after.splitlines()
    kept = set(old) & set(new)
    if any(REDACTED in line for line in (*old, *new) if line not in kept):
        old = [REDACTED if line.strip() and line not in kept else line for line in old]
        new = [OTHER_SECRET if REDACTED in line and line not in kept else line for line in new]
    if old == new:
        new.append(OTHER_SECRET)
    return "\n".join(old), "\n".join(new)
