# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Flows in project snapshots: file names as Descope's, assets back in their places, and what does not match named."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.community.descope.plugins.module_utils._errors import InputError
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._flow.formats import Format, dump, load_snapshot
from ansible_collections.community.descope.plugins.module_utils._flow.snapshot import load_snapshot_flow
from example_flows import minimal_flow
from full_flow import VERIFY, WELCOME, full_flow
from json_values import json_values
from real_flows import snapshot_dirs

Files = dict[str, Any]


def snapshot_of(*flows: dict[str, Any]) -> Files:
    """Return a whole snapshot of some flows, as the Management API exports it."""
    files: Files = {"project.json": {"name": "Test"}, "flows/flows.json": {"flows": [flow["flowId"] for flow in flows]}}
    for flow in flows:
        parts = dump(FlowDocument(flow), Format.SNAPSHOT)
        files |= {f"flows/{flow['flowId']}/{name}": content for name, content in parts.items()}
    return files


def problems_in(files: Files) -> list[tuple[str, str, str]]:
    with pytest.raises(InputError) as caught:
        load_snapshot(files, "snap")
    return [(problem.code, problem.source, problem.path) for problem in caught.value.problems]


# --- reading ----------------------------------------------------------------------------------------------------------


def test_every_flow_of_the_index_is_read_in_its_order() -> None:
    flows = load_snapshot(snapshot_of(minimal_flow("sign-in"), minimal_flow("mfa"), minimal_flow("a")), "snap")
    assert list(flows) == ["sign-in", "mfa", "a"]
    assert [flow.flow_id for flow in flows.values()] == ["sign-in", "mfa", "a"]
    assert flows["mfa"].source == "snap/flows/mfa"
    assert flows["mfa"].fingerprint == FlowDocument(minimal_flow("mfa")).fingerprint


def test_files_may_be_objects_or_json_text() -> None:
    files = snapshot_of(minimal_flow("sign-in"))
    as_text = {path: json.dumps(content) for path, content in files.items()}
    assert load_snapshot(as_text)["sign-in"].data == load_snapshot(files)["sign-in"].data


def test_a_project_without_flows_has_none() -> None:
    assert load_snapshot({"project.json": {}}) == {}
    assert load_snapshot(snapshot_of()) == {}


def test_without_an_index_every_directory_counts() -> None:
    files = snapshot_of(minimal_flow("b"), minimal_flow("a"))
    del files["flows/flows.json"]
    assert list(load_snapshot(files)) == ["a", "b"]


def _without(*paths: str) -> Callable[[Files], None]:
    def change(files: Files) -> None:
        for path in paths:
            del files[path]

    return change


def _with(path: str, content: Any) -> Callable[[Files], None]:
    def change(files: Files) -> None:
        files[path] = content

    return change


def _listing(path: str, key: str, names: Any) -> Callable[[Files], None]:
    def change(files: Files) -> None:
        files[path] = {**files[path], key: names}

    return change


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (_listing("flows/flows.json", "flows", ["a", "b", "c"]), [("missing-flow-directory", "snap/flows/c", "")]),
        (_listing("flows/flows.json", "flows", ["a"]), [("flow-not-listed", "snap/flows/b", "")]),
        (_with("flows/flows.json", ["a", "b"]), [("invalid-flow-index", "snap/flows/flows.json", "")]),
        (_listing("flows/flows.json", "flows", [1]), [("invalid-flow-index", "snap/flows/flows.json", "")]),
        (_with("flows/flows.json", "{"), [("invalid-json", "snap/flows/flows.json", "")]),
        (_without("flows/a/contents.json"), [("missing-file", "snap/flows/a/contents.json", "")]),
        (_without("flows/a/metadata.json"), [("missing-file", "snap/flows/a/metadata.json", "")]),
        (
            _listing("flows/a/metadata.json", "screens", ["verify-otp", "welcome", "gone"]),
            [("missing-screen-file", "snap/flows/a/metadata.json", "$.screens[2]")],
        ),
        (
            _listing("flows/a/metadata.json", "screens", ["welcome"]),
            [("screen-not-listed", "snap/flows/a/screen-verify-otp.json", "")],
        ),
        (
            _without("flows/a/screen-verify-otp.json"),
            [("missing-screen-file", "snap/flows/a/metadata.json", "$.screens[0]")],
        ),
        (
            _listing("flows/a/metadata.json", "screens", "welcome"),
            [("wrong-type", "snap/flows/a/metadata.json", "$.screens")],
        ),
        (_with("flows/a/screen-welcome.json", []), [("wrong-type", "snap/flows/a/screen-welcome.json", "")]),
        (_with("flows/a/contents.json", "{,"), [("invalid-json", "snap/flows/a/contents.json", "")]),
    ],
)
def test_what_does_not_match_is_named(change: Callable[[Files], None], expected: list[tuple[str, str, str]]) -> None:
    files = snapshot_of(minimal_flow("a"), minimal_flow("b"))
    change(files)
    assert problems_in(files) == expected


