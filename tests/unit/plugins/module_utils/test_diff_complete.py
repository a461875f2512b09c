# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The semantic difference is complete, exact, the same every time and fast, on real flows and on made-up ones."""

from __future__ import annotations

import copy
import difflib
import json
import re
import time
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.community.descope.plugins.module_utils._diff.flows import (
    Change,
    diff_documents,
    render_changes,
    summarize,
)
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._flow.formats import load
from example_flows import minimal_flow
from full_flow import full_flow
from json_values import Place, json_values, places, removed, replaced
from real_flows import corrupted_flow_files, real_flow_files

MISSING = object()
_STEP = re.compile(r'\.([A-Za-z_][A-Za-z0-9_-]*|[0-9]+)|\[([0-9]+)\]|\[("(?:[^"\\]|\\.)*")\]')

RANDOM = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))


@cache
def read(path: Path) -> FlowDocument:
    return load(json.loads(path.read_text(encoding="utf-8")), path.name)


@cache
def real_documents() -> tuple[FlowDocument, ...]:
    return tuple(read(path) for path in (*real_flow_files(), *corrupted_flow_files()))


def version_pairs() -> Iterator[tuple[Path, Path]]:
    """All pairs of versions that follow each other in one repository: name.json, name.v2.json, name.v3.json, ..."""

    def key(path: Path) -> tuple[Path, str, int]:
        name, _unused, version = path.stem.partition(".v")
        return path.parent, name, int(version or 1)

    files = sorted((path for path in real_flow_files() if "raw-response" not in path.name), key=key)
    for before, after in pairwise(files):
        if key(before)[:2] == key(after)[:2]:
            yield before, after
            yield after, before


def resolve(document: Any, path: str) -> Any:
    """Follow a JSON path, by a reading of it that shares nothing with the code that writes it."""
    assert path.startswith("$")
    position = 1
    while position < len(path):
        step = _STEP.match(path, position)
        assert step, f"not a path: {path}"
        position = step.end()
        name, index, text = step.groups()
        key: Any = int(index) if index is not None else json.loads(text) if text is not None else name
        if isinstance(document, list) and isinstance(key, int):
            document = document[key] if key < len(document) else MISSING
        elif isinstance(document, dict) and isinstance(key, str):
            document = document.get(key, MISSING)
        else:
            return MISSING
        if document is MISSING:
            return MISSING
    return document


def same_json(left: Any, right: Any) -> bool:
    return json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True)


def assert_exact(before: FlowDocument, after: FlowDocument, changes: list[Change]) -> None:
    """Each change says what really stands at its path."""
    for change in changes:
        if change.kind.endswith("-removed"):
            assert same_json(resolve(before.data, change.path), change.before), change
            assert change.after is None
            continue
        found = resolve(after.data, change.path)
        assert same_json(None if found is MISSING else found, change.after), change
        if change.kind.endswith("-added"):
            assert found is not MISSING
            assert change.before is None
        assert not same_json(change.before, change.after) or change.kind.endswith("-added"), change


def assert_readable(changes: list[Change]) -> None:
    """Rendering takes whatever there is, and shows something exactly if there is something."""
    before, after = render_changes(changes)
    assert (before != after) == bool(changes)
    assert all(len(line.rstrip()) <= 100 for line in (*before.splitlines(), *after.splitlines()))
    assert (summarize(changes) == "no changes") == (not changes)
    assert len(json.dumps([change.as_dict() for change in changes])) < 1000 * (len(changes) + 1)


def assert_right(before: FlowDocument, after: FlowDocument) -> list[Change]:
    changes = diff_documents(before, after)
    differ = before.fingerprint != after.fingerprint
    assert bool([change for change in changes if not change.layout]) == differ
    assert_exact(before, after, changes)
    assert_readable(changes)
    return changes


