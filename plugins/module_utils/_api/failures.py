# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""What it means that there was no HTTP answer: whether the request left, and what the user should look at."""

from __future__ import annotations

import socket
import ssl

from ansible_collections.community.descope.plugins.module_utils._api.answers import Attempt, Call
from ansible_collections.community.descope.plugins.module_utils._api.retries import Outcome
from ansible_collections.community.descope.plugins.module_utils._api.settings import shortened
from ansible_collections.community.descope.plugins.module_utils._errors import TransportError

try:
    import requests
    import urllib3
except ImportError:
    # _client says so when somebody wants to send something.
    pass

_TLS_CLOSED = (ssl.SSLEOFError, ssl.SSLZeroReturnError)


def failed_attempt(call: Call, error: Exception, host: str) -> Attempt:
    """Return what it means for C(call) that sending it ended in C(error). The exception itself goes no further."""
    outcome, what = _diagnosis(_causes(error), call, host)
    return Attempt(outcome, error=TransportError(f"{call}: {what}"))


def _diagnosis(causes: list[BaseException], call: Call, host: str) -> tuple[Outcome, str]:
    """Return what became of a request that ended in an exception, in words, from the exception and its causes."""
    for find in (_proxy_failure, _name_failure, _tls_failure, _connection_failure):
        found = find(causes, call, host)
        if found:
            return found
    if _first(causes, requests.exceptions.Timeout, urllib3.exceptions.ReadTimeoutError, TimeoutError):
        return Outcome.LOST, f"no answer from {host} within {call.timeout:g} s (option timeout)"
    if _first(causes, urllib3.exceptions.HTTPError, requests.exceptions.ConnectionError, ConnectionError):
        return Outcome.LOST, f"{host} closed the connection before its answer was complete"
    return Outcome.UNREACHABLE, f"cannot use {host}: {_reason(causes[0])}"


def _proxy_failure(causes: list[BaseException], call: Call, host: str) -> tuple[Outcome, str] | None:
    if not _first(causes, requests.exceptions.ProxyError, urllib3.exceptions.ProxyError):
        return None
    hint = "check the environment variables HTTPS_PROXY, HTTP_PROXY and NO_PROXY"
    return Outcome.NOT_SENT, f"cannot reach {host} through the proxy ({_reason(causes[-1])}): {hint}"


def _name_failure(causes: list[BaseException], call: Call, host: str) -> tuple[Outcome, str] | None:
    error = _first(causes, socket.gaierror)
    if not isinstance(error, socket.gaierror):
        return None
    outcome = Outcome.NOT_SENT if error.errno == socket.EAI_AGAIN else Outcome.UNREACHABLE
    return outcome, f"the name of {host} cannot be resolved: check base_url, and this machine's DNS or proxy settings"


def _tls_failure(causes: list[BaseException], call: Call, host: str) -> tuple[Outcome, str] | None:
    error = _first(causes, ssl.SSLError)
    if isinstance(error, ssl.SSLCertVerificationError):
        hint = "set ca_path to the certificate of its CA, or validate_certs to false for a test server"
        return Outcome.UNREACHABLE, f"the certificate of {host} is not trusted ({error.verify_message}): {hint}"
    if not isinstance(error, ssl.SSLError) or isinstance(error, _TLS_CLOSED):
        return None
    if error.reason in {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE"}:
        return Outcome.UNREACHABLE, f"{host} does not speak TLS: check base_url, perhaps it is http://"
    if error.reason == "NO_CERTIFICATE_OR_CRL_FOUND":
        return Outcome.UNREACHABLE, "ca_path holds no certificate: name a file of CA certificates in PEM format"
    return Outcome.LOST, f"TLS with {host} failed ({_reason(error)})"


def _connection_failure(causes: list[BaseException], call: Call, host: str) -> tuple[Outcome, str] | None:
    if _first(causes, ConnectionRefusedError):
        return Outcome.NOT_SENT, f"{host} refuses the connection: check base_url, and that a server runs there"
    if _first(causes, urllib3.exceptions.NewConnectionError):
        return Outcome.NOT_SENT, f"cannot connect to {host} ({_reason(causes[-1])}): check base_url and the network"
    if _first(causes, urllib3.exceptions.ConnectTimeoutError):
        hint = "check base_url and the network, or raise connect_timeout"
        return Outcome.NOT_SENT, f"no connection to {host} within {call.connect_timeout:g} s: {hint}"
    return None


def _first(causes: list[BaseException], *types: type[BaseException]) -> BaseException | None:
    return next((cause for cause in causes if isinstance(cause, types)), None)


def _causes(error: BaseException) -> list[BaseException]:
    """Return an exception and everything it wraps, however it does so, outermost first."""
    found: list[BaseException] = []
    pending: list[object] = [error]
    while pending:
        candidate = pending.pop(0)
        if isinstance(candidate, BaseException) and not any(candidate is one for one in found):
            found.append(candidate)
            pending += [*candidate.args, getattr(candidate, "reason", None), candidate.__cause__]
    return found


def _reason(error: BaseException) -> str:
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return shortened(" ".join(str(text).split()))
