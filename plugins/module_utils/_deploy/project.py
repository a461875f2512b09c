# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The live project: reading flows with as few requests as the project's licence allows.

A snapshot export brings every flow in one request; where it is not allowed, one list and one export per flow do.
Either way the workers of a run share what one of them has read.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Protocol

from ansible_collections.community.descope.plugins.module_utils._api.answers import HttpResponseError
from ansible_collections.community.descope.plugins.module_utils._api.limiter import RateLimit
from ansible_collections.community.descope.plugins.module_utils._api.members import chosen_members
from ansible_collections.community.descope.plugins.module_utils._deploy.readings import (
    EntriesAndFacts,
    SharedReadings,
    StoredReading,
)
from ansible_collections.community.descope.plugins.module_utils._deploy.references import (
    ProjectNames,
    names_in_snapshot,
)
from ansible_collections.community.descope.plugins.module_utils._errors import (
    ApiError,
    InputError,
    ResponseError,
    SnapshotNotAllowedError,
)
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._flow.snapshot import (
    assets_named,
    flows_in_snapshot,
    load_flow_where_possible,
    snapshots_lack,
)
from ansible_collections.community.descope.plugins.module_utils._json import JsonObject
from ansible_collections.community.descope.plugins.module_utils._validate.inventory import (
    ProjectInventory,
    inventory_from,
    inventory_of_snapshot,
)

# What a bulk read costs beside its one request: transfer, and parsing at both ends. Measured: about 25 MB a second.
_SNAPSHOT_BYTES_PER_SECOND = 25e6
# What a request costs where no rate limit makes it dear: a round trip, shared by the threads.
_UNLIMITED_REQUEST_SECONDS = 0.02

_SNAPSHOT = "snapshot"
_LIST = "list"

_TOO_LARGE = 413
_SERVER_ERRORS = 500


class ReadsFlows(Protocol):
    """The part of the Management API that reading needs."""

    def list_flows(self) -> Iterable[Any]: ...
    def export_flow(self, flow_id: str) -> FlowDocument | None: ...
    def export_snapshot(self) -> Any: ...


@dataclass(frozen=True, slots=True)
class Reading:
    """Flows as they stood in the project at C(began_at) (monotonic seconds). None: there is no such flow.

    everything: all flows of the project, where it was read at once; so other flows can be compared for free. listed:
    the list of all flows, where they were listed instead.
    """

    flows: Mapping[str, FlowDocument | None]
    began_at: float
    everything: StoredReading | None = None
    listed: StoredReading | None = None

    @property
    def bulk(self) -> bool:
        """Whether the whole project was read at once."""
        return self.everything is not None

    @property
    def inventory(self) -> ProjectInventory:
        """What flows can name in the project, as far as this reading tells."""
        if self.everything is None:
            return ProjectInventory(flows=self.listed.keys if self.listed is not None else None)
        return inventory_from(self.everything.facts.get("inventory") or {})

    @property
    def names(self) -> ProjectNames:
        """The ids of connectors and roles of the project, as far as this reading tells."""
        known = ProjectNames.from_facts(self.everything.facts if self.everything is not None else {})
        for document in self.flows.values():
            known = known.and_of(document)
        return known


