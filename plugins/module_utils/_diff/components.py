# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""What changed on one screen: texts, inputs and buttons, where they stand and how they look."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._diff.compare import (
    Comparison,
    Place,
    Words,
    dotted,
    same,
)
from ansible_collections.community.descope.plugins.module_utils._diff.text import bare, listed
from ansible_collections.community.descope.plugins.module_utils._diff.words import (
    component_kind,
    component_name,
    naming_property,
)
from ansible_collections.community.descope.plugins.module_utils._json import (
    JsonObject,
    JsonValue,
    list_of,
    object_of,
    text_of,
)
from ansible_collections.community.descope.plugins.module_utils._redact import is_secret_name

ROOT = "ROOT"
# Properties whose value a user reads, and what people call them.
_TEXTS = {"children": "text", "helperText": "helper text", "helper-text": "helper text"}
_TEXT_ENDINGS = ("label", "placeholder", "title", "alt")
_TEXT_BEGINNINGS = ("data-errormessage", "data-password-policy-message")
_MANY_CHILDREN = 50


@dataclass(frozen=True, slots=True)
class ComponentPairs:
    """The components of one screen in both versions, by their id."""

    comparison: Comparison
    subject: str
    before: JsonObject
    after: JsonObject
    place: Place

    def words(self, what: str, before: str = "", after: str = "", owner: str = "") -> Words:
        return Words(self.subject, what, before, after, owner)

    def moved(self, node_id: str) -> str:
        """Return the path of the change that tells that a component came, went or has another parent, empty if not."""
        if (node_id in self.before) != (node_id in self.after):
            return self.path(node_id)
        before, after = object_of(self.before.get(node_id)), object_of(self.after.get(node_id))
        return "" if same(before.get("parent"), after.get("parent")) else self.place.at(node_id, "parent").path

    def path(self, node_id: str) -> str:
        """Return the path of a component, in the version of the screen that has it."""
        return self.one(node_id, node_id in self.after).path

    def one(self, node_id: str, added: bool) -> Place:
        """Return the place of a component that came or went."""
        return self.place.each(None, (node_id,)) if added else self.place.each((node_id,), None)

    def told_by_component(self, interaction: str) -> str:
        """Return the path of the change that tells of an interaction that came or went with its component."""
        return self.path(interaction) if (interaction in self.before) != (interaction in self.after) else ""

    def told_by_text(self, interaction: str, labels: tuple[JsonValue, JsonValue]) -> str:
        """Return the path of the change that tells of an interaction's label, which repeats the component's text."""
        nodes = self.before.get(interaction), self.after.get(interaction)
        texts = tuple(object_of(object_of(node).get("props")).get("children") for node in nodes)
        repeats = same(texts[0], labels[0]) and same(texts[1], labels[1])
        return self.place.at(interaction, "props", "children").path if repeats else ""


def compare_components(sides: ComponentPairs) -> None:
    for node_id in _tree_order(sides.after):
        if node_id not in sides.before:
            told = sides.words(_name(sides.after, node_id, counting=True), after=_where(sides.after, node_id))
            _note_component(sides, "component-added", node_id, told)
        elif not same(sides.before[node_id], sides.after[node_id]):
            _compare_component(sides, node_id)
    for node_id in _tree_order(sides.before):
        if node_id not in sides.after:
            told = sides.words(_name(sides.before, node_id, counting=True), before=_where(sides.before, node_id))
            _note_component(sides, "component-removed", node_id, told)


def _note_component(sides: ComponentPairs, kind: str, node_id: str, told: Words) -> None:
    """Take note of a component that came or went; what is inside a box that did is told with the box."""
    added = kind == "component-added"
    contents, other = (sides.after, sides.before) if added else (sides.before, sides.after)
    parent = text_of(object_of(contents[node_id]).get("parent"))
    told_by = sides.path(parent) if parent in contents and parent not in other else ""
    sides.comparison.note(kind, replace(told, told_by=told_by), sides.one(node_id, added))


