# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""When two flows are the same: exactly what the server changes by itself is ignored."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._flow.formats import load
from ansible_collections.community.descope.plugins.module_utils._flow.normal import fingerprint_of, normal_form
from example_flows import minimal_flow
from full_flow import full_flow
from json_values import Place, json_values, leaves, places, removed, replaced
from real_flows import real_flow_files
from server_noise import EDITOR_CACHES


@cache
def flows() -> tuple[Any, ...]:
    """The flows to try things on: our own, and a few of the real ones where there are any."""
    real = [load(json.loads(path.read_text(encoding="utf-8"))).data for path in real_flow_files()[::6]]
    return (full_flow(), minimal_flow("sign-in"), *real)


def some_flow() -> st.SearchStrategy[Any]:
    return st.deferred(lambda: st.sampled_from(flows()))


def fingerprint(data: Any) -> str:
    return FlowDocument(data).fingerprint


# --- what counts ------------------------------------------------------------------------------------------------------


def is_noise(flow: Any, place: Place) -> bool:
    """Say whether a place may differ between two equal flows, written down a second time, as prose has it."""
    match place:
        case ("references" | "version" | "etag" | "modifiedTime", *_):
            return True
        case ("metadata", "componentsVersion", *_):
            return True
        case ("contents", "tasks", str() as task_id, "view", *_):
            return task_id in flow["contents"]["tasks"]
        case ("contents", "tasks", str() as task_id, member, *_):
            return flow["contents"]["tasks"][task_id].get("type") == "screen" and member in EDITOR_CACHES
    return False


