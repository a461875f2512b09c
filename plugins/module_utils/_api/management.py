# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The part of Descope's Management API that this collection uses, one method an endpoint.

Sources: "reference" is Descope's Management API reference, "SDKs" what Descope's own clients send, "observed" what the
real service answered. What none of them says is marked as assumed.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._api.client import NO_RETRIES, Client, HttpResponseError
from ansible_collections.community.descope.plugins.module_utils._api.limiter import locked_file
from ansible_collections.community.descope.plugins.module_utils._api.members import parse_on_demand
from ansible_collections.community.descope.plugins.module_utils._api.tenants import Tenant, search_body, tenants_of
from ansible_collections.community.descope.plugins.module_utils._errors import (
    ApiError,
    DescopeError,
    InputError,
    OutcomeUnknownError,
    ResponseError,
    SnapshotNotAllowedError,
)
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._flow.formats import load
from ansible_collections.community.descope.plugins.module_utils._json import JsonObject, describe

_LICENSE = "/v1/mgmt/license"
_FLOW_LIST = "/v1/mgmt/flow/list"
_FLOW_EXPORT = "/v2/mgmt/flow/export"
_FLOW_IMPORT = "/v2/mgmt/flow/import"
_FLOW_DELETE = "/v1/mgmt/flow/delete"
_FLOW_RUN = "/v1/mgmt/flow/run"
_SNAPSHOT_EXPORT = "/v1/mgmt/project/snapshot/export"
_TENANT_ALL = "/v1/mgmt/tenant/all"
_TENANT_SEARCH = "/v1/mgmt/tenant/search"

# Observed, with HTTP 500: "Failed getting flow", "Failed loading flow by ID".
_NO_SUCH_FLOW = "E103003"

# The SDKs wait no longer for the licence, which nothing depends on.
_LICENSE_TIMEOUT_SECONDS = 5.0
_LICENSE_TIER = re.compile(r"[A-Za-z0-9._-]{1,64}")

