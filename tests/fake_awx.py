# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""A stand-in for the part of AWX's API that awx.awx uses to set things up.

It keeps objects, finds them by the fields that are asked for, checks what AWX checks of them (what they refer to
exists, a job template's playbook is in its project, what is in use stays), hides secrets, and never runs a job.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from awx_collection import AwxCollectionError, awx_collections_path

Object = dict[str, Any]

TOKEN = "a-token-of-awx"
_PREFIX = "/api/v2/"
_TYPES = {
    "organizations": "organization",
    "credential_types": "credential_type",
    "credentials": "credential",
    "execution_environments": "execution_environment",
    "projects": "project",
    "inventories": "inventory",
    "inventory_sources": "inventory_source",
    "instance_groups": "instance_group",
    "labels": "label",
    "job_templates": "job_template",
    "workflow_job_templates": "workflow_job_template",
    "workflow_job_template_nodes": "workflow_job_template_node",
    "workflow_approval_templates": "workflow_approval_template",
    "schedules": "schedule",
}
_UNIFIED = ("projects", "inventory_sources", "job_templates", "workflow_job_templates", "workflow_approval_templates")
# Which field refers to what. What refers to an object that goes, goes too, except for what AWX refuses to orphan.
_REFERENCES = {
    "organization": "organizations",
    "credential_type": "credential_types",
    "credential": "credentials",
    "execution_environment": "execution_environments",
    "project": "projects",
    "source_project": "projects",
    "inventory": "inventories",
    "workflow_job_template": "workflow_job_templates",
}
_OWNERS = {
    "inventory_sources": ("inventory",),
    "workflow_job_template_nodes": ("workflow_job_template",),
    "schedules": ("unified_job_template",),
}
_SECRET = "$encrypted$"


class Refused(Exception):
    """What AWX answers with a status of 400 and more."""

    def __init__(self, status: int, body: Object) -> None:
        super().__init__(str(body))
        self.status = status
        self.body = body


@dataclass
class FakeAwx:
    """The objects. C(playbooks): the files that a job template may name."""

    playbooks: tuple[str, ...] = ()
    url: str = ""
    objects: dict[str, dict[int, Object]] = field(default_factory=lambda: {name: {} for name in _TYPES})
    associations: dict[tuple[str, int, str], list[int]] = field(default_factory=dict)
    surveys: dict[int, Object] = field(default_factory=dict)
    writes: list[str] = field(default_factory=list)
    _next: int = 0

    def add(self, kind: str, /, **values: Any) -> int:
        """Add an object and return its id."""
        self._check(kind, values)
        self._next += 1
        number = self._next
        url = f"{_PREFIX}{kind}/{number}/"
        related = {"survey_spec": f"{url}survey_spec/"} if kind.endswith("job_templates") else {}
        base = {"id": number, "type": _TYPES[kind], "url": url, "related": related, "summary_fields": {}}
        # An update of a project is over as soon as it began.
        revision = {"scm_revision": "4b825dc"} if kind == "projects" else {}
        self.objects[kind][number] = {**values, **base, **revision}
        return number

    def find(self, kind: str, /, **fields: Any) -> list[Object]:
        """Return the objects with these values; those of any kind that can run for C(unified_job_templates)."""
        kinds = _UNIFIED if kind == "unified_job_templates" else (kind,)
        found = [item for each in kinds for item in self.objects[each].values()]
        return [item for item in found if all(str(item.get(name)) == str(value) for name, value in fields.items())]

    def named(self, kind: str, name: str) -> Object:
        """Return the one object with this name."""
        (found,) = self.find(kind, name=name)
        return found

    def associated(self, kind: str, number: int, what: str) -> list[int]:
        return self.associations.setdefault((kind, number, what), [])

    def change(self, kind: str, number: int, values: Object) -> None:
        self._check(kind, {**self.objects[kind][number], **values})
        self.objects[kind][number].update(values)

    def remove(self, kind: str, number: int) -> None:
        """Remove an object and what belongs to it."""
        if kind == "credential_types" and self.find("credentials", credential_type=number):
            raise Refused(400, {"detail": "Credential types that are in use cannot be deleted"})
        gone = self.objects[kind].pop(number)
        if kind == "workflow_job_template_nodes":
            self.objects["workflow_approval_templates"].pop(gone.get("unified_job_template", 0), None)
        for owned, fields in _OWNERS.items():
            for name in fields:
                same_kind = _REFERENCES.get(name, kind) == kind
                for item in self.find(owned, **{name: number}) if same_kind else ():
                    self.remove(owned, item["id"])
        for (owner, owner_id, what), _ids in list(self.associations.items()):
            if (owner, owner_id) == (kind, number):
                del self.associations[owner, owner_id, what]
        used = {number for (_owner, _id, what), ids in self.associations.items() if what == "labels" for number in ids}
        self.objects["labels"] = {number: label for number, label in self.objects["labels"].items() if number in used}

    def create_approval(self, node: int, values: Object) -> Object:
        """Give a node of a workflow an approval to wait for."""
        fields = {name: values.get(name) for name in ("name", "description", "timeout")}
        number = self.add("workflow_approval_templates", **fields)
        approval = self.objects["workflow_approval_templates"][number]
        stored = self.objects["workflow_job_template_nodes"][node]
        stored["unified_job_template"] = number
        stored["related"] = {**stored["related"], "unified_job_template": approval["url"]}
        return approval

    def shown(self, item: Object) -> Object:
        """Return an object as the API shows it, without secrets."""
        if item["type"] != "credential":
            return item
        fields = self.objects["credential_types"][item["credential_type"]]["inputs"]["fields"]
        secret = {entry["id"] for entry in fields if entry.get("secret")}
        inputs = {name: _SECRET if name in secret else value for name, value in item.get("inputs", {}).items()}
        return {**item, "inputs": inputs}

    def _check(self, kind: str, values: Object) -> None:
        problems = {
            name: [f"there is no {target} {values[name]}"]
            for name, target in _REFERENCES.items()
            if values.get(name) and values[name] not in self.objects[target]
        }
        if kind == "job_templates" and values.get("playbook") not in self.playbooks:
            problems["playbook"] = ["Playbook not found for project."]
        if problems:
            raise Refused(400, {"__all__": [json.dumps(problems)], **problems})


class _Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    awx: FakeAwx
    lock: Lock

    def log_message(self, *_arguments: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self._answer(self._get)

    def do_POST(self) -> None:
        self._answer(self._post)

    def do_PATCH(self) -> None:
        self._answer(self._patch)

    def do_DELETE(self) -> None:
        self._answer(self._delete)

    def _answer(self, handle: Any) -> None:
        url = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length) or b"{}")
        parts = url.path.removeprefix(_PREFIX).strip("/").split("/")
        with self.lock:
            try:
                if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                    raise Refused(401, {"detail": "Invalid token"})
                if self.command != "GET":
                    self.awx.writes.append(f"{self.command} {url.path}")
                status, content = handle(parts, dict(parse_qsl(url.query)), body)
            except Refused as refused:
                status, content = refused.status, refused.body
            except KeyError:
                status, content = 404, {"detail": "Not found."}
        self._send(status, content)

    def _send(self, status: int, content: Any) -> None:
        data = b"" if status == 204 else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("X-API-Product-Name", "AWX")
        self.send_header("X-API-Product-Version", "24.6.1")
        self.end_headers()
        self.wfile.write(data)

    def _get(self, parts: list[str], query: dict[str, str], _body: Object) -> tuple[int, Any]:
        match parts:
            case [kind]:
                return 200, self._listed(self.awx.find(kind, **query))
            case [kind, number]:
                return 200, self.awx.shown(self.awx.objects[kind][int(number)])
            case [_kind, number, "survey_spec"]:
                return 200, self.awx.surveys.get(int(number), {})
            case [kind, number, what]:
                target = "workflow_job_template_nodes" if what.endswith("_nodes") else what
                found = [self.awx.objects[target][item] for item in self.awx.associated(kind, int(number), what)]
                return 200, self._listed(found)
        raise KeyError(parts)

    def _listed(self, found: list[Object]) -> Object:
        return {"count": len(found), "next": None, "previous": None, "results": [self.awx.shown(it) for it in found]}

    def _post(self, parts: list[str], _query: dict[str, str], body: Object) -> tuple[int, Any]:
        match parts:
            case [kind]:
                return 201, self.awx.shown(self.awx.objects[kind][self.awx.add(kind, **body)])
            case [_kind, number, "survey_spec"]:
                self.awx.surveys[int(number)] = body
                return 200, {}
            case ["workflow_job_template_nodes", number, "create_approval_template"]:
                return 201, self.awx.create_approval(int(number), body)
            case [kind, number, what]:
                ids = self.awx.associated(kind, int(number), what)
                if body.get("disassociate"):
                    ids.remove(body["id"])
                else:
                    ids.append(body["id"])
                return 204, None
        raise KeyError(parts)

    def _patch(self, parts: list[str], _query: dict[str, str], body: Object) -> tuple[int, Any]:
        kind, number = parts
        self.awx.change(kind, int(number), body)
        return 200, self.awx.shown(self.awx.objects[kind][int(number)])

    def _delete(self, parts: list[str], _query: dict[str, str], _body: Object) -> tuple[int, Any]:
        kind, number = parts
        self.awx.remove(kind, int(number))
        return 204, None


def real_collections() -> Path:
    """Return a collections path with the real awx.awx; skip the test where it cannot be had."""
    try:
        return awx_collections_path()
    except AwxCollectionError as error:
        pytest.skip(f"no awx.awx on this machine: {error}")


@contextmanager
def running_awx(*playbooks: str) -> Iterator[FakeAwx]:
    """Answer for as long as the block lasts, with what an AWX has before: an organization, credentials, instances."""
    awx = FakeAwx(playbooks)
    awx.add("organizations", name="Default")
    amazon = awx.add("credential_types", name="Amazon Web Services", inputs={"fields": []}, injectors={})
    awx.add("credentials", name="Backups in S3", credential_type=amazon, organization=None, inputs={})
    git = awx.add("credential_types", name="Source Control", inputs={"fields": []}, injectors={})
    awx.add("credentials", name="Repository", credential_type=git, organization=None, inputs={})
    awx.add("instance_groups", name="default")
    handler = type("_BoundHandler", (_Handler,), {"awx": awx, "lock": Lock()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    awx.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield awx
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