class LiveProject:
    """One project, read through the API. C(mode) is C(auto), C(snapshot) or C(export)."""

    def __init__(self, api: ReadsFlows, readings: SharedReadings, *, mode: str, threads: int) -> None:
        self._api = api
        self._readings = readings
        self._mode = mode
        self._threads = threads
        self._snapshot_size = 0
        self._not_in_snapshots: frozenset[str] = frozenset()

    def expect(self, documents: Iterable[FlowDocument]) -> None:
        """Hear of the flows that readings will be compared with.

        Those that a snapshot cannot show whole are exported, one request each, or they would seem to differ for ever.
        """
        self._not_in_snapshots |= {document.flow_id for document in documents if snapshots_lack(document)}

    def read(self, flow_ids: list[str], *, not_before: float = 0.0) -> Reading:
        """Return the flows of C(flow_ids), read at or after C(not_before) and after this run last wrote them."""
        not_before = max(not_before, self._readings.written_at(flow_ids))
        if self._mode != "export":
            try:
                return self._from_snapshot(flow_ids, not_before)
            except SnapshotNotAllowedError:
                if self._mode == "snapshot":
                    raise
        return self._from_exports(flow_ids, not_before)

    def read_all(self, wanted: Callable[[str], bool] = lambda flow_id: True, *, not_before: float = 0.0) -> Reading:
        """Return the flows of the project whose ids are wanted, as C(read) does."""
        flow_ids = [flow_id for flow_id in self._existing_ids(not_before) if wanted(flow_id)]
        return self.read(flow_ids, not_before=not_before)

    def refreshed(self, reading: Reading, flow_ids: list[str], *, not_before: float) -> Reading:
        """Return the same flows, those of C(flow_ids) read anew; where it costs no more, all of them."""
        if reading.bulk:
            return self.read(list(reading.flows), not_before=not_before)
        again = self._from_exports(flow_ids, not_before)
        return Reading({**reading.flows, **again.flows}, again.began_at, listed=again.listed)

    def whole(self, reading: Reading, flow_ids: Iterable[str]) -> Reading:
        """Return the same flows, those of C(flow_ids) whole that are not whole in a snapshot: the flows of widgets.

        It costs one list for all workers of a task, and an export for each such flow.
        """
        wanted = [flow_id for flow_id in flow_ids if reading.flows.get(flow_id) and reading.bulk]
        if not wanted:
            return reading
        listed = self._list(0.0).load(wanted)
        of_widgets = [flow_id for flow_id in wanted if listed.get(flow_id, {}).get("widget")]
        return replace(reading, flows={**reading.flows, **self._export_existing(of_widgets)})

    def read_back(self, flow_ids: list[str], *, not_before: float, rate: RateLimit | None) -> Reading:
        """Return flows that were just written: in bulk where that is cheaper, else one export each."""
        bulk = bool(self._snapshot_size) and bulk_is_cheaper(len(flow_ids), self._snapshot_size, rate)
        if bulk:
            try:
                return self._from_snapshot(flow_ids, not_before)
            except SnapshotNotAllowedError:
                # The snapshot before was allowed, so this is a server in trouble. Flow by flow it may still answer.
                if self._mode == "snapshot":
                    raise
        began_at = time.monotonic()
        return Reading(flows=self._export_all(flow_ids), began_at=began_at)

    def list_all(self) -> dict[str, dict[str, Any]]:
        """Return id -> name, description, disabled of every flow in the project."""
        listed = self._list(0.0, complete=True)
        return {flow_id: dict(entry) for flow_id, entry in listed.load(sorted(listed.keys)).items()}

    def _existing_ids(self, not_before: float) -> list[str]:
        if self._mode != "export":
            try:
                return sorted(self._readings.get(_SNAPSHOT, not_before, self._export_snapshot, complete=True).keys)
            except SnapshotNotAllowedError:
                if self._mode == "snapshot":
                    raise
        return sorted(self._list(not_before, complete=True).keys)

    def existing(self, reading: Reading) -> list[str]:
        """Return the ids of all flows in the project, from what was read to make C(reading): no further request."""
        stored = (
            self._readings.get(_SNAPSHOT, reading.began_at, self._export_snapshot)
            if reading.bulk
            else self._list(not_before=0.0)
        )
        return sorted(stored.keys)

    def _from_snapshot(self, flow_ids: list[str], not_before: float) -> Reading:
        stored = self._readings.get(_SNAPSHOT, not_before, self._export_snapshot)
        self._snapshot_size = stored.size
        flows = stored_flows(stored, flow_ids)
        odd = [
            flow_id
            for flow_id in flow_ids
            if flow_id in stored and (flows[flow_id] is None or flow_id in self._not_in_snapshots)
        ]
        return Reading(flows={**flows, **self._export_existing(odd)}, began_at=stored.began_at, everything=stored)

    def _export_snapshot(self) -> EntriesAndFacts:
        refusal = self._readings.refusal(_SNAPSHOT)
        if refusal is not None:
            raise SnapshotNotAllowedError(refusal, status=403)
        try:
            snapshot = self._api.export_snapshot()
        except SnapshotNotAllowedError as error:
            self._readings.refuse(_SNAPSHOT, str(error))
            raise
        except (ApiError, HttpResponseError) as error:
            if error.status != _TOO_LARGE and error.status < _SERVER_ERRORS:
                raise
            # A project may be more than the server can bring in one answer; flow by flow it may still do.
            self._readings.refuse(_SNAPSHOT, str(error))
            raise SnapshotNotAllowedError(str(error), status=error.status) from error
        files = snapshot.files
        try:
            flows = flows_in_snapshot(files)
        except InputError as error:
            self._readings.refuse(_SNAPSHOT, f"the snapshot of the project cannot be understood: {error}")
            return self._export_snapshot()

        def facts() -> JsonObject:
            inventory = inventory_of_snapshot(files)
            return {**names_in_snapshot(files, inventory).as_facts(), "inventory": inventory.as_dict()}

        return EntriesAndFacts(((flow_id, _part_of(files, flows[flow_id])) for flow_id in flows), facts)

    def _from_exports(self, flow_ids: list[str], not_before: float) -> Reading:
        listed = self._list(not_before)
        existing = [flow_id for flow_id in flow_ids if flow_id in listed]
        began_at = time.monotonic() if len(existing) == len(flow_ids) else listed.began_at
        exported = self._export_existing(existing)
        absent: dict[str, FlowDocument | None] = {flow_id: None for flow_id in flow_ids if flow_id not in listed}
        return Reading(flows=exported | absent, began_at=began_at, listed=listed)

    def _export_existing(self, flow_ids: list[str]) -> dict[str, FlowDocument | None]:
        exported = self._export_all(flow_ids)
        lost = sorted(flow_id for flow_id, document in exported.items() if document is None)
        if lost:
            # Taking it for absent would overwrite a flow without a backup.
            message = f"the project lists {', '.join(lost)} but answers that there is no such flow; run it again"
            raise ResponseError(message)
        return exported

    def _list(self, not_before: float, *, complete: bool = False) -> StoredReading:
        return self._readings.get(_LIST, not_before, self._list_flows, complete=complete)

    def _list_flows(self) -> dict[str, Any]:
        return {
            flow.id: {
                "name": flow.name,
                "description": flow.description,
                "disabled": flow.disabled,
                "widget": flow.widget,
            }
            for flow in self._api.list_flows()
        }

    def _export_all(self, flow_ids: list[str]) -> dict[str, FlowDocument | None]:
        if len(flow_ids) < 2:
            return {flow_id: self._api.export_flow(flow_id) for flow_id in flow_ids}
        with ThreadPoolExecutor(max_workers=min(self._threads, len(flow_ids))) as pool:
            return dict(zip(flow_ids, pool.map(self._api.export_flow, flow_ids), strict=True))


