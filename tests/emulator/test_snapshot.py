# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""A project as the files of a snapshot."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from emulator.api import EXPORT, SNAPSHOT, Api
from emulator_client import running_emulator
from example_flows import VERIFY, WELCOME, minimal_flow

CODE = "// a scriptlet\n" + 'const greeting = "{{user.name}}";\n' * 60


def _files(api: Api, **options: Any) -> dict[str, Any]:
    files: dict[str, Any] = api.ok(SNAPSHOT, options)["files"]
    return files


def _scriptlet_flow(flow_id: str) -> dict[str, Any]:
    flow = minimal_flow(flow_id)
    flow["contents"]["tasks"]["1"]["arguments"]["code"] = {"type": "inline", "value": CODE}
    return flow


def test_a_flow_is_a_directory_named_in_the_index(api: Api) -> None:
    api.import_flow(minimal_flow("two"))
    api.import_flow(minimal_flow("one"))

    files = _files(api)

    assert files["flows/flows.json"] == {"flows": ["one", "two"]}
    assert {path for path in files if path.startswith("flows/one/")} == {
        "flows/one/metadata.json",
        "flows/one/contents.json",
        "flows/one/screen-welcome.json",
        "flows/one/screen-verify-otp.json",
    }
    assert files["snapshot.json"] == {"version": 5}


def test_contents_and_screens_are_those_of_an_export(api: Api) -> None:
    api.import_flow(minimal_flow("one"))

    files, exported = _files(api), api.export_flow("one")

    assert files["flows/one/contents.json"] == exported["contents"]
    screens = {screen["screenId"]: screen for screen in exported["screens"]}
    assert files["flows/one/screen-welcome.json"] == screens[WELCOME]
    assert files["flows/one/screen-verify-otp.json"] == screens[VERIFY]


def test_metadata_names_the_screens_and_leaves_out_what_is_empty(api: Api) -> None:
    api.emulator.project(id=api.project, connectors={"Mail": "CI2mail"})
    flow = minimal_flow("one")
    flow["metadata"] |= {"widget": True, "translation": None, "future": {"a": ""}, "management": True}
    flow["contents"]["tasks"]["1"]["arguments"]["connectorId"] = {"type": "inline", "value": "CI2mail"}
    api.import_flow(flow)

    assert _files(api)["flows/one/metadata.json"] == {
        "name": "Sign In",
        "description": "Signs in with a one-time code",
        "componentsVersion": "3.18.2",
        "disabled": False,
        "fingerprint": False,
        "management": True,
        "sharedInteractions": [{"id": "4.success", "type": "success"}],
        "references": {"connectors": {"Mail": "CI2mail"}},
        "screens": ["verify-otp", "welcome"],
    }


def test_screens_that_share_a_name_or_have_none(api: Api) -> None:
    names = {
        "SC2aaaaaaaaaaaaaaaaaaaaaaa0001": "Magic Link (Sent)!",
        "SC2aaaaaaaaaaaaaaaaaaaaaaa0002": "magic link sent",
        "SC2aaaaaaaaaaaaaaaaaaaaaaa0003": "New Screen",
        "SC2aaaaaaaaaaaaaaaaaaaaaaa0004": "Über uns",
    }
    tasks = {
        str(number): {"id": str(number), "type": "screen", "name": name, "screenId": screen_id}
        for number, (screen_id, name) in enumerate(names.items())
    }
    orphan = "SC2aaaaaaaaaaaaaaaaaaaaaaa0005"
    screens = [{"screenId": screen_id, "contents": {}} for screen_id in [*names, orphan]]
    api.import_flow({"flowId": "one", "contents": {"tasks": tasks}, "screens": screens})

    assert _files(api)["flows/one/metadata.json"]["screens"] == [
        "2aaaaaaaaaaaaaaaaaaaaaaa0003",
        "2aaaaaaaaaaaaaaaaaaaaaaa0005",
        "ber-uns",
        "magic-link-sent-0001",
        "magic-link-sent-0002",
    ]


def test_long_values_become_assets(api: Api) -> None:
    api.import_flow(_scriptlet_flow("one"))
    api.import_flow(minimal_flow("two"))
    name = f"value-{hashlib.sha256(CODE.encode()).hexdigest()}.txt"

    files = _files(api)

    contents = files["flows/one/contents.json"]
    assert contents["tasks"]["1"]["arguments"]["code"]["value"] == f"asset:{name}"
    assert files[f"assets/{name}"] == CODE
    assert files["assets/assets.json"] == {
        "mapping": {"flows/one/contents.json": {"tasks": {"1": {"arguments": {"code": {"value": name}}}}}}
    }


