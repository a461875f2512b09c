# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Times as people type them: C(2026-01-15T10:30:00Z), C(2026-01-15 10:30), C(2026-01-15), in UTC unless they say."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from ansible_collections.community.descope.plugins.module_utils._errors import InputError, Problem

_TYPED = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)"
    r"(?:[Tt ](?P<minute>\d\d:\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,6}))?)?)?"
    r" ?(?P<zone>[Zz]|UTC|[+-]\d\d(?::?\d\d)?)?\Z",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Moment:
    """The stretch of time that a text names, as long as what it leaves open. C(end) is no part of it."""

    start: datetime
    end: datetime

    def __contains__(self, time: datetime) -> bool:
        return self.start <= time < self.end


def parse_moment(text: str, source: str) -> Moment | None:
    """Return the time that a text names, None where it does not look like one.

    Raises InputError where it looks like one, but there is no such time. C(source) is the option that it came from.
    """
    typed = _TYPED.match(text.strip())
    if typed is None:
        return None
    try:
        fraction = (typed["fraction"] or "").ljust(6, "0")
        clock = f"{typed['minute'] or '00:00'}:{typed['second'] or '00'}.{fraction}"
        start = datetime.strptime(f"{typed['date']} {clock}", "%Y-%m-%d %H:%M:%S.%f").replace(
            tzinfo=_zone(typed["zone"])
        )
        return Moment(start.astimezone(UTC), start.astimezone(UTC) + _length(typed))
    except (ValueError, OverflowError) as error:
        problem = Problem(
            "bad-time", f"there is no such time as {text}; write it as 2026-01-15T10:30:00Z", source=source
        )
        raise InputError([problem]) from error


def shown(time: datetime) -> str:
    """Return a time as messages show it, to the second, in a form that can be typed again."""
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _length(typed: re.Match[str]) -> timedelta:
    if typed["fraction"]:
        return timedelta(microseconds=10 ** (6 - len(typed["fraction"])))
    if typed["second"]:
        return timedelta(seconds=1)
    return timedelta(minutes=1) if typed["minute"] else timedelta(days=1)


def _zone(text: str | None) -> timezone:
    if text is None or text in ("Z", "z", "UTC"):
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if text[0] == "-" else offset)
