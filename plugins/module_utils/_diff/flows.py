# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The semantic difference of two flows: what changed, in the words of somebody who reviews a login."""

from __future__ import annotations

from ansible_collections.community.descope.plugins.module_utils._diff.change import Change, told_changes
from ansible_collections.community.descope.plugins.module_utils._diff.compare import (
    EVERYWHERE,
    Comparison,
    Place,
    Words,
    dotted,
    in_same_order,
    keyed,
    same,
)
from ansible_collections.community.descope.plugins.module_utils._diff.render import render_changes
from ansible_collections.community.descope.plugins.module_utils._diff.screens import compare_screens
from ansible_collections.community.descope.plugins.module_utils._diff.summary import summarize
from ansible_collections.community.descope.plugins.module_utils._diff.tasks import compare_layout, compare_tasks
from ansible_collections.community.descope.plugins.module_utils._diff.text import bare, listed, quoted, value_text
from ansible_collections.community.descope.plugins.module_utils._diff.words import (
    FlowWords,
)
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._json import (
    JsonObject,
    JsonValue,
    json_path,
    list_of,
    object_of,
    text_of,
)
from ansible_collections.community.descope.plugins.module_utils._redact import is_secret_name

__all__ = ["Change", "diff_documents", "render_changes", "summarize", "told_changes"]

_METADATA = EVERYWHERE.at("metadata")


def diff_documents(before: FlowDocument | None, after: FlowDocument | None) -> list[Change]:
    """Return what changes from one version of a flow to another; None stands for no such flow.

    There is a change that is not layout exactly if the normal forms differ. In order: the flow's metadata, its start,
    its tasks in the order users meet them, screens, anything else, and layout last. Accepts any JSON object as a flow.
    """
    if before is None or after is None:
        return [*_whole_flow(before, "flow-removed"), *_whole_flow(after, "flow-added")]
    comparison = Comparison(before, after)
    old, new = before.normal, after.normal
    if not same(old, new):
        _compare_flows(comparison, old, new)
    compare_layout(comparison)
    return comparison.changes


def _whole_flow(document: FlowDocument | None, kind: str) -> list[Change]:
    if document is None:
        return []
    words = FlowWords(document)
    subject = f"{words.flow} ({bare(document.flow_id)})" if document.name else words.flow
    path, summary = json_path(), words.summary()
    if kind == "flow-added":
        return [Change(kind, subject, "created", path, after=document.data, after_text=summary)]
    return [Change(kind, subject, "deleted", path, before=document.data, before_text=summary)]


def _compare_flows(comparison: Comparison, before: JsonObject, after: JsonObject) -> None:
    parts = {"metadata": _compare_metadata, "contents": _compare_contents, "screens": _compare_screens}
    for name in dict.fromkeys((*parts, *sorted(before.keys() | after.keys()))):
        old, new = before.get(name), after.get(name)
        if name in before and name in after and same(old, new):
            continue
        compare = parts.get(name)
        if (name in before or name in after) and (compare is None or not compare(comparison, old, new)):
            _note_other(comparison, name, old, new)


def _note_other(comparison: Comparison, name: str, before: JsonValue, after: JsonValue) -> None:
    """Take note of differences where nothing better is known. Null also stands for a member that is missing."""
    subject, place, secret = comparison.new.flow, EVERYWHERE.at(name), is_secret_name(name)
    if before is None or after is None:
        comparison.note_value("value", Words(subject, bare(name)), place, secret=secret)
        return

    def tell(trail: str) -> Words:
        return Words(subject, dotted(bare(name), trail))

    comparison.note_differences("value", tell, (before, after), place, secret)


def _compare_screens(comparison: Comparison, before: JsonValue, after: JsonValue) -> bool:
    if not all(value is None or isinstance(value, list) for value in (before, after)):
        return False
    compare_screens(comparison, before, after)
    return True


def _compare_contents(comparison: Comparison, before: JsonValue, after: JsonValue) -> bool:
    if not isinstance(before, dict) or not isinstance(after, dict):
        return False
    start = before.get("startTask"), after.get("startTask")
    if isinstance(start[0], str) and isinstance(start[1], str) and start[0] != start[1]:
        targets = comparison.old.target(start[0]), comparison.new.target(start[1])
        words = Words(comparison.new.flow, "starts with", *targets)
        comparison.note("start-changed", words, EVERYWHERE.at("contents", "startTask"))
        before, after = ({**side, "startTask": None} for side in (before, after))
    if isinstance(before.get("tasks"), dict) and isinstance(after.get("tasks"), dict):
        compare_tasks(comparison, before["tasks"], after["tasks"])
        before, after = ({**side, "tasks": None} for side in (before, after))
    _note_other(comparison, "contents", before, after)
    return True


