# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Faults on demand, deterministic: which request meets which fault depends on the order of requests alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any

from .behaviour import SettingError
from .codec import JsonObject


class Kind(StrEnum):
    """What happens to a request."""

    STATUS = "status"  # answered with a status, not handled
    DROP = "drop"  # connection closed, not handled
    DROP_AFTER = "drop_after"  # handled, then the connection is closed without an answer
    TRUNCATE = "truncate"  # handled, then the connection is closed in the middle of the answer
    DELAY = "delay"  # handled, some seconds later
    HTML200 = "html200"  # answered with 200 and a web page, not handled
    GARBAGE = "garbage"  # answered with 200 and something that is not JSON (or the given text), not handled


BODIES = ("json", "html", "empty")
_MATCH = frozenset({"method", "path", "project", "flow_id"})
_OPTIONS = frozenset(
    {"match", "kind", "nth", "times", "every", "status", "body", "error", "retry_after", "seconds", "text"}
)


@dataclass(frozen=True, slots=True)
class Subject:
    """What a rule can match. Each flow id a request names is in C(flow_ids)."""

    method: str
    path: str
    project: str
    flow_ids: tuple[str, ...]


@dataclass(slots=True)
class Rule:
    """One fault and the requests that meet it. Patterns may use C(*) and C(?).

    Of the requests that match, counted from 1: C(nth), only these; C(every) 3, each third; C(times), at most so many.
    """

    kind: Kind
    match: dict[str, str] = field(default_factory=dict)
    nth: frozenset[int] = frozenset()
    every: int = 1
    times: int | None = None
    status: int = 503
    body: str = "json"
    error: JsonObject | None = None
    retry_after: str | None = None
    seconds: float = 0.0
    text: str = '{"flow": {"flowId": "sign-in", "metadata": }'
    seen: int = 0
    fired: int = 0

    def matches(self, subject: Subject) -> bool:
        """Tell whether the rule is about this request."""
        values = {"method": (subject.method,), "path": (subject.path,), "project": (subject.project,)}
        found: dict[str, tuple[str, ...]] = {**values, "flow_id": subject.flow_ids}
        return all(any(fnmatchcase(value, pattern) for value in found[key]) for key, pattern in self.match.items())

    def is_due(self) -> bool:
        """Tell whether the request that was counted last meets the fault."""
        if self.times is not None and self.fired >= self.times:
            return False
        return self.seen in self.nth if self.nth else self.seen % self.every == 0


class Faults:
    """The rules in force. Each counts the requests it matches; the first that is due wins."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []

    def set(self, rules: list[Rule]) -> None:
        """Replace all rules."""
        self.rules = rules

    def next(self, subject: Subject) -> Rule | None:
        """Count a request and return the fault it meets, if any."""
        due = None
        for rule in self.rules:
            if not rule.matches(subject):
                continue
            rule.seen += 1
            if due is None and rule.is_due():
                rule.fired += 1
                due = rule
        return due


def rules_from(body: Any) -> list[Rule]:
    """Return the rules of a request: C({"rules": [...]}), a list, or one rule. Raise C(SettingError) otherwise."""
    if isinstance(body, dict) and "rules" in body:
        body = body["rules"]
    elif isinstance(body, dict):
        body = [body] if body else []
    if not isinstance(body, list) or not all(isinstance(one, dict) for one in body):
        raise SettingError('faults: send {"rules": [{"kind": ..., "match": {...}}, ...]}')
    return [_rule(one) for one in body]


def _rule(given: Mapping[str, Any]) -> Rule:
    unknown = sorted(set(given) - _OPTIONS) + sorted(set(given.get("match") or {}) - _MATCH)
    if unknown:
        raise SettingError(f"faults: unknown member {', '.join(unknown)}")
    try:
        rule = Rule(
            Kind(str(given.get("kind"))), {key: str(value) for key, value in (given.get("match") or {}).items()}
        )
        rule.nth = _numbers(given.get("nth"))
        rule.every = max(1, int(given.get("every") or 1))
        rule.times = None if given.get("times") is None else int(given["times"])
        rule.status = int(given.get("status", rule.status))
        rule.seconds = float(given.get("seconds", rule.seconds))
    except (TypeError, ValueError) as error:
        raise SettingError(f"faults: {error}; kinds are {', '.join(Kind)}") from None
    rule.body = _body_kind(given.get("body", "json"))
    rule.error = given.get("error")
    rule.retry_after = None if given.get("retry_after") is None else str(given["retry_after"])
    rule.text = str(given.get("text", rule.text))
    return rule


def _numbers(value: Any) -> frozenset[int]:
    if value is None:
        return frozenset()
    return frozenset(int(one) for one in (value if isinstance(value, list) else [value]))


def _body_kind(value: Any) -> str:
    if value not in BODIES:
        raise SettingError(f"faults: body {value!r} is none of {', '.join(BODIES)}")
    return str(value)
