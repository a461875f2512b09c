# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""HTTP to the Management API: one pooled client, paced, retried where that is safe, every failure in one clear line.

The management key is in the C(Authorization) header and nowhere else: no exception, representation or log carries it,
whatever the server answers.
"""

from __future__ import annotations

import json
import random
import threading
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._api.answers import (
    AnswerReader,
    Attempt,
    Call,
    HttpResponseError,
)
from ansible_collections.community.descope.plugins.module_utils._api.failures import failed_attempt
from ansible_collections.community.descope.plugins.module_utils._api.limiter import Clock, RequestWindow
from ansible_collections.community.descope.plugins.module_utils._api.retries import (
    DEFAULT_RETRIES,
    NO_RETRIES,
    Decision,
    Kind,
    Outcome,
    RetryPolicy,
    retry_decision,
)
from ansible_collections.community.descope.plugins.module_utils._api.settings import ConnectionSettings
from ansible_collections.community.descope.plugins.module_utils._errors import (
    DescopeError,
    InputError,
    OutcomeUnknownError,
    Problem,
    ReadOnlyError,
    TransportError,
)
from ansible_collections.community.descope.plugins.module_utils._json import JsonObject
from ansible_collections.community.descope.plugins.module_utils._version import COLLECTION_VERSION

try:
    import requests
    import urllib3
    from requests.adapters import HTTPAdapter

    REQUESTS_IMPORT_ERROR: str | None = None
except ImportError:
    REQUESTS_IMPORT_ERROR = traceback.format_exc()

__all__ = [
    "DEFAULT_RETRIES",
    "NO_RETRIES",
    "READS",
    "REQUESTS_IMPORT_ERROR",
    "Client",
    "ConnectionSettings",
    "HttpResponseError",
    "RetryPolicy",
    "Statistics",
]

# The gateway stopped waiting for the server behind it, or lost it in the middle of its work.
_SERVER_STILL_BUSY = frozenset({502, 504, 520, 524})

# Everything that only reads. What is not listed here is a write, so that a new endpoint is never a read by accident.
READS = frozenset(
    {
        ("GET", "/v1/mgmt/license"),
        ("GET", "/v1/mgmt/tenant/all"),
        ("POST", "/v1/mgmt/flow/export"),
        ("POST", "/v1/mgmt/flow/list"),
        ("POST", "/v1/mgmt/project/snapshot/export"),
        ("POST", "/v1/mgmt/projects/list"),
        ("POST", "/v1/mgmt/tenant/search"),
        ("POST", "/v1/mgmt/theme/export"),
        ("POST", "/v2/mgmt/flow/export"),
        ("POST", "/v2/mgmt/theme/export"),
    }
)


class Statistics:
    """What a client has done so far. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_endpoint: Counter[str] = Counter()
        self._waits: list[tuple[float, float]] = []
        self._retried = 0
        self._paused_429 = 0

    def count_request(self, endpoint: str) -> None:
        with self._lock:
            self._by_endpoint[endpoint] += 1

    def count_retry(self) -> None:
        with self._lock:
            self._retried += 1

    def count_pause(self) -> None:
        with self._lock:
            self._paused_429 += 1

    def add_wait(self, began: float, ended: float) -> None:
        """Add a time in which a request was held back. Threads that wait side by side wait once."""
        with self._lock:
            while self._waits and self._waits[-1][1] >= began:
                earlier_began, earlier_ended = self._waits.pop()
                began, ended = min(began, earlier_began), max(ended, earlier_ended)
            self._waits.append((began, ended))

    @property
    def made(self) -> int:
        """The requests that were sent, or would have been had there been a connection."""
        with self._lock:
            return self._by_endpoint.total()

    @property
    def waited_seconds(self) -> float:
        """The time on the clock in which at least one request was held back by the rate limit, a pause or a retry."""
        with self._lock:
            return sum(ended - began for began, ended in self._waits)

    def as_dict(self) -> dict[str, Any]:
        with self._lock:
            by_endpoint = dict(sorted(self._by_endpoint.items()))
            retried, paused_429 = self._retried, self._paused_429
        return {
            "made": sum(by_endpoint.values()),
            "by_endpoint": by_endpoint,
            "waited_seconds": round(self.waited_seconds, 3),
            "retried": retried,
            "paused_429": paused_429,
        }


class _Transport:
    """Sends requests over pooled connections, from any thread.

    The adapter is used without a C(requests) session around it: a session would follow redirects (with the key), take
    credentials from C(.netrc) (instead of the key), keep cookies and read the environment again for every request.
    """

    def __init__(self, settings: ConnectionSettings) -> None:
        self._settings = settings
        self._adapter = HTTPAdapter(pool_connections=1, pool_maxsize=settings.threads, max_retries=0, pool_block=False)
        with requests.Session() as session:
            environment = session.merge_environment_settings(settings.base_url, {}, False, None, None)
        self._proxies = dict(environment["proxies"])
        # What the task says comes before REQUESTS_CA_BUNDLE.
        trusted: str | bool = settings.ca_path or environment["verify"] or True
        self._verify = trusted if settings.validate_certs else False
        if not settings.validate_certs:
            # The user has asked for this; once is enough, and the task's own arguments show it.
            warnings.simplefilter("ignore", urllib3.exceptions.InsecureRequestWarning)

    def send(self, call: Call, headers: dict[str, str]) -> requests.Response:
        """Send once and read the whole answer. Raises what C(requests) raises."""
        request = requests.PreparedRequest()
        request.prepare(method=call.method, url=self._settings.base_url + call.path, headers=headers, data=call.body)
        timeout = (call.connect_timeout, call.timeout)
        response = self._adapter.send(request, timeout=timeout, verify=self._verify, proxies=self._proxies)
        with response:
            _unused = response.content
        return response

    def close(self) -> None:
        self._adapter.close()


