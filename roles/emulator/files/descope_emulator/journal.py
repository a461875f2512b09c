# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""One line a request, without keys and without bodies."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path
from typing import TextIO

from .faults import Rule, Subject


class Journal:
    """Writes lines such as C(12:00:01.123 POST /v2/mgmt/flow/import P2abc sign-in 200 3.1ms)."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream

    @classmethod
    def open(cls, place: str) -> Journal:
        """Open a journal: a file to append to, C(-) for standard error, empty for none."""
        if not place:
            return cls()
        return cls(sys.stderr if place == "-" else Path(place).open("a", encoding="utf-8", buffering=1))

    def write(self, subject: Subject, status: int, seconds: float, fault: Rule | None) -> None:
        """Write one request. C(status): 0 where no answer was sent."""
        if self._stream is None:
            return
        now = datetime.datetime.now().astimezone().strftime("%H:%M:%S.%f")[:-3]
        words = [now, subject.method, subject.path, subject.project or "-", ",".join(subject.flow_ids) or "-"]
        words += [str(status), f"{seconds * 1000:.1f}ms"]
        if fault is not None:
            words.append(f"fault={fault.kind.value}")
        self._stream.write(" ".join(map(_one_word, words)) + "\n")
        self._stream.flush()


def _one_word(text: str) -> str:
    """Return a text that cannot end a line or a word: ids and paths are whatever a client sends."""
    return "".join(character if character.isprintable() and character != " " else "?" for character in text)
