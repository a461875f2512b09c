# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The emulated service as a whole: settings, state, counters."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from .behaviour import SWITCHES, Behaviour, SettingError
from .codec import JsonObject
from .declarations import declarations_from, declare
from .faults import Faults
from .ratelimit import RateLimit, RateLimiter
from .seeds import Seed
from .stats import Stats
from .store import Project, ProjectStore


@dataclass(frozen=True, slots=True)
class Settings:
    """What the command line says and a reset can change. C(latency): seconds before each answer."""

    behaviour: Behaviour = field(default_factory=Behaviour)
    rate_limit: RateLimit | None = None
    penalty: float = 60.0
    latency: float = 0.0
    snapshot_allowed: bool = True
    trust_forwarded_for: bool = False

    def changed(self, wanted: JsonObject) -> Settings:
        """Return these settings with those of a reset. Raise C(SettingError) for a value that makes no sense."""
        penalty = _number(wanted, "penalty", self.penalty)
        limit = RateLimit.parse(str(wanted.get("rate_limit", self.rate_limit or 0)), penalty)
        return Settings(
            behaviour=self.behaviour.changed({name: value for name, value in wanted.items() if name in SWITCHES}),
            rate_limit=limit,
            penalty=penalty,
            latency=_number(wanted, "latency_ms", self.latency * 1000) / 1000,
            snapshot_allowed=snapshot_allowed(wanted.get("snapshot", self.snapshot_allowed)),
            trust_forwarded_for=bool(wanted.get("trust_forwarded_for", self.trust_forwarded_for)),
        )

    def as_dict(self) -> JsonObject:
        """Return the settings as a reset takes them, but for the switches."""
        return {
            "rate_limit": str(self.rate_limit or 0),
            "penalty": self.penalty,
            "latency_ms": self.latency * 1000,
            "snapshot": "allowed" if self.snapshot_allowed else "denied",
            "trust_forwarded_for": self.trust_forwarded_for,
        }


def snapshot_allowed(value: object) -> bool:
    """Read C(allowed) or C(denied)."""
    if value in ("allowed", True):
        return True
    if value in ("denied", False):
        return False
    raise SettingError(f"snapshot {value!r} is neither 'allowed' nor 'denied'")


def _number(wanted: JsonObject, name: str, default: float) -> float:
    value = wanted.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise SettingError(f"{name} {value!r} is not a number of 0 or more")
    return float(value)


_OPTIONS = frozenset(
    {
        "rate_limit",
        "penalty",
        "latency_ms",
        "snapshot",
        "trust_forwarded_for",
        "reseed",
        "strict",
        "counters_only",
    }
)


class Emulator:
    """One running emulator. Everything in it happens on one thread, so every request is a transaction."""

    def __init__(
        self,
        settings: Settings,
        *,
        seeds: Sequence[Seed] = (),
        declarations: Sequence[JsonObject] | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """C(declarations): the only projects there are; None where every well-formed project id exists."""
        self._first_settings = settings
        self._first_declarations = declarations
        self._seeds = tuple(seeds)
        self._now = now
        self.stats = Stats()
        self.faults = Faults()
        self.settings = settings
        self.limiter = RateLimiter(settings.rate_limit, now)
        self._populate(declarations, seeding=True)

    def _populate(self, declarations: Sequence[JsonObject] | None, *, seeding: bool) -> None:
        """Make the projects anew: the declared ones, and those with seeds of their own."""
        common = [seed for seed in self._seeds if seeding and not seed.project]

        def furnish(project: Project) -> None:
            for seed in common:
                seed.plant(project)

        self.store = ProjectStore(strict=declarations is not None, furnish=furnish)
        for declaration in declarations or ():
            declare(self.store, declaration)
        for seed in self._seeds if seeding else ():
            if seed.project:
                seed.plant(self.store.open(seed.project))

    def reset(self, wanted: JsonObject) -> JsonObject:
        """Start anew: no projects but the declared ones, no counts, no faults, the settings of the command line.

        wanted: settings and switches to use instead of the command line's; C(reseed): plant the seeds again;
        C(strict): the only projects there are, as in the file of C(--strict); C(counters_only): keep the projects and
        the faults, only set the counters to zero and change what is given.
        """
        unknown = sorted(set(wanted) - _OPTIONS - SWITCHES)
        if unknown:
            raise SettingError(
                f"reset: unknown {', '.join(unknown)}; there are: {', '.join(sorted(_OPTIONS | SWITCHES))}"
            )
        counters_only = bool(wanted.get("counters_only"))
        settings = (self.settings if counters_only else self._first_settings).changed(wanted)
        strict = wanted.get("strict")
        declarations = declarations_from(strict) if strict is not None else self._first_declarations
        if not counters_only or settings.rate_limit != self.settings.rate_limit:
            self.limiter = RateLimiter(settings.rate_limit, self._now)
        self.settings = settings
        self.stats.clear()
        self.store.forget_encodings()
        if not counters_only:
            self.faults.set([])
            self._populate(declarations, seeding=bool(wanted.get("reseed")))
        return {"ok": True, **self.settings.as_dict()}
