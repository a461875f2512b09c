# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""A flow as a picture: SVG of its steps and what leads from one to the next.

The picture is text of its own: no scripts, no fonts or files from elsewhere, no C(id) that could clash with another
picture on the same page. It follows the reader's light or dark mode; a page that has its own sets the custom properties
of C(svg.descope-flow), for example C(--flow-page), which are listed in C(_LIGHT).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping

from ansible_collections.community.descope.plugins.module_utils._draw.cards import Card, Outlet, card_of, cards_of
from ansible_collections.community.descope.plugins.module_utils._draw.layout import Box, Layout, place
from ansible_collections.community.descope.plugins.module_utils._draw.routes import Arrow, Routes
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument

MARKS = ("added", "removed", "changed")
_WIDTH = 232.0
_SMALL_WIDTH = 84.0
_SMALL_HEIGHT = 40.0
_PAD = 14.0
_HEAD = 34.0  # from the top of a card to the base line of its title
_LINE = 19.0
_ROW = 25.0
_PORT = 29.0  # where arrows enter, from the top of a card
_TITLE_EMS, _DETAIL_EMS, _LABEL_EMS = 12.2, 16.4, 15.2  # room for text, in widths of its font size
_TITLE_LINES = 3
_WORDS = {"screen": "Screen", "condition": "Condition", "subflow": "Sub-flow", "action": "Action"}
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NARROW = frozenset("fijlrtI.,:;'|!()[]{} /\\-\"")
_WIDE = frozenset("mwMW@%&")

_LIGHT = {
    "page": "#f6f7f9", "card": "#ffffff", "edge": "#d3d8e0", "text": "#1b2330", "soft": "#5d6878", "line": "#8b96a8",
    "screen": "#2f6fdb", "condition": "#b26a00", "action": "#5b6b84", "subflow": "#7a4fd0", "end": "#18804b",
    "error": "#c23b3b", "added": "#18804b", "removed": "#c23b3b", "changed": "#b26a00",
}  # fmt: skip
_DARK = {
    "page": "#12161d", "card": "#1d232d", "edge": "#39424f", "text": "#e8ecf2", "soft": "#a3aebd", "line": "#7b8798",
    "screen": "#6ea2ff", "condition": "#e8a13d", "action": "#9fb0c8", "subflow": "#b494ff", "end": "#4fc487",
    "error": "#ff7b7b", "added": "#4fc487", "removed": "#ff7b7b", "changed": "#e8a13d",
}  # fmt: skip
_RULES = """
.descope-flow text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","Noto Sans",Arial,sans-serif;
fill:var(--flow-text)}
.descope-flow .flow-page{fill:var(--flow-page)}
.descope-flow .flow-card{fill:var(--flow-card);stroke:var(--flow-edge);stroke-width:1}
.descope-flow .flow-kind{font-size:11px;font-weight:600;letter-spacing:.04em;fill:var(--flow-colour)}
.descope-flow .flow-number,.descope-flow .flow-detail{font-size:12px;fill:var(--flow-soft)}
.descope-flow .flow-title{font-size:15px;font-weight:600}
.descope-flow .flow-label{font-size:13px}
.descope-flow .flow-split{stroke:var(--flow-edge);stroke-width:1}
.descope-flow .flow-stripe,.descope-flow .flow-port,.descope-flow .flow-badge{fill:var(--flow-colour)}
.descope-flow .flow-badge-text{font-size:11px;font-weight:600;fill:var(--flow-card)}
.descope-flow .flow-arrow{fill:none;stroke:var(--flow-line);stroke-width:1.6}
.descope-flow .flow-back{opacity:.5}
.descope-flow .flow-tip{fill:var(--flow-line)}
.descope-flow .flow-error{--flow-line:var(--flow-error);--flow-colour:var(--flow-error)}
.descope-flow .flow-arrow.flow-error{stroke-dasharray:6 4}
.descope-flow .flow-label.flow-error{fill:var(--flow-error)}
.descope-flow .flow-small{fill:var(--flow-colour);stroke:none}
.descope-flow .flow-small-title{font-size:14px;font-weight:600;fill:var(--flow-card)}
.descope-flow .flow-start,.descope-flow .flow-action{--flow-colour:var(--flow-action)}
.descope-flow .flow-screen{--flow-colour:var(--flow-screen)}
.descope-flow .flow-condition{--flow-colour:var(--flow-condition)}
.descope-flow .flow-subflow{--flow-colour:var(--flow-subflow)}
.descope-flow .flow-end{--flow-colour:var(--flow-end)}
.descope-flow .flow-mark{fill:none;stroke:var(--flow-colour);stroke-width:3}
.descope-flow .flow-added{--flow-colour:var(--flow-added)}
.descope-flow .flow-removed{--flow-colour:var(--flow-removed)}
.descope-flow .flow-changed{--flow-colour:var(--flow-changed)}
.descope-flow .flow-removed .flow-mark{stroke-dasharray:7 4}
"""


