# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The error answers of the API, each with the grade of its evidence."""

from __future__ import annotations

from .behaviour import Behaviour
from .codec import JsonObject, encode

HTML_PAGE = b"""<!DOCTYPE html>
<html><head><title>api.descope.com | Web server error</title></head>
<body><h1>Web server is returning an unknown error</h1><p>Cloudflare Ray ID: 0000000000000000</p></body></html>
"""


class Refusal(Exception):
    """An answer that is not HTTP 200. The body is JSON unless C(page) says otherwise."""

    def __init__(self, status: int, body: JsonObject, *, page: str = "json", retry_after: str | None = None) -> None:
        super().__init__(status)
        self.status = status
        self.retry_after = retry_after
        self.content_type, self.body = _rendered(page, body)


def _rendered(page: str, body: JsonObject) -> tuple[str, bytes]:
    if page == "html":
        return "text/html", HTML_PAGE
    if page == "empty":
        return "text/plain", b""
    return "application/json", encode(body)


def _body(code: str, description: str, message: str) -> JsonObject:
    return {"errorCode": code, "errorDescription": description, "errorMessage": message}


def unknown_flow(status: int = 500) -> Refusal:
    """Observed for the v1 export of an unknown flow: HTTP 500 with four keys, never a 404. Assumed for v2."""
    text = "Failed loading flow by ID"
    return Refusal(status, {**_body("E103003", "Failed getting flow", text), "message": text})


def malformed(message: str) -> Refusal:
    """Documented by the clients: E011001 with HTTP 400 is a malformed request."""
    return Refusal(400, _body("E011001", "Request is malformed", message))


def missing_argument(name: str) -> Refusal:
    """Documented code E011002; that a missing flow id is answered with it is assumed."""
    return Refusal(400, _body("E011002", "Request is missing arguments", f"The {name} argument is required"))


def invalid(message: str) -> Refusal:
    """Documented: E113007 carries a validation error in words. That flows are answered with it is assumed."""
    return Refusal(400, _body("E113007", "Validation error", message))


def rate_limited(retry_after: str | None) -> Refusal:
    """Documented by the clients' own tests, Retry-After in seconds included."""
    body = _body("E130429", "https://docs.descope.com/rate-limit", "API rate limit exceeded.")
    return Refusal(429, body, retry_after=retry_after)


def unauthorized(behaviour: Behaviour, message: str) -> Refusal:
    """UNKNOWN status and body; E011003 (invalid request) is a stand-in."""
    body = _body("E011003", "Unauthorized (the emulator's own answer, the real one is unknown)", message)
    return Refusal(behaviour.unauthorized_status, body, page=behaviour.auth_error_body)


def forbidden(behaviour: Behaviour, message: str) -> Refusal:
    """UNKNOWN status and body; E011003 (invalid request) is a stand-in."""
    body = _body("E011003", "Forbidden (the emulator's own answer, the real one is unknown)", message)
    return Refusal(behaviour.forbidden_status, body, page=behaviour.auth_error_body)


def snapshot_denied(behaviour: Behaviour) -> Refusal:
    """UNKNOWN: the clients document "supported only with a pro license or above" and no answer."""
    message = "Project snapshots are supported only with a pro license or above"
    return Refusal(behaviour.snapshot_denied_status, _body("E011003", "Operation not allowed", message))


def conflict(flow_id: str) -> Refusal:
    """UNKNOWN whether the API has such an answer at all."""
    return Refusal(409, _body("E011003", "Conflict", f"Flow {flow_id} was changed since it was exported"))


def too_large(limit: int) -> Refusal:
    """UNKNOWN."""
    return Refusal(413, _body("E011001", "Request is malformed", f"The request body exceeds {limit} bytes"))


def not_emulated(method: str, path: str, status: int = 501) -> Refusal:
    """Not Descope's answer: it says that the emulator, not the service, lacks this endpoint."""
    message = f"{method} {path} is not part of the emulator"
    return Refusal(status, _body("E000501", "Not emulated", message))


def on_demand(status: int, page: str, body: JsonObject | None, retry_after: str | None) -> Refusal:
    """An error that a test asked for; the body of a 429 is Descope's own unless another is given."""
    if body is None and status == 429:
        body = _body("E130429", "https://docs.descope.com/rate-limit", "API rate limit exceeded.")
    if body is None:
        body = _body("E010009", "Unknown server error", "The emulator was told to answer so")
    return Refusal(status, body, page=page, retry_after=retry_after)