def test_all_problems_of_all_flows_are_told_at_once() -> None:
    files = snapshot_of(minimal_flow("a"), minimal_flow("b"))
    del files["flows/a/contents.json"]
    files["flows/b/metadata.json"] = "{"
    files["flows/b/screen-welcome.json"] = '{"a": 1, "a": 2}'
    assert [code for code, _source, _path in problems_in(files)] == ["missing-file", "invalid-json", "duplicate-key"]
    with pytest.raises(InputError) as caught:
        load_snapshot(files)
    assert [problem.flow_id for problem in caught.value.problems] == ["a", "b", "b"]


def test_a_directory_with_an_impossible_name_is_no_flow() -> None:
    files = dump(FlowDocument(minimal_flow("a")), Format.SNAPSHOT)
    with pytest.raises(InputError) as caught:
        load_snapshot_flow(files, "my flow", "", {})
    assert [problem.code for problem in caught.value.problems] == ["invalid-flow-id"]


@given(st.sampled_from(sorted(snapshot_of(full_flow("a")))), json_values())
@settings(deadline=None)
def test_any_content_of_any_file_is_a_flow_or_an_input_error(path: str, content: Any) -> None:
    files = snapshot_of(full_flow("a")) | {path: content}
    try:
        flows = load_snapshot(files)
    except InputError as error:
        assert error.problems  # noqa: PT017  both outcomes are right, depending on the content
    else:
        assert all(flow.fingerprint for flow in flows.values())


# --- assets -----------------------------------------------------------------------------------------------------------

SCRIPT = "const greeting = `Hello ${name}`;"


def _asset(value: str, kind: str = "value", extension: str = "txt") -> str:
    return f"{kind}-{hashlib.sha256(value.encode()).hexdigest()}.{extension}"


def _flow_with_asset(reference: str) -> Files:
    flow = minimal_flow("a")
    flow["contents"]["tasks"]["1"]["arguments"]["code"] = {"type": "inline", "value": [reference, "plain"]}
    return snapshot_of(flow)


@pytest.mark.parametrize("added", ["", "\n"], ids=["from the API", "from files, which end with a newline"])
def test_assets_return_to_their_places(added: str) -> None:
    name = _asset(SCRIPT)
    files = _flow_with_asset(f"asset:{name}") | {f"assets/{name}": SCRIPT + added}
    flow = load_snapshot(files)["a"]
    assert flow.tasks["1"]["arguments"]["code"]["value"] == [SCRIPT, "plain"]


def test_an_edited_asset_is_taken_as_it_is() -> None:
    name = _asset(SCRIPT)
    files = _flow_with_asset(f"asset:{name}") | {f"assets/{name}": "edited\n"}
    assert load_snapshot(files)["a"].tasks["1"]["arguments"]["code"]["value"][0] == "edited\n"


def test_a_missing_asset_is_named_with_its_place() -> None:
    files = _flow_with_asset(f"asset:{_asset(SCRIPT)}")
    place = "$.tasks.1.arguments.code.value[0]"
    assert problems_in(files) == [("missing-asset", "snap/flows/a/contents.json", place)]