def draw_flow(document: FlowDocument, *, marks: Mapping[str, str] | None = None) -> str:
    """Return the picture of a flow, an SVG element as text. Never raises, whatever the flow looks like.

    marks: what has become of tasks, by their ids: C(added), C(removed) or C(changed).
    """
    cards = cards_of(document)
    noted = _marks_of_cards(document, marks or {})
    layout = place(cards, {card.task_id: _size(card) for card in cards})
    routes = Routes(layout)
    arrows = [part for card in cards for part in _arrows(card, layout, routes)]
    boxes = [part for card in cards for part in _card(card, layout.boxes[card.task_id], noted.get(card.task_id, ""))]
    top, width, height = routes.top, layout.width, routes.bottom - routes.top
    title = _safe(document.name or document.flow_id or "flow")
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="descope-flow" role="img" width="{width:.0f}"'
            f' height="{height:.0f}" viewBox="0 {top:.0f} {width:.0f} {height:.0f}">',
            f"<title>{title}</title>",
            f"<style>{_style()}</style>",
            f'<rect class="flow-page" y="{top:.0f}" width="{width:.0f}" height="{height:.0f}" rx="12"/>',
            *arrows,
            *boxes,
            "</svg>\n",
        )
    )


def _style() -> str:
    light, dark = (
        ";".join(f"--flow-{name}:{colour}" for name, colour in colours.items()) for colours in (_LIGHT, _DARK)
    )
    own = ":where(svg.descope-flow)"
    return f"\n{own}{{{light}}}\n@media(prefers-color-scheme:dark){{{own}{{{dark}}}}}{_RULES}"


def _marks_of_cards(document: FlowDocument, marks: Mapping[str, str]) -> dict[str, str]:
    """Return the marks by card. A card of two tasks is changed if one of them is, or if they differ."""
    found: dict[str, str] = {}
    for task_id in sorted(marks):
        card = card_of(task_id, document.tasks)
        mark = marks[task_id]
        found[card] = mark if found.get(card, mark) == mark else "changed"
        if card != task_id and card not in marks:
            found[card] = "changed"
    return {card: mark for card, mark in found.items() if mark in MARKS}


# --- cards ------------------------------------------------------------------------------------------------------------


def _small(card: Card) -> bool:
    return card.kind in ("start", "end") and not card.labelled


def _size(card: Card) -> tuple[float, float]:
    if _small(card):
        return max(_SMALL_WIDTH, _ems(_small_title(card)) * 14 + 2 * _PAD), _SMALL_HEIGHT
    return _WIDTH, _rows_begin(card) + (len(card.outlets) * _ROW + 5 if card.labelled else 0)


def _rows_begin(card: Card) -> float:
    lines = len(_wrapped(card.title, _TITLE_EMS, _TITLE_LINES)) + bool(card.detail)
    return _HEAD + 12 + (lines - 1) * _LINE + 14 - 4


def _small_title(card: Card) -> str:
    title = "Start" if card.kind == "start" and card.title == card.task_id else card.title
    return _cut(title, _TITLE_EMS)


def _port_height(card: Card, index: int) -> float:
    """Return where an arrow leaves, from the top of its card."""
    if _small(card):
        return _SMALL_HEIGHT / 2
    return _rows_begin(card) + (index + 0.5) * _ROW if card.labelled else _PORT


def _card(card: Card, box: Box, mark: str) -> Iterator[str]:
    classes = f"flow-step flow-{card.kind}"
    yield f'<g class="{classes}" data-task="{_safe(card.task_id)}" transform="translate({box.left:.0f} {box.top:.0f})">'
    yield f"<title>{_safe(_tooltip(card, mark))}</title>"
    if _small(card):
        half = _SMALL_HEIGHT / 2
        yield f'<rect class="flow-small" width="{box.width:.0f}" height="{_SMALL_HEIGHT:.0f}" rx="{half:.0f}"/>'
        yield _text("flow-small-title", box.width / 2, half + 5, _small_title(card), "middle")
    else:
        yield from _full_card(card, box)
    if mark:
        yield from _mark(box, mark, _SMALL_HEIGHT / 2 if _small(card) else 8)
    yield "</g>"


def _tooltip(card: Card, mark: str) -> str:
    kind = _WORDS.get(card.kind, card.kind.capitalize())
    parts = (f"{kind} {card.task_id}: {card.title}", card.detail, mark)
    return "\n".join(part for part in parts if part)


