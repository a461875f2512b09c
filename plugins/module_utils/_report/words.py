# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Words for a report that its text, its Markdown and its page have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._diff.text import (
    counted,
    cut_around_difference,
    printable,
    shortened,
    value_text,
)
from ansible_collections.community.descope.plugins.module_utils._redact import redact_text

_DID = {
    True: {"create": "would be created", "update": "would change", "delete": "would be deleted"},
    False: {"create": "created", "update": "changed", "delete": "deleted"},
}
_SIGNS = {" ": "\u00b7", "\t": "\u2192", "\n": "\u21b5\n"}


def in_line(text: str, room: int = 300) -> str:
    """Return a text on one line, without secrets and without what plays tricks on terminals."""
    return printable(shortened(" ".join(redact_text(text).split()), room))


def heading(report: Mapping[str, Any]) -> str:
    """Return the fleet in one line, for example C(60 tenants: 57 would change, 2 are as they should be, 1 failed)."""
    totals, preview = report["totals"], report["run"]["check_mode"]
    parts = [
        f"{totals['changed']} {'would change' if preview else 'changed'}" if totals["changed"] else "",
        f"{totals['unchanged']} {'is' if totals['unchanged'] == 1 else 'are'} as declared"
        if totals["unchanged"]
        else "",
        f"{totals['failed']} failed" if totals["failed"] else "",
        f"{totals['unreachable']} unreachable" if totals["unreachable"] else "",
    ]
    return f"{counted(totals['tenants'], 'tenant')}: {', '.join(filter(None, parts)) or 'nothing was done'}"


def what_happens(change: Mapping[str, Any], *, preview: bool) -> str:
    """Return what becomes of the flow of a group, for example C(would change)."""
    return _DID[preview].get(change["action"], "") or str(change["action"])


def alike(change: Mapping[str, Any]) -> str:
    """Return how much the changes of a group have in common."""
    if change["tenants"] == 1:
        return "1 tenant"
    if len(change["variants"]) == 1:
        return f"{change['tenants']} tenants, the same change"
    wordings = len(change["variants"])
    each = "each with words of its own" if wordings == change["tenants"] else f"{wordings} different wordings"
    return f"{change['tenants']} tenants, in the same places, {each}"


def names(variants: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the tenants of some variants."""
    return list(dict.fromkeys(member["tenant"] for variant in variants for member in variant["tenants"]))


def sides(change: Mapping[str, Any], room: int = 160) -> tuple[str, str]:
    """Return the values of one change before and after as texts, an empty one where nothing stands there.

    Long ones are cut around the first difference. Texts stand without quotes: some are words for a value already.
    Where only white space differs, there are signs in its place.
    """
    values = [change.get(side) for side in ("before", "after")]
    old, new = map(_value, values)
    if old == new and values[0] != values[1]:  # the number 1 and the text "1"
        old, new = (value_text(value, 2000) for value in values)
    elif old != new and old.split() == new.split():
        old, new = map(_with_signs, (old, new))
    return cut_around_difference(old, new, room)


def _value(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        return value_text(value, 2000)
    return redact_text(value) if value.strip() else f'"{_with_signs(value)}"'


def _with_signs(text: str) -> str:
    """Return a text in which white space can be seen. What ends a line still does."""
    return "".join(_SIGNS.get(sign) or (f"\\u{ord(sign):04x}" if sign.isspace() else sign) for sign in text)


def duration(seconds: float) -> str:
    """Return a time as people say it, for example C(about 5 min)."""
    if seconds < 1:
        return "less than a second"
    if seconds < 90:
        return f"about {seconds:.0f} s"
    if seconds < 90 * 60:
        return f"about {seconds / 60:.0f} min"
    return f"about {seconds / 3600:.1f} h"


def cost(report: Mapping[str, Any]) -> str:
    """Return what the run took, and what applying takes, in one line."""
    made, estimate = report["requests"]["made"], report["estimate"]
    if not report["run"]["check_mode"]:
        return f"{counted(made, 'request')} in {report['run']['seconds']:.0f} s"
    if not estimate["requests"]:
        return f"nothing to apply; the preview took {counted(made, 'request')}"
    limit = f", {duration(estimate['seconds'])} at {estimate['rate_limit']} s" if estimate["rate_limit"] else ""
    return f"applying takes {counted(estimate['requests'], 'request')}{limit}; the preview took {made}"
