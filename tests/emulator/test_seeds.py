# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""What --seed loads."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from emulator.api import EXPORT_V1, IMPORT_V1, SNAPSHOT, Api
from emulator_client import CHECKOUT, running_emulator
from example_flows import minimal_flow


def _write(folder: Path, files: dict[str, Any]) -> Path:
    for path, content in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(content if isinstance(content, str) else json.dumps(content, indent=2), encoding="utf-8")
    return folder


def _console_export(flow: dict[str, Any]) -> dict[str, Any]:
    """Return a flow as the console exports it, written by hand from the documented mapping."""
    screens = [
        {
            "id": screen["screenId"],
            "flowId": flow["flowId"],
            "version": 6,
            "inputs": [{"name": "email"}],
            "interactions": screen["interactions"],
            "htmlTemplate": screen["contents"],
            "componentsVersion": flow["metadata"]["componentsVersion"],
        }
        for screen in flow["screens"]
    ]
    metadata = {key: value for key, value in flow["metadata"].items() if key != "componentsVersion"}
    return {"flow": {"id": flow["flowId"], "version": 36, **metadata, "dsl": flow["contents"]}, "screens": screens}


def _snapshot_directory(flow: dict[str, Any]) -> dict[str, Any]:
    screens = {f"screen-number-{number}.json": screen for number, screen in enumerate(flow["screens"])}
    names = [f"number-{number}" for number in range(len(flow["screens"]))]
    metadata = {**flow["metadata"], "screens": names}
    return {"metadata.json": metadata, "contents.json": flow["contents"], **screens}


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A folder with one flow in each form."""
    named = {name: minimal_flow(name) for name in ("exported", "response", "console", "directory", "yaml", "deeper")}
    return _write(
        tmp_path / "library",
        {
            "exported.json": named["exported"],
            "response.json": {"flow": named["response"]},
            "console.json": _console_export(named["console"]),
            "yaml.yml": yaml.safe_dump(named["yaml"]),
            "README.md": "not a flow",
            ".hidden.json": "not read",
            "more/deeper.json": named["deeper"],
            **{f"directory/{name}": content for name, content in _snapshot_directory(named["directory"]).items()},
        },
    )


def test_every_format_is_loaded_as_it_is(library: Path) -> None:
    with running_emulator("--seed", f"P2a={library}") as emulator:
        api = Api(emulator, "P2a")
        expected = minimal_flow("any")

        assert api.flow_ids() == ["console", "deeper", "directory", "exported", "response", "yaml"]
        for flow_id in api.flow_ids():
            flow = api.export_flow(flow_id)
            assert flow["contents"] == expected["contents"]
            assert [screen["contents"] for screen in flow["screens"]] == [s["contents"] for s in expected["screens"]]
            assert flow["metadata"]["componentsVersion"] == "2.0.500"
            assert flow["metadata"]["name"] == "Sign In"
        inputs = [screen["inputs"] for screen in api.ok(EXPORT_V1, {"flowId": "console"})["screens"]]
        assert inputs == [[{"name": "email"}], [{"name": "email"}]]
        assert Api(emulator, "P2b").flow_ids() == []


def test_a_seed_without_a_project_is_in_every_project(library: Path) -> None:
    with running_emulator("--seed", str(library / "exported.json")) as emulator:
        one, two = Api(emulator, "P2one"), Api(emulator, "P2two")
        one.import_flow(minimal_flow("exported", title="Changed here"))

        assert (one.flow_ids(), two.flow_ids()) == (["exported"], ["exported"])
        assert "Changed here" not in json.dumps(two.export_flow("exported"))
        emulator.reset()
        assert one.flow_ids() == []
        emulator.reset(reseed=True)
        assert one.flow_ids() == two.flow_ids() == ["exported"]


def test_console_seeds_keep_their_traces(tmp_path: Path) -> None:
    flow = minimal_flow("one")
    flow["contents"]["tasks"]["0"]["htmlTemplate"] = {"ROOT": {}}
    _write(tmp_path, {"one.json": flow})

    with running_emulator("--seed", f"P2a={tmp_path}") as emulator:
        api = Api(emulator, "P2a")
        seeded = api.export_flow("one")
        api.ok(IMPORT_V1, {"flowId": "one", **api.ok(EXPORT_V1, {"flowId": "one"})})
        imported = api.export_flow("one")

    assert "htmlTemplate" in seeded["contents"]["tasks"]["0"]
    assert "htmlTemplate" not in imported["contents"]["tasks"]["0"]


def test_a_project_snapshot_brings_everything(tmp_path: Path) -> None:
    secret = {"id": "CI2mail", "name": "Mail", "type": "smtp", "configuration": {"password": "PLACEHOLDER_VALUE"}}
    flow = minimal_flow("one")
    flow["contents"]["tasks"]["1"]["arguments"]["connectorId"] = {"type": "inline", "value": "CI2mail"}
    files = {
        "snapshot.json": {"version": 5},
        "project.json": {"rotateJwt": True},
        "auth/otp.json": {"body": "asset:body-1.html"},
        "assets/body-1.html": "<p>{{.code}}</p>",
        "assets/assets.json": {"mapping": {"auth/otp.json": {"body": "body-1.html"}}},
        "connectors/connectors.json": {"connectors": ["mail"]},
        "connectors/mail.json": secret,
        "styles/styles.json": {"componentsVersion": "2.0.516", "styles": ["light"]},
        "styles/light.json": {"globals": {}},
        "authorization.json": {"roles": [{"name": "Admin", "id": "ROL2admin"}]},
        "flows/flows.json": {"flows": ["one"]},
        **{f"flows/one/{name}": content for name, content in _snapshot_directory(flow).items()},
    }
    _write(tmp_path, files)

    with running_emulator("--seed", f"P2a={tmp_path}") as emulator:
        api = Api(emulator, "P2a")
        exported = api.ok(SNAPSHOT)["files"]
        plain = api.ok(SNAPSHOT, {"format": "plain"})["files"]
        stored = emulator.stored("P2a")
        references = api.export_flow("one")["references"]

    assert references["connectors"] == {"Mail": "CI2mail"}
    assert stored["roles"] == {"Admin": "ROL2admin"}
    for path in ("project.json", "auth/otp.json", "assets/body-1.html", "assets/assets.json", "styles/styles.json"):
        assert exported[path] == files[path]
    assert exported["connectors/mail.json"] == {**secret, "description": ""}
    assert plain["auth/otp.json"] == {"body": "<p>{{.code}}</p>"}
    assert "assets/body-1.html" not in plain


def test_the_real_snapshot_comes_out_as_it_went_in(real_snapshot: Path) -> None:
    expected = {
        path.relative_to(real_snapshot).as_posix(): path.read_bytes().decode()
        for path in real_snapshot.rglob("*")
        if path.is_file()
    }
    with running_emulator("--seed", f"P2a={real_snapshot}") as emulator:
        files = Api(emulator, "P2a").ok(SNAPSHOT)["files"]

    assert set(files) == set(expected)
    for path, text in expected.items():
        assert files[path] == (json.loads(text) if path.endswith(".json") else text), path


@pytest.mark.parametrize(
    ("files", "seed", "message"),
    [
        ({}, "nowhere", "does not exist"),
        ({"a/README.md": "x"}, "a", "no flow in"),
        ({"a.json": "{"}, "a.json", "invalid JSON at line 1"),
        ({"a.json": {"some": "thing"}}, "a.json", "a.json"),
        ({"flows/flows.json": {"flows": ["gone"]}}, "", "gone"),
    ],
)
def test_a_seed_that_cannot_be_loaded_stops_the_start(
    tmp_path: Path, files: dict[str, Any], seed: str, message: str
) -> None:
    _write(tmp_path, files)

    run = subprocess.run(
        [sys.executable, "-m", "descope_emulator", "--port", "0", "--seed", str(tmp_path / seed)],
        env={"PYTHONPATH": str(CHECKOUT / "roles/emulator/files")},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert run.returncode == 2
    assert message in run.stderr
    assert len(run.stderr.splitlines()) == 1
    assert run.stdout == ""