def _full_card(card: Card, box: Box) -> Iterator[str]:
    width, height = box.width, box.height
    yield f'<rect class="flow-card" width="{width:.0f}" height="{height:.0f}" rx="8"/>'
    yield f'<path class="flow-stripe" d="M0 8a8 8 0 0 1 5-7.4V{height - 0.6:.1f}a8 8 0 0 1-5-7.4z"/>'
    yield _text("flow-kind", _PAD, 19, _WORDS.get(card.kind, card.kind.capitalize()))
    yield _text("flow-number", width - _PAD, 19, _cut(card.task_id, 6), "end")
    baseline = _HEAD + 4
    for line in _wrapped(card.title, _TITLE_EMS, _TITLE_LINES):
        yield _text("flow-title", _PAD, baseline, line)
        baseline += _LINE
    if card.detail:
        yield _text("flow-detail", _PAD, baseline - 1, _cut(card.detail, _DETAIL_EMS))
    if card.labelled:
        yield from _rows(card, width)


def _rows(card: Card, width: float) -> Iterator[str]:
    for index, outlet in enumerate(card.outlets):
        middle = _port_height(card, index)
        edge = middle - _ROW / 2
        yield f'<path class="flow-split" d="M{_PAD:.0f} {edge:.1f}H{width:.0f}"/>'
        yield _text(_classes("flow-label", outlet), width - _PAD, middle + 4.5, _cut(outlet.label, _LABEL_EMS), "end")
        yield f'<circle class="{_classes("flow-port", outlet)}" cx="{width:.0f}" cy="{middle:.1f}" r="4"/>'


def _mark(box: Box, mark: str, radius: float) -> Iterator[str]:
    size = f'width="{box.width + 6:.0f}" height="{box.height + 6:.0f}" rx="{radius + 3:.0f}"'
    room = _ems(mark) * 11 + 16
    left = box.width - room - 8
    yield f'<g class="flow-{mark}"><rect class="flow-mark" x="-3" y="-3" {size}/>'
    yield f'<rect class="flow-badge" x="{left:.1f}" y="-14" width="{room:.1f}" height="19" rx="9.5"/>'
    yield _text("flow-badge-text", left + room / 2, -0.5, mark, "middle") + "</g>"


# --- arrows -----------------------------------------------------------------------------------------------------------


def _arrows(card: Card, layout: Layout, routes: Routes) -> Iterator[str]:
    box = layout.boxes[card.task_id]
    drawn = set()
    for index, outlet in enumerate(card.outlets):
        if outlet.target not in layout.boxes:
            continue
        target = layout.boxes[outlet.target]
        ends = target.top + (target.height / 2 if target.height == _SMALL_HEIGHT else _PORT)
        begins = box.top + _port_height(card, index)
        if (begins, outlet.target) in drawn:
            continue
        drawn.add((begins, outlet.target))
        line = routes.path(Arrow(card.task_id, outlet.target, begins, ends))
        back = " flow-back" if target.column <= box.column else ""
        yield f'<path class="{_classes("flow-arrow", outlet)}{back}" d="{line}"/>'
        tip = f"M{target.left:.1f} {ends:.1f}l-9-4.5v9z"
        yield f'<path class="{_classes("flow-tip", outlet)}" d="{tip}"/>'


def _classes(name: str, outlet: Outlet) -> str:
    return name if outlet.sort == "plain" else f"{name} flow-{outlet.sort}"


# --- text -------------------------------------------------------------------------------------------------------------


def _text(name: str, x: float, y: float, text: str, anchor: str = "") -> str:
    where = f' text-anchor="{anchor}"' if anchor else ""
    return f'<text class="{name}" x="{x:.1f}" y="{y:.1f}"{where}>{_safe(text)}</text>'


def _safe(text: str) -> str:
    """Return text as it may stand in XML, also in an attribute; characters that XML has no way to say are replaced."""
    text = _NO_XML.sub("\ufffd", text)
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        text = text.replace(character, entity)
    return text


def _ems(text: str) -> float:
    """Return about how wide a text is, in widths of its font size: nobody knows the reader's font."""
    return sum(_em(character) for character in text)


def _em(character: str) -> float:
    if unicodedata.east_asian_width(character) in "WF":
        return 1.0
    if unicodedata.combining(character):
        return 0.0
    if character in _NARROW:
        return 0.34
    return 0.86 if character in _WIDE else 0.66 if character.isupper() else 0.56


def _cut(text: str, room: float) -> str:
    """Return as much of a text as fits, on one line."""
    text = " ".join(text.split())
    if _ems(text) <= room:
        return text
    while text and _ems(text) > room - 0.8:
        text = text[:-1]
    return text.rstrip() + "\u2026"


def _wrapped(text: str, room: float, most: int) -> list[str]:
    """Return a text in at most so many lines, broken between words; the last one is cut."""
    words = text.split()
    lines: list[str] = []
    while words and len(lines) < most - 1:
        line = words.pop(0)
        while words and _ems(f"{line} {words[0]}") <= room:
            line += f" {words.pop(0)}"
        if _ems(line) > room:
            words.insert(0, line)
            break
        lines.append(line)
    if words:
        lines.append(_cut(" ".join(words), room))
    return lines or [""]
