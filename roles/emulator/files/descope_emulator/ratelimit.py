# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The limit per client address: so many requests in so many seconds, then a penalty."""

from __future__ import annotations

import math
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from .behaviour import SettingError


@dataclass(frozen=True, slots=True)
class RateLimit:
    """C(requests) in any C(seconds); who asks for more is refused for C(penalty) seconds.

    Documented: 100 requests in 60 s per address for everything without a limit of its own, then 60 s of refusals.
    """

    requests: int = 100
    seconds: float = 60.0
    penalty: float = 60.0

    @classmethod
    def parse(cls, text: str, penalty: float = 60.0) -> RateLimit | None:
        """Read C(100/60); C(0) and C(none) are no limit."""
        if text.strip().lower() in ("0", "none", ""):
            return None
        match = re.fullmatch(r"\s*(\d+)\s*/\s*(\d+(?:\.\d+)?)\s*", text)
        if not match or int(match[1]) == 0 or float(match[2]) == 0:
            raise SettingError(f"rate limit {text!r}: write <requests>/<seconds>, for example 100/60, or 0 for none")
        return cls(int(match[1]), float(match[2]), penalty)

    def __str__(self) -> str:
        return f"{self.requests}/{self.seconds:g}"


@dataclass(slots=True)
class _Client:
    accepted: deque[float] = field(default_factory=deque)
    refused_until: float = 0.0


class RateLimiter:
    """Counts accepted requests per address in a sliding window (assumed; the limit's exact form is unknown)."""

    def __init__(self, limit: RateLimit | None, now: Callable[[], float]) -> None:
        self.limit = limit
        self._now = now
        self._clients: dict[str, _Client] = {}

    def refusal(self, address: str) -> float | None:
        """Count one request. Return None if it may pass, else the seconds after which one would."""
        if self.limit is None:
            return None
        now = self._now()
        client = self._clients.setdefault(address, _Client())
        if now < client.refused_until:
            return client.refused_until - now
        while client.accepted and client.accepted[0] <= now - self.limit.seconds:
            client.accepted.popleft()
        if len(client.accepted) < self.limit.requests:
            client.accepted.append(now)
            return None
        return self._refuse(client, now, self.limit)

    @staticmethod
    def _refuse(client: _Client, now: float, limit: RateLimit) -> float:
        """Start the penalty, after which counting starts anew (assumed); without one only the window counts."""
        if limit.penalty <= 0:
            return client.accepted[0] + limit.seconds - now
        client.refused_until = now + limit.penalty
        client.accepted.clear()
        return limit.penalty


def retry_after_seconds(seconds: float) -> str:
    """Return the Retry-After header: whole seconds, never too few."""
    return str(max(1, math.ceil(seconds)))
