# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The ground of the comparison: which values differ, where they stand in both documents, and taking note of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeAlias

from ansible_collections.community.descope.plugins.module_utils._diff.change import Change
from ansible_collections.community.descope.plugins.module_utils._diff.masked import redacted_words
from ansible_collections.community.descope.plugins.module_utils._diff.text import bare
from ansible_collections.community.descope.plugins.module_utils._diff.words import FlowWords
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._json import JsonValue, json_path
from ansible_collections.community.descope.plugins.module_utils._redact import (
    is_secret_name,
    secret_members,
)

Parts: TypeAlias = "tuple[str | int, ...]"
_DEEPEST = 12  # below this many steps a difference is told as one
_KEYS_OF_LISTS = ("key", "id", "interactionId")
_MISSING: Any = object()


class Place(NamedTuple):
    """Where something stands in the two documents: a path in each, None where it does not exist."""

    before: Parts | None
    after: Parts | None

    def at(self, *parts: str | int) -> Place:
        """Return the place of a member that has the same path below this one in both documents."""
        return self.each(parts, parts)

    def each(self, before: Parts | None, after: Parts | None) -> Place:
        """Return the place of a member that is found under different steps, or on one side only."""
        return Place(
            None if before is None or self.before is None else (*self.before, *before),
            None if after is None or self.after is None else (*self.after, *after),
        )

    @property
    def path(self) -> str:
        """The JSON path for people: into the flow as it will be, or as it was where the place is gone."""
        return json_path(*((self.before if self.after is None else self.after) or ()))


EVERYWHERE = Place((), ())


class Difference(NamedTuple):
    """Two values that differ, at the end of a walk. C(trail): the keys walked, for people."""

    place: Place
    trail: tuple[str, ...]
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """What a change says beside its values."""

    subject: str
    what: str
    before: str = ""
    after: str = ""
    owner: str = ""
    told_by: str = ""  # the path of another change that tells this one already


class Comparison:
    """Two flows side by side and the changes found so far.

    Values are compared in the normal forms, and told as they stand in the documents themselves.
    """

    def __init__(self, before: FlowDocument, after: FlowDocument) -> None:
        self.before = before
        self.after = after
        self.old = FlowWords(before)
        self.new = FlowWords(after)
        self.changes: list[Change] = []
        # Screens that came or went with the task that shows them, by (kind of change, screen id): that task's path.
        self.told_screens: dict[tuple[str, str], str] = {}

    def note(self, kind: str, words: Words, place: Place, *, secret: bool = False) -> Change:
        """Take note of a change. The values are read from the documents, so they are exact."""
        change = replace(self._change(kind, words, place), secret=secret)
        self.changes.append(change)
        return change

    def note_value(self, stem: str, words: Words, place: Place, *, secret: bool = False) -> Change:
        """Take note of a value that came, went or changed: the kind is the stem with -added, -removed or -changed."""
        in_before = exists_at(self.before.data, place.before)
        in_after = exists_at(self.after.data, place.after)
        if in_before and not in_after:
            return self.note(f"{stem}-removed", words, Place(place.before, None), secret=secret)
        if in_after and not in_before:
            return self.note(f"{stem}-added", words, Place(None, place.after), secret=secret)
        return self.note(f"{stem}-changed", words, place, secret=secret)

    def note_differences(
        self,
        stem: str,
        tell: Callable[[str], Words],
        values: tuple[JsonValue, JsonValue],
        place: Place,
        secret: bool = False,
    ) -> None:
        """Take note of every place where two values differ.

        C(tell) gets the dotted keys that lead to such a place, empty for the values themselves.
        """
        for difference in differences(*values, place, secret=secret):
            # "value" is how Descope wraps what it means, which says nothing to people.
            trail = ".".join(step for step in difference.trail if step != "value")
            self.note_value(stem, tell(trail), difference.place, secret=difference.secret)

    def note_layout(self, words: Words, place: Place) -> None:
        """Take note of a change of the editor's canvas."""
        self.changes.append(replace(self._change("layout-changed", words, place), layout=True))

    def _change(self, kind: str, words: Words, place: Place) -> Change:
        before, after = value_at(self.before.data, place.before), value_at(self.after.data, place.after)
        before_text, after_text = redacted_words((words.before, words.after), before, after)
        return Change(
            kind=kind,
            subject=words.subject,
            what=words.what,
            path=place.path,
            before=before,
            after=after,
            before_text=before_text,
            after_text=after_text,
            owner=words.owner,
            told_by=words.told_by,
        )


