# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""A report as one page of HTML: the fleet at a glance, each change with its flow drawn before and after, every tenant.

The page is complete in itself. It has no scripts, asks for nothing from anywhere, and its own security policy forbids
both, so that nothing in a flow or in a tenant's variables could. Every text is escaped where it is put in.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._diff.text import counted, printable
from ansible_collections.community.descope.plugins.module_utils._draw.svg import draw_flow
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._redact import redact_text
from ansible_collections.community.descope.plugins.module_utils._report.fleet import Report
from ansible_collections.community.descope.plugins.module_utils._report.screens import ScreenTexts, screen_texts
from ansible_collections.community.descope.plugins.module_utils._report.style import STYLE
from ansible_collections.community.descope.plugins.module_utils._report.words import (
    alike,
    cost,
    duration,
    heading,
    names,
    sides,
    what_happens,
)

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_FEW_TENANTS = 8
_FEW_VARIANTS = 4
_MOST_VARIANTS = 200
_SHOWN_CHANGES = 12
_ACTIONS = {"create": "new", "update": "changed", "delete": "deleted"}
_SVG_STYLE = re.compile(r"<style>.*?</style>", re.DOTALL)


def render_page(report: Report) -> str:
    """Return the report as a page of HTML."""
    title = "Rollout preview" if report["run"]["check_mode"] else "Rollout"
    body = "\n".join(
        (
            *_header(report),
            "<main>",
            *_troubles(report),
            *_changes(report),
            *_matrix(report),
            "</main>",
            _footer(report),
        )
    )
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{_text(title)}: {_text(heading(report))}</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n{_with_one_style(body)}\n</body>\n</html>\n"
    )


def _footer(report: Report) -> str:
    version = f"Made by community.descope {report['collection_version']}."
    return f"<footer>{_text(cost(report).capitalize())}. {_text(version)}</footer>"


def _text(text: str) -> str:
    """Return text as it may stand anywhere in the page, on one line."""
    return html.escape(printable(" ".join(redact_text(text).split())))


def _lines(text: str) -> str:
    """Return text of several lines as it may stand where white space is kept."""
    return html.escape("\n".join(printable(line) for line in redact_text(text).splitlines()))


def _with_one_style(body: str) -> str:
    """Leave out all but the first of the equal styles that the drawings bring along."""
    first = _SVG_STYLE.search(body)
    if first is None:
        return body
    return body[: first.end()] + body[first.end() :].replace(first[0], "")


# --- the top of the page ----------------------------------------------------------------------------------------------


def _header(report: Report) -> Iterator[str]:
    run, totals, preview = report["run"], report["totals"], report["run"]["check_mode"]
    facts = [run["playbook"], run["started_at"].replace("T", " "), f"job {run['job_id']}" if run["job_id"] else ""]
    yield "<header>"
    yield f'<p class="kicker">Descope flows: {"preview, nothing was changed" if preview else "rollout"}</p>'
    yield f"<h1>{_text(heading(report))}</h1>"
    yield f'<p class="facts">{_text(", ".join(filter(None, facts)))}</p>'
    yield '<div class="tiles">'
    yield _tile(totals["tenants"], "tenants")
    yield _tile(totals["changed"], "would change" if preview else "changed", "changed" if totals["changed"] else "")
    yield _tile(totals["unchanged"], "as declared", "unchanged" if totals["unchanged"] else "")
    wrong = totals["failed"] + totals["unreachable"]
    yield _tile(wrong, "failed", "failed" if wrong else "")
    if preview:
        yield _tile(report["estimate"]["requests"], "requests to apply")
        yield _tile(_short_time(report["estimate"]["seconds"]), "at the rate limit")
    else:
        yield _tile(report["requests"]["made"], "requests")
        yield _tile(_short_time(run["seconds"]), "in all")
    yield "</div><nav>"
    sections = (("failures", "Failed"), ("unresolved", "Unresolved"), ("warnings", "Warnings"))
    yield "".join(f'<a href="#{name}">{title}</a>' for name, title in sections if report[name])
    yield '<a href="#changes">Changes</a><a href="#tenants">Tenants and flows</a></nav></header>'


def _tile(value: Any, label: str, kind: str = "") -> str:
    return f'<div class="tile {kind}"><b>{_text(str(value))}</b><span>{_text(label)}</span></div>'


def _short_time(seconds: float) -> str:
    return "< 1 s" if seconds < 1 else duration(seconds).removeprefix("about ")


