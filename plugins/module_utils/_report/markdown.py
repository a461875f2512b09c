# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""A report as Markdown, made to be a comment on a pull request: short, folded, and never longer than one may be."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._diff.text import counted
from ansible_collections.community.descope.plugins.module_utils._report.fleet import Report
from ansible_collections.community.descope.plugins.module_utils._report.summary import listed_names
from ansible_collections.community.descope.plugins.module_utils._report.words import (
    alike,
    cost,
    heading,
    in_line,
    names,
    sides,
    what_happens,
)

# GitHub takes 65,536 characters.
_LONGEST = 60_000
_MOST_VARIANTS = 5
_MOST_CHANGES = 40
_SPECIAL = re.compile(r"[\\`*_\[\]<>!|~&]|@|#(?=\d)|:(?=//)|(?<=www)\.")
_MENTION = re.compile(r"@|#(?=\d)")
_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;", "@": "@&#8203;", "#": "#&#8203;"}


def render_markdown(report: Report) -> str:
    """Return the report as Markdown. Nothing that comes from a flow or a tenant becomes markup, a link or a mention."""
    preview = report["run"]["check_mode"]
    blocks = [f"## Descope flows: {'preview' if preview else 'rollout'}\n\n**{_safe(heading(report))}**\n"]
    blocks += _failures(report)
    blocks += [_change(change, preview=preview) for change in report["changes"]]
    if not report["changes"] and not report["failures"]:
        blocks.append("Every flow is as declared.\n")
    last = f"{_safe(_capitalised(cost(report)))}.\n"
    return "\n".join([*_fitting(blocks, _LONGEST - len(last)), last])


def _fitting(blocks: list[str], room: int) -> Iterator[str]:
    """Yield the blocks that fit and, where some do not, how many."""
    for number, block in enumerate(blocks):
        if len(block) + 200 > room:
            more = counted(len(blocks) - number, "more section")
            yield f"And {more}: there is no more room here, the report has them all.\n"
            return
        room -= len(block) + 1
        yield block


def _failures(report: Report) -> Iterator[str]:
    for failure in report["failures"]:
        whose, why = listed_names(failure["tenants"]), in_line(failure["message"], 1000)
        yield f"- \u274c **{_safe(whose)}** failed: {_safe(why)}\n"
    for flow in report["unresolved"]:
        why = f": {_safe(in_line(flow['error']))}" if flow["error"] else ""
        yield f"- \u26a0\ufe0f **{_safe(flow['tenant'])}**, {_safe(flow['flow_id'])}: {_safe(flow['result'])}{why}\n"


def _change(change: Mapping[str, Any], *, preview: bool) -> str:
    title = f"{change['flow']} {what_happens(change, preview=preview)}: {change['summary']}"
    lines = [f"### {_safe(in_line(title))}\n"]
    everybody = names(change["variants"])
    lines.append(f"{_safe(alike(change))}: {_safe(listed_names(everybody, 400))}\n")
    for variant in change["variants"][:_MOST_VARIANTS]:
        whose = listed_names(names([variant]), 100) if len(change["variants"]) > 1 else "What changes"
        lines.append(f"<details><summary>{_safe_in_html(whose)}</summary>\n\n{_diff(variant)}\n</details>\n")
    more = len(change["variants"]) - _MOST_VARIANTS
    if more > 0:
        lines.append(f"And {counted(more, 'more wording')}.\n")
    return "\n".join(lines)


def _diff(variant: Mapping[str, Any]) -> str:
    lines: list[str] = []
    subject = None
    for change in variant["changes"][:_MOST_CHANGES]:
        if change.get("subject") != subject:
            subject = change.get("subject")
            lines.append(f"  {in_line(str(subject or ''), 120)}")
        lines.append(f"    {in_line(str(change.get('what') or ''), 120)}")
        before, after = sides(change)
        lines += [f"-     {in_line(before)}"] if before else []
        lines += [f"+     {in_line(after)}"] if after else []
    more = max(len(variant["changes"]) - _MOST_CHANGES, 0) + variant["changes_omitted"]
    lines += [f"  and {counted(more, 'more change')}"] if more else []
    lines += (
        [f"  {counted(variant['layout_changes'], 'task')} moved on the canvas"] if variant["layout_changes"] else []
    )
    text = "\n".join(lines)
    # A fence longer than any inside it cannot be closed from inside.
    fence = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", text)), 0)
    return f"{fence}diff\n{text}\n{fence}\n"


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


def _safe(text: str) -> str:
    """Return text that Markdown shows as it is: no markup, no HTML, no link, nobody mentioned."""
    return _SPECIAL.sub(lambda found: _ENTITIES.get(found[0]) or f"\\{found[0]}", " ".join(text.split()))


def _safe_in_html(text: str) -> str:
    """Return text for inside of HTML, where Markdown means nothing, but names are still mentioned."""
    return _MENTION.sub(lambda found: _ENTITIES[found[0]], html.escape(" ".join(text.split()), quote=False))