def same(left: JsonValue, right: JsonValue) -> bool:
    """Tell whether two values are equal as JSON. Python alone takes 1, 1.0 and true for equal."""
    return left is right or (left == right and _types_agree(left, right))


def _types_agree(left: JsonValue, right: JsonValue) -> bool:
    """Tell whether two values that Python finds equal consist of the same types."""
    kind = left.__class__
    if kind is dict:
        for key, member in left.items():
            if member.__class__ is str:  # most are, and nothing else equals one
                continue
            other = right[key]
            if member is not other and not _types_agree(member, other):
                return False
        return True
    if kind is list:
        for item, other in zip(left, right, strict=True):
            if item.__class__ is not str and item is not other and not _types_agree(item, other):
                return False
        return True
    return kind is right.__class__ and (kind is not float or repr(left) == repr(right))  # 0.0 == -0.0


def differences(
    before: JsonValue, after: JsonValue, place: Place, *, secret: bool = False, trail: tuple[str, ...] = ()
) -> Iterator[Difference]:
    """Find the smallest places where two values differ.

    Lists are compared item by item only where that is meaningful: items that carry a key, in the same order, or as many
    objects on both sides. All other lists count as one value.
    """
    if same(before, after):
        return
    steps = _steps(before, after, place, secret) if len(trail) < _DEEPEST else None
    if steps is None:
        yield Difference(place, trail, secret)
        return
    for step in steps:
        further = (*trail, bare(step.name))
        if step.before is _MISSING or step.after is _MISSING:
            yield Difference(step.place, further, step.secret)
        else:
            yield from differences(step.before, step.after, step.place, secret=step.secret, trail=further)


class _Step(NamedTuple):
    """A step further into two values."""

    name: str
    place: Place
    before: Any
    after: Any
    secret: bool


def _steps(before: JsonValue, after: JsonValue, place: Place, secret: bool) -> list[_Step] | None:
    """Return the steps into two values, None where they are to be told as they are."""
    if isinstance(before, dict) and isinstance(after, dict):
        hidden = secret_members(before, secret=secret) | secret_members(after, secret=secret)
        return [
            _Step(key, place.at(key), before.get(key, _MISSING), after.get(key, _MISSING), key in hidden)
            for key in sorted(before.keys() | after.keys())
        ]
    if not isinstance(before, list) or not isinstance(after, list):
        return None
    old, new = keyed(before), keyed(after)
    if old and new and in_same_order(old, new):
        return [
            _Step(
                key,
                place.each(_index(old, key), _index(new, key)),
                before[old[key]] if key in old else _MISSING,
                after[new[key]] if key in new else _MISSING,
                secret or is_secret_name(key),
            )
            for key in dict.fromkeys((*new, *old))
        ]
    if len(before) == len(after) and all(isinstance(item, dict) for item in (*before, *after)):
        return [
            _Step(str(index), place.at(index), one, other, secret)
            for index, (one, other) in enumerate(zip(before, after, strict=True))
        ]
    return None


def keyed(items: list[Any], names: tuple[str, ...] = _KEYS_OF_LISTS) -> dict[str, int]:
    """Return the index of each item by its key, empty where not every item has one of its own."""
    for name in names:
        keys = [item.get(name) if isinstance(item, dict) else None for item in items]
        if keys and all(isinstance(key, str) and key for key in keys) and len(set(keys)) == len(keys):
            return {str(key): index for index, key in enumerate(keys)}
    return {}


def in_same_order(before: dict[str, int], after: dict[str, int]) -> bool:
    """Tell whether what two keyed lists share stands in the same order in both."""
    return [key for key in before if key in after] == [key for key in after if key in before]


def _index(indexes: dict[str, int], key: str) -> Parts | None:
    return (indexes[key],) if key in indexes else None


def dotted(*names: str) -> str:
    """Join keys to one name for people, leaving out empty ones."""
    return ".".join(name for name in names if name)


def exists_at(document: JsonValue, parts: Parts | None) -> bool:
    return parts is not None and _resolve(document, parts) is not _MISSING


def value_at(document: JsonValue, parts: Parts | None) -> JsonValue:
    """Return what stands at a place in a document, None if nothing does."""
    if parts is None:
        return None
    value = _resolve(document, parts)
    return None if value is _MISSING else value


def _resolve(value: Any, parts: Parts) -> Any:
    for part in parts:
        if isinstance(part, int):
            if not isinstance(value, list) or part >= len(value):
                return _MISSING
            value = value[part]
        elif isinstance(value, dict) and part in value:
            value = value[part]
        else:
            return _MISSING
    return value
