# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""What can go wrong, as types. The modules turn these into C(fail_json) in one place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """How bad a problem is. Only errors stop a task."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, where it is, and what to do about it.

    code: stable and machine-readable, kebab-case, for example C(dangling-edge).
    message: one line for people: what is wrong and what to do.
    path: JSON path inside the flow, empty where the problem is not inside a document.
    source: the file or argument the flow came from. flow_id: empty where it is not known.
    """

    code: str
    message: str
    path: str = ""
    source: str = ""
    flow_id: str = ""
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        place = self.source
        if self.flow_id and self.flow_id not in place:
            place = f"{place} (flow {self.flow_id})" if place else f"flow {self.flow_id}"
        if self.path:
            place = f"{place} at {self.path}" if place else self.path
        return f"{place}: {self.message}" if place else self.message

    def as_dict(self) -> dict[str, str]:
        """Return the problem as plain strings, the shape modules return in C(problems)."""
        return {
            "severity": self.severity.value,
            "code": self.code,
            "message": self.message,
            "path": self.path,
            "source": self.source,
            "flow_id": self.flow_id,
        }


class DescopeError(Exception):
    """Anything this collection reports to its user. C(str()) is one line without secrets.

    requests: what had been asked of the API when it happened, None where nothing can have been.
    """

    requests: dict[str, Any] | None = None

    def details(self) -> dict[str, Any]:
        """Return what a module adds to its failure beside C(msg)."""
        return {}


class InputError(DescopeError):
    """What the user gave is wrong. Carries every problem found, not only the first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(self._summary())

    def _summary(self) -> str:
        if len(self.problems) == 1:
            return str(self.problems[0])
        listed = "; ".join(f"[{number}] {problem}" for number, problem in enumerate(self.problems[:10], start=1))
        more = len(self.problems) - 10
        tail = f"; and {more} more, see 'problems'" if more > 0 else ""
        return f"{len(self.problems)} problems: {listed}{tail}"

    def details(self) -> dict[str, Any]:
        return {"problems": [problem.as_dict() for problem in self.problems]}


class FormatError(InputError):
    """The input is readable but is not a flow in any of the known formats."""


class ReadOnlyError(DescopeError):
    """A write was attempted while checking. It never reaches the network."""


class TransportError(DescopeError):
    """No answer: unreachable, refused, TLS failure, timeout, connection dropped."""


class ResponseError(DescopeError):
    """An answer that is not what the Management API sends: HTML, truncated JSON, a wrong type."""


class OutcomeUnknownError(DescopeError):
    """A write was sent and nothing says whether it happened, so only a read can tell.

    answered: something answered for it, a failing server or its gateway; else it may even now be under way.
    """

    def __init__(self, message: str, *, answered: bool = False) -> None:
        super().__init__(message)
        self.answered = answered


class ApiError(DescopeError):
    """The Management API refused. C(status) is the HTTP status, C(code) Descope's C(errorCode) or empty."""

    def __init__(self, message: str, *, status: int, code: str = "", method: str = "", path: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.method = method
        self.path = path

    def details(self) -> dict[str, Any]:
        return {
            "failure": {"status": self.status, "code": self.code, "method": self.method, "path": self.path},
        }


class AuthenticationError(ApiError):
    """The project id or the management key was not accepted (HTTP 401 or 403)."""


class RateLimitedError(ApiError):
    """Still refused with HTTP 429 after pausing as often as allowed."""


class SnapshotNotAllowedError(ApiError):
    """This project's licence or this key does not allow the snapshot export."""


class BackupError(DescopeError):
    """A backup could not be written, re-read or trusted. Nothing was changed."""
