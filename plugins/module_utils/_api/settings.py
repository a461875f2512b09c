# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Which project to talk to, and how: checked as a whole before anything is sent."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from ansible_collections.community.descope.plugins.module_utils._errors import InputError, Problem
from ansible_collections.community.descope.plugins.module_utils._secrets import hidden

_SHOWN_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """Which project to talk to, and how. Raises InputError with everything that is wrong, before any request.

    base_url: without a trailing slash afterwards; empty for the one of the project's region.
    timeout, connect_timeout: seconds without an answer, and to get a connection.
    threads: how many connections are kept open at most.
    """

    project_id: str
    management_key: str = field(repr=False)
    base_url: str = ""
    timeout: float = 60.0
    connect_timeout: float = 10.0
    validate_certs: bool = True
    ca_path: str | None = None
    read_only: bool = False
    threads: int = 16

    def __post_init__(self) -> None:
        problems = [
            *_credential_problems(self.project_id, self.management_key),
            *_base_url_problems(self.base_url),
            *_number_problems(self),
        ]
        if self.ca_path and not Path(self.ca_path).exists():
            message = f"{self.ca_path} does not exist: name a file of CA certificates in PEM format, or a directory"
            problems.append(Problem(code="ca-not-found", message=message, source="ca_path"))
        if problems:
            raise InputError(problems)
        base_url = (self.base_url or default_base_url(self.project_id)).rstrip("/")
        object.__setattr__(self, "base_url", base_url)

    @property
    def host(self) -> str:
        """The host as people know it, with its port where the URL names one."""
        return urlsplit(self.base_url).netloc

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is allowed but should be known to the user."""
        url = urlsplit(self.base_url)
        if url.scheme == "https" or _is_loopback(url.hostname or ""):
            return ()
        return (f"base_url: the management key goes to {self.host} unencrypted: use https://",)


def given_base_url(base_url: str | None) -> str:
    """Return the address that was given, empty where none was. Raises InputError for one that is given and empty."""
    if base_url == "":
        # Whatever was meant, it was not to send the key to Descope's own address.
        message = "is empty: give for example https://api.descope.com, or leave it away for the one of your region"
        raise InputError([Problem(code="bad-base-url", message=message, source="base_url")])
    return base_url or ""


def default_base_url(project_id: str) -> str:
    """Return the API's address for a project. Ids of 32 and more characters carry their region (Descope's SDKs)."""
    region = project_id[1:5] if len(project_id) >= 32 else ""
    return f"https://api.{region}.descope.com" if region else "https://api.descope.com"


def checked_project_id(project_id: str, management_key: str | None) -> str:
    """Return the project id where it is one, and the key too if there is one. Raises InputError."""
    if management_key:
        problems = _credential_problems(project_id, management_key)
    else:
        fault = _project_id_fault(project_id)
        problems = [Problem(*fault, source="project_id")] if fault else []
    if problems:
        raise InputError(problems)
    return project_id


def shown_project_id(given: object) -> str:
    """Return what may be shown of what was given as project id, empty where that is none: it may be the key.

    Where id and key are joined, the id is still worth knowing.
    """
    project_id = str(given or "").partition(":")[0]
    return "" if _project_id_fault(project_id) else project_id


def _credential_problems(project_id: str, management_key: str) -> list[Problem]:
    # The values are never shown: whatever is in the wrong place here may well be the key.
    if project_id.startswith("K") and management_key.startswith("P"):
        message = "this is a management key, and management_key holds the project id: exchange them"
        return [Problem(code="swapped-credentials", message=message, source="project_id")]
    faults = {
        "project_id": _project_id_fault(project_id),
        "management_key": _credential_fault(
            management_key, "K", r"K[!-9;-~]+", "a management key", "DESCOPE_MANAGEMENT_KEY"
        ),
    }
    return [Problem(*fault, source=option) for option, fault in faults.items() if fault]


def _project_id_fault(project_id: str) -> tuple[str, str] | None:
    return _credential_fault(project_id, "P", r"P[A-Za-z0-9]+", "a project id", "DESCOPE_PROJECT_ID")


def _credential_fault(value: str, initial: str, shape: str, what: str, variable: str) -> tuple[str, str] | None:
    """Return the code and the message of the first thing that is wrong with an id or a key, None if nothing is."""
    unclean = "begins or ends with white space or a line break: remove it, or use '| trim'"
    joined = "is a project id and a management key joined by a colon: give each in its own option"
    rules = (
        (not value, "missing-credential", f"is empty: give {what}, here or in the environment variable {variable}"),
        (value != value.strip(), "space-in-credential", unclean),
        (
            len(value.split()) > 1,
            "space-in-credential",
            f"has white space inside, which {what} never has: copy it again",
        ),
        (":" in value, "joined-credentials", joined),
        (not value.startswith(initial), "bad-credential", f"is not {what}: those begin with {initial}"),
        (not re.fullmatch(shape, value), "bad-credential", f"has characters that {what} never has: copy it again"),
    )
    return next(((code, message) for broken, code, message in rules if broken), None)


def _base_url_problems(base_url: str) -> list[Problem]:
    message = _base_url_fault(base_url) if base_url else None
    return [Problem(code="bad-base-url", message=message, source="base_url")] if message else []


def _base_url_fault(base_url: str) -> str | None:
    example = "give for example https://api.descope.com"
    try:
        url = urlsplit(base_url)
        port = url.port
    except ValueError:
        return f"is not a URL: {example}"
    named = f'"{shortened(base_url)}"'
    rules = (
        # First, because what comes after it shows the URL.
        ("@" in base_url, "holds a user name or a password: leave them out, the management key is the only credential"),
        (len(base_url.split()) > 1 or base_url != base_url.strip(), f"has white space in it: {example}"),
        (url.scheme not in {"http", "https"}, f"{named} does not begin with https:// or http://: {example}"),
        (not url.hostname or port == 0, f"{named} names no host and port to connect to: {example}"),
        (url.query or url.fragment, f"has a query or a fragment, which an API address never has: {example}"),
    )
    return next((message for broken, message in rules if broken), None)


def _number_problems(settings: ConnectionSettings) -> Iterator[Problem]:
    for option in ("timeout", "connect_timeout"):
        if not 0 < getattr(settings, option) < float("inf"):
            yield Problem(code="bad-timeout", message="must be a number of seconds above 0", source=option)
    if settings.threads < 1:
        yield Problem(code="bad-threads", message="must be 1 or more", source="threads")


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def shortened(text: str) -> str:
    """Return the beginning of a text that is too long for a message."""
    text = hidden(text)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS].rstrip()}..."
