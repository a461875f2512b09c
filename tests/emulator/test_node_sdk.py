# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Descope's own Node SDK, which nobody here wrote, works against the emulator. Needs node and npm."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from emulator.api import KEY, PROJECT, Api
from emulator_client import CHECKOUT
from example_flows import minimal_flow

PACKAGE = "@descope/node-sdk@2"
FOLDER = CHECKOUT / ".cache" / "node-sdk"


@pytest.fixture(scope="module")
def modules() -> Path:
    """The folder with the SDK, installed once for all runs."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        pytest.skip("the Node SDK is not tried: there is no node and npm on this machine")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (FOLDER / "node_modules" / "@descope" / "node-sdk" / "package.json").exists():
            command = [npm, "install", "--no-audit", "--no-fund", "--prefix", str(FOLDER), PACKAGE]
            run = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
            if run.returncode != 0:
                pytest.skip(f"the Node SDK is not tried: npm cannot install it: {run.stderr.strip()[-300:]}")
    return FOLDER / "node_modules"


def test_flows_themes_and_snapshot(modules: Path, api: Api) -> None:
    api.emulator.project(id=PROJECT, tenants=["acme"])
    api.import_flow(minimal_flow("one"))
    api.import_flow(minimal_flow("two"))

    seen = _call_sdk(modules, api.emulator.url)

    statuses = {name: (answer["ok"], answer["code"]) for name, answer in seen.items()}
    assert statuses == {name: ((True, 200) if name != "unknown" else (False, 500)) for name in seen}
    assert seen["exported"]["data"]["flow"]["version"] == 1
    assert seen["copied"]["data"]["flow"]["id"] == "three"
    assert seen["again"]["data"]["flow"]["version"] == 2
    listed = seen["listed"]["data"]
    assert [flow["id"] for flow in listed["flows"]] == ["one", "three"]
    assert seen["unknown"]["error"]["errorCode"] == "E103003"
    assert seen["theme"]["data"]["theme"]["cssTemplate"]["light"]
    assert seen["themed"]["data"]["theme"]["cssTemplate"]["acme"] == {"globals": {}}
    assert seen["snapshot"]["data"]["files"]["flows/flows.json"] == {"flows": ["one", "three"]}
    assert [tenant["id"] for tenant in seen["tenants"]["data"]] == ["acme"]
    first, third = api.export_flow("one"), api.export_flow("three")
    assert {**first, "flowId": ""} == {**third, "flowId": ""}


def _call_sdk(modules: Path, url: str) -> dict[str, Any]:
    run = subprocess.run(
        ["node", str(Path(__file__).with_name("sdk.cjs")), url, PROJECT, KEY],
        env={**os.environ, "NODE_PATH": str(modules)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    seen: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return seen
