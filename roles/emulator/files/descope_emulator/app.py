# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The HTTP side: every request passes the counters, the rate limit, the faults and the latency, in this order."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from . import control, errors, flows_api, project_api
from .behaviour import SettingError
from .call import Bearer, Call, named_flows, parsed_body
from .codec import JsonObject, encode
from .emulator import Emulator
from .faults import Kind, Rule, Subject
from .journal import Journal
from .ratelimit import retry_after_seconds

_JSON = "application/json"

ROUTES: dict[tuple[str, str], Callable[[Call], bytes | JsonObject]] = {
    ("POST", "/v1/mgmt/flow/list"): flows_api.list_flows,
    ("POST", "/v2/mgmt/flow/export"): flows_api.export_v2,
    ("POST", "/v2/mgmt/flow/import"): flows_api.import_v2,
    ("POST", "/v1/mgmt/flow/export"): flows_api.export_v1,
    ("POST", "/v1/mgmt/flow/import"): flows_api.import_v1,
    ("POST", "/v1/mgmt/flow/delete"): flows_api.delete,
    ("POST", "/v1/mgmt/flow/run"): flows_api.run,
    ("POST", "/v1/mgmt/project/snapshot/export"): project_api.export_snapshot,
    ("POST", "/v1/mgmt/project/export"): project_api.export_snapshot,
    ("GET", "/v1/mgmt/license"): project_api.license_tier,
    ("POST", "/v2/mgmt/theme/export"): project_api.export_theme,
    ("POST", "/v2/mgmt/theme/import"): project_api.import_theme,
    ("POST", "/v1/mgmt/theme/export"): project_api.export_theme_v1,
    ("POST", "/v1/mgmt/theme/import"): project_api.import_theme_v1,
    ("GET", "/v1/mgmt/tenant/all"): project_api.all_tenants,
    ("GET", "/v1/mgmt/tenant"): project_api.load_tenant,
    ("POST", "/v1/mgmt/tenant/search"): project_api.search_tenants,
}


@dataclass(slots=True)
class _Exchange:
    """One request of the API and what became of it."""

    request: web.Request
    raw: bytes
    bearer: Bearer | None
    started: float = field(default_factory=time.monotonic)
    body: Any = None
    malformed: str = ""
    fault: Rule | None = None

    def __post_init__(self) -> None:
        try:
            self.body = parsed_body(self.raw)
        except (ValueError, RecursionError) as error:
            self.malformed = f"the body is not JSON: {error}"

    @property
    def subject(self) -> Subject:
        project = self.bearer.project_id if self.bearer else ""
        return Subject(self.request.method, self.request.path, project, named_flows(self.body))