def other(value: Any) -> Any:
    """Return a value of the same kind that neither equals this one nor a default."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, str):
        return value + "~"
    if isinstance(value, int | float):
        return value + 1 or value + 2
    return "~" if value is None else [1] if isinstance(value, list) else {"~": 1}


@cache
def telling_leaves() -> list[tuple[Any, Place, Any]]:
    """Every flow with every place in it that counts and what is there."""
    return [(flow, place, value) for flow in flows() for place, value in leaves(flow) if not is_noise(flow, place)]


@cache
def telling_objects() -> list[tuple[Any, Place]]:
    """Every flow with every object in it that counts."""
    return [
        (flow, place)
        for flow in flows()
        for place, value in places(flow)
        if isinstance(value, dict) and not is_noise(flow, place)
    ]


@given(st.deferred(lambda: st.sampled_from(telling_leaves())))
@settings(max_examples=300, deadline=None)
def test_every_other_leaf_counts(leaf: tuple[Any, Place, Any]) -> None:
    flow, place, value = leaf
    assert fingerprint(replaced(flow, place, other(value))) != fingerprint(flow), place


@given(st.deferred(lambda: st.sampled_from(telling_objects())))
@settings(max_examples=200, deadline=None)
def test_a_new_member_anywhere_counts(telling: tuple[Any, Place]) -> None:
    flow, place = telling
    assert fingerprint(replaced(flow, (*place, "aMemberNobodyKnows"), "new")) != fingerprint(flow), place


def test_every_leaf_of_a_whole_flow_counts() -> None:
    flow = full_flow()
    original = fingerprint(flow)
    same = [
        place
        for place, value in leaves(flow)
        if not is_noise(flow, place) and fingerprint(replaced(flow, place, other(value))) == original
    ]
    assert same == []


@pytest.mark.parametrize("default", [False, 0, "", None, [], {}])
def test_a_default_inside_contents_counts(default: Any) -> None:
    flow = full_flow()
    for place in (
        ("contents", "tasks", "1", "arguments", "futureArgument"),
        ("contents", "futureMember"),
        ("screens", 0, "contents", "codeSubmit", "props", "futureProp"),
        ("screens", 0, "futureMember"),
        ("futureTopLevelMember",),
    ):
        assert fingerprint(replaced(flow, place, default)) != fingerprint(flow), place


def test_how_many_items_a_list_has_counts_even_if_they_are_empty() -> None:
    for place in (("metadata", "sharedInteractions"), ("screens", 1, "interactions")):
        one = replaced(full_flow(), place, [{"id": "a"}])
        assert fingerprint(replaced(one, place, [{"id": "a"}, {"id": ""}])) != fingerprint(one)


def test_the_order_of_rules_counts() -> None:
    flow = full_flow()
    rules = flow["contents"]["tasks"]["0"]["next"]["rules"]
    swapped = replaced(flow, ("contents", "tasks", "0", "next", "rules"), [rules[1], rules[0], *rules[2:]])
    assert fingerprint(swapped) != fingerprint(flow)


def test_the_order_of_nodes_on_a_screen_counts() -> None:
    flow = full_flow()
    place = ("screens", 1, "contents", "box0000001", "nodes")
    assert fingerprint(replaced(flow, place, ["google0001", "continue01"])) != fingerprint(flow)


def test_true_and_one_differ() -> None:
    flow = full_flow()
    assert fingerprint(replaced(flow, ("screens", 0, "contents", "ROOT", "isCanvas"), 1)) != fingerprint(flow)


def test_all_input_keys_count_unless_they_are_empty() -> None:
    flow = minimal_flow("sign-in")
    place = ("contents", "tasks", "0", "allInputKeys")
    assert fingerprint(replaced(flow, place, [])) == fingerprint(flow)
    assert fingerprint(replaced(flow, place, ["email"])) != fingerprint(flow)


def test_editor_caches_count_on_tasks_that_show_no_screen() -> None:
    flow = full_flow()
    for cache_name in EDITOR_CACHES:
        place = ("contents", "tasks", "1", cache_name)
        assert fingerprint(replaced(flow, place, {"a": 1})) != fingerprint(flow)


# --- what does not ----------------------------------------------------------------------------------------------------


def _on_every_screen_task(flow: Any, **members: Any) -> Any:
    tasks = flow["contents"]["tasks"]
    shown = {key: {**task, **members} for key, task in tasks.items() if task.get("type") == "screen"}
    return replaced(flow, ("contents", "tasks"), {**tasks, **shown})


def _in_every_interaction(flow: Any, **members: Any) -> Any:
    screens = [
        {**screen, "interactions": [{**members, **one} for one in screen.get("interactions") or []]}
        for screen in flow.get("screens") or []
    ]
    shared = [{**members, **one} for one in flow["metadata"].get("sharedInteractions") or []]
    return {**flow, "screens": screens, "metadata": {**flow["metadata"], "sharedInteractions": shared}}


def _in_metadata(flow: Any, **members: Any) -> Any:
    return {**flow, "metadata": {**members, **flow["metadata"]}}


def _moved(flow: Any) -> Any:
    tasks = {key: {**task, "view": {"x": 1.5, "y": -7}} for key, task in flow["contents"]["tasks"].items()}
    return replaced(flow, ("contents", "tasks"), tasks)


NOISE: dict[str, Callable[[Any, Any], Any]] = {
    "components version": lambda flow, value: replaced(flow, ("metadata", "componentsVersion"), value),
    "references": lambda flow, value: {**flow, "references": value},
    "console version": lambda flow, value: {**flow, "version": value},
    "console etag": lambda flow, value: {**flow, "etag": value},
    "console time": lambda flow, value: {**flow, "modifiedTime": value},
    "canvas position": lambda flow, _value: _moved(flow),
    "default in metadata": lambda flow, _value: _in_metadata(
        flow, disabled=False, widget=False, description="", translation=None, managementConfig={"triggers": {}}
    ),
    "default in interactions": lambda flow, _value: _in_every_interaction(flow, icon="", type="", label="", subType=""),
    "empty input keys": lambda flow, _value: (
        _on_every_screen_task(flow, allInputKeys=[]) if "allInputKeys" not in json.dumps(flow) else flow
    ),
    "order of screens": lambda flow, _value: {**flow, "screens": list(reversed(flow.get("screens") or []))},
    "order of members": lambda flow, _value: json.loads(json.dumps(flow, sort_keys=True)),
    **{
        name: lambda flow, value, name=name: _on_every_screen_task(flow, **{name: value})  # type: ignore[misc]
        for name in EDITOR_CACHES
    },
}


@given(some_flow(), st.lists(st.sampled_from(sorted(NOISE)), min_size=1, max_size=5), json_values())
@settings(max_examples=300, deadline=None)
def test_noise_does_not_count(flow: Any, kinds: list[str], value: Any) -> None:
    noisy = flow
    for kind in kinds:
        noisy = NOISE[kind](noisy, value)
    assert normal_form(noisy) == normal_form(flow)
    assert fingerprint(noisy) == fingerprint(flow)


@pytest.mark.parametrize("kind", sorted(NOISE))
def test_every_kind_of_noise_changes_the_flow(kind: str) -> None:
    """Else the test above would show nothing."""
    flow = removed(full_flow(), ("contents", "tasks", "0", "allInputKeys"))
    changed = NOISE[kind](flow, "a value that is not there yet")
    assert json.dumps(changed) != json.dumps(flow)


def test_absent_and_empty_screens_and_interactions_are_the_same() -> None:
    flow = minimal_flow("sign-in")
    assert fingerprint({**flow, "screens": []}) == fingerprint(removed(flow, ("screens",)))
    without = removed(flow, ("screens", 0, "interactions"))
    assert fingerprint(replaced(flow, ("screens", 0, "interactions"), [])) == fingerprint(without)


def test_canvas_positions_count_when_asked() -> None:
    flow = full_flow()
    assert normal_form(flow, layout=True) != normal_form(_moved(flow), layout=True)
    assert normal_form(flow) == normal_form(_moved(flow))


# --- how it behaves ---------------------------------------------------------------------------------------------------


@given(some_flow() | st.dictionaries(st.text(max_size=8), json_values()), st.booleans())
@settings(deadline=None)
def test_idempotent_and_leaves_its_input_alone(flow: Any, layout: bool) -> None:
    before = copy.deepcopy(flow)
    normal = normal_form(flow, layout=layout)
    assert flow == before
    assert normal_form(normal, layout=layout) == normal
    assert fingerprint_of(normal_form(normal, layout=layout)) == fingerprint_of(normal)


@given(st.sampled_from([place for place, _value in places(full_flow()) if place]), json_values())
@settings(deadline=None)
def test_takes_any_damaged_flow(place: Place, value: Any) -> None:
    assert len(fingerprint(replaced(full_flow(), place, value))) == 64


def test_shares_what_it_does_not_change() -> None:
    flow = full_flow()
    normal = normal_form(flow)
    assert normal["screens"][0]["contents"] is flow["screens"][0]["contents"]
    assert normal["contents"]["tasks"]["1"]["arguments"] is flow["contents"]["tasks"]["1"]["arguments"]


def test_fingerprints_hold_what_utf_8_cannot() -> None:
    assert len(fingerprint(replaced(full_flow(), ("metadata", "name"), "half a pair: \ud83d"))) == 64
