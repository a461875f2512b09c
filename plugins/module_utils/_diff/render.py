# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Changes as two short texts for a unified diff, and as one line.

The texts are made so that a line-wise diff of them, as Ansible shows it with three lines of context, reads well: what
changes is the same line in both texts, what it was and will be follow indented, each in its own text only::

     screen "Welcome" (0)
       text of Title
    -    "Welcome!"
    +    "Welcome to Acme"
    +  Button "Continue" after Email Input "Email"
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from ansible_collections.community.descope.plugins.module_utils._diff.change import Change, told_changes
from ansible_collections.community.descope.plugins.module_utils._diff.masked import redact_both
from ansible_collections.community.descope.plugins.module_utils._diff.text import (
    changed_lines,
    counted,
    cut_around_difference,
    is_multiline,
    listed,
    printable,
    shortened,
    value_text,
    value_texts,
)

_INDENT = "  "
_OWNER = "\0"  # stands for the owner while equal changes of several owners are gathered
_CHANGED = " (changed)"
_ANEW = " (anew)"
_FEW_PROPERTIES = 2  # more changed properties of one component are told together
_FEW_TASKS = 4  # more tasks that came or went are told together
_NAMES_ROOM = 50  # characters for the names of what changed alike
_MOST_BLOCKS = 4  # of changed lines in a longer text
_MOST_LINES = 3  # of one such block, and of one list of properties
_WHOLE_TASKS = ("task-replaced", "task-removed", "task-added")
_WHOLES = ("flow-removed", "flow-added", *_WHOLE_TASKS, "screen-removed", "screen-added")
# Kinds whose changes are told together when they differ in the owner only.
_GATHERED = ("argument-", "error-handling-", "component-property-", "screen-text-", "interaction-", "output-")


@dataclass(frozen=True, slots=True)
class _Entry:
    """Some lines of the two texts: a headline that both have, then what only one of them has."""

    headline: str
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    changes: int = 1

    def about(self, owner: str) -> _Entry:
        """Return the entry with its owner, or the list of its owners, filled in."""
        before, after = (tuple(line.replace(_OWNER, owner) for line in side) for side in (self.before, self.after))
        return replace(self, headline=self.headline.replace(_OWNER, owner), before=before, after=after)


@dataclass(frozen=True, slots=True)
class _Group:
    """Entries about one subject, or several subjects that changed alike. Without one, they stand for themselves."""

    subjects: tuple[str, ...]
    entries: tuple[_Entry, ...]


def render_changes(changes: Iterable[Change], *, limit: int = 20, width: int = 100) -> tuple[str, str]:
    """Return two texts whose line-wise difference tells the changes.

    limit: how many things to tell before saying how many more there are. width: the longest line, in characters.
    Secrets are masked on both sides; a masked value that changed still shows as changed. Both texts are empty if there
    are no changes.
    """
    told = told_changes(changes)
    layout = sum(change.layout for change in told)
    texts = _Texts(width)
    texts.write(_groups([change for change in told if not change.layout], width), limit)
    if layout:
        texts.write([_Group((), (_Entry("", after=(f"layout: {counted(layout, 'task')} moved on the canvas",)),))], 1)
    return texts.joined()


