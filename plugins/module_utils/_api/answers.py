# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""What an HTTP answer means: a value, or an error that says in one line who answered what, and never the key."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ansible_collections.community.descope.plugins.module_utils._api.retries import (
    Kind,
    Outcome,
    pause_seconds,
    retry_after_seconds,
)
from ansible_collections.community.descope.plugins.module_utils._api.settings import ConnectionSettings, shortened
from ansible_collections.community.descope.plugins.module_utils._errors import (
    ApiError,
    AuthenticationError,
    DescopeError,
    RateLimitedError,
    ResponseError,
)
from ansible_collections.community.descope.plugins.module_utils._json import JsonObject, describe

if TYPE_CHECKING:
    import requests

# Where the edge answers for a server behind it that did not: what Descope's own SDKs retry (503, 520, 521, 522, 524,
# 530), and the other statuses that mean the same.
_GATEWAY_STATUSES = frozenset({502, 503, 504, 520, 521, 522, 523, 524, 530})
_RATE_LIMITED = 429
_AUTHENTICATION_STATUSES = frozenset({401, 403})

# What is not an answer of the API is looked at no further than this.
_READ_BYTES = 20_000
_TITLE = re.compile(r"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)
_MARKUP = re.compile(r"<(script|style)\b.*?</\1\s*>|<[^>]*>", re.IGNORECASE | re.DOTALL)


class HttpResponseError(ResponseError):
    """A ResponseError that came with an HTTP status, of an answer that is not the API's."""

    def __init__(self, message: str, *, status: int, method: str, path: str) -> None:
        super().__init__(message)
        self.status = status
        self.method = method
        self.path = path

    def details(self) -> dict[str, Any]:
        return {"failure": {"status": self.status, "code": "", "method": self.method, "path": self.path}}


@dataclass(frozen=True, slots=True)
class Call:
    """One request as it is wanted, however often it is attempted. C(parse): what makes a value of its answer."""

    method: str
    path: str
    kind: Kind
    body: bytes | None
    timeout: float
    connect_timeout: float
    parse: Callable[[bytes], Any] = json.loads

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of sending a call once: a value, or an error that is raised if there is no other attempt."""

    outcome: Outcome
    value: JsonObject = field(default_factory=dict)
    error: DescopeError | None = None
    pause: float | None = None


class AnswerReader:
    """Turns HTTP responses into values and errors. Nothing it says contains the key."""

    def __init__(self, settings: ConnectionSettings) -> None:
        self._settings = settings

    def read(self, call: Call, response: requests.Response) -> Attempt:
        status = response.status_code
        if 200 <= status < 300:
            return self._success(call, response)
        retry_after = response.headers.get("Retry-After")
        if status == _RATE_LIMITED:
            return Attempt(Outcome.RATE_LIMITED, error=self._rate_limited(call), pause=pause_seconds(retry_after))
        # A server that failed may have done so after it had stored what it was sent.
        if status in _GATEWAY_STATUSES or (status >= 500 and call.kind is Kind.WRITE):
            error = self._refusal(call, response)
            return Attempt(Outcome.GATEWAY, error=error, pause=retry_after_seconds(retry_after))
        if 300 <= status < 400:
            return Attempt(Outcome.REFUSED, error=self._redirect(call, response))
        return Attempt(Outcome.REFUSED, error=self._refusal(call, response))

    def _success(self, call: Call, response: requests.Response) -> Attempt:
        content = response.content
        if call.kind is Kind.WRITE and not content.strip():
            return Attempt(Outcome.ANSWERED)
        try:
            value = call.parse(content)
        except (ValueError, RecursionError):
            return self._not_json(call, response)
        if isinstance(value, dict):
            return Attempt(Outcome.ANSWERED, value=value)
        if call.kind is Kind.WRITE:
            return Attempt(Outcome.ANSWERED)
        return self._unreadable(call, response, f"{describe(value)} ({self._words(content)})")

    def _not_json(self, call: Call, response: requests.Response) -> Attempt:
        content = response.content
        if not content.strip():
            return self._unreadable(call, response, "an empty body")
        if _is_html(response):
            return self._unreadable(call, response, f"an HTML page ({self._page_title(content)})")
        # What begins like JSON was probably cut off, and that is worth another attempt.
        outcome = Outcome.LOST if content.lstrip()[:1] in (b"{", b"[") else Outcome.UNREADABLE
        return self._unreadable(call, response, f"broken JSON ({self._words(content)})", outcome)

    def _unreadable(
        self, call: Call, response: requests.Response, what: str, outcome: Outcome = Outcome.UNREADABLE
    ) -> Attempt:
        message = f"{self._answered(call, response)} with {what} instead of a JSON object: check base_url"
        return Attempt(outcome, error=self._response_error(message, call, response))

    def _response_error(self, message: str, call: Call, response: requests.Response) -> HttpResponseError:
        return HttpResponseError(message, status=response.status_code, method=call.method, path=call.path)

    def _rate_limited(self, call: Call) -> RateLimitedError:
        message = (
            f"{call}: {self._settings.host} answered HTTP 429, too many requests: something else may be using up this "
            f"address's share; lower rate_limit or try again later"
        )
        return RateLimitedError(message, status=_RATE_LIMITED, method=call.method, path=call.path)

    def _redirect(self, call: Call, response: requests.Response) -> DescopeError:
        target = self._words(response.headers.get("Location", "").split("?")[0])
        message = (
            f"{self._answered(call, response)}, a redirect to {target or 'nowhere'}, which is not followed because "
            f"the management key would go there: check base_url"
        )
        return self._response_error(message, call, response)

    def _refusal(self, call: Call, response: requests.Response) -> DescopeError:
        answered = self._answered(call, response)
        if _is_html(response):
            hint = "Descope, or a proxy or firewall on the way, is not letting the API answer"
            message = f"{answered} with an HTML page ({self._page_title(response.content)}): {hint}"
            return self._response_error(message, call, response)
        code, text = self._api_error(response)
        said = f": {text}" if text else ", without a word"
        status = response.status_code
        if status in _AUTHENTICATION_STATUSES:
            message = f"{answered}{said}: {self._what_to_check(status)}"
            return AuthenticationError(message, status=status, code=code, method=call.method, path=call.path)
        return ApiError(f"{answered}{said}", status=status, code=code, method=call.method, path=call.path)

    def _what_to_check(self, status: int) -> str:
        project = f"project {self._settings.project_id}"
        if status == 401:
            return f"check that management_key is complete, active, not expired, and made for {project}"
        return f"check that the management key's roles, projects and permitted IPs allow this for {project}"

    def _answered(self, call: Call, response: requests.Response) -> str:
        return f"{call}: {self._settings.host} answered HTTP {response.status_code}"

    def _api_error(self, response: requests.Response) -> tuple[str, str]:
        """Return Descope's error code and everything it says, each thing once."""
        try:
            body = json.loads(response.content)
        except (ValueError, RecursionError):
            body = None
        if not isinstance(body, dict):
            return "", self._words(response.content)
        said = [body.get(key) for key in ("errorCode", "errorDescription", "errorMessage", "message", "error")]
        texts = [self._words(text) for text in said if isinstance(text, str)]
        code = self._words(str(body.get("errorCode") or ""))
        return code, ": ".join(dict.fromkeys(filter(None, texts))) or self._words(response.content)

    def _page_title(self, content: bytes) -> str:
        page = content[:_READ_BYTES].decode(errors="replace")
        title = _TITLE.search(page)
        text = title[1] if title and title[1].strip() else _MARKUP.sub(" ", page)
        return self._words(html.unescape(text)) or "without text"

    def _words(self, content: bytes | str) -> str:
        """Return the beginning of a text as one printable line, without the key."""
        beginning = content[:_READ_BYTES]
        text = beginning.decode(errors="replace") if isinstance(beginning, bytes) else beginning
        text = text.replace(self._settings.management_key, "<management key>")
        printable = "".join(character if character.isprintable() else " " for character in text)
        return shortened(" ".join(printable.split()))


def _is_html(response: requests.Response) -> bool:
    start = response.content.lstrip()[:1]
    return start == b"<" or (start not in (b"{", b"[") and "html" in response.headers.get("Content-Type", "").lower())