def test_a_plain_snapshot_keeps_them_in_their_places(api: Api) -> None:
    api.import_flow(_scriptlet_flow("one"))
    api.ok(SNAPSHOT)  # in the other form first

    files = _files(api, format="plain")

    assert files["flows/one/contents.json"] == api.export_flow("one")["contents"]
    assert not [path for path in files if path.startswith("assets/")]


def test_a_long_text_of_a_screen_becomes_an_asset_too(api: Api) -> None:
    api.import_flow(minimal_flow("one", title="x" * 5000))

    files = _files(api)

    title = files["flows/one/screen-welcome.json"]["contents"]["title00001"]["props"]["children"]
    assert files["assets/" + title.removeprefix("asset:")] == "x" * 5000


def test_an_image_of_a_style_becomes_an_asset(api: Api) -> None:
    svg = '<svg xmlns="http://www.w3.org/2000/svg"/>'
    encoded = base64.b64encode(svg.encode()).decode()
    style = {"components": {"logo": {"--descope-logo-url": f"data:image/svg+xml;base64,{encoded}"}}}
    api.emulator.project(id=api.project, styles={"acme": style})
    name = f"img-{hashlib.sha256(encoded.encode()).hexdigest()}.svg"

    files = _files(api)

    assert files["styles/acme.json"] == {"components": {"logo": {"--descope-logo-url": f"asset:{name}"}}}
    assert files[f"assets/{name}"] == svg
    assert _files(api, format="plain")["styles/acme.json"] == style


def test_connectors_and_styles_are_files(api: Api) -> None:
    api.emulator.project(
        id=api.project,
        connectors=[{"name": "SMTP Connector", "id": "CI2smtp", "type": "smtp", "configuration": {"port": 587}}],
        styles={"acme": {"globals": {"colors": {}}}},
    )

    files = _files(api)

    assert files["connectors/connectors.json"] == {"connectors": ["smtp-connector"]}
    assert files["connectors/smtp-connector.json"] == {
        "name": "SMTP Connector",
        "id": "CI2smtp",
        "type": "smtp",
        "configuration": {"port": 587},
        "description": "",
    }
    assert files["styles/styles.json"]["styles"] == ["acme", "dark", "light"]
    assert files["styles/acme.json"] == {"globals": {"colors": {}}}


def test_a_snapshot_shows_the_latest_version_of_a_flow(api: Api) -> None:
    for title in ("One", "Two"):
        api.import_flow(minimal_flow("one", title=title))
        assert title in json.dumps(_files(api))
    api.ok("/v1/mgmt/flow/delete", {"ids": ["one"]})

    assert _files(api)["flows/flows.json"] == {"flows": []}
    assert not [path for path in _files(api) if path.startswith("flows/one")]


def test_a_licence_without_snapshots(api: Api) -> None:
    api.emulator.reset(snapshot="denied")

    answer = api.post(SNAPSHOT)

    assert answer.status_code == 403
    assert "pro license" in answer.json()["errorMessage"]


def test_one_project_without_them(api: Api) -> None:
    api.emulator.project(id=api.project, snapshot_allowed=False)

    assert api.post(SNAPSHOT).status_code == 403
    assert Api(api.emulator, "P2other").post(SNAPSHOT).status_code == 200


@pytest.mark.parametrize("plain", [True, False])
def test_a_snapshot_seeds_the_same_project(api: Api, tmp_path: Path, plain: bool) -> None:
    """What one emulator exports, written to files, is what another one starts with."""
    api.emulator.project(id=api.project, connectors={"Mail": "CI2mail"}, styles={"acme": {"globals": {}}})
    api.import_flow(_scriptlet_flow("one"))
    api.import_flow(minimal_flow("two"))
    files = _files(api, format="plain") if plain else _files(api)
    for path, content in files.items():
        place = tmp_path / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")

    with running_emulator("--seed", f"{api.project}={tmp_path}") as emulator:
        seeded = Api(emulator)
        again = _files(seeded, format="plain") if plain else _files(seeded)

        assert again == files
        for flow_id in ("one", "two"):
            body = {"flowId": flow_id}
            assert seeded.post(EXPORT, body).json() == api.post(EXPORT, body).json()
