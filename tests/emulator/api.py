# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The Management API as a client that shares no code with the collection: plain requests."""

from __future__ import annotations

from typing import Any, cast

import requests

from emulator_client import Emulator

PROJECT = "P2tests00000000000000000000000"
KEY = "K2tests00000000000000000000000"

LIST = "/v1/mgmt/flow/list"
EXPORT = "/v2/mgmt/flow/export"
IMPORT = "/v2/mgmt/flow/import"
EXPORT_V1 = "/v1/mgmt/flow/export"
IMPORT_V1 = "/v1/mgmt/flow/import"
DELETE = "/v1/mgmt/flow/delete"
SNAPSHOT = "/v1/mgmt/project/snapshot/export"
RUN = "/v1/mgmt/flow/run"
LICENSE = "/v1/mgmt/license"
TENANTS = "/v1/mgmt/tenant/all"


class Api:
    """One project of an emulator, with a key."""

    def __init__(self, emulator: Emulator, project: str = PROJECT, key: str = KEY) -> None:
        self.emulator = emulator
        self.project = project
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {project}:{key}"

    def post(self, path: str, body: Any = None, **options: Any) -> requests.Response:
        """Send a POST and return whatever comes back."""
        return self.session.post(self.emulator.url + path, json=body if body is not None else {}, timeout=30, **options)

    def get(self, path: str, **options: Any) -> requests.Response:
        """Send a GET and return whatever comes back."""
        return self.session.get(self.emulator.url + path, timeout=30, **options)

    def ok(self, path: str, body: Any = None) -> Any:
        """Send a POST that must succeed and return its JSON."""
        answer = self.post(path, body)
        assert answer.status_code == 200, f"{path} answered {answer.status_code}: {answer.text[:500]}"
        return answer.json()

    def import_flow(self, flow: dict[str, Any], **members: Any) -> Any:
        """Import a flow in its exported form."""
        return self.ok(IMPORT, {"flow": flow, **members})

    def export_flow(self, flow_id: str) -> dict[str, Any]:
        """Export a flow, every default spelled out."""
        return cast(dict[str, Any], self.ok(EXPORT, {"flowId": flow_id})["flow"])

    def flow_ids(self) -> list[str]:
        """Return the ids a list shows."""
        return [flow["id"] for flow in self.ok(LIST)["flows"]]

    def stored(self, flow_id: str) -> dict[str, Any]:
        """Return a flow as it is stored, with its version."""
        return cast(dict[str, Any], self.emulator.stored(self.project)["flows"][flow_id])