def _compare_component(sides: ComponentPairs, node_id: str) -> None:
    before, after, place = sides.before[node_id], sides.after[node_id], sides.place.at(node_id)
    name = _name(sides.after, node_id)
    if not isinstance(before, dict) or not isinstance(after, dict):
        sides.comparison.note("component-changed", sides.words(name), place)
        return
    rest = [dict(before), dict(after)]
    if not same(before.get("parent"), after.get("parent")):
        wheres = _where(sides.before, node_id), _where(sides.after, node_id)
        sides.comparison.note("component-moved", sides.words(f"place of {name}", *wheres), place.at("parent"))
        _drop(rest, "parent")
    for key, compare in (("nodes", _compare_children), ("props", _compare_properties)):
        values = before.get(key), after.get(key)
        if type(values[0]) is type(values[1]) and compare(sides, node_id, *values):
            _drop(rest, key)
    if not same(before.get("hidden"), after.get("hidden")) and _are_flags(before.get("hidden"), after.get("hidden")):
        texts = ["hidden" if side.get("hidden") else "shown" for side in (before, after)]
        sides.comparison.note("component-property-changed", sides.words(f"{name} is", *texts), place.at("hidden"))
        _drop(rest, "hidden")
    _note_properties(sides, ("", name), (rest[0], rest[1]), place)


def _drop(sides: list[JsonObject], key: str) -> None:
    for side in sides:
        side.pop(key, None)


def _are_flags(*values: JsonValue) -> bool:
    return all(value is None or isinstance(value, bool) for value in values)


def _note_properties(
    sides: ComponentPairs, names: tuple[str, str], values: tuple[JsonValue, JsonValue], place: Place, stem: str = ""
) -> None:
    """Take note of every place where a property differs. C(names): of the property and of its component."""
    name, owner = names

    def tell(trail: str) -> Words:
        return sides.words(f"{dotted(name, trail)} of {owner}", owner=owner)

    sides.comparison.note_differences(stem or "component-property", tell, values, place, is_secret_name(name))


# --- properties -------------------------------------------------------------------------------------------------------


def _compare_properties(sides: ComponentPairs, node_id: str, before: JsonValue, after: JsonValue) -> bool:
    if not isinstance(before, dict):
        return False
    place = sides.place.at(node_id, "props")
    for key in sorted(before.keys() | after.keys()):
        if key in before and key in after:
            if not same(before[key], after[key]):
                _compare_property(sides, node_id, key, (before[key], after[key]))
            continue
        stem, name, owner = _property_words(sides, node_id, key)
        words = sides.words(f"{name} of {owner}", owner=owner)
        sides.comparison.note_value(stem, words, place.at(key), secret=is_secret_name(key))
    return True


def _compare_property(sides: ComponentPairs, node_id: str, key: str, values: tuple[JsonValue, JsonValue]) -> None:
    stem, name, owner = _property_words(sides, node_id, key)
    place = sides.place.at(node_id, "props", key)
    if key == "required" and _are_flags(*values):
        texts = ["required" if value else "optional" for value in values]
        sides.comparison.note(f"{stem}-changed", sides.words(f"{owner} is", *texts), place)
        return
    _note_properties(sides, (name, owner), values, place, stem)


def _property_words(sides: ComponentPairs, node_id: str, key: str) -> tuple[str, str, str]:
    """Return the kind of change, the property's name and its component's name."""
    owner = _name(sides.after, node_id)
    if key in _TEXTS or key.endswith(_TEXT_ENDINGS) or key.startswith(_TEXT_BEGINNINGS):
        # A component goes by its text; when just that changes, its kind says enough.
        nodes = object_of(sides.before[node_id]), object_of(sides.after[node_id])
        if key in [naming_property(node) for node in nodes]:
            owner = component_kind(nodes[1])
        return "screen-text", _TEXTS.get(key, bare(key)), owner
    return "component-property", bare(key), owner


# --- order and nesting ------------------------------------------------------------------------------------------------


