# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Values that are known to be secret: those of the variables that templates declare C(no_log).

C(_redact) takes out what looks like a secret; here nothing has to look like one. A value has to go before a text is cut
or its white space is made even, because what is left of it then is found by nobody.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._redact import REDACTED

# Shorter texts are in words that have nothing to do with them.
_SHORTEST = 4
# Ansible has such texts for values of its own, and they say nothing to anybody.
_NO_SECRETS = frozenset({"true", "false", "null", "none"})
_MARGIN = " \t\r\n\f\v\0"


class Secrets:
    """The secret values of one task. There can be more of them with every template that is rendered."""

    def __init__(self, *values: Any) -> None:
        self._long: set[str] = set()
        self._short: set[str] = set()
        self._patterns: dict[bool, re.Pattern[str]] = {}
        self.add(*values)

    def __bool__(self) -> bool:
        return bool(self._long or self._short)

    def add(self, *values: Any) -> None:
        """Take in values of any kind: texts, each line of them, numbers, and all of these in lists and objects."""
        for text in _texts(values):
            (self._long if len(text) >= _SHORTEST else self._short).add(text)
        self._patterns.clear()

    @property
    def texts(self) -> frozenset[str]:
        """The values that are long enough to be looked for in any text."""
        return frozenset(self._long)

    def as_argument(self) -> list[str]:
        """Return what C(add) takes, as the argument of a module.

        What Ansible knows of from such an argument it masks wherever it is a part of something. So short ones get an
        ending that it finds nowhere.
        """
        return [*sorted(self._long), *(f"{text}\0" for text in sorted(self._short))]

    def hide(self, text: str, *, short: bool = True) -> str:
        """Return a text without the values. C(short): also without short ones, where these stand for themselves."""
        if not self:
            return text
        if short not in self._patterns:
            self._patterns[short] = self._pattern(short)
        return self._patterns[short].sub(REDACTED, text)

    def is_number(self, value: Any) -> bool:
        """Tell whether a value is a number that is secret."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return str(value) in self._long or str(value) in self._short

    def _pattern(self, short: bool) -> re.Pattern[str]:
        # The longest first: a value may begin with another one.
        parts = [re.escape(text) for text in sorted(self._long, key=len, reverse=True)]
        if short:
            words = sorted(self._short, key=len, reverse=True)
            parts += [rf"(?<!\w){re.escape(text)}(?!\w)" for text in words]
        return re.compile("|".join(parts) or r"(?!)")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for member in value.values():
            yield from _texts(member)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield from _forms(value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)


def _forms(text: str) -> Iterator[str]:
    """Yield the ways in which a text gets into flows and messages: whole, on one line, by its lines, within JSON."""
    whole = text.strip(_MARGIN)
    lines = [line.strip() for line in whole.splitlines()]
    parts = [whole, " ".join(whole.split()), *(line for line in lines if len(line) >= _SHORTEST)]
    for part in dict.fromkeys(parts):
        if part and part.lower() not in _NO_SECRETS:
            yield part
            for in_ascii in (True, False):
                yield json.dumps(part, ensure_ascii=in_ascii)[1:-1]


# --- messages ---------------------------------------------------------------------------------------------------------

# Messages are made in many places, and each would have to be told.
_CURRENT: list[Secrets] = []


@contextmanager
def hiding(secrets: Secrets) -> Iterator[None]:
    """Keep these values out of every message that is made meanwhile."""
    _CURRENT.append(secrets)
    try:
        yield
    finally:
        _CURRENT.remove(secrets)


def hidden(text: str) -> str:
    """Return a text for a message, without the secrets of the task that runs. To be called before it is cut."""
    for secrets in _CURRENT:
        text = secrets.hide(text)
    return text