def stored_flows(stored: StoredReading, flow_ids: Iterable[str]) -> dict[str, FlowDocument | None]:
    """Return flows of a snapshot that a worker has stored, None for those that are not in it or cannot be understood.

    Each worker parses its own, side by side with the others, and nobody those that no host of the run declares.
    """
    found = stored.load(flow_ids)
    return {flow_id: _whole(load_flow_where_possible(found.get(flow_id, {}), flow_id)) for flow_id in flow_ids}


def _whole(document: FlowDocument | None) -> FlowDocument | None:
    return document and FlowDocument(document.data, source=f"project flow {document.flow_id}")


def _part_of(files: Mapping[str, Any], paths: list[str]) -> bytes:
    """Return the part of a snapshot with one flow's files and the assets they name, null for one that is missing."""
    part = chosen_members(files, paths)
    assets = assets_named(part)
    return chosen_members(files, [*paths, *assets]) if assets else part


def bulk_is_cheaper(flows: int, snapshot_bytes: int, rate: RateLimit | None) -> bool:
    """Tell whether one snapshot of C(snapshot_bytes) costs less time than exporting C(flows) one by one."""
    request = rate.seconds / rate.requests if rate else _UNLIMITED_REQUEST_SECONDS
    return request + snapshot_bytes / _SNAPSHOT_BYTES_PER_SECOND < flows * request