class _Texts:
    """The two texts while they are written: lines of both, of the text before (-) or of the text after (+)."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.lines: list[tuple[str, str]] = []

    def joined(self) -> tuple[str, str]:
        gone = {line for side, line in self.lines if side == "-"}
        before = [line for side, line in self.lines if side != "+"]
        # White space at its end keeps the diff from pairing a value with the same value of something else.
        after = [f"{line} " if side == "+" and line in gone else line for side, line in self.lines if side != "-"]
        return "".join(f"{line}\n" for line in before), "".join(f"{line}\n" for line in after)

    def write(self, groups: Sequence[_Group], limit: int) -> None:
        left, more = limit, 0
        for group in groups:
            shown, hidden = group.entries[: max(left, 0)], group.entries[max(left, 0) :]
            left -= len(shown)
            more += sum(entry.changes for entry in hidden)
            if shown and group.subjects:
                self._write("", _joined_subjects(group.subjects))
            self._write_entries(shown, _INDENT if group.subjects else "")
        if more:
            self._write("", f"... and {counted(more, 'more change')}")

    def _write_entries(self, entries: Sequence[_Entry], indent: str) -> None:
        gone = {self._cut(indent + line) for entry in entries if not entry.headline for line in entry.before}
        for entry in entries:
            inner = indent
            if entry.headline:
                self._write("", indent + entry.headline)
                inner += _INDENT
            for line in entry.before:
                self._write("-", inner + line)
            for line in entry.after:
                alike = not entry.headline and self._cut(inner + line) in gone
                self._write("+", inner + line, _ANEW if alike else "")

    def _write(self, side: str, line: str, ending: str = "") -> None:
        self.lines.append((side, self._cut(line, ending)))

    def _cut(self, line: str, ending: str = "") -> str:
        return shortened(line, self.width - len(ending)) + ending


# --- groups -----------------------------------------------------------------------------------------------------------


def _groups(changes: Sequence[Change], width: int) -> list[_Group]:
    """Gather the changes by subject: the flow itself, tasks and screens that came or went, then the others in order."""
    by_subject: dict[str, list[Change]] = {}
    # What a flow offers to others is derived from its tasks, so it is the least of its own changes.
    for change in sorted(changes, key=lambda change: change.kind.startswith("output-")):
        if change.kind not in _WHOLES:
            by_subject.setdefault(change.subject, []).append(change)
    groups = [_Group((subject,), tuple(_entries(found, width))) for subject, found in by_subject.items()]
    flow = [group for group in groups if group.subjects[0].startswith("flow ")]
    others = [group for group in groups if not group.subjects[0].startswith("flow ")]
    wholes = [
        entry
        for kind in _WHOLES
        for entry in _whole_entries(kind, [change for change in changes if change.kind == kind], width)
    ]
    return [*flow, _Group((), tuple(wholes)), *_merged(others)]


def _merged(groups: Iterable[_Group]) -> list[_Group]:
    """Put subjects together that changed in exactly the same way, like the two halves of a two-step task."""
    alike: dict[tuple[_Entry, ...], list[_Group]] = {}
    for group in groups:
        alike.setdefault(group.entries, []).append(group)
    return [
        _Group(
            tuple(subject for group in found for subject in group.subjects),
            tuple(replace(entry, changes=entry.changes * len(found)) for entry in entries),
        )
        for entries, found in alike.items()
    ]


def _joined_subjects(subjects: Sequence[str]) -> str:
    """Return C(task "A" (35, 35.end)) for subjects that share their name, else their list."""
    names, ids = zip(*(subject.rpartition(" (")[::2] for subject in subjects), strict=True)
    if len(subjects) == 1 or len(set(names)) > 1 or not names[0]:
        return listed(subjects)
    return f"{names[0]} ({listed((name.removesuffix(')') for name in ids), 5)})"


def _whole_entries(kind: str, changes: Sequence[Change], width: int) -> tuple[_Entry, ...]:
    """Tell what came, went or was replaced as a whole; many tasks as a list of names."""
    if kind not in _WHOLE_TASKS or len(changes) <= _FEW_TASKS:
        return tuple(_whole_entry(change, width) for change in changes)
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    tasks = counted(len(changes), "task")
    if kind == "task-removed":
        before = _named_tasks(f"{tasks} removed:", [change.subject for change in changes], width)
    elif kind == "task-added":
        after = _named_tasks(f"{tasks} added:", [change.subject for change in changes], width)
    else:
        before, after = (
            _named_tasks(f"{tasks} {title}:", [text.partition("\n")[0] for text in texts], width)
            for title, texts in (
                ("replaced", [change.before_text for change in changes]),
                ("in their place", [change.after_text for change in changes]),
            )
        )
    return (_Entry("", before, after, len(changes)),)


def _named_tasks(title: str, subjects: Sequence[str], width: int) -> tuple[str, ...]:
    names = [subject.removeprefix("task ") for subject in subjects]
    return (title, *(_INDENT + line for line in _filled(names, width - len(_INDENT))))


def _whole_entry(change: Change, width: int) -> _Entry:
    if change.kind == "task-replaced":
        before, after = (text.replace("\n", ": ") for text in (change.before_text, change.after_text))
        before, after = _marked(before, after, width)
        return _Entry("", (before,), (after,))
    if change.kind.startswith("flow-"):
        lines = (change.subject, *(_INDENT + line for line in (change.before_text or change.after_text).split("\n")))
    else:
        lines = (f"{change.subject}: {change.before_text or change.after_text}",)
    return _Entry("", before=lines) if change.removed else _Entry("", after=lines)


# --- entries ----------------------------------------------------------------------------------------------------------


def _entries(changes: Sequence[Change], width: int) -> list[_Entry]:
    """Tell the changes of one subject, each in a line or two, those that are alike together."""
    room = width - 2 * len(_INDENT)
    owners: dict[_Entry, list[str]] = {}
    for _unused, found in groupby(changes, key=_component):
        group = list(found)
        if len(group) > _FEW_PROPERTIES and _component(group[0]):
            owners[_properties_entry(group, room)] = []
            continue
        for change in group:
            for entry in _change_entries(_without_owner(change), room):
                owners.setdefault(entry, []).append(change.owner)
    return [_about(entry, names) for entry, names in owners.items()]


def _component(change: Change) -> str:
    """Return the path of the component whose property this is, empty for any other change."""
    is_property = change.kind.startswith("component-property-") and not change.before_text
    return change.path.partition(".props.")[0] if is_property else ""


def _without_owner(change: Change) -> Change:
    """Take the owner out of the words, so that the same change of another owner reads the same."""
    if not change.owner or not change.kind.startswith(_GATHERED):
        return change
    return replace(change, what=change.what.replace(change.owner, _OWNER, 1))


def _about(entry: _Entry, owners: Sequence[str]) -> _Entry:
    """Fill in the owner of a change, or the owners of equal ones."""
    if len(owners) < 2:
        return entry.about(owners[0] if owners else "")
    names = list(dict.fromkeys(owners))
    owner = _fitting(names) if len(names) == len(owners) else f"{_fitting(names)} ({len(owners)} of them)"
    return replace(entry.about(owner), changes=entry.changes * len(owners))


def _fitting(names: Sequence[str]) -> str:
    """Return as many of the names as leave room for what happened to them."""
    most = 1
    while most < len(names) and sum(map(len, names[: most + 1])) <= _NAMES_ROOM:
        most += 1
    return listed(names, most)


def _change_entries(change: Change, room: int) -> list[_Entry]:
    if change.added or change.removed:
        return [_one_sided(change)]
    if change.kind.endswith("-reordered") and not change.before_text:
        return [_Entry("", after=(f"{change.what}{': ' if change.after_text else ''}{change.after_text}",))]
    if change.before_text or change.after_text:
        before, after = cut_around_difference(change.before_text, change.after_text, room)
    else:
        blocks = [] if change.secret else _block_entries(change, room)
        if blocks:
            return blocks
        before, after = value_texts(change.before, change.after, room, secret=change.secret)
    before, after = _marked(before, after, room)
    return [_Entry(change.what, (before,), (after,))]


def _one_sided(change: Change) -> _Entry:
    """Tell what is on one side only, in one line."""
    text = change.after_text if change.added else change.before_text
    value = change.after if change.added else change.before
    if change.kind.startswith(("rule-", "component-")) and text:
        line = f"{change.what} {text}"
    elif change.kind.startswith(("output-", "interaction-")) and isinstance(value, dict):
        line = change.what
    elif change.kind.startswith("condition-") and text:
        line = f"branch {text}"
    else:
        line = f"{change.what}: {text or value_text(value, secret=change.secret)}"
    return _Entry("", after=(line,)) if change.added else _Entry("", before=(line,))


def _marked(before: str, after: str, room: int) -> tuple[str, str]:
    """Keep two texts apart that masking or cutting has made the same."""
    return (before, after) if before != after else (before, f"{shortened(after, room - len(_CHANGED))}{_CHANGED}")


def _properties_entry(changes: Sequence[Change], room: int) -> _Entry:
    """Tell many changed properties of one component in a few lines."""
    before: list[str] = []
    after: list[str] = []
    for change in changes:
        name = change.what.removesuffix(f" of {change.owner}")
        old, new = value_texts(change.before, change.after, room // 2, secret=change.secret)
        old, new = _marked(old, new, room)
        if not change.added:
            before.append(f"{name} {old}")
        if not change.removed:
            after.append(f"{name} {new}")
    headline = f"{counted(len(changes), 'property', 'properties')} of {changes[0].owner}"
    return _Entry(headline, tuple(_filled(before, room)), tuple(_filled(after, room)), len(changes))


def _filled(items: Sequence[str], room: int) -> list[str]:
    """Set items side by side in a few lines, and say how many did not fit."""
    lines: list[str] = []
    for number, item in enumerate(items):
        text = item if number == len(items) - 1 else f"{item},"
        if lines and len(lines[-1]) + 1 + len(text) <= room:
            lines[-1] = f"{lines[-1]} {text}"
        elif len(lines) < _MOST_LINES:
            lines.append(text)
        else:
            return [*lines, f"and {len(items) - number} more"]
    return lines


def _block_entries(change: Change, room: int) -> list[_Entry]:
    """Tell the lines that changed in a longer text."""
    if not is_multiline(change.before, change.after):
        return []
    blocks = changed_lines(*redact_both(change.before, change.after))
    entries = [
        replace(_lines_entry(f"{change.what}, line {number}", old, new, room), changes=int(index == 0))
        for index, (number, old, new) in enumerate(blocks[:_MOST_BLOCKS])
    ]
    if len(blocks) > _MOST_BLOCKS:
        entries.append(_Entry(f"{change.what}, {len(blocks) - _MOST_BLOCKS} more places", changes=0))
    return entries


def _lines_entry(headline: str, old: list[str], new: list[str], room: int) -> _Entry:
    before, after = [line.strip() for line in old], [line.strip() for line in new]
    if before == after:
        before, after = old, new
    if len(before) == len(after):
        pairs = [cut_around_difference(left, right, room) for left, right in zip(before, after, strict=True)]
        before, after = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    else:
        after = [cut_around_difference("", line, room)[1] for line in after]
    return _Entry(headline, _few(before), _few(after))


def _few(lines: list[str]) -> tuple[str, ...]:
    more = len(lines) - _MOST_LINES
    shown = [printable(line) for line in lines[:_MOST_LINES]]
    return (*shown, f"... {counted(more, 'more line')}") if more > 0 else tuple(shown)
