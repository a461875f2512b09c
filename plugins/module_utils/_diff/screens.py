# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""What changed on the screens of a flow: texts, inputs and buttons, where they stand and how they look."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._diff.compare import (
    EVERYWHERE,
    Comparison,
    Place,
    Words,
    in_same_order,
    keyed,
    same,
)
from ansible_collections.community.descope.plugins.module_utils._diff.components import (
    ComponentPairs,
    compare_components,
)
from ansible_collections.community.descope.plugins.module_utils._diff.text import bare, quoted
from ansible_collections.community.descope.plugins.module_utils._diff.words import (
    screen_content,
)
from ansible_collections.community.descope.plugins.module_utils._json import (
    JsonObject,
    JsonValue,
    list_of,
    object_of,
    text_of,
)

_SCREENS = EVERYWHERE.at("screens")


def compare_screens(comparison: Comparison, before: JsonValue, after: JsonValue) -> None:
    """Take note of all differences between the screens of two normal forms."""
    old, new = _by_id(before), _by_id(after)
    odd = {
        screen_id for screen_id in (*old, *new) if len(old.get(screen_id, ())) > 1 or len(new.get(screen_id, ())) > 1
    }
    odd.add("")
    places = _raw_indexes(comparison.before.data), _raw_indexes(comparison.after.data)
    order = {screen_id: None for words in (comparison.new, comparison.old) for screen_id in words.shown_screens}
    for screen_id in dict.fromkeys((*order, *new, *old)):
        if screen_id in odd or (screen_id not in old and screen_id not in new):
            continue
        old_place, new_place = (
            (indexes[screen_id],) if screen_id in side else None
            for indexes, side in zip(places, (old, new), strict=True)
        )
        place = _SCREENS.each(old_place, new_place)
        if screen_id not in new:
            _note_screen(comparison, "screen-removed", screen_id, old[screen_id][0], place)
        elif screen_id not in old:
            _note_screen(comparison, "screen-added", screen_id, new[screen_id][0], place)
        elif not same(old[screen_id][0], new[screen_id][0]):
            _compare_screen(comparison, screen_id, old[screen_id][0], new[screen_id][0], place)
    if any(not same(old.get(screen_id), new.get(screen_id)) for screen_id in odd):
        words = Words(comparison.new.flow, "screens without an id of their own")
        comparison.note_value("screens", words, _SCREENS)


def _by_id(screens: JsonValue) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for screen in list_of(screens):
        found.setdefault(text_of(object_of(screen).get("screenId")), []).append(screen)
    return found


def _raw_indexes(document: JsonObject) -> dict[str, int]:
    """Return where each screen stands in the document itself; the normal form has them sorted."""
    return {
        text_of(object_of(screen).get("screenId")): index
        for index, screen in enumerate(list_of(document.get("screens")))
    }


def _note_screen(comparison: Comparison, kind: str, screen_id: str, screen: JsonObject, place: Place) -> None:
    content = screen_content(screen)
    told_by = comparison.told_screens.get((kind, screen_id), "")
    if kind == "screen-added":
        words = Words(comparison.new.screen(screen_id), "added", after=content, told_by=told_by)
    else:
        words = Words(comparison.old.screen(screen_id), "removed", before=content, told_by=told_by)
    comparison.note(kind, words, place)


def _compare_screen(
    comparison: Comparison, screen_id: str, before: JsonObject, after: JsonObject, place: Place
) -> None:
    subject = comparison.new.screen(screen_id)
    contents = before.get("contents"), after.get("contents")
    rest = [dict(before), dict(after)]
    if isinstance(contents[0], dict) and isinstance(contents[1], dict):
        sides = ComponentPairs(comparison, subject, contents[0], contents[1], place.at("contents"))
        if not same(*contents):
            compare_components(sides)
        for side in rest:
            del side["contents"]
        if _have_ids(before, after):
            lists = list_of(before.get("interactions")), list_of(after.get("interactions"))
            _compare_interactions(sides, *lists, place.at("interactions"))
            for side in rest:
                side.pop("interactions", None)
    comparison.note_differences("screen-property", lambda trail: Words(subject, trail), (rest[0], rest[1]), place)


def _have_ids(before: JsonObject, after: JsonObject) -> bool:
    """Tell whether the interactions of both screens are lists of objects with an id of their own."""
    lists = [side.get("interactions", []) for side in (before, after)]
    return all(isinstance(entries, list) and len(keyed(entries, ("id",))) == len(entries) for entries in lists)


# --- interactions -----------------------------------------------------------------------------------------------------


def _compare_interactions(sides: ComponentPairs, before: list[Any], after: list[Any], place: Place) -> None:
    """Compare what a user can do on a screen.

    The editor derives these from the components, so what only repeats the change of a component is told with it.
    """
    old, new = keyed(before, ("id",)), keyed(after, ("id",))
    for key in dict.fromkeys((*new, *old)):
        one = before[old[key]] if key in old else None
        other = after[new[key]] if key in new else None
        where = place.each((old[key],) if key in old else None, (new[key],) if key in new else None)
        owner = _interaction_name(other or one)
        if one is None or other is None:
            told_by = sides.told_by_component(key)
            words = sides.words(f"interaction {owner}", owner=owner)
            sides.comparison.note_value("interaction", replace(words, told_by=told_by), where)
        elif not same(one, other):
            _compare_interaction(sides, key, (one, other), where)
    if not in_same_order(old, new):
        sides.comparison.note("interactions-reordered", sides.words("interactions re-ordered"), place)


def _compare_interaction(
    sides: ComponentPairs, node_id: str, values: tuple[JsonObject, JsonObject], place: Place
) -> None:
    owner = _interaction_name(values[1])
    told_by = sides.told_by_text(node_id, (values[0].get("label"), values[1].get("label")))

    def tell(trail: str) -> Words:
        words = sides.words(f"{trail} of interaction {owner}", owner=owner)
        return replace(words, told_by=told_by if trail == "label" else "")

    sides.comparison.note_differences("interaction", tell, values, place)


def _interaction_name(entry: JsonValue) -> str:
    entry = object_of(entry)
    return quoted(text_of(entry.get("label"))) if text_of(entry.get("label")) else bare(text_of(entry.get("id")))
