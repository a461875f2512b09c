# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The client against a real HTTP server in this process."""

from __future__ import annotations

import gzip
import json
import logging
import os
import re
import socket
import ssl
import subprocess
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ansible_collections.community.descope.plugins.module_utils._api import client
from ansible_collections.community.descope.plugins.module_utils._api.client import (
    READS,
    Client,
    ConnectionSettings,
    RetryPolicy,
)
from ansible_collections.community.descope.plugins.module_utils._api.limiter import RateLimit, RequestWindow
from ansible_collections.community.descope.plugins.module_utils._api.retries import (
    DEFAULT_RETRIES,
    Decision,
    Kind,
    Outcome,
    pause_seconds,
    retry_decision,
)
from ansible_collections.community.descope.plugins.module_utils._api.settings import given_base_url, shown_project_id
from ansible_collections.community.descope.plugins.module_utils._errors import (
    ApiError,
    AuthenticationError,
    DescopeError,
    InputError,
    OutcomeUnknownError,
    RateLimitedError,
    ReadOnlyError,
    ResponseError,
    TransportError,
)
from ansible_collections.community.descope.plugins.module_utils._version import COLLECTION_VERSION

PROJECT = "P2abcdefghijklmnopqrstuvwxyz"
KEY = "K2aVerySecretManagementKeyThatMustNeverShowUpAnywhere"
LIST = "/v1/mgmt/flow/list"
EXPORT = "/v2/mgmt/flow/export"
IMPORT = "/v2/mgmt/flow/import"


@dataclass(frozen=True)
class Seen:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Script:
    """What a server will answer next, and what it was asked. The last answer is given again and again."""

    answers: list[Callable[[Seen], bytes | None]] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def next(self, seen: Seen) -> Callable[[Seen], bytes | None]:
        with self.lock:
            self.seen.append(seen)
            return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    script: Script

    def setup(self) -> None:
        super().setup()
        with self.script.lock:
            self.script.connections += 1

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        seen = Seen(self.command, self.path, {name.lower(): value for name, value in self.headers.items()}, body)
        answer = self.script.next(seen)(seen)
        self.wfile.write(answer or b"")
        self.close_connection = answer is None or b"\r\nContent-Length: " not in answer or b"close" in answer[:200]

    do_GET = do_POST

    def log_message(self, format: str, *args: Any) -> None:
        pass