# Which answer a project without snapshots gets is not documented. These cannot mean anything else,
_SNAPSHOT_REFUSALS = frozenset({402, 403, 404, 405, 501})
# and neither can another refusal that talks of licences ("supported only with a pro license or above", SDKs).
_OTHER_REFUSALS = frozenset({400, 409, 412, 422, 500})
_LICENSE_WORDS = re.compile(r"licen[cs]e|subscription|upgrade|not (allowed|permitted|supported)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FlowSummary:
    """One line of the list of flows. widget: whether it belongs to a widget."""

    id: str
    name: str
    description: str
    disabled: bool
    widget: bool = False


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A whole project as files: path -> JSON value, or text where the file is not JSON.

    Each is parsed anew when it is asked for, so that a large project is never in memory as a whole.
    """

    files: Mapping[str, Any]


class DescopeApi:
    """The Management API of one project. Safe to use from many threads.

    All methods raise AuthenticationError for a key that is not accepted, RateLimitedError, TransportError,
    ResponseError and ApiError; those that write raise ReadOnlyError for a read-only client, before anything is sent,
    and OutcomeUnknownError where only reading can tell whether it was done.

    C(run_dir) is a directory that the processes of one run share, and no one else.
    """

    def __init__(self, client: Client, run_dir: Path | None = None) -> None:
        self.client = client
        self._run_dir = run_dir
        self._license_lock = threading.Lock()
        self._tier: str | None = None

    def license(self) -> str:
        """Ask once a run for the rate limit tier of the licence, and send it along from then on (SDKs).

        Without it Descope counts requests against the lowest tier. Returns the tier, or an empty text where it cannot
        be had, which is no failure: the next request goes without it.
        """
        with self._license_lock:
            if self._tier is None:
                self._tier = self._shared_tier(self._run_dir) if self._run_dir else self._fetch_tier()
                self.client.license_tier = self._tier
            return self._tier

    def list_flows(self) -> list[FlowSummary]:
        """Return all flows of the project (reference). A flow that is not listed does not exist."""
        answer = self.client.post(_FLOW_LIST, {})
        flows, total = answer.get("flows"), answer.get("total")
        if flows is None and total == 0:
            flows = []
        if not isinstance(flows, list):
            raise self._unexpected(_FLOW_LIST, f"the flows are {describe(flows)} instead of a list")
        if isinstance(total, int) and total > len(flows):
            # No page parameter is known. Half a list would make existing flows look absent.
            raise self._unexpected(_FLOW_LIST, f"only {len(flows)} of {total} flows are listed")
        return [self._summary(flow) for flow in flows]

    def export_flow(self, flow_id: str) -> FlowDocument | None:
        """Return a flow (reference), or None where there is none of this id (observed: error E103003).

        The error's words would suit a real failure to load an existing flow too. Before something is done because a
        flow is absent, list_flows() has to agree.
        """
        try:
            answer = self.client.post(_FLOW_EXPORT, {"flowId": flow_id})
        except ApiError as error:
            if error.code == _NO_SUCH_FLOW:
                return None
            raise
        source = f"project flow {flow_id}"
        try:
            document = load(answer, source)
        except InputError as error:
            raise self._unexpected(_FLOW_EXPORT, str(error)) from None
        if document.flow_id != flow_id:
            raise self._unexpected(_FLOW_EXPORT, f"flow {document.flow_id} came instead of {flow_id}")
        return document

    def import_flow(self, document: FlowDocument, changelog: str = "") -> None:
        """Create the flow, or replace the one of the same id (reference).

        C(changelog) is stored with the new version (reference; where the console shows it is assumed).
        """
        body: JsonObject = {"flow": document.data}
        if changelog:
            body["changelog"] = changelog
        self.client.post(_FLOW_IMPORT, body)

    def delete_flows(self, flow_ids: list[str]) -> None:
        """Delete flows (reference). Nothing is sent for no ids: an empty list may mean all of them, as it does in list.

        What is answered for unknown ids and for system flows is not documented.
        """
        if flow_ids:
            self.client.post(_FLOW_DELETE, {"ids": flow_ids})

    def run_flow(self, flow_id: str, options: JsonObject) -> JsonObject:
        """Run a management flow and return its output (reference). Runs change things, so none is ever sent twice.

        C(options) are C(input), C(tenant) and C(preview).
        """
        try:
            answer = self.client.post(_FLOW_RUN, {"flowId": flow_id, "options": options})
        except OutcomeUnknownError as error:
            # A server's failure leaves open what happened, but this one says that there is nothing to run.
            if not error.answered or _NO_SUCH_FLOW not in str(error):
                raise
            message = f"project {self.client.settings.project_id} has no flow {flow_id} to run"
            raise ApiError(message, status=500, code=_NO_SUCH_FLOW, method="POST", path=_FLOW_RUN) from None
        output = answer.get("output")
        if output is None:
            return {}
        if not isinstance(output, dict):
            raise self._unexpected(_FLOW_RUN, f"the output is {describe(output)} instead of an object")
        return output

    def export_snapshot(self) -> Snapshot:
        """Return the whole project (reference). Raises SnapshotNotAllowedError where licence or key do not allow it."""
        try:
            # "plain" keeps long values where they belong instead of moving them to files of their own (SDKs).
            answer = self.client.post(_SNAPSHOT_EXPORT, {"format": "plain"}, parse_on_demand("files"))
        except (ApiError, HttpResponseError) as error:
            if not _refuses_snapshots(error):
                raise
            code = error.code if isinstance(error, ApiError) else ""
            message = f"project {self.client.settings.project_id} allows no snapshot export: {error}"
            refusal = SnapshotNotAllowedError(
                message, status=error.status, code=code, method=error.method, path=error.path
            )
            raise refusal from None
        files = answer.get("files")
        if not isinstance(files, Mapping) or not files:
            # Every project has some, so this is no empty project.
            found = describe(dict(files) if isinstance(files, Mapping) else files)
            raise self._unexpected(_SNAPSHOT_EXPORT, f"the files are {found} instead of an object with files")
        return Snapshot(files)

    def list_tenants(self, search: Mapping[str, Any] | None = None) -> list[Tenant]:
        """Return all tenants of the project, or those a search finds (reference; neither has pages)."""
        body = search_body(search or {})
        if body:
            path, method, answer = _TENANT_SEARCH, "POST", self.client.post(_TENANT_SEARCH, body)
        else:
            path, method, answer = _TENANT_ALL, "GET", self.client.get(_TENANT_ALL)
        tenants = tenants_of(answer)
        if isinstance(tenants, str):
            raise self._unexpected(path, tenants, method)
        return tenants

    def _summary(self, flow: object) -> FlowSummary:
        if not isinstance(flow, dict) or not isinstance(flow.get("id"), str) or not flow["id"]:
            raise self._unexpected(_FLOW_LIST, "a flow without an id is listed")
        name, description = (str(flow.get(key) or "") for key in ("name", "description"))
        is_true = {key: flow.get(key) is True for key in ("disabled", "widget")}
        return FlowSummary(flow["id"], name, description, **is_true)

    def _unexpected(self, path: str, what: str, method: str = "POST") -> ResponseError:
        host = self.client.settings.host
        return ResponseError(f"{method} {path}: {host} answered something this collection does not understand: {what}")

    def _shared_tier(self, run_dir: Path) -> str:
        """Return the tier that a worker of this run has fetched, fetching it if this is the first."""
        settings = self.client.settings
        # A run may use several keys of different companies. The name tells nothing of the key.
        scope = hashlib.sha256(f"{settings.base_url}\0{settings.management_key}".encode()).hexdigest()[:16]
        with locked_file(run_dir / f"license-{scope}.json") as descriptor:
            stored = _stored_tier(os.pread(descriptor, 1000, 0))
            if stored is not None:
                return stored
            tier = self._fetch_tier()
            os.pwrite(descriptor, json.dumps({"tier": tier}).encode(), 0)
            return tier

    def _fetch_tier(self) -> str:
        try:
            answer = self.client.get(_LICENSE, timeout=_LICENSE_TIMEOUT_SECONDS, policy=NO_RETRIES)
        except DescopeError:
            return ""
        tier = answer.get("rateLimitTier")
        return tier if isinstance(tier, str) and _LICENSE_TIER.fullmatch(tier) else ""


def _stored_tier(content: bytes) -> str | None:
    try:
        return str(json.loads(content)["tier"])
    except (ValueError, TypeError, KeyError):
        return None


def _refuses_snapshots(error: ApiError | HttpResponseError) -> bool:
    if isinstance(error, HttpResponseError):
        return error.status in {404, 405, 501}
    if error.status in _OTHER_REFUSALS:
        return bool(_LICENSE_WORDS.search(str(error)))
    return error.status in _SNAPSHOT_REFUSALS