class TestRealHistory:
    def test_every_pair_of_versions_is_told_exactly_and_the_same_every_time(self, real_flows_dir: Path) -> None:
        pairs = list(version_pairs())
        assert pairs
        for first, second in pairs:
            before, after = read(first), read(second)
            changes = assert_right(before, after)
            assert changes == diff_documents(before, after)

    def test_the_order_of_keys_does_not_matter(self, real_flows_dir: Path) -> None:
        for first, second in version_pairs():
            before, after = read(first), read(second)
            shuffled = [FlowDocument(_reversed_keys(document.data)) for document in (before, after)]
            assert render_changes(diff_documents(*shuffled)) == render_changes(diff_documents(before, after))

    def test_a_flow_does_not_differ_from_itself(self, real_flows_dir: Path) -> None:
        for document in real_documents():
            assert diff_documents(document, FlowDocument(copy.deepcopy(document.data))) == []

    def test_a_step_of_the_history_reads_in_a_few_hundred_bytes(self, real_flows_dir: Path) -> None:
        sizes = sorted(len(_shown(read(first), read(second))) for first, second in version_pairs())
        assert sizes[len(sizes) // 2] < 900
        assert sizes[-1] < 2600, "even when one flow took the place of another"

    def test_what_both_texts_share_stays_context(self, real_flows_dir: Path) -> None:
        """No line is shown as taken away in one place and added in another."""
        for first, second in version_pairs():
            lines = _shown(read(first), read(second)).splitlines()[2:]
            gone = {line[1:] for line in lines if line.startswith("-")}
            assert not [line for line in lines if line.startswith("+") and line[1:] in gone]

    def test_flows_of_different_kinds_can_be_compared(self, real_flows_dir: Path) -> None:
        documents = real_documents()
        for before, after in zip(documents, documents[7:], strict=False):
            assert_right(before, after)

    def test_every_flow_has_a_summary_of_a_few_lines(self, real_flows_dir: Path) -> None:
        for document in real_documents():
            before, after = render_changes(diff_documents(None, document))
            assert before == ""
            assert 2 <= len(after.splitlines()) <= 7
            assert len(after) < 600

    def test_two_large_flows_take_a_few_milliseconds(self, real_flows_dir: Path) -> None:
        document = max(real_documents(), key=lambda document: len(json.dumps(document.data)))
        changed = copy.deepcopy(document.data)
        changed["screens"][0]["contents"]["ROOT"]["props"]["direction"] = "row"
        other = FlowDocument(changed)
        assert diff_documents(document, other)
        best = min(_seconds(document, other) for _unused in range(20))
        assert best < 0.02  # about 2 ms; the machine may be busy

    @RANDOM
    @given(st.data())
    def test_any_change_of_a_real_flow_is_told(self, real_flows_dir: Path, data: st.DataObject) -> None:
        document = data.draw(st.sampled_from(real_documents()))
        assert_right(document, FlowDocument(mutated(data, document.data)))


class TestAnyFlow:
    @RANDOM
    @given(st.data())
    def test_any_change_is_told(self, data: st.DataObject) -> None:
        flow = data.draw(st.sampled_from([full_flow(), minimal_flow("sign-in")]))
        before = mutated(data, flow) if data.draw(st.booleans()) else flow
        assert_right(FlowDocument(before), FlowDocument(mutated(data, before)))

    @RANDOM
    @given(st.data())
    def test_the_changes_leave_nothing_open(self, data: st.DataObject) -> None:
        """From one flow, different changes lead to different flows: there is no second flow that they would fit."""
        flow = data.draw(st.sampled_from([full_flow(), minimal_flow("sign-in")]))
        before, after = FlowDocument(mutated(data, flow)), FlowDocument(mutated(data, flow))
        other = FlowDocument(mutated(data, after.data))
        if told(before, after) == told(before, other):
            assert after.fingerprint == other.fingerprint

    @RANDOM
    @given(st.data())
    def test_no_shape_is_too_odd(self, data: st.DataObject) -> None:
        """Any JSON where an object, a list or a text should be, on either side."""
        flows = []
        for _unused in range(2):
            flow = full_flow()
            for _unused in range(data.draw(st.integers(1, 3))):
                place = data.draw(st.sampled_from([place for place, _unused in places(flow) if place]))
                flow = replaced(flow, place, data.draw(json_values()))
            flows.append(FlowDocument(flow))
        assert_right(*flows)
        assert_readable(diff_documents(None, flows[0]))

    @RANDOM
    @given(json_values(), json_values())
    def test_any_json_object_can_be_compared(self, left: Any, right: Any) -> None:
        both, one = FlowDocument({"contents": left, "screens": right}), FlowDocument({"contents": right})
        assert_right(both, one)
        assert_right(one, both)

    def test_python_takes_one_and_true_for_equal_but_json_does_not(self) -> None:
        flow = full_flow()
        for other in (True, 1.0):
            flow["contents"]["tasks"]["1"]["futureTask"] = [1]
            changed = replaced(flow, ("contents", "tasks", "1", "futureTask"), [other])
            (change,) = assert_right(FlowDocument(flow), FlowDocument(changed))
            assert change.path == "$.contents.tasks.1.futureTask"


def told(before: FlowDocument, after: FlowDocument) -> str:
    changes = [change for change in diff_documents(before, after) if not change.layout]
    known = [{"kind": change.kind, "path": change.path, "now": change.after} for change in changes]
    return json.dumps(known, sort_keys=True)


def mutated(data: st.DataObject, flow: dict[str, Any]) -> dict[str, Any]:
    """Return a copy of a flow with something replaced, removed, added or put in another order, once to three times."""
    for _unused in range(data.draw(st.integers(1, 3))):
        change = data.draw(st.sampled_from([_replace, _remove, _add, _reorder]))
        found = [(place, value) for place, value in places(flow) if place and _fits(change, value)]
        flow = change(data, flow, *data.draw(st.sampled_from(found))) if found else flow
    return flow


def _fits(change: Any, value: Any) -> bool:
    return change is not _reorder or (isinstance(value, list) and len(value) > 1)


def _replace(data: st.DataObject, flow: dict[str, Any], place: Place, value: Any) -> dict[str, Any]:
    changed: dict[str, Any] = replaced(flow, place, data.draw(json_values()))
    return changed


def _remove(data: st.DataObject, flow: dict[str, Any], place: Place, value: Any) -> dict[str, Any]:
    changed: dict[str, Any] = removed(flow, place)
    return changed


def _add(data: st.DataObject, flow: dict[str, Any], place: Place, value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        value = {**value, data.draw(st.sampled_from(["name", "label", "new", "12.end"])): data.draw(json_values())}
    elif isinstance(value, list):
        value = [*value, data.draw(json_values() if not value else st.sampled_from(value))]
    else:
        value = f"{value} changed"
    return {**flow, **replaced(flow, place, value)}


def _reorder(data: st.DataObject, flow: dict[str, Any], place: Place, value: Any) -> dict[str, Any]:
    return {**flow, **replaced(flow, place, value[::-1])}


def _reversed_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _reversed_keys(value[key]) for key in reversed(value)}
    return [_reversed_keys(item) for item in value] if isinstance(value, list) else value


def _shown(before: FlowDocument, after: FlowDocument) -> str:
    """What Ansible shows: a line-wise diff with three lines of context."""
    old, new = render_changes(diff_documents(before, after))
    return "".join(difflib.unified_diff(old.splitlines(True), new.splitlines(True), "before", "after"))


def _seconds(before: FlowDocument, after: FlowDocument) -> float:
    began = time.process_time()
    render_changes(diff_documents(before, after))
    return time.process_time() - began