class Client:
    """Sends requests to the Management API for one project, from any number of threads.

    Create it after a fork, not before: connections cannot be shared by processes. Every request passes C(window).
    """

    def __init__(
        self,
        settings: ConnectionSettings,
        window: RequestWindow | None = None,
        *,
        policy: RetryPolicy = DEFAULT_RETRIES,
        clock: Clock = time,
        chance: Callable[[], float] = random.random,
    ) -> None:
        if REQUESTS_IMPORT_ERROR:
            raise DescopeError("the Python library 'requests' is not installed: install it with pip")
        self.settings = settings
        self.statistics = Statistics()
        # Sent along once it is known, so that the rate limit is the one of the company's plan (Descope's SDKs).
        self.license_tier = ""
        self._window = window or RequestWindow(None, None, clock)
        self._policy = policy
        self._clock = clock
        self._chance = chance
        self._transport = _Transport(settings)
        self._reader = AnswerReader(settings)

    def get(self, path: str, *, timeout: float | None = None, policy: RetryPolicy | None = None) -> JsonObject:
        """Read C(path) and return the JSON object it answers. Raises any DescopeError."""
        return self._request(self._call("GET", path, timeout=timeout), policy or self._policy)

    def post(self, path: str, body: JsonObject, parse: Callable[[bytes], Any] = json.loads) -> JsonObject:
        """Post C(body) and return the JSON object that is answered, {} for a write answered without one.

        C(parse) may leave parts of a large answer to be parsed later. It raises ValueError as C(json.loads) does.
        Raises ReadOnlyError before any write if the settings say so, OutcomeUnknownError where a write may or may not
        have happened, TransportError, ResponseError or an ApiError otherwise.
        """
        try:
            content = json.dumps(body, separators=(",", ":"), allow_nan=False).encode("ascii")
        except (TypeError, ValueError) as error:
            message = f"cannot be sent as JSON: {error}"
            raise InputError([Problem(code="not-json", message=message, source=f"POST {path}")]) from None
        return self._request(self._call("POST", path, content, parse=parse), self._policy)

    def close(self) -> None:
        self._transport.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _call(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        timeout: float | None = None,
        parse: Callable[[bytes], Any] = json.loads,
    ) -> Call:
        longest = timeout or self.settings.timeout
        connect_timeout = min(self.settings.connect_timeout, longest)
        return Call(method, path, self._kind(method, path), body, longest, connect_timeout, parse)

    def _request(self, call: Call, policy: RetryPolicy) -> JsonObject:
        refusals = failures = 0
        while True:
            attempt = self._attempt(call)
            if attempt.error is None:
                return attempt.value
            refused = attempt.outcome is Outcome.RATE_LIMITED
            refusals, failures = refusals + refused, failures + (not refused)
            decision = retry_decision(call.kind, refusals if refused else failures, attempt.outcome, policy)
            if decision is not Decision.RETRY:
                raise _final_error(attempt.error, decision, refusals + failures)
            self.statistics.count_retry()
            if attempt.pause is None:
                self._wait(policy.delay(failures, self._chance()))

    def _kind(self, method: str, path: str) -> Kind:
        if (method, path) in READS:
            return Kind.READ
        if self.settings.read_only:
            raise ReadOnlyError(f"{method} {path} would change the project, and this run only looks: nothing was sent")
        return Kind.WRITE

    def _attempt(self, call: Call) -> Attempt:
        with self._window.turn() as waited:
            sent_at = self._clock.monotonic()
            if waited:
                self.statistics.add_wait(sent_at - waited, sent_at)
            self.statistics.count_request(str(call))
            attempt = self._send(call)
        if attempt.pause is not None:
            self._pause(sent_at, attempt.pause)
        return attempt

    def _pause(self, sent_at: float, seconds: float) -> None:
        # As in the window itself: what was answered must come out, whatever happens to the shared file.
        with suppress(DescopeError):
            if self._window.pause(sent_at, seconds):
                self.statistics.count_pause()

    def _send(self, call: Call) -> Attempt:
        try:
            response = self._transport.send(call, self._headers(call))
        except (OSError, urllib3.exceptions.HTTPError) as error:  # requests raises OSErrors
            return failed_attempt(call, error, self.settings.host)
        return self._reader.read(call, response)

    def _wait(self, seconds: float) -> None:
        began = self._clock.monotonic()
        self._clock.sleep(seconds)
        self.statistics.add_wait(began, self._clock.monotonic())

    def _headers(self, call: Call) -> dict[str, str]:
        headers = {
            "Authorization": f"Bearer {self.settings.project_id}:{self.settings.management_key}",
            "x-descope-project-id": self.settings.project_id,
            "User-Agent": f"community.descope/{COLLECTION_VERSION}",
            "Accept": "application/json",
            "Accept-Encoding": "gzip, deflate",
        }
        if call.body is not None:
            headers["Content-Type"] = "application/json"
        if self.license_tier:
            headers["x-descope-license"] = self.license_tier
        return headers


def _final_error(error: DescopeError, decision: Decision, attempts: int) -> DescopeError:
    tried = f" (tried {attempts} times)" if attempts > 1 else ""
    if decision is Decision.LOOK:
        message = f"{error}{tried}: whether it was done, only reading the project again can tell"
        under_way = isinstance(error, TransportError) or getattr(error, "status", 0) in _SERVER_STILL_BUSY
        return OutcomeUnknownError(message, answered=not under_way)
    error.args = (f"{error}{tried}",)
    return error