def _troubles(report: Report) -> Iterator[str]:
    if report["failures"]:
        yield '<h2 id="failures">Failed</h2>'
    for failure in report["failures"]:
        yield '<section class="card"><div class="head"><span class="badge failed">failed</span>'
        yield f"<h3>{counted(len(failure['tenants']), 'tenant')}</h3></div>"
        yield f'<p class="plain">{_text(failure["message"])}</p>{_chips(failure["tenants"])}</section>'
    if report["unresolved"]:
        yield '<h2 id="unresolved">Unresolved</h2><section class="card">'
        for flow in report["unresolved"]:
            why = f": {_text(flow['error'])}" if flow["error"] else ""
            badge = f'<span class="badge unknown">{_text(flow["result"])}</span>'
            yield f'<p class="plain">{badge} <b>{_text(flow["flow_id"])}</b> of {_text(flow["tenant"])}{why}</p>'
        yield "</section>"
    if report["warnings"]:
        yield '<h2 id="warnings">Warnings</h2><section class="card">'
        for warning in report["warnings"]:
            yield f'<p class="plain">{_text(warning["message"])} <small>({_text(_count_of(warning))})</small></p>'
        yield "</section>"


def _count_of(warning: Mapping[str, Any]) -> str:
    return counted(len(warning["tenants"]), "tenant")


# --- changes ----------------------------------------------------------------------------------------------------------


def _changes(report: Report) -> Iterator[str]:
    preview = report["run"]["check_mode"]
    yield '<h2 id="changes">Changes</h2>'
    if not report["changes"]:
        yield '<p class="card">Every flow that could be compared is as declared.</p>'
    for change in report["changes"]:
        yield f'<article class="card" id="{_text(change["id"])}"><div class="head">'
        yield f'<span class="badge {_text(change["action"])}">{_text(what_happens(change, preview=preview))}</span>'
        yield f'<h3>{_text(change["flow"])}</h3><span class="sum">{_text(change["summary"])}</span></div>'
        yield from _variants(change)
        picture = report["pictures"].get(change["picture"])
        if picture:
            yield from _drawings(picture)
            yield from _screens(picture)
        elif report["pictures"]:
            yield '<p class="more">Not drawn: only the changes of most tenants are.</p>'
        yield "</article>"


def _variants(change: Mapping[str, Any]) -> Iterator[str]:
    variants = change["variants"]
    first = variants[0]
    if len(variants) == 1:
        yield f'<p class="who">{_text(alike(change).capitalize())}</p>{_chips(names(variants))}'
        yield from _diff(first) if change["action"] == "update" else _whole(first)
        return
    yield f'<p class="who">{_text(alike(change).capitalize())}</p>'
    yield from _variant(first, opened=True)
    for variant in variants[1:_FEW_VARIANTS]:
        yield from _variant(variant)
    if len(variants) > _FEW_VARIANTS:
        yield f"<details><summary>{counted(len(variants) - _FEW_VARIANTS, 'more wording')}</summary>"
        for variant in variants[_FEW_VARIANTS:_MOST_VARIANTS]:
            yield from _variant(variant)
        yield "</details>"
    if len(variants) > _MOST_VARIANTS:
        yield f'<p class="more">and {counted(len(variants) - _MOST_VARIANTS, "more wording")}, in the JSON report</p>'


def _variant(variant: Mapping[str, Any], *, opened: bool = False) -> Iterator[str]:
    members = names([variant])
    label = members[0] if len(members) == 1 else f"{members[0]} and {len(members) - 1} more"
    yield f"<details{' open' if opened else ''}><summary>{_text(label)}</summary>"
    yield _chips(members) if len(members) > 1 else ""
    yield from _diff(variant)
    yield "</details>"


def _chips(tenants: Sequence[str]) -> str:
    items = "".join(f"<li>{_text(name)}</li>" for name in tenants)
    chips = f'<ul class="chips">{items}</ul>'
    if len(tenants) <= _FEW_TENANTS:
        return chips
    first = ", ".join(tenants[:3])
    return f"<details><summary>{_text(first)} and {len(tenants) - 3} more</summary>{chips}</details>"


def _whole(variant: Mapping[str, Any]) -> Iterator[str]:
    """Tell of a flow that comes or goes as a whole."""
    yield '<div class="diff">'
    for told in variant["changes"]:
        for tag, value in (("del", told.get("before")), ("ins", told.get("after"))):
            if isinstance(value, str):
                yield f"<{tag}>{_lines(value.replace('; ', chr(10)))}</{tag}>"
    yield "</div>"


