# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""How a flow describes itself to people, and that a damaged one still can."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from ansible_collections.community.descope.plugins.module_utils._diff.flows import diff_documents
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument, json_path
from ansible_collections.community.descope.plugins.module_utils._flow.formats import load
from example_flows import minimal_flow
from full_flow import VERIFY, WELCOME, full_flow
from json_values import json_values, replaced


def test_the_parts_of_a_flow() -> None:
    document = FlowDocument(full_flow("sign-in"), "flows/sign-in.json")
    assert document.flow_id == "sign-in"
    assert document.name == "Sign Up or In"
    assert document.source == "flows/sign-in.json"
    assert document.contents["startTask"] == "0"
    assert document.tasks["6"]["action"] == "logged-in"
    assert [screen["screenId"] for screen in document.screens] == [VERIFY, WELCOME]
    assert document.references["roles"] == {"Member": "RL1"}


def test_names_for_people() -> None:
    document = FlowDocument(full_flow())
    assert document.task_label("1") == 'task "Sign Up or In / OAuth" (1)'
    assert document.task_label("start") == "task start"
    assert document.task_label("99") == "task 99"
    assert document.screen_label(WELCOME) == 'screen "Welcome" (SC3f...ome0)'
    assert document.screen_label("SC0") == "screen SC0"
    assert document.interaction_label("0", "google0001") == "Continue with Google"
    assert document.interaction_label("2", "isNew") == "New user"
    assert document.interaction_label("2", "ELSE") == "Known user"
    assert document.interaction_label("3", "success") == "success"
    assert document.interaction_label("99", "success") == "success"


def test_a_screen_goes_by_the_first_task_that_shows_it() -> None:
    flow = full_flow()
    for task_id in ("10", "9"):
        shown = {"id": task_id, "name": f"Shown by {task_id}", "type": "screen", "screenId": "SCx"}
        flow["contents"]["tasks"][task_id] = shown
    assert FlowDocument(flow).screen_label("SCx") == 'screen "Shown by 9" (SCx)'


def test_another_id_is_another_document() -> None:
    document = FlowDocument(full_flow("sign-in"), "a.json")
    renamed = document.with_flow_id("acme-sign-in")
    assert (renamed.flow_id, document.flow_id, renamed.source) == ("acme-sign-in", "sign-in", "a.json")
    assert renamed.fingerprint != document.fingerprint
    assert renamed.contents is document.contents


@given(json_values(), json_values())
@settings(max_examples=50, deadline=None)
def test_a_damaged_flow_can_be_looked_at(first: Any, second: Any) -> None:
    for place in (("metadata",), ("contents",), ("contents", "tasks"), ("screens",), ("references",), ("flowId",)):
        document = FlowDocument(replaced({**full_flow(), "references": first}, place, second))
        assert isinstance(document.flow_id + document.name, str)
        assert isinstance(document.task_label("0") + document.screen_label(WELCOME), str)
        assert document.interaction_label("0", "nothing") == "nothing"
        assert all(isinstance(screen, dict) for screen in document.screens)


@pytest.mark.parametrize(
    ("parts", "path"),
    [
        ((), "$"),
        (("metadata", "name"), "$.metadata.name"),
        (("contents", "tasks", "12", "next", "rules", 0, "taskId"), "$.contents.tasks.12.next.rules[0].taskId"),
        (("contents", "tasks", "12.end"), '$.contents.tasks["12.end"]'),
        (("props", "data-type", "3WevBAuJQL", "_x"), '$.props.data-type["3WevBAuJQL"]._x'),
        (("", 'a"b', "-x", "é"), '$[""]["a\\"b"]["-x"]["é"]'),
        (("two\nlines", "\x9b1m"), '$["two\\nlines"]["\\u009b1m"]'),
    ],
)
def test_paths(parts: tuple[str | int, ...], path: str) -> None:
    assert json_path(*parts) == path


class Tagged(str):
    """A string as variables give it: Ansible's own kind, which is a string too."""


def test_an_id_from_a_variable_is_no_change_of_the_flow() -> None:
    live = FlowDocument(minimal_flow("acme", title="As it was"))

    renamed = FlowDocument(minimal_flow("x")).with_flow_id(Tagged("acme"))
    loaded = load(minimal_flow("x"), "", flow_id=Tagged("acme"))

    for wanted in (renamed, loaded):
        assert [change.kind for change in diff_documents(live, wanted)] == ["screen-text-changed"]
