# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The use case of C(descope_flow_info): list flows, and export them to values or files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._api.client import Statistics
from ansible_collections.community.descope.plugins.module_utils._arguments import flow_info_arguments
from ansible_collections.community.descope.plugins.module_utils._backup.selection import Wanted
from ansible_collections.community.descope.plugins.module_utils._deploy.project import LiveProject
from ansible_collections.community.descope.plugins.module_utils._deploy.session import open_session
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._flow.formats import Format, dump
from ansible_collections.community.descope.plugins.module_utils._flow.sources import write_document
from ansible_collections.community.descope.plugins.module_utils._task import Task, UseCase


def describe_flows(task: Task) -> dict[str, Any]:
    """List the flows of a project, exporting them where the task asks for it. Raises DescopeError."""
    params = task.params
    wanted = Wanted.of(params["flow_id"] or (), everything=not params["flow_id"])
    exports = bool(params["export"] or params["dest"])
    with open_session(params, read_only=True) as session:
        listed = session.project.list_all()
        found = sorted(flow_id for flow_id in listed if flow_id in wanted)
        missing = wanted.missing(found)
        documents = _documents(_read(session.project, found)) if exports else {}
        fmt = Format(params["format"])
        flows = [_entry(flow_id, listed[flow_id], documents.get(flow_id)) for flow_id in found]
        if params["export"]:
            for entry in flows:
                document = documents.get(entry["flow_id"])
                entry["definition"] = dump(document, fmt) if document else {}
        written = _write(documents, Path(params["dest"]), fmt, write=not task.check_mode) if params["dest"] else []
        return {
            "changed": any(changed for _file, changed in written),
            "project_id": session.project_id,
            "flows": flows,
            "missing": missing,
            "files": [file for file, _changed in written],
            "requests": session.requests(),
            "warnings": [*session.warnings(), *(_warnings(missing) if exports else ())],
        }


DESCOPE_FLOW_INFO = UseCase(
    name="descope_flow_info",
    arguments=flow_info_arguments,
    run=describe_flows,
    empty_result={"flows": [], "missing": [], "files": [], "requests": Statistics().as_dict()},
)


def _warnings(missing: list[str]) -> Iterator[str]:
    if missing:
        yield f"the project has no flow that is called {' or '.join(missing)}; nothing was exported for it"


def _documents(flows: Any) -> dict[str, FlowDocument]:
    # A flow that was deleted between the list and the export is not there any more.
    return {flow_id: document for flow_id, document in flows.items() if document is not None}


def _read(project: LiveProject, flow_ids: list[str]) -> Mapping[str, FlowDocument | None]:
    return project.whole(project.read(flow_ids), flow_ids).flows


def _entry(flow_id: str, listed: dict[str, Any], document: FlowDocument | None) -> dict[str, Any]:
    return {"flow_id": flow_id, **listed, "fingerprint": document.fingerprint if document else ""}


def _write(documents: dict[str, FlowDocument], dest: Path, fmt: Format, *, write: bool) -> list[tuple[str, bool]]:
    """Write the flows below C(dest). Returns each file, and whether it differs from what was there."""
    return [
        written
        for flow_id, document in documents.items()
        for written in write_document(document, dest / _file_name(flow_id, fmt), fmt, write=write)
    ]


def _file_name(flow_id: str, fmt: Format) -> str:
    return flow_id if fmt is Format.SNAPSHOT else f"{flow_id}.json"
