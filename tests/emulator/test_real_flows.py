# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Real flows through the emulator: what comes back differs by the documented noise and by nothing else.

The noise is undone here with a few lines of this file, not with the collection's own normal form.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator.api import EXPORT_V1, IMPORT_V1, SNAPSHOT, Api
from real_flows import corrupted_flow_files, real_flow_files
from server_noise import EDITOR_CACHES

VERSION = "3.18.2"

pytestmark = pytest.mark.usefixtures("real_flows_dir")


def _id(path: Path) -> str:
    return f"{path.parent.name.split('+')[0]}-{path.stem}"


def _everything() -> list[Path]:
    return [*real_flow_files(), *corrupted_flow_files()]


def _numbers(value: Any) -> Any:
    """Print whole floats as a protobuf server does."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _numbers(member) for key, member in value.items()}
    return [_numbers(item) for item in value] if isinstance(value, list) else value


def _without_defaults(value: Any) -> Any:
    """Leave out members that are empty, as Descope's own tool does before it writes a file."""
    if isinstance(value, dict):
        members = {key: _without_defaults(member) for key, member in value.items()}
        return {key: member for key, member in members.items() if member not in (None, False, "", 0, [], {})}
    return [_without_defaults(item) for item in value] if isinstance(value, list) else value


def _expected(flow: dict[str, Any]) -> dict[str, Any]:
    """Return what the server must have kept of a flow, free of the noise it adds to its answer."""
    flow = _numbers(copy.deepcopy(flow))
    for task in flow["contents"]["tasks"].values():
        if task.get("type") == "screen":
            for name in [*EDITOR_CACHES, *(["allInputKeys"] if task.get("allInputKeys") == [] else [])]:
                task.pop(name, None)
    flow.setdefault("screens", [])
    if flow["screens"]:
        flow["metadata"]["componentsVersion"] = VERSION
    return _free_of_noise(flow)


def _free_of_noise(flow: dict[str, Any]) -> dict[str, Any]:
    flow = copy.deepcopy(flow)
    flow.pop("references", None)
    flow["metadata"] = _without_defaults(flow["metadata"])
    for screen in flow["screens"]:
        screen["interactions"] = _without_defaults(screen.get("interactions", []))
    flow["screens"].sort(key=lambda screen: screen["screenId"])
    return flow


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", _everything(), ids=_id)
def test_a_flow_comes_back_with_the_documented_noise_only(api: Api, path: Path) -> None:
    value = _read(path)
    if "dsl" in value.get("flow", {}):
        pytest.skip("a console export: it goes through v1 below")
    flow = value.get("flow", value)

    api.import_flow(flow)
    first = api.export_flow(flow["flowId"])
    api.import_flow(first)
    second = api.export_flow(flow["flowId"])

    assert _free_of_noise(first) == _expected(flow)
    assert second == first


@pytest.mark.parametrize("path", [path for path in real_flow_files() if "dsl" in _read(path).get("flow", {})], ids=_id)
def test_a_console_export_comes_back_through_v1(api: Api, path: Path) -> None:
    sent = _read(path)

    answer = api.ok(IMPORT_V1, {"flowId": sent["flow"]["id"], **sent})
    exported = api.ok(EXPORT_V1, {"flowId": sent["flow"]["id"]})

    assert exported == answer
    expected = _expected(_as_exported(sent))
    assert _free_of_noise(_as_exported(exported)) == expected
    assert _free_of_noise(api.export_flow(sent["flow"]["id"])) == expected
    inputs = {screen["id"]: screen["inputs"] for screen in _numbers(sent["screens"])}
    assert {screen["id"]: screen["inputs"] for screen in exported["screens"]} == inputs


def _as_exported(v1: dict[str, Any]) -> dict[str, Any]:
    metadata = {name: v1["flow"].get(name) for name in ("name", "description", "disabled", "sharedInteractions")}
    screens = [
        {"screenId": screen["id"], "interactions": screen["interactions"], "contents": screen["htmlTemplate"]}
        for screen in v1["screens"]
    ]
    version = v1["screens"][-1].get("componentsVersion")
    return {
        "flowId": v1["flow"]["id"],
        "metadata": {**metadata, "componentsVersion": version},
        "contents": v1["flow"]["dsl"],
        "screens": screens,
    }


def test_the_noise_is_there_to_be_found(api: Api) -> None:
    """The tests above would pass with a server that changes nothing; this one would not."""
    noisy = 0
    for path in real_flow_files():
        value = _read(path)
        flow = value.get("flow", value)
        if "flowId" not in flow or not flow.get("screens"):
            continue
        api.import_flow(flow)
        exported = api.export_flow(flow["flowId"])
        assert exported["metadata"]["componentsVersion"] == VERSION
        screen_tasks = [task for task in flow["contents"]["tasks"].values() if task.get("type") == "screen"]
        noisy += any(set(task) & EDITOR_CACHES for task in screen_tasks)
    assert noisy > 10


@pytest.mark.parametrize("path", real_flow_files(), ids=_id)
def test_v2_v1_and_snapshot_show_the_same_flow(api: Api, path: Path) -> None:
    api.emulator.project(id=api.project, flows=[_read(path)])
    flow_id = api.flow_ids()[0]

    v2 = api.export_flow(flow_id)
    v1 = api.ok(EXPORT_V1, {"flowId": flow_id})
    files = api.ok(SNAPSHOT)["files"]

    assert v1["flow"]["dsl"] == v2["contents"] == files[f"flows/{flow_id}/contents.json"]
    screens = {screen["screenId"]: screen for screen in v2["screens"]}
    assert {screen["id"]: screen["htmlTemplate"] for screen in v1["screens"]} == {
        screen_id: screen["contents"] for screen_id, screen in screens.items()
    }
    assert {screen["screenId"]: screen for screen in _screen_files(files)} == screens
    names = files[f"flows/{flow_id}/metadata.json"]["screens"]
    assert len(names) == len(screens)
    assert all(f"flows/{flow_id}/screen-{name}.json" in files for name in names)


def _screen_files(files: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return (content for path, content in files.items() if "/screen-" in path)
