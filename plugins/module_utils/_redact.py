# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Secrets in flows, taken out of everything that people or logs get to see.

A flow can carry a secret anywhere: an argument of a connector, a header, the code of a scriptlet, a text. What is
hidden here is what looks like one, by the name it stands under or by its own shape. References to a value that Descope
fills in at run time, like C({{form.password}}), are not secrets and stay readable.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

REDACTED = "<redacted>"
OTHER_SECRET = f"{REDACTED} (changed)"  # than the one that stood there before

# The last words of a name decide: C(resetPassword) and C(X-Api-Key) hold a secret, C(password-placeholder) does not.
# Endings that say nothing of what it holds do not count: C(apiKeys), C(token2), C(clientSecretValue).
_SECRET_WORDS = {"password", "passwd", "pwd", "passphrase", "secret", "token", "jwt", "cookie"} | {
    "authorization",
    "credential",
    "apikey",
}
_SECRET_KEYS = {"api", "private", "access", "secret", "signing", "encryption", "management", "hmac", "auth"}
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")

_REFERENCE = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_SCHEME = re.compile(r"(?i:bearer|basic)|\W")

_NAME = r"""(?:password|passwd|passphrase|secret|token|authorization|credentials?|(?:api|private|access)[-_ ]?key)"""
_ENDING = r"(?:[-_ ]?value)?[-_]?[0-9]*"
_QUOTED = re.compile(rf"""((?i:{_NAME}s?{_ENDING})\\?["']?\s*[:=]\s*)(\\?["'`])(.+?)(\2)""", re.DOTALL)
_ASSIGNED = re.compile(rf"""((?i:{_NAME}{_ENDING})=)(?!\{{\{{)([\w.~+/%-]{{4,}})(?![\w(])""")
_HEADER = re.compile(rf"""((?i:{_NAME}{_ENDING}):\s*)((?=[\w.~+/-]*[0-9])[\w.~+/=-]{{6,}})""")
_USER_INFO = re.compile(r"(?<=://)([^/\s:@]+:)([^/\s@]+)(?=@)")
_SHAPES = (
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
    re.compile(r"\beyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*)?"),
    re.compile(r"(\b(?i:bearer)\s+)[\w.~+/=-]{6,}"),
    re.compile(r"(\b(?i:basic)\s+)(?=[\w+/=-]*(?:[0-9=]|[a-z][A-Z]))[\w+/=-]{8,}"),
    re.compile(r"\b(?:sk|pk|rk)_(?:live|test)_\w{8,}|\bgh[pousr]_\w{20,}|\bxox[abprs]-[\w-]{10,}|\bAKIA[0-9A-Z]{16}\b"),
    re.compile(r"\bK[0-9][A-Za-z0-9]{40,}"),  # Descope's own management and access keys
)
_LONG_KEY = 40
# A shorter text without any of these matches none of the above; most names and texts of a flow are such.
_HINTS = (":", "=", "eyj", "bearer", "basic", "_", "xox", "akia")


# The same few hundred names come again and again, in every component of every screen.
@lru_cache(maxsize=4096)
def is_secret_name(name: str) -> bool:
    """Tell whether what stands under this name is taken for a secret."""
    words = [word.lower() for word in _WORD.findall(name)]
    while words and (words[-1].isdigit() or words[-1] in ("value", "values")):
        del words[-1]
    if not words:
        return False
    last = words[-1].removesuffix("s")
    return last in _SECRET_WORDS or (last == "key" and len(words) > 1 and words[-2] in _SECRET_KEYS)


def redact_text(text: str) -> str:
    """Return the text with everything in it that looks like a secret replaced."""
    lowered = text.lower()
    if len(text) < 6 or (len(text) < _LONG_KEY and not any(hint in lowered for hint in _HINTS)):
        return text
    for shape in _SHAPES:
        text = shape.sub(lambda found: f"{found[1] if found.lastindex else ''}{REDACTED}", text)
    text = _USER_INFO.sub(rf"\1{REDACTED}", text)
    text = _QUOTED.sub(lambda found: f"{found[1]}{found[2]}{_unless_reference(found[3])}{found[4]}", text)
    text = _ASSIGNED.sub(rf"\1{REDACTED}", text)
    return _HEADER.sub(rf"\1{REDACTED}", text)


def redact_value(value: Any, *, secret: bool = False) -> Any:
    """Return a JSON value with its secrets replaced. C(secret): the value itself stands under a secret's name."""
    if isinstance(value, str):
        return _unless_reference(redact_text(value)) if secret else redact_text(value)
    if isinstance(value, list):
        return [redact_value(item, secret=secret) for item in value]
    if isinstance(value, dict):
        hidden = secret_members(value, secret=secret)
        return {key: redact_value(member, secret=key in hidden) for key, member in value.items()}
    return REDACTED if secret and isinstance(value, int | float) and not isinstance(value, bool) else value


def secret_members(value: dict[str, Any], *, secret: bool = False) -> frozenset[str]:
    """Return which members of an object are secrets. C(secret): the object itself stands under a secret's name.

    Descope writes values as C({"type": ..., "value": ...}), named ones with C(key), too; of type C(context) the value
    is the name of something that is known at run time only.
    """
    hidden = _secret_names(tuple(value))
    if value.get("type") == "context":
        return hidden
    name = value.get("key")
    if secret or (isinstance(name, str) and is_secret_name(name)):
        if "value" in value:
            return hidden | {"value"}
        if secret and "displayName" not in value:  # a component of a screen may be called after a secret
            return frozenset(value)
    return hidden


# Thousands of components of a flow have the same few sets of members.
@lru_cache(maxsize=1024)
def _secret_names(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(name for name in names if is_secret_name(name))


def _unless_reference(text: str) -> str:
    literal = _SCHEME.sub("", _REFERENCE.sub("", text.replace(OTHER_SECRET, "").replace(REDACTED, "")))
    return REDACTED if literal else text
