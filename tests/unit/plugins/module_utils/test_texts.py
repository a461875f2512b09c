# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Texts that no rule looks into: whatever they say, validation finds the same. Else templates are trusted too far."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._flow.sources import read_source
from ansible_collections.community.descope.plugins.module_utils._validate.texts import holds_text_only
from ansible_collections.community.descope.plugins.module_utils._validate.validate import WHAT_STOPS, find_problems
from full_flow import full_flow
from json_values import Place, places, replaced
from real_flows import real_flow_files

# Texts that mean something elsewhere in a flow, and so are the likeliest to be taken for more than a text.
TELLING = [
    "0",
    "1.end",
    "ELSE",
    "END",
    "ROOT",
    "start",
    "success",
    "screen",
    "CI" + "x" * 27,
    "{{form.email}}",
    "${ x }",
]


def texts_of(flow: dict[str, Any]) -> list[Place]:
    """Every place of a flow that is said to hold a text only, and does hold one; but for its id."""
    texts = [place for place, value in places(flow) if place and isinstance(value, str) and value]
    return [place for place in texts if holds_text_only(place) and place != ("flowId",)]


def found(flow: dict[str, Any]) -> list[tuple[str, str]]:
    return [(problem.code, problem.path) for problem in find_problems(FlowDocument(flow), WHAT_STOPS)]


FULL = full_flow()
FULL_FOUND = found(FULL)


@given(st.sampled_from(texts_of(FULL)), st.one_of(st.text(min_size=1), st.sampled_from(TELLING)))
@settings(max_examples=400, deadline=None)
def test_no_text_changes_what_is_found(place: Place, text: str) -> None:
    assert found(replaced(FULL, place, text)) == FULL_FOUND


def test_nor_does_any_text_in_any_real_flow(real_flows_dir: Path) -> None:
    """All texts of a flow at once, so that two of them are the same, and one after the other what might mean more."""
    tried = 0
    for file in real_flow_files():
        flow = read_source(file)[0].data
        expected = found(flow)
        for text in TELLING:
            changed = flow
            for place in texts_of(flow):
                changed = replaced_in(changed, place, text)
                tried += 1
            assert found(changed) == expected, (file, text)
    assert tried > 10_000


def replaced_in(part: Any, place: Place, text: str) -> Any:
    """Return a part of a flow with one text replaced, sharing all the rest: there are thousands to replace."""
    key, *inner = place
    copy = part.copy()
    copy[key] = replaced_in(part[key], tuple(inner), text) if inner else text
    return copy


@pytest.mark.parametrize(
    "place",
    [
        ("contents", "startTask"),
        ("contents", "tasks", "0", "screenId"),
        ("contents", "tasks", "0", "type"),
        ("contents", "tasks", "0", "next", "rules", 0, "taskId"),
        ("contents", "tasks", "0", "arguments", "verifyStepId", "value"),
        ("contents", "tasks", "0", "arguments", "flowId", "value"),
        ("contents", "tasks", "0", "arguments", "connectorId", "value"),
        ("contents", "tasks", "0", "arguments", "providerId", "type"),
        ("screens", 0, "screenId"),
        ("screens", 0, "interactions", 0, "id"),
        ("screens", 0, "contents", "node", "parent"),
        ("screens", 0, "contents", "node", "props", "name"),
        ("screens", 0, "contents", "node", "props", "id"),
        ("references", "connectors", "Segment"),
        ("metadata", "sharedInteractions", 0, "id"),
    ],
)
def test_what_a_rule_looks_into_is_none_of_them(place: Place) -> None:
    assert not holds_text_only(place)