def test_an_image_is_refused_because_nobody_knows_its_form_inside_a_flow() -> None:
    name = _asset("<svg/>", "img", "svg")
    files = _flow_with_asset(f"asset:{name}") | {f"assets/{name}": "PHN2Zy8+"}
    assert [code for code, _source, _path in problems_in(files)] == ["unsupported-asset"]


@pytest.mark.parametrize("text", ["asset:", "asset: the new building", "asset:value-123.txt", "an asset:value"])
def test_texts_that_only_look_like_assets_stay(text: str) -> None:
    assert load_snapshot(_flow_with_asset(text))["a"].tasks["1"]["arguments"]["code"]["value"][0] == text


# --- writing ----------------------------------------------------------------------------------------------------------


def _names(*screens: tuple[str, str]) -> list[str]:
    """Return the screen files of a flow whose tasks of these names show these screens."""
    tasks = {
        str(number): {"id": str(number), "name": name, "type": "screen", "screenId": screen_id}
        for number, (name, screen_id) in enumerate(screens)
    }
    flow = {
        "flowId": "a",
        "contents": {"tasks": tasks},
        "screens": [{"screenId": screen_id, "contents": {}} for _name, screen_id in screens],
    }
    files = dump(FlowDocument(flow), Format.SNAPSHOT)
    assert files["metadata.json"]["screens"] == sorted(
        name.removeprefix("screen-").removesuffix(".json") for name in files if name.startswith("screen-")
    )
    return [name for name in files if name.startswith("screen-")]


def test_screen_files_are_named_like_their_tasks() -> None:
    assert _names(("Promote Passkeys (WebAuthn)", VERIFY)) == ["screen-promote-passkeys-webauthn.json"]


def test_screens_of_one_name_get_the_end_of_their_ids() -> None:
    names = _names(("Sent", "SC3FTN78kADmjvDQYP3kAU2VRV7O7"), ("Sent", WELCOME), ("Welcome", VERIFY))
    assert names == ["screen-sent-V7O7.json", "screen-sent-ome0.json", "screen-welcome.json"]


def test_screens_that_nobody_named_get_their_ids() -> None:
    names = _names(("New Screen", "SC3G6RUEYm7SeNZO0dnfIhv0uvMG4"), ("日本", "SC3G6P4eetW3sbW5u2s2RJSTburNj"))
    assert names == ["screen-3G6RUEYm7SeNZO0dnfIhv0uvMG4.json", "screen-3G6P4eetW3sbW5u2s2RJSTburNj.json"]


@given(
    st.lists(st.tuples(st.sampled_from(["Sent", "sent", "Sent ABCD", "New Screen", "", "/../x"]), st.text(max_size=6)))
)
@settings(deadline=None)
def test_no_two_screens_share_a_file(screens: list[tuple[str, str]]) -> None:
    names = _names(*screens)
    assert len({name.lower() for name in names}) == len(screens)
    assert not any("/" in name for name in names)


def test_metadata_spells_out_what_real_snapshots_do() -> None:
    flow = {"flowId": "a", "metadata": {"name": "A", "widget": True}, "contents": {}}
    assert dump(FlowDocument(flow), Format.SNAPSHOT)["metadata.json"] == {
        "name": "A",
        "description": "",
        "componentsVersion": "",
        "disabled": False,
        "fingerprint": False,
        "widget": True,
        "screens": [],
    }


def test_real_snapshots_are_written_as_they_were_read(real_flows_dir: Any) -> None:
    """Down to the names of the files."""
    compared = 0
    for root in snapshot_dirs():
        files = {
            path.relative_to(root).as_posix(): json.loads(path.read_text(encoding="utf-8"))
            for path in root.glob("flows/**/*.json")
        }
        for flow_id, document in load_snapshot(files).items():
            prefix = f"flows/{flow_id}/"
            original = {path.removeprefix(prefix): files[path] for path in files if path.startswith(prefix)}
            assert dump(document, Format.SNAPSHOT) == original
            compared += 1
    assert compared