class Front:
    """Answers requests for one emulator."""

    def __init__(self, emulator: Emulator, journal: Journal) -> None:
        self.emulator = emulator
        self.journal = journal

    def application(self) -> web.Application:
        """Return the application to serve. The size of a body is the emulator's own business, not aiohttp's."""
        app = web.Application(client_max_size=0)
        app.router.add_route("*", "/{path:.*}", self.answer)
        return app

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        raw = await request.read()
        if request.path.startswith("/_emulator"):
            return self._control(request, raw)
        exchange = _Exchange(request, raw, Bearer.parse(request.headers.get("Authorization", "")))
        stats = self.emulator.stats
        subject = exchange.subject
        stats.begin(f"{request.method} {request.path}", subject.project)
        status = 0
        try:
            response = await self._pass(exchange, subject)
            status = response.status
        finally:
            stats.end(status)
            self.journal.write(subject, status, time.monotonic() - exchange.started, exchange.fault)
        return response

    # --- the way of a request ------------------------------------------------------------------------------------

    async def _pass(self, exchange: _Exchange, subject: Subject) -> web.StreamResponse:
        refused = self._refused_by_limit(exchange.request)
        if refused is not None:
            return refused
        exchange.fault = fault = self.emulator.faults.next(subject)
        if fault is not None:
            self.emulator.stats.faults[fault.kind.value] += 1
            if fault.kind is Kind.DELAY:
                await asyncio.sleep(fault.seconds)
        if self.emulator.settings.latency:
            await asyncio.sleep(self.emulator.settings.latency)
        if fault is not None and fault.kind is Kind.DROP:
            return _dropped(exchange.request)
        unhandled = _without_handling(fault)
        if unhandled is not None:
            return unhandled
        response = self._handle(exchange)
        if fault is not None and fault.kind is Kind.DROP_AFTER:
            return _dropped(exchange.request)
        if fault is not None and fault.kind is Kind.TRUNCATE:
            return await _truncated(exchange.request, response)
        return response

    def _refused_by_limit(self, request: web.Request) -> web.Response | None:
        address = request.remote or ""
        if self.emulator.settings.trust_forwarded_for:
            address = request.headers.get("X-Forwarded-For", address).split(",")[0].strip()
        seconds = self.emulator.limiter.refusal(address)
        if seconds is None:
            return None
        self.emulator.stats.rate_limited += 1
        return _refused(errors.rate_limited(self._retry_after(seconds)))

    def _retry_after(self, seconds: float) -> str | None:
        """Return the header as the switch says: sometimes it is missing or not a number."""
        how = self.emulator.settings.behaviour.retry_after
        if how == "absent" or (how == "alternate" and self.emulator.stats.rate_limited % 2 == 0):
            return None
        return "soon" if how == "text" else retry_after_seconds(seconds)

    def _handle(self, exchange: _Exchange) -> web.Response:
        """Answer from the state. Nothing in here waits, so every request is a transaction."""
        try:
            answer = self._route(exchange)
        except errors.Refusal as refusal:
            return _refused(refusal)
        body = answer if isinstance(answer, bytes) else encode(answer)
        return web.Response(body=body, content_type=_JSON)

    def _route(self, exchange: _Exchange) -> bytes | JsonObject:
        request, behaviour = exchange.request, self.emulator.settings.behaviour
        if behaviour.max_body_bytes and len(exchange.raw) > behaviour.max_body_bytes:
            raise errors.too_large(behaviour.max_body_bytes)
        handler = ROUTES.get((request.method, request.path))
        if handler is None:
            raise errors.not_emulated(request.method, request.path)
        if exchange.bearer is None:
            raise errors.unauthorized(behaviour, "Authorization is not Bearer <project id>:<management key>")
        if exchange.malformed or not isinstance(exchange.body, dict):
            raise errors.malformed(exchange.malformed or "the body is not a JSON object")
        return handler(Call(self.emulator, exchange.body, request.query, exchange.bearer))

    # --- control -------------------------------------------------------------------------------------------------

    def _control(self, request: web.Request, raw: bytes) -> web.Response:
        handler = control.ROUTES.get((request.method, request.path))
        if handler is None:
            known = ", ".join(" ".join(route) for route in control.ROUTES)
            return _json({"error": f"no such control path; there are: {known}"}, status=404)
        try:
            return _json(handler(self.emulator, dict(request.query), parsed_body(raw)))
        except (SettingError, ValueError) as error:
            return _json({"error": str(error)}, status=400)


def _json(value: JsonObject, status: int = 200) -> web.Response:
    return web.Response(body=encode(value), status=status, content_type=_JSON)


def _refused(refusal: errors.Refusal) -> web.Response:
    headers = {"Retry-After": refusal.retry_after} if refusal.retry_after is not None else None
    return web.Response(body=refusal.body, status=refusal.status, headers=headers, content_type=refusal.content_type)


# --- faults ------------------------------------------------------------------------------------------------------


def _without_handling(fault: Rule | None) -> web.Response | None:
    """Return the answer of a fault that keeps the request from being handled."""
    if fault is None:
        return None
    if fault.kind is Kind.STATUS:
        return _refused(errors.on_demand(fault.status, fault.body, fault.error, fault.retry_after))
    if fault.kind is Kind.HTML200:
        return web.Response(body=errors.HTML_PAGE, content_type="text/html")
    if fault.kind is Kind.GARBAGE:
        return web.Response(text=fault.text, content_type=_JSON)
    return None


def _dropped(request: web.Request) -> web.Response:
    """Close the connection; the response goes nowhere."""
    if request.transport is not None:
        request.transport.close()
    response = web.Response(status=499)
    response.force_close()
    return response


async def _truncated(request: web.Request, whole: web.Response) -> web.StreamResponse:
    """Announce the whole answer, send half of it, close the connection."""
    body = whole.body if isinstance(whole.body, bytes) else b""
    response = web.StreamResponse(status=whole.status)
    response.content_type = whole.content_type
    response.content_length = len(body)
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return response
