# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""JSON as a server speaks it that keeps free-form parts in protobuf's Struct."""

from __future__ import annotations

import json
import math
from typing import Any

JsonObject = dict[str, Any]


def decode(raw: bytes) -> Any:
    """Return the value of a request body. Raise C(ValueError) for anything but JSON in UTF-8.

    A number that is whole comes back as such: 42.0 is stored, compared and printed as 42. That is how protobuf prints
    a double (documented), and canvas positions are the only floats in real flows (observed).
    """
    return json.loads(raw.decode("utf-8"), parse_float=_number, parse_constant=_refuse)


def encode(value: object) -> bytes:
    """Return compact JSON in UTF-8."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    except UnicodeEncodeError:  # half a surrogate pair, which JSON can carry and UTF-8 cannot
        return json.dumps(value, separators=(",", ":")).encode("ascii")


def _number(text: str) -> int | float:
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"{text} is too large a number")
    return int(value) if value.is_integer() and abs(value) < 1e21 else value


def _refuse(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")
