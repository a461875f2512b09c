# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""When two flows change in the same way: everything that people or flows get to see counts, and nothing else."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from ansible_collections.community.descope.plugins.module_utils._deploy.alike import changes_digest
from example_flows import VERIFY, minimal_flow
from fleet_results import plan_of

Flow = dict[str, Any]
CONNECTOR = "CI3http00000000000000000000000"


def digest_of(before: Flow | None, after: Flow | None, key: bytes = b"key") -> str:
    [flow] = plan_of((before, after, "x")).flows
    return changes_digest(flow, key)


def changed(change: Callable[[Flow, Flow], Any], flow_id: str = "sign-up", key: bytes = b"key") -> tuple[str, str]:
    """Return the two halves of the digest where a title changes, and what C(change) does to before and after."""
    old, new = minimal_flow(flow_id, title="Old"), minimal_flow(flow_id, title="New")
    change(old, new)
    places, _hyphen, values = digest_of(old, new, key).partition("-")
    return places, values


def changed_by(change: Callable[[Flow, str], Any]) -> list[tuple[str, str]]:
    """Return the digests where two tenants get values of their own."""

    def put(_old: Flow, new: Flow, *, value: str) -> None:
        change(new, value)

    return [changed(partial(put, value=value)) for value in ("a", "b")]


def set_title(flow: Flow, title: str) -> None:
    flow["screens"][-1]["contents"]["title00001"]["props"]["children"] = title


def add_step(flow: Flow, **members: Any) -> None:
    flow["contents"]["tasks"]["9"] = {**copy.deepcopy(flow["contents"]["tasks"]["4"]), "id": "9", **members}


def set_argument(flow: Flow, name: str, value: Any) -> None:
    flow["contents"]["tasks"]["1"]["arguments"][name] = {"type": "inline", "value": value}


PLAIN = changed(lambda _old, _new: None)


def test_nothing_has_no_digest() -> None:
    flow = minimal_flow("a")
    assert digest_of(flow, flow) == ""


def test_another_value_in_the_same_place_is_another_change_there() -> None:
    places, values = changed(lambda _old, new: set_title(new, "Newer"))
    assert (places == PLAIN[0], values == PLAIN[1]) == (True, False)


def test_another_place_is_another_change() -> None:
    places, values = changed(lambda _old, new: add_step(new))
    assert places != PLAIN[0]
    assert values != PLAIN[1]


def test_the_end_of_a_long_text_counts() -> None:
    one, other = changed_by(lambda new, end: set_title(new, "long " * 500 + end))
    assert one[0] == other[0]
    assert one[1] != other[1]


@pytest.mark.parametrize("title", ["New", "Welcome to {id}", "{id}"])
def test_the_id_of_the_flow_does_not_count(title: str) -> None:
    def put(_old: Flow, new: Flow) -> None:
        set_title(new, title.format(id=new["flowId"]))

    assert changed(put, "acme-sign-up") == changed(put, "globex-sign-up")


def test_steps_that_come_count_with_all_that_is_in_them() -> None:
    one, other = changed_by(lambda new, end: add_step(new, arguments={"a": {"type": "inline", "value": end}}))
    assert one[0] == other[0]
    assert one[1] != other[1]


def test_screens_that_come_with_their_step_count_too() -> None:
    def come(old: Flow, new: Flow, *, text: str) -> None:
        old["screens"] = [screen for screen in old["screens"] if screen["screenId"] != VERIFY]
        shown = [task_id for task_id, task in old["contents"]["tasks"].items() if task.get("screenId") == VERIFY]
        for task_id in shown:
            del old["contents"]["tasks"][task_id]
        [screen] = [screen for screen in new["screens"] if screen["screenId"] == VERIFY]
        next(node for node in screen["contents"].values() if node["props"].get("children"))["props"]["children"] = text

    one, other = (changed(partial(come, text=text)) for text in ("a", "b"))
    assert one[0] == other[0]
    assert one[1] != other[1]


def test_what_the_server_changes_by_itself_does_not_count() -> None:
    def go(old: Flow, cache: str) -> None:
        add_step(old, type="screen", screenId=VERIFY, htmlTemplate=cache, view={"x": len(cache)})

    assert changed(lambda old, _new: go(old, "")) == changed(lambda old, _new: go(old, "cached"))


def test_connectors_of_a_step_that_comes_count_by_name() -> None:
    def come(new: Flow, name: str, own_id: str) -> None:
        new["references"] = {"connectors": {name: own_id}}
        add_step(new, action="http/get", arguments={"connectorId": {"type": "inline", "value": own_id}})

    one = changed(lambda _old, new: come(new, "Risk", CONNECTOR))
    assert one == changed(lambda _old, new: come(new, "Risk", CONNECTOR.replace("0", "1")))
    assert one[1] != changed(lambda _old, new: come(new, "Other", CONNECTOR))[1]


def test_secrets_count_as_masked() -> None:
    def put(old: Flow, new: Flow, before: str, after: str) -> None:
        set_argument(old, "apiKey", before)
        set_argument(new, "apiKey", after)

    assert changed(lambda old, new: put(old, new, "a", "b")) == changed(lambda old, new: put(old, new, "a", "c"))
    assert changed(lambda old, new: put(old, new, "a", "a")) == PLAIN


def test_that_a_secret_changed_counts() -> None:
    def put(old: Flow, new: Flow, *, token: str) -> None:
        set_argument(old, "url", "https://x.example/?a=1&token=abcd1234")
        set_argument(new, "url", f"https://x.example/?a=2&token={token}")

    one, other = (changed(partial(put, token=token)) for token in ("abcd1234", "efgh5678"))
    assert one[0] == other[0]
    assert one[1] != other[1]


def test_without_the_key_nobody_can_try_values() -> None:
    places, values = changed(lambda _old, _new: None, key=b"another")
    assert places != PLAIN[0]
    assert values != PLAIN[1]


def test_of_whole_flows_what_is_told_counts() -> None:
    one, other = (digest_of(None, minimal_flow("a", title=title)) for title in ("Welcome to Acme", "Welcome to Globex"))
    assert one == other
    smaller = minimal_flow("a")
    del smaller["contents"]["tasks"]["4"]
    assert digest_of(None, smaller).partition("-")[0] != one.partition("-")[0]
    assert digest_of(minimal_flow("a"), None) != one
