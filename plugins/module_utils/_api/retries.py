# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""When to try again. Pure: looks at what became of an attempt and says what follows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

# Retry-After may be missing or no number (seen in Descope's SDKs). The documented penalty is 60 seconds.
_USUAL_PAUSE_SECONDS = 60.0
_SHORTEST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 300.0


class Kind(Enum):
    """What a request does to the project."""

    READ = auto()
    WRITE = auto()


class Outcome(Enum):
    """What became of one attempt.

    ANSWERED: as asked.
    REFUSED: the API said no, so nothing happened.
    RATE_LIMITED: HTTP 429, too many requests, so nothing happened.
    NOT_SENT: no connection, which may be better in a moment.
    UNREACHABLE: no connection, and the next attempt will not get one either (unknown host, certificate not trusted).
    LOST: sent, and no complete answer (timeout, dropped connection, truncated body).
    GATEWAY: the edge answered for an API behind it that did not.
    UNREADABLE: success, says the status, but the body is not what the API sends.
    """

    ANSWERED = auto()
    REFUSED = auto()
    RATE_LIMITED = auto()
    NOT_SENT = auto()
    UNREACHABLE = auto()
    LOST = auto()
    GATEWAY = auto()
    UNREADABLE = auto()


class Decision(Enum):
    """What to do after an attempt. LOOK: a write may have happened, and only reading the project can tell."""

    RETURN = auto()
    RETRY = auto()
    GIVE_UP = auto()
    LOOK = auto()


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often to try again. C(pauses) is for HTTP 429, C(retries) for everything else; delays are in seconds."""

    retries: int = 4
    pauses: int = 5
    first_delay: float = 0.5
    longest_delay: float = 8.0

    def delay(self, attempt: int, chance: float) -> float:
        """Return how long to wait after C(attempt) (from 1), between half and all of a time that doubles.

        C(chance) is between 0 and 1: workers that failed together should not come back together.
        """
        longest = min(self.longest_delay, self.first_delay * 2.0 ** (attempt - 1))
        return longest * (0.5 + 0.5 * chance)


DEFAULT_RETRIES = RetryPolicy()
NO_RETRIES = RetryPolicy(retries=0, pauses=0)

_MAY_HAVE_HAPPENED = frozenset({Outcome.LOST, Outcome.GATEWAY, Outcome.UNREADABLE})
_WORTH_RETRYING = frozenset({Outcome.LOST, Outcome.GATEWAY, Outcome.NOT_SENT})


def retry_decision(kind: Kind, attempt: int, outcome: Outcome, policy: RetryPolicy = DEFAULT_RETRIES) -> Decision:
    """Decide what follows an attempt.

    C(attempt) counts from 1: the refusals with HTTP 429 if this is one, else the attempts that ended otherwise.
    A write is repeated only where it is certain that it has not happened.
    """
    if outcome is Outcome.ANSWERED:
        return Decision.RETURN
    if outcome is Outcome.RATE_LIMITED:
        return Decision.RETRY if attempt <= policy.pauses else Decision.GIVE_UP
    if kind is Kind.WRITE and outcome in _MAY_HAVE_HAPPENED:
        return Decision.LOOK
    if outcome in _WORTH_RETRYING and attempt <= policy.retries:
        return Decision.RETRY
    return Decision.GIVE_UP


def pause_seconds(retry_after: str | None) -> float:
    """Return how long a refusal with HTTP 429 stops everybody, from its C(Retry-After) header."""
    seconds = retry_after_seconds(retry_after)
    return _USUAL_PAUSE_SECONDS if seconds is None else seconds


def retry_after_seconds(retry_after: str | None) -> float | None:
    """Return the seconds a C(Retry-After) header names, within reason, None where it names none."""
    if retry_after is None or not re.fullmatch(r"\s*[0-9]{1,9}(\.[0-9]*)?\s*", retry_after):
        return None
    return min(max(float(retry_after), _SHORTEST_PAUSE_SECONDS), _LONGEST_PAUSE_SECONDS)