def http(status: int, body: bytes | str, content_type: str = "application/json", **headers: str) -> bytes:
    content = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Type: {content_type}", f"Content-Length: {len(content)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def says(status: int, body: Any, content_type: str = "application/json", **headers: str) -> Callable[[Seen], bytes]:
    content = body if isinstance(body, (bytes, str)) else json.dumps(body)
    return lambda seen: http(status, content, content_type, **headers)


def drops(seen: Seen) -> None:
    """Close the connection instead of answering."""


def truncates(seen: Seen) -> bytes:
    return (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5000\r\nConnection: close\r\n\r\n"
        + b'{"flows": ['
    )


def sleeps(seen: Seen) -> bytes:
    time.sleep(0.5)
    return http(200, "{}")


OK = says(200, {"ok": True})
TOO_MANY = {"errorCode": "E130429", "errorDescription": "https://docs.descope.com/rate-limit"}


class FakeClock:
    """Time that passes only by sleeping, for one thread at a time."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float, /) -> None:
        self.slept.append(seconds)
        self.now += seconds


@dataclass
class Server:
    url: str
    script: Script

    def answers(self, *answers: Callable[[Seen], bytes | None]) -> None:
        self.script.answers[:] = answers

    @property
    def seen(self) -> list[Seen]:
        return self.script.seen

    @property
    def host(self) -> str:
        return self.url.partition("//")[2]


class PatientServer(ThreadingHTTPServer):
    """It lets more connections wait than five, which is the default; what comes beyond is lost on a busy machine."""

    request_queue_size = 128
    daemon_threads = True


def serve(tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    script = Script([OK])
    server = PatientServer(("127.0.0.1", 0), type("ScriptedHandler", (Handler,), {"script": script}))
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield Server(f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}", script)
    server.shutdown()
    server.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    yield from serve()


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NETRC"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture(autouse=True)
def nothing_shows_the_key(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> Iterator[pytest.LogCaptureFixture]:
    """In every test here: no log of any library at any level, and no output, has the key."""
    caplog.set_level(logging.DEBUG)
    yield caplog
    output = capfd.readouterr()
    assert KEY not in caplog.text + output.out + output.err


def settings_for(server: Server, **options: Any) -> ConnectionSettings:
    return ConnectionSettings(PROJECT, KEY, **{"base_url": server.url, "timeout": 5.0, **options})


def client_for(server: Server, clock: FakeClock | None = None, **options: Any) -> Client:
    clock = clock or FakeClock()
    return Client(settings_for(server, **options), RequestWindow(None, None, clock), clock=clock, chance=lambda: 1.0)


def everything_said(error: BaseException) -> str:
    """Everything an exception, and whatever it was caused by, could tell."""
    said = "".join(traceback.format_exception(error))
    link: BaseException | None = error
    while link is not None:
        said += f"{link}{link!r}{vars(link)}"
        link = link.__cause__ or link.__context__
    return said + (json.dumps(error.details()) if isinstance(error, DescopeError) else "")


def failure_of(call: Callable[[], Any], kind: type[DescopeError]) -> str:
    """Make a call that fails; return its message, which is one line and like everything about it without the key."""
    with pytest.raises(DescopeError) as caught:
        call()
    assert caught.value.__class__ is kind or (kind is ResponseError and isinstance(caught.value, ResponseError))
    assert KEY not in everything_said(caught.value)
    message = str(caught.value)
    assert message.isprintable(), "one line without control characters"
    assert len(message) < 600
    return message


class TestSettings:
    @pytest.mark.parametrize(
        ("project_id", "base_url"),
        [
            ("P" + "a" * 27, "https://api.descope.com"),
            ("Peuc1" + "a" * 27, "https://api.euc1.descope.com"),
            ("P1", "https://api.descope.com"),
        ],
    )
    def test_region_comes_from_the_project_id(self, project_id: str, base_url: str) -> None:
        assert ConnectionSettings(project_id, KEY).base_url == base_url

    def test_base_url_loses_its_trailing_slash(self) -> None:
        assert ConnectionSettings(PROJECT, KEY, base_url="https://a.example/descope//").base_url == (
            "https://a.example/descope"
        )

    @pytest.mark.parametrize(
        ("project_id", "key", "message"),
        [
            (
                "",
                KEY,
                "project_id: is empty: give a project id, here or in .* DESCOPE_PROJECT_ID",
            ),
            (PROJECT, "", "management_key: is empty: .* DESCOPE_MANAGEMENT_KEY"),
            (KEY, PROJECT, "project_id: this is a management key, and management_key holds the project id: exchange"),
            (PROJECT, KEY + "\n", "management_key: begins or ends with white space or a line break: remove it"),
            (" " + PROJECT, KEY, "project_id: begins or ends with white space"),
            (PROJECT, KEY[:9] + " " + KEY[9:], "management_key: has white space inside"),
            (PROJECT, KEY[:9] + "\r\nX-Evil: 1" + KEY[9:], "management_key: has white space inside"),
            (f"{PROJECT}:{KEY}", KEY, "project_id: is a project id and a management key joined by a colon"),
            (PROJECT, f"{PROJECT}:{KEY}", "management_key: is a project id and a management key joined by a colon"),
            (PROJECT, PROJECT, "management_key: is not a management key: those begin with K"),
            (KEY, KEY, "project_id: is not a project id: those begin with P"),
            ("P-1", KEY, "project_id: has characters that a project id never has"),
            (PROJECT, "K\N{SNOWMAN}", "management_key: has characters that a management key never has"),
        ],
    )
    def test_credentials_in_the_wrong_shape_are_explained(self, project_id: str, key: str, message: str) -> None:
        with pytest.raises(InputError, match=f"^{message}") as caught:
            ConnectionSettings(project_id, key)
        assert len(caught.value.problems) == 1
        assert KEY not in everything_said(caught.value)

    @pytest.mark.parametrize(
        ("given", "shown"),
        [
            (PROJECT, PROJECT),
            (f"{PROJECT}:{KEY}", PROJECT),
            (f"{KEY}:{PROJECT}", ""),
            (KEY, ""),
            (f"{PROJECT} {KEY}", ""),
            (f"{PROJECT}\n{KEY}", ""),
            ("", ""),
            (None, ""),
            ([KEY], ""),
        ],
    )
    def test_of_what_is_no_project_id_only_an_id_in_it_is_shown(self, given: object, shown: str) -> None:
        assert shown_project_id(given) == shown

    @pytest.mark.parametrize(
        ("base_url", "message"),
        [
            ("api.descope.com", '"api.descope.com" does not begin with https:// or http://'),
            ("ftp://api.descope.com", "does not begin with https:// or http://"),
            ("https://", "names no host"),
            ("https://:443", "names no host"),
            ("https://a.example:99999", "is not a URL"),
            ("https://[::1", "is not a URL"),
            ("https://a.example/?x=1", "has a query or a fragment"),
            ("https://a.exa mple", "has white space in it"),
        ],
    )
    def test_base_url_in_the_wrong_shape_is_explained(self, base_url: str, message: str) -> None:
        with pytest.raises(InputError, match=f"^base_url: .*{re.escape(message)}"):
            ConnectionSettings(PROJECT, KEY, base_url=base_url)

    def test_an_empty_base_url_does_not_lead_to_descope(self) -> None:
        with pytest.raises(InputError, match=r"^base_url: is empty: give for example https://api\.descope\.com, or"):
            given_base_url("")
        assert given_base_url(None) == ""

    @pytest.mark.parametrize("base_url", [f"https://user:{KEY}@a.example", f"https://{KEY}@a.example/", f"{KEY}@a"])
    def test_base_url_with_credentials_is_refused_and_not_shown(self, base_url: str) -> None:
        with pytest.raises(InputError, match=r"^base_url: holds a user name or a password") as caught:
            ConnectionSettings(PROJECT, KEY, base_url=base_url)
        assert KEY not in everything_said(caught.value)

    def test_everything_wrong_is_said_at_once(self, tmp_path: Path) -> None:
        with pytest.raises(InputError) as caught:
            ConnectionSettings(
                "x",
                "y",
                base_url="z",
                timeout=0,
                connect_timeout=float("nan"),
                threads=0,
                ca_path=str(tmp_path / "missing.pem"),
            )
        assert [problem.source for problem in caught.value.problems] == [
            "project_id",
            "management_key",
            "base_url",
            "timeout",
            "connect_timeout",
            "threads",
            "ca_path",
        ]

    def test_key_is_not_in_the_representation(self) -> None:
        settings = ConnectionSettings(PROJECT, KEY)
        assert KEY not in f"{settings!r} {settings} {Client(settings)!r}"
        assert PROJECT in repr(settings)

    @pytest.mark.parametrize(
        ("base_url", "warned"),
        [
            ("http://api.example", True),
            ("http://10.0.0.1:8080", True),
            ("https://api.example", False),
            ("http://127.0.0.1:8765", False),
            ("http://[::1]:8765", False),
            ("http://localhost:8765", False),
            ("http://emulator.localhost", False),
        ],
    )
    def test_a_key_over_plain_http_to_another_machine_is_warned_about(self, base_url: str, warned: bool) -> None:
        warnings_given = ConnectionSettings(PROJECT, KEY, base_url=base_url).warnings
        assert bool(warnings_given) is warned
        assert all("unencrypted" in warning for warning in warnings_given)


class TestRequest:
    def test_carries_what_descope_expects(self, server: Server) -> None:
        client = client_for(server)
        assert client.post(LIST, {"ids": ["sign-in", "größe \ud83d"]}) == {"ok": True}
        request = server.seen[0]
        assert (request.method, request.path) == ("POST", LIST)
        assert json.loads(request.body) == {"ids": ["sign-in", "größe \ud83d"]}
        assert request.headers["authorization"] == f"Bearer {PROJECT}:{KEY}"
        assert request.headers["x-descope-project-id"] == PROJECT
        assert request.headers["user-agent"] == f"community.descope/{COLLECTION_VERSION}"
        assert request.headers["content-type"] == "application/json"
        assert "x-descope-license" not in request.headers

    def test_carries_the_licence_tier_once_it_is_known(self, server: Server) -> None:
        client = client_for(server)
        client.license_tier = "tier3"
        client.get("/v1/mgmt/tenant/all")
        assert server.seen[0].headers["x-descope-license"] == "tier3"
        assert "content-type" not in server.seen[0].headers

    def test_goes_below_the_path_of_the_base_url(self, server: Server) -> None:
        client_for(server, base_url=f"{server.url}/gateway/").post(LIST, {})
        assert server.seen[0].path == f"/gateway{LIST}"

    def test_reads_compressed_answers(self, server: Server) -> None:
        server.answers(says(200, gzip.compress(b'{"flows": []}'), Content_Encoding="gzip"))
        assert client_for(server).post(LIST, {}) == {"flows": []}
        assert "gzip" in server.seen[0].headers["accept-encoding"]

    def test_what_json_cannot_say_is_not_sent(self, server: Server) -> None:
        for value in (float("nan"), {1, 2}):
            assert "cannot be sent as JSON" in failure_of(
                lambda value=value: client_for(server).post(IMPORT, {"flow": value}),  # type: ignore[misc]
                InputError,
            )
        assert server.seen == []

    def test_connections_are_kept_for_all_threads(self, server: Server) -> None:
        together = threading.Barrier(4)

        def answer(seen: Seen) -> bytes:
            together.wait(10)
            return http(200, "{}")

        server.answers(answer)
        client = client_for(server, threads=4)
        for _unused in range(5):
            with ThreadPoolExecutor(4) as pool:
                list(pool.map(lambda number: client.post(LIST, {"number": number}), range(4)))
        assert len(server.seen) == 20
        assert server.script.connections == 4

    def test_more_threads_than_kept_connections_do_not_wait_for_each_other(self, server: Server) -> None:
        server.answers(sleeps)
        client = client_for(server, threads=1)
        began = time.monotonic()
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda number: client.post(LIST, {"number": number}), range(4)))
        assert time.monotonic() - began < 1.5

    def test_cookies_are_not_kept(self, server: Server) -> None:
        server.answers(says(200, {}, Set_Cookie="__cf_bm=tracked; path=/"))
        client = client_for(server)
        client.post(LIST, {})
        client.post(LIST, {})
        assert "cookie" not in server.seen[1].headers

    def test_netrc_does_not_replace_the_key(
        self, server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        netrc = tmp_path / "netrc"
        netrc.write_text("machine 127.0.0.1 login somebody password else\ndefault login x password y\n")
        monkeypatch.setenv("NETRC", str(netrc))
        client_for(server).post(LIST, {})
        assert server.seen[0].headers["authorization"] == f"Bearer {PROJECT}:{KEY}"

    def test_proxy_of_the_environment_is_used(self, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HTTP_PROXY", server.url)
        settings = ConnectionSettings(PROJECT, KEY, base_url="http://api.invalid")
        assert Client(settings).post(LIST, {}) == {"ok": True}
        assert server.seen[0].path == f"http://api.invalid{LIST}"

    def test_no_proxy_of_the_environment_is_honoured(self, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        assert client_for(server).post(LIST, {}) == {"ok": True}


def test_without_requests_everything_imports_and_says_what_is_missing() -> None:
    package = "ansible_collections.community.descope.plugins.module_utils._api.client"
    program = f"""
import sys
sys.modules["requests"] = sys.modules["urllib3"] = None
from {package} import Client, ConnectionSettings, REQUESTS_IMPORT_ERROR
assert "ImportError" in REQUESTS_IMPORT_ERROR or "ModuleNotFoundError" in REQUESTS_IMPORT_ERROR
Client(ConnectionSettings("P1", "K1"))
"""
    path = os.pathsep.join([str(Path(client.__file__).parents[5]), *sys.path])
    environment = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert "DescopeError: the Python library 'requests' is not installed: install it with pip" in done.stderr


class TestReadOnly:
    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("POST", IMPORT),
            ("POST", "/v1/mgmt/flow/delete"),
            ("POST", "/v1/mgmt/flow/import"),
            ("POST", "/v1/mgmt/project/snapshot/import"),
            ("POST", "/v1/mgmt/some/endpoint/of/next/year"),
            ("POST", f"{LIST}/"),
            ("POST", f"{LIST}/../delete"),
            ("GET", LIST),
        ],
    )
    def test_nothing_but_known_reads_is_sent(self, server: Server, method: str, path: str) -> None:
        client = client_for(server, read_only=True)
        call = {"POST": lambda: client.post(path, {}), "GET": lambda: client.get(path)}[method]
        assert f"{method} {path} would change the project" in failure_of(call, ReadOnlyError)
        assert server.seen == []
        assert client.statistics.made == 0

    def test_reads_are_sent(self, server: Server) -> None:
        client = client_for(server, read_only=True)
        for method, path in sorted(READS):
            assert (client.post(path, {}) if method == "POST" else client.get(path)) == {"ok": True}
        assert {(seen.method, seen.path) for seen in server.seen} == READS

    def test_no_read_sounds_like_a_write(self) -> None:
        assert not [path for _method, path in READS if re.search("import|delete|update|create|run|clone", path)]


class TestAnswers:
    @pytest.mark.parametrize(
        ("body", "said"),
        [
            (
                {
                    "errorCode": "E103003",
                    "errorDescription": "Failed getting flow",
                    "errorMessage": "Failed loading flow by ID",
                    "message": "Failed loading flow by ID",
                },
                "HTTP 500: E103003: Failed getting flow: Failed loading flow by ID",
            ),
            ({"errorCode": "E1", "errorDescription": "Bad", "errorMessage": "Bad"}, "HTTP 500: E1: Bad"),
            ({"errorCode": "E1", "errorDescription": "", "errorMessage": None}, "HTTP 500: E1"),
            ({"unknown": "shape"}, 'HTTP 500: {"unknown": "shape"}'),
            ("plain words", "HTTP 500: plain words"),
            ("", "HTTP 500, without a word"),
            ({"errorCode": 7, "errorMessage": ["a"]}, 'HTTP 500: {"errorCode": 7, "errorMessage": ["a"]}'),
        ],
    )
    def test_refusals_are_told_in_descopes_words_each_once(self, server: Server, body: Any, said: str) -> None:
        server.answers(says(500, body))
        message = failure_of(lambda: client_for(server).post(EXPORT, {}), ApiError)
        assert message == f"POST {EXPORT}: {server.host} answered {said}"

    def test_a_refusal_has_its_parts(self, server: Server) -> None:
        server.answers(says(400, {"errorCode": "E011003", "errorDescription": "Request is invalid"}))
        with pytest.raises(ApiError) as caught:
            client_for(server).post(IMPORT, {})
        assert caught.value.details() == {
            "failure": {"status": 400, "code": "E011003", "method": "POST", "path": IMPORT},
        }
        assert len(server.seen) == 1

    @pytest.mark.parametrize(
        ("status", "hint"),
        [
            (401, "check that management_key is complete, active, not expired, and made for project"),
            (403, "check that the management key's roles, projects and permitted IPs allow this for project"),
        ],
    )
    def test_a_key_that_is_not_accepted_is_followed_by_what_to_check(
        self, server: Server, status: int, hint: str
    ) -> None:
        server.answers(says(status, {"errorDescription": "no"}))
        message = failure_of(lambda: client_for(server).post(LIST, {}), AuthenticationError)
        assert message == f"POST {LIST}: {server.host} answered HTTP {status}: no: {hint} {PROJECT}"
        assert len(server.seen) == 1

    def test_a_firewall_in_between_is_not_taken_for_a_wrong_key(self, server: Server) -> None:
        page = "<html><head><title>Attention Required! | Cloudflare</title></head></html>"
        server.answers(says(403, page, "text/html"))
        message = failure_of(lambda: client_for(server).post(LIST, {}), ResponseError)
        assert "answered HTTP 403 with an HTML page (Attention Required! | Cloudflare)" in message

    @pytest.mark.parametrize(
        ("body", "content_type", "said"),
        [
            ("<!DOCTYPE html><html><title> Log\n in &amp; go </title>", "text/html", "an HTML page (Log in & go)"),
            ("<html><style>b{}</style><p>It <b>works</b>!", "", "an HTML page (It works !)"),
            ("<html></html>", "text/html", "an HTML page (without text)"),
            ("just words \x1b[31m", "text/html; charset=x", "an HTML page (just words [31m)"),
            ("just words", "application/json", "broken JSON (just words)"),
            ("", "application/json", "an empty body"),
            ("  \n", "application/json", "an empty body"),
            ('["a"]', "application/json", 'a list (["a"])'),
            ('"text"', "application/json", 'a string ("text")'),
            ("null", "application/json", "null (null)"),
            (b"\xff\xfe\xfd", "application/json", "broken JSON (\ufffd\ufffd\ufffd)"),
        ],
    )
    def test_what_is_not_the_api_is_said_to_be_that(
        self, server: Server, body: str, content_type: str, said: str
    ) -> None:
        server.answers(says(200, body, content_type))
        message = failure_of(lambda: client_for(server).post(LIST, {}), ResponseError)
        assert message == (
            f"POST {LIST}: {server.host} answered HTTP 200 with {said} instead of a JSON object: check base_url"
        )
        assert len(server.seen) == 1, "asking again would bring the same"

    def test_json_with_the_wrong_label_is_still_json(self, server: Server) -> None:
        server.answers(says(200, '\n{"flows": []}', "text/html"))
        assert client_for(server).post(LIST, {}) == {"flows": []}

    def test_json_nested_beyond_reason_is_an_error_and_no_crash(self, server: Server) -> None:
        server.answers(says(200, b"[" * 200_000))
        failure_of(lambda: client_for(server).post(LIST, {}), ResponseError)

    @pytest.mark.parametrize("answer", [says(200, ""), says(204, ""), says(200, "{}"), says(200, "null")])
    def test_a_write_may_be_answered_with_nothing(self, server: Server, answer: Callable[[Seen], bytes]) -> None:
        server.answers(answer)
        assert client_for(server).post(IMPORT, {}) == {}

    def test_a_write_answered_with_a_web_page_may_not_have_happened(self, server: Server) -> None:
        server.answers(says(200, "<html><title>Welcome to the hotel</title>", "text/html"))
        message = failure_of(lambda: client_for(server).post(IMPORT, {}), OutcomeUnknownError)
        assert "Welcome to the hotel" in message
        assert len(server.seen) == 1

    @pytest.mark.parametrize("status", [301, 302, 307, 308])
    @pytest.mark.parametrize("path", [LIST, IMPORT])
    def test_redirects_are_reported_and_never_followed(self, server: Server, status: int, path: str) -> None:
        server.answers(says(status, "", Location=f"{server.url}/elsewhere?token=secret"))
        message = failure_of(lambda: client_for(server).post(path, {}), ResponseError)
        assert f"answered HTTP {status}, a redirect to {server.url}/elsewhere, which is not followed" in message
        assert "secret" not in message
        assert [seen.path for seen in server.seen] == [path]

    def test_a_redirect_to_nowhere_is_reported_too(self, server: Server) -> None:
        server.answers(says(302, ""))
        assert "a redirect to nowhere" in failure_of(lambda: client_for(server).post(LIST, {}), ResponseError)

    @pytest.mark.parametrize("status", [200, 400, 401, 403, 500, 520, 302])
    @pytest.mark.parametrize(
        "body", [f"key {KEY} x", f"<html><title>{KEY}</title>", json.dumps({"errorCode": KEY, "errorMessage": KEY})]
    )
    def test_a_server_that_repeats_the_key_does_not_get_it_shown(self, server: Server, status: int, body: str) -> None:
        server.answers(says(status, body if status != 200 else f"x{body}", "text/html", Location=f"/{KEY}"))
        with pytest.raises(DescopeError) as caught:
            client_for(server).post(LIST, {})
        assert KEY not in everything_said(caught.value)
        assert KEY[:20] not in everything_said(caught.value)

    def test_long_answers_are_cut(self, server: Server) -> None:
        server.answers(says(500, "word " * 100_000))
        assert failure_of(lambda: client_for(server).post(LIST, {}), ApiError).endswith("word...")


class TestFailures:
    """No answer. Messages name the host and what to do."""

    def test_nobody_listens(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        clock = FakeClock()
        client = client_for(Server(f"http://127.0.0.1:{port}", Script()), clock)
        message = failure_of(lambda: client.post(LIST, {}), TransportError)
        assert message == (
            f"POST {LIST}: 127.0.0.1:{port} refuses the connection: check base_url, and that a server runs there "
            f"(tried 5 times)"
        )
        assert clock.slept == [0.5, 1.0, 2.0, 4.0]

    def test_nobody_listens_for_a_write(self) -> None:
        """Nothing was sent, so trying again is safe, and giving up leaves no doubt."""
        clock = FakeClock()
        client = client_for(Server("http://127.0.0.1:1", Script()), clock)
        assert "(tried 5 times)" in failure_of(lambda: client.post(IMPORT, {}), TransportError)

    def test_unknown_host(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def unknown(*args: object, **kwargs: object) -> None:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

        monkeypatch.setattr(socket, "getaddrinfo", unknown)
        clock = FakeClock()
        client = client_for(Server("https://api.descope.invalid", Script()), clock)
        message = failure_of(lambda: client.post(LIST, {}), TransportError)
        assert "the name of api.descope.invalid cannot be resolved: check base_url, and this machine's DNS" in message
        assert clock.slept == [], "asking again would not help"

    def test_name_server_without_an_answer_is_asked_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def unsure(*args: object, **kwargs: object) -> None:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

        monkeypatch.setattr(socket, "getaddrinfo", unsure)
        client = client_for(Server("https://api.descope.invalid", Script()))
        message = failure_of(lambda: client.post(IMPORT, {}), TransportError)
        assert "the name of api.descope.invalid cannot be resolved" in message
        assert "(tried 5 times)" in message

    def test_no_answer_in_time(self, server: Server) -> None:
        server.answers(sleeps)
        client = client_for(server, timeout=0.05)
        message = failure_of(lambda: client.post(LIST, {}), TransportError)
        assert message == f"POST {LIST}: no answer from {server.host} within 0.05 s (option timeout) (tried 5 times)"

    def test_no_connection_in_time(self, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
        def hangs(*args: object, **kwargs: object) -> None:
            raise TimeoutError("timed out")

        monkeypatch.setattr(socket.socket, "connect", hangs)
        client = client_for(server, connect_timeout=0.25)
        message = failure_of(lambda: client.post(IMPORT, {}), TransportError)
        assert f"no connection to {server.host} within 0.25 s: check base_url and the network" in message

    def test_proxy_that_is_not_there(self, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HTTP_PROXY", "http://user:password@127.0.0.1:1")
        message = failure_of(lambda: client_for(server).post(LIST, {}), TransportError)
        assert f"cannot reach {server.host} through the proxy (Connection refused): check the environment" in message
        assert "password" not in message

    @pytest.mark.parametrize("path", [LIST, IMPORT])
    def test_a_caller_that_handles_another_failure_does_not_confuse_the_diagnosis(
        self, server: Server, path: str
    ) -> None:
        server.answers(drops)
        try:
            raise ConnectionRefusedError
        except ConnectionRefusedError:
            with pytest.raises(DescopeError, match="closed the connection"):
                client_for(server).post(path, {})


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that nobody has signed but its own key, with that key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(certificate.public_bytes(pem) + private)
    return path


class TestTls:
    @pytest.fixture
    def tls_server(self, certificate: Path) -> Iterator[Server]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        yield from serve(context)

    def test_a_certificate_nobody_trusts_is_refused_at_once(self, tls_server: Server) -> None:
        clock = FakeClock()
        message = failure_of(lambda: client_for(tls_server, clock).post(IMPORT, {}), TransportError)
        assert message == (
            f"POST {IMPORT}: the certificate of {tls_server.host} is not trusted (self-signed certificate): set "
            f"ca_path to the certificate of its CA, or validate_certs to false for a test server"
        )
        assert clock.slept == []
        assert tls_server.seen == []

    def test_ca_path_makes_it_trusted(self, tls_server: Server, certificate: Path) -> None:
        assert client_for(tls_server, ca_path=str(certificate)).post(LIST, {}) == {"ok": True}

    def test_ca_path_comes_before_the_environment(
        self, tls_server: Server, certificate: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/dev/null")
        assert client_for(tls_server, ca_path=str(certificate)).post(LIST, {}) == {"ok": True}

    def test_the_environment_may_name_the_ca(
        self, tls_server: Server, certificate: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
        assert client_for(tls_server).post(LIST, {}) == {"ok": True}

    def test_validate_certs_false_wins_over_the_environment_and_is_quiet(
        self, tls_server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        """In requests alone, REQUESTS_CA_BUNDLE turns the check on again."""
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path))
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            assert client_for(tls_server, validate_certs=False).post(LIST, {}) == {"ok": True}
        assert [str(warning.message) for warning in caught] == []

    def test_a_ca_path_without_certificates_is_explained(self, tls_server: Server, tmp_path: Path) -> None:
        nonsense = tmp_path / "ca.pem"
        nonsense.write_text("not a certificate\n")
        message = failure_of(lambda: client_for(tls_server, ca_path=str(nonsense)).post(LIST, {}), TransportError)
        assert "ca_path holds no certificate: name a file of CA certificates in PEM format" in message

    def test_a_ca_bundle_of_the_environment_that_is_missing_is_named(
        self, tls_server: Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/ca.pem")
        message = failure_of(lambda: client_for(tls_server).post(LIST, {}), TransportError)
        assert "/nowhere/ca.pem" in message

    def test_https_to_a_server_without_tls_is_explained(self, server: Server) -> None:
        client = client_for(server, base_url=server.url.replace("http:", "https:"))
        message = failure_of(lambda: client.post(LIST, {}), TransportError)
        assert f"{server.host} does not speak TLS: check base_url, perhaps it is http://" in message


class TestRetries:
    R, W = Kind.READ, Kind.WRITE

    @pytest.mark.parametrize(
        ("kind", "attempt", "outcome", "decision"),
        [
            (R, 1, Outcome.ANSWERED, Decision.RETURN),
            (W, 1, Outcome.ANSWERED, Decision.RETURN),
            (R, 1, Outcome.REFUSED, Decision.GIVE_UP),
            (W, 1, Outcome.REFUSED, Decision.GIVE_UP),
            (R, 1, Outcome.RATE_LIMITED, Decision.RETRY),
            (R, 5, Outcome.RATE_LIMITED, Decision.RETRY),
            (R, 6, Outcome.RATE_LIMITED, Decision.GIVE_UP),
            (W, 1, Outcome.RATE_LIMITED, Decision.RETRY),
            (W, 5, Outcome.RATE_LIMITED, Decision.RETRY),
            (W, 6, Outcome.RATE_LIMITED, Decision.GIVE_UP),
            (R, 4, Outcome.NOT_SENT, Decision.RETRY),
            (R, 5, Outcome.NOT_SENT, Decision.GIVE_UP),
            (W, 4, Outcome.NOT_SENT, Decision.RETRY),
            (W, 5, Outcome.NOT_SENT, Decision.GIVE_UP),
            (R, 1, Outcome.UNREACHABLE, Decision.GIVE_UP),
            (W, 1, Outcome.UNREACHABLE, Decision.GIVE_UP),
            (R, 4, Outcome.LOST, Decision.RETRY),
            (R, 5, Outcome.LOST, Decision.GIVE_UP),
            (W, 1, Outcome.LOST, Decision.LOOK),
            (R, 4, Outcome.GATEWAY, Decision.RETRY),
            (R, 5, Outcome.GATEWAY, Decision.GIVE_UP),
            (W, 1, Outcome.GATEWAY, Decision.LOOK),
            (R, 1, Outcome.UNREADABLE, Decision.GIVE_UP),
            (W, 1, Outcome.UNREADABLE, Decision.LOOK),
        ],
    )
    def test_decisions(self, kind: Kind, attempt: int, outcome: Outcome, decision: Decision) -> None:
        assert retry_decision(kind, attempt, outcome) is decision

    def test_a_write_is_repeated_only_where_it_cannot_have_happened(self) -> None:
        repeated = {outcome for outcome in Outcome if retry_decision(Kind.WRITE, 1, outcome) is Decision.RETRY}
        assert repeated == {Outcome.RATE_LIMITED, Outcome.NOT_SENT}

    def test_delays_double_up_to_a_limit_and_are_spread_out(self) -> None:
        assert [DEFAULT_RETRIES.delay(attempt, 1.0) for attempt in range(1, 8)] == [0.5, 1, 2, 4, 8, 8, 8]
        assert [DEFAULT_RETRIES.delay(attempt, 0.0) for attempt in range(1, 4)] == [0.25, 0.5, 1]

    @pytest.mark.parametrize("status", [502, 503, 504, 520, 521, 522, 524, 530])
    def test_reads_survive_a_bad_moment_of_the_edge(self, server: Server, status: int) -> None:
        page = f"<html><title>api.descope.com | {status}: Web server is returning an unknown error</title></html>"
        server.answers(says(status, page, "text/html"), says(status, page, "text/html"), OK)
        client = client_for(server)
        assert client.post(LIST, {}) == {"ok": True}
        assert client.statistics.as_dict() == {
            "made": 3,
            "by_endpoint": {f"POST {LIST}": 3},
            "waited_seconds": 1.5,
            "retried": 2,
            "paused_429": 0,
        }

    @pytest.mark.parametrize("answer", [drops, truncates, says(200, '{"flows": [{"id": "si')])
    def test_reads_survive_a_lost_answer(self, server: Server, answer: Callable[[Seen], bytes | None]) -> None:
        server.answers(answer, answer, answer, answer, OK)
        assert client_for(server).post(EXPORT, {"flowId": "sign-in"}) == {"ok": True}
        assert {seen.body for seen in server.seen} == {b'{"flowId":"sign-in"}'}

    @pytest.mark.parametrize(
        ("answer", "kind", "said"),
        [
            (drops, TransportError, "closed the connection before its answer was complete (tried 5 times)"),
            (truncates, TransportError, "closed the connection before its answer was complete (tried 5 times)"),
            (says(200, '{"flows": [{"id'), ResponseError, 'broken JSON ({"flows": [{"id) instead of a JSON object'),
            (
                says(520, "<title>520: Web server is returning an unknown error</title>", "text/html"),
                ResponseError,
                "answered HTTP 520 with an HTML page (520: Web server is returning an unknown error): Descope, or a "
                "proxy or firewall on the way, is not letting the API answer (tried 5 times)",
            ),
            (says(503, {"errorCode": "E1"}), ApiError, "answered HTTP 503: E1 (tried 5 times)"),
        ],
    )
    def test_reads_give_up_in_the_end(
        self, server: Server, answer: Callable[[Seen], bytes | None], kind: type[DescopeError], said: str
    ) -> None:
        server.answers(answer)
        assert said in failure_of(lambda: client_for(server).post(LIST, {}), kind)
        assert len(server.seen) == 5

    @pytest.mark.parametrize("answer", [drops, truncates, says(503, ""), says(520, "<html>", "text/html"), sleeps])
    def test_a_write_without_an_answer_is_sent_once_and_called_unknown(
        self, server: Server, answer: Callable[[Seen], bytes | None]
    ) -> None:
        server.answers(answer)
        client = client_for(server, timeout=0.1)
        message = failure_of(lambda: client.post(IMPORT, {"flow": {}}), OutcomeUnknownError)
        assert message.startswith(f"POST {IMPORT}: ")
        assert message.endswith("whether it was done, only reading the project again can tell")
        assert len(server.seen) == 1

    def test_how_often_is_an_option(self, server: Server) -> None:
        server.answers(drops)
        clock = FakeClock()
        client = Client(settings_for(server), clock=clock, policy=RetryPolicy(retries=1))
        assert "(tried 2 times)" in failure_of(lambda: client.post(LIST, {}), TransportError)
        assert 0.25 <= clock.slept[0] <= 0.5


class TestRateLimit:
    @pytest.mark.parametrize(
        ("retry_after", "seconds"),
        [
            ("10", 10.0),
            (" 7.5 ", 7.5),
            ("0", 1.0),
            ("3600", 300.0),
            (None, 60.0),
            ("", 60.0),
            ("soon", 60.0),
            ("-5", 60.0),
            ("nan", 60.0),
            ("Wed, 21 Oct 2026 07:28:00 GMT", 60.0),
            ("9" * 400, 60.0),
        ],
    )
    def test_how_long_a_refusal_pauses(self, retry_after: str | None, seconds: float) -> None:
        assert pause_seconds(retry_after) == seconds

    @pytest.mark.parametrize("path", [LIST, IMPORT])
    @pytest.mark.parametrize(("headers", "seconds"), [({"Retry_After": "10"}, 10.0), ({}, 60.0)])
    def test_reads_and_writes_wait_and_go_on(
        self, server: Server, path: str, headers: dict[str, str], seconds: float
    ) -> None:
        server.answers(says(429, TOO_MANY, **headers), OK)
        clock = FakeClock()
        client = client_for(server, clock)
        assert client.post(path, {})["ok"]
        assert clock.slept == [seconds]
        assert client.statistics.as_dict() == {
            "made": 2,
            "by_endpoint": {f"POST {path}": 2},
            "waited_seconds": seconds,
            "retried": 1,
            "paused_429": 1,
        }

    def test_gives_up_after_some_pauses(self, server: Server) -> None:
        server.answers(says(429, TOO_MANY, Retry_After="10"))
        clock = FakeClock()
        message = failure_of(lambda: client_for(server, clock).post(LIST, {}), RateLimitedError)
        assert "answered HTTP 429, too many requests" in message
        assert "lower rate_limit" in message
        assert "(tried 6 times)" in message
        assert clock.slept == [10.0] * 5

    def test_pauses_and_retries_are_counted_apart(self, server: Server) -> None:
        refused = says(429, TOO_MANY, Retry_After="1")
        server.answers(*[refused, drops] * 4, refused, OK)
        assert client_for(server).post(LIST, {}) == {"ok": True}

    def test_retry_after_of_another_refusal_stops_everybody_too(self, server: Server) -> None:
        server.answers(says(503, "", Retry_After="20"), OK)
        clock = FakeClock()
        client = client_for(server, clock)
        client.post(LIST, {})
        assert clock.slept == [20.0]

    def test_a_burst_of_refusals_pauses_every_client_of_the_run_once(self, server: Server, tmp_path: Path) -> None:
        """Two clients, as in two processes, with eight threads each; the first sixteen answers are refusals."""
        arrived = threading.Barrier(16)
        resumed: list[float] = []

        def answer(seen: Seen) -> bytes:
            if len(server.seen) <= 16:
                arrived.wait(10)
                return http(429, json.dumps(TOO_MANY), Retry_After="1")
            resumed.append(time.monotonic())
            return http(200, "{}")

        server.answers(answer)
        settings = settings_for(server)
        clients = [Client(settings, RequestWindow(RateLimit(1000, 60), tmp_path / "window")) for _unused in range(2)]
        began = time.monotonic()
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(lambda number: clients[number % 2].post(LIST, {}), range(16)))
        assert sum(client.statistics.as_dict()["paused_429"] for client in clients) == 1
        assert sum(client.statistics.as_dict()["retried"] for client in clients) == 16
        assert len(server.seen) == 32
        assert min(resumed) - began >= 1.0

    def test_requests_pass_the_window(self, server: Server) -> None:
        clock = FakeClock()
        client = Client(settings_for(server), RequestWindow(RateLimit(2, 10.0), None, clock), clock=clock)
        for _unused in range(5):
            client.post(LIST, {})
        assert clock.slept == pytest.approx([10.2, 10.2])
        assert client.statistics.waited_seconds == pytest.approx(20.4)


class TestStatistics:
    def test_count_every_request_of_every_thread(self, server: Server) -> None:
        client = client_for(server)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda number: client.post(LIST if number % 3 else EXPORT, {}), range(300)))
        assert client.statistics.as_dict()["by_endpoint"] == {f"POST {LIST}": 200, f"POST {EXPORT}": 100}
        assert client.statistics.made == len(server.seen) == 300

    @pytest.mark.parametrize(
        ("waits", "seconds"),
        [
            ([], 0),
            ([(0, 10), (0, 10), (2, 10)], 10),
            ([(0, 10), (20, 25)], 15),
            ([(10, 11), (20, 21), (0, 30)], 30),
            ([(0, 5), (5, 9)], 9),
        ],
    )
    def test_threads_that_wait_side_by_side_wait_once(
        self, server: Server, waits: list[tuple[float, float]], seconds: float
    ) -> None:
        statistics = client_for(server).statistics
        for began, ended in waits:
            statistics.add_wait(began, ended)
        assert statistics.waited_seconds == seconds