# --- metadata ---------------------------------------------------------------------------------------------------------


def _compare_metadata(comparison: Comparison, before: JsonValue, after: JsonValue) -> bool:
    # The normal form leaves out metadata that is empty.
    old, new = ({} if side is None else side for side in (before, after))
    if not isinstance(old, dict) or not isinstance(new, dict):
        return False
    for name in dict.fromkeys(["name", "description", *_KNOWN, *sorted(old.keys() | new.keys())]):
        values = old.get(name), new.get(name)
        if (name in old) == (name in new) and same(*values):
            continue
        known = _KNOWN.get(name)
        if known is None or not known(comparison, *values):
            _note_metadata(comparison, name, *values)
    return True


def _note_metadata(comparison: Comparison, name: str, before: JsonValue, after: JsonValue) -> None:
    subject, secret = comparison.new.flow, is_secret_name(name)
    stem = f"flow-{name}" if name in ("name", "description") else "metadata"
    if type(before) is not type(after):
        comparison.note_value(stem, Words(subject, bare(name)), _METADATA.at(name), secret=secret)
        return

    def tell(trail: str) -> Words:
        return Words(subject, dotted(bare(name), trail))

    comparison.note_differences(stem, tell, (before, after), _METADATA.at(name), secret)


def _compare_disabled(comparison: Comparison, before: JsonValue, after: JsonValue) -> bool:
    if not {type(before), type(after)} <= {bool, type(None)}:
        return False
    kind = "flow-disabled" if after else "flow-enabled"
    texts = ["disabled" if value else "enabled" for value in (before, after)]
    comparison.note(kind, Words(comparison.new.flow, "is", *texts), _METADATA.at("disabled"))
    return True


def _compare_translation(comparison: Comparison, before: JsonValue, after: JsonValue) -> bool:
    texts = [_translation(value) for value in (before, after)]
    if texts[0] == texts[1] or not all(value is None or isinstance(value, dict) for value in (before, after)):
        return False
    words = Words(comparison.new.flow, "translation", *texts)
    comparison.note("translation-changed", words, _METADATA.at("translation"))
    return True


def _translation(value: JsonValue) -> str:
    translation = object_of(value)
    if not translation:
        return "none"
    languages = listed(map(value_text, list_of(translation.get("targetLanguages"))), 8)
    told = f"{'on' if translation.get('enabled') else 'off'}, from {value_text(translation.get('sourceLanguage'))}"
    return f"{told} to {languages or 'nothing'}, by {value_text(translation.get('connectorId'))}"


def _compare_outputs(comparison: Comparison, before: JsonValue, after: JsonValue) -> bool:
    """Compare the interactions that a flow offers to the flows that run it."""
    if not all(value is None or isinstance(value, list) for value in (before, after)):
        return False
    lists = list_of(before), list_of(after)
    old, new = keyed(lists[0], ("id",)), keyed(lists[1], ("id",))
    if len(old) != len(lists[0]) or len(new) != len(lists[1]) or not in_same_order(old, new):
        return False
    place, subject = _METADATA.at("sharedInteractions"), comparison.new.flow
    for key in dict.fromkeys((*new, *old)):
        where = place.each((old[key],) if key in old else None, (new[key],) if key in new else None)
        name = _output_name(lists[1][new[key]] if key in new else lists[0][old[key]])
        words = Words(subject, f"output {name}", owner=name)
        if key not in old:
            comparison.note("output-added", words, where)
        elif key not in new:
            comparison.note("output-removed", words, where)
        else:
            _note_output(comparison, words, (lists[0][old[key]], lists[1][new[key]]), where)
    return True


def _note_output(comparison: Comparison, words: Words, values: tuple[JsonValue, JsonValue], place: Place) -> None:
    comparison.note_differences("output", lambda trail: Words(words.subject, f"{trail} of {words.what}"), values, place)


def _output_name(entry: JsonValue) -> str:
    label, output_id = text_of(object_of(entry).get("label")), text_of(object_of(entry).get("id"))
    return f"{quoted(label)} ({bare(output_id)})" if label else bare(output_id)


_KNOWN = {
    "disabled": _compare_disabled,
    "translation": _compare_translation,
    "sharedInteractions": _compare_outputs,
}
