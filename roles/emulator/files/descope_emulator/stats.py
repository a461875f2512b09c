# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""What was asked of the emulator. Control requests are never counted."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from .codec import JsonObject


@dataclass(slots=True)
class Stats:
    """Counters since the start or the last reset."""

    requests: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    by_project: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    rate_limited: int = 0
    in_flight: int = 0
    max_in_flight: int = 0

    def begin(self, endpoint: str, project_id: str) -> None:
        """Count a request that has arrived. C(endpoint): "METHOD path"; C(project_id): empty where there is none."""
        self.requests[endpoint] += 1
        if project_id:
            self.by_project[project_id][endpoint] += 1
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)

    def end(self, status: int) -> None:
        """Count its end. C(status): 0 where it got no answer."""
        self.in_flight -= 1
        self.statuses[status] += 1

    def clear(self) -> None:
        """Set every counter to zero; what is in flight stays so."""
        for counter in (self.requests, self.statuses, self.faults, self.by_project):
            counter.clear()
        self.rate_limited = 0
        self.max_in_flight = self.in_flight

    def as_dict(self) -> JsonObject:
        """Return the answer to GET /_emulator/stats."""
        return {
            "requests": dict(sorted(self.requests.items())),
            "total": sum(self.requests.values()),
            "rate_limited": self.rate_limited,
            "faults": dict(sorted(self.faults.items())),
            "in_flight": self.in_flight,
            "max_in_flight": self.max_in_flight,
            "statuses": {str(status): count for status, count in sorted(self.statuses.items())},
            "by_project": {
                project: dict(sorted(counts.items())) for project, counts in sorted(self.by_project.items())
            },
        }