def _compare_children(sides: ComponentPairs, node_id: str, before: JsonValue, after: JsonValue) -> bool:
    """Compare the order of what is inside a component. What came, went or moved elsewhere is told by itself."""
    if not isinstance(before, list) or not all(isinstance(child, str) for child in (*before, *after)):
        return False
    if before == after:
        return True
    old, new = ([child for child in side if not sides.moved(child)] for side in (before, after))
    place, name = sides.place.at(node_id, "nodes"), _name(sides.after, node_id)
    if sorted(old) != sorted(new) or old == new:
        # Telling them is the business of those that moved, unless there is something wrong with the list.
        told_by = next((path for child in (*after, *before) if (path := sides.moved(child))), "") if old == new else ""
        words = replace(sides.words(f"nodes of {name}"), told_by=told_by)
        sides.comparison.note("component-property-changed", words, place)
        return True
    alone = _moved_alone(old, new)
    if alone:
        wheres = _where(sides.before, alone), _where(sides.after, alone)
        words = sides.words(f"place of {_name(sides.after, alone)}", *wheres)
    else:
        texts = _names(sides.before, old), _names(sides.after, new)
        words = sides.words(f"order in {name}", *texts)
    sides.comparison.note("components-reordered", words, place)
    return True


def _moved_alone(before: list[str], after: list[str]) -> str:
    """Return the one component that explains a new order by having moved, empty if it takes more than one."""
    for child in reversed(after) if len(after) <= _MANY_CHILDREN else ():
        if [other for other in before if other != child] == [other for other in after if other != child]:
            return child
    return ""


def _names(contents: JsonObject, children: list[str]) -> str:
    return listed((_name(contents, child) for child in children), 6)


def _tree_order(contents: JsonObject) -> list[str]:
    """Return the ids of all components from top to bottom, then those that hang nowhere."""
    found: dict[str, None] = {}
    waiting: list[Any] = [ROOT]
    while waiting:
        node_id = waiting.pop()
        if isinstance(node_id, str) and node_id in contents and node_id not in found:
            found[node_id] = None
            waiting += reversed(list_of(object_of(contents[node_id]).get("nodes")))
    return [*found, *sorted(contents.keys() - found.keys())]


def _name(contents: JsonObject, node_id: str, *, counting: bool = False) -> str:
    """Return how to name a component; a box goes by what is in it, with C(counting) by how much, too."""
    if node_id == ROOT:
        return "the whole screen"
    name = component_name(object_of(contents.get(node_id)))
    inside = list(_leaves(contents, node_id))
    if not inside:
        return name
    more = f" and {len(inside) - 1} more" if counting and len(inside) > 1 else ""
    return f"{name} with {_name(contents, inside[0])}{more}"


def _leaves(contents: JsonObject, node_id: str) -> Iterator[str]:
    """Find the components inside a box that are no boxes themselves, from top to bottom."""
    waiting: list[Any] = [node_id]
    seen: set[str] = set()
    while waiting:
        child = waiting.pop()
        if not isinstance(child, str) or child not in contents or child in seen:
            continue
        seen.add(child)
        children = list_of(object_of(contents[child]).get("nodes"))
        waiting += reversed(children)
        if not children and child != node_id:
            yield child


def _where(contents: JsonObject, node_id: str) -> str:
    """Return where on its screen a component stands, by its neighbour."""
    parent = text_of(object_of(contents.get(node_id)).get("parent"))
    siblings = [child for child in list_of(object_of(contents.get(parent)).get("nodes")) if isinstance(child, str)]
    if node_id not in siblings:
        return "on no part of the screen"
    index = siblings.index(node_id)
    if index > 0:
        return f"after {_landmark(contents, siblings[index - 1], -1)}"
    if len(siblings) > 1:
        return f"before {_landmark(contents, siblings[1], 0)}"
    return f"in {_name(contents, parent)}" if parent == ROOT else "in a box of its own"


def _landmark(contents: JsonObject, node_id: str, end: int) -> str:
    """Return the component to find a place by: of a box its first (0) or last (-1)."""
    inside = list(_leaves(contents, node_id))
    return _name(contents, inside[end] if inside else node_id)
