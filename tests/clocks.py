# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""A machine whose clock is not right, for backups: it can be set, while the monotonic clock just goes on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from types import SimpleNamespace

import pytest

from ansible_collections.community.descope.plugins.module_utils._backup import times


@dataclass
class Clock:
    """What the machine says. It stands still unless told otherwise."""

    now: datetime
    monotonic: float = 1000.0

    @classmethod
    def of_backups(cls, monkeypatch: pytest.MonkeyPatch, now: datetime | None = None) -> Clock:
        """Return the clock by which backups get their times from now on."""
        clock = cls(now or datetime.now(tz=UTC))

        class Time(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
                return clock.now.astimezone(tz)

        monkeypatch.setattr(times, "datetime", Time)
        monkeypatch.setattr(times, "time", SimpleNamespace(monotonic=lambda: clock.monotonic))
        return clock

    def passes(self, time: timedelta) -> None:
        """Let time pass."""
        self.now += time
        self.monotonic += time.total_seconds()

    def steps(self, step: timedelta) -> None:
        """Set the clock."""
        self.now += step