def _diff(variant: Mapping[str, Any]) -> Iterator[str]:
    changes = variant["changes"]
    yield f'<div class="diff">{"".join(_told(changes[:_SHOWN_CHANGES]))}</div>'
    if len(changes) > _SHOWN_CHANGES:
        rest = changes[_SHOWN_CHANGES:]
        yield f"<details><summary>{counted(len(rest), 'more change')}</summary>"
        yield f'<div class="diff">{"".join(_told(rest))}</div></details>'
    more = [counted(variant["changes_omitted"], "more change")] if variant["changes_omitted"] else []
    more += [f"{counted(variant['layout_changes'], 'task')} moved on the canvas"] if variant["layout_changes"] else []
    if more:
        yield f'<p class="more">and {_text(", ".join(more))}</p>'


def _told(changes: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    subject = None
    for change in changes:
        if change.get("subject") != subject:
            subject = change.get("subject")
            yield f'<div class="subject">{_text(str(subject or ""))}</div>'
        path, what = (_text(str(change.get(name) or "")) for name in ("path", "what"))
        yield f'<div class="row"><div class="what" title="{path}">{what}</div><div>'
        before, after = sides(change, 400)
        yield f"<del>{_lines(before)}</del>" if before else ""
        yield f"<ins>{_lines(after)}</ins>" if after else ""
        yield "</div></div>"


# --- drawings and screens ---------------------------------------------------------------------------------------------


def _drawings(picture: Mapping[str, Any]) -> Iterator[str]:
    yield '<div class="drawings">'
    for side, title in (("before", "Before"), ("after", "After")):
        if picture[side]:
            drawing = draw_flow(FlowDocument(picture[side]), marks=picture["marks"][side])
            yield f'<figure><figcaption>{title}</figcaption><div class="canvas" tabindex="0">{drawing}</div></figure>'
    yield "</div>"


def _screens(picture: Mapping[str, Any]) -> Iterator[str]:
    found = screen_texts(*(FlowDocument(picture[side]) if picture[side] else None for side in ("before", "after")))
    if not found:
        return
    yield f'<details><summary>{counted(len(found), "screen")} and their texts</summary><div class="screens">'
    for screen in found:
        yield from _screen(screen)
    yield "</div></details>"


def _screen(screen: ScreenTexts) -> Iterator[str]:
    mark = f' <span class="badge {screen.mark}">{screen.mark}</span>' if screen.mark else ""
    yield f'<div class="screen"><h4>{_text(screen.name)}{mark}</h4><ul>'
    for kind, text, mark in screen.lines:
        yield f'<li class="{mark}">{_text(text)} <small>{_text(kind)}</small></li>'
    yield "</ul></div>"


# --- tenants and flows ------------------------------------------------------------------------------------------------


def _matrix(report: Report) -> Iterator[str]:
    columns = report["flows"]
    yield '<h2 id="tenants">Tenants and flows</h2><div class="scroll" tabindex="0"><table><thead><tr><th>Tenant</th>'
    yield "".join(f"<th>{_text(column)}</th>" for column in columns)
    yield "</tr></thead><tbody>"
    for tenant in report["tenants"]:
        by_flow: dict[str, list[Mapping[str, Any]]] = {}
        for flow in tenant["flows"]:
            by_flow.setdefault(flow["flow"], []).append(flow)
        name, status = _text(tenant["tenant"]), _text(tenant["status"])
        mark = "" if status in ("changed", "unchanged") else f'<span class="badge failed">{status}</span> '
        yield f'<tr><th title="{name}">{mark}{name}</th>'
        yield "".join(f"<td>{_cell(by_flow.get(column, []))}</td>" for column in columns)
        yield "</tr>"
    yield "</tbody></table></div>"
    yield '<p class="legend"><span class="same">\u2713</span> as declared. What is marked leads to its change.</p>'


def _cell(flows: Sequence[Mapping[str, Any]]) -> str:
    return " ".join(_state(flow) for flow in flows)


def _state(flow: Mapping[str, Any]) -> str:
    if flow["error"] or flow["result"] in ("unknown", "untouched"):
        kind = "failed" if flow["error"] and flow["result"] != "unknown" else "unknown"
        label = "failed" if kind == "failed" else flow["result"]
    else:
        kind, label = flow["action"], _ACTIONS.get(flow["action"], flow["action"])
    if kind == "none":
        return '<span class="same" title="as declared" aria-label="as declared">\u2713</span>'
    title = _text(flow["error"] or flow["summary"])
    badge = f'<span class="badge {_text(kind)}" title="{title}">{_text(label)}</span>'
    return f'<a href="#{_text(flow["change"])}">{badge}</a>' if flow["change"] else badge
