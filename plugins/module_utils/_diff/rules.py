# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""What changed in where a task leads: its rules and, for a condition, its branches."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace

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
from ansible_collections.community.descope.plugins.module_utils._diff.text import bare, listed, quoted, value_text
from ansible_collections.community.descope.plugins.module_utils._diff.words import (
    START,
)
from ansible_collections.community.descope.plugins.module_utils._json import (
    JsonObject,
    JsonValue,
    list_of,
    object_of,
    text_of,
)


@dataclass(frozen=True, slots=True)
class TaskPair:
    """One task in both versions, and where it stands."""

    comparison: Comparison
    task_id: str
    place: Place
    before: JsonObject
    after: JsonObject

    def words(self, what: str, before: str = "", after: str = "", owner: str = "") -> Words:
        return Words(self.comparison.new.task(self.task_id), what, before, after, owner)

    def note_differences(
        self, stem: str, what: str, values: tuple[JsonValue, JsonValue], place: Place, secret: bool = False
    ) -> None:
        """Take note of every place where two values of this task differ. C(what) names the values as a whole."""
        self.comparison.note_differences(stem, lambda trail: self.words(dotted(what, trail)), values, place, secret)


# --- rules ------------------------------------------------------------------------------------------------------------


def compare_rules(task: TaskPair, before: JsonObject, after: JsonObject) -> None:
    """Compare the rules of a task, which say where it leads."""
    old, new = before.get("rules", []), after.get("rules", [])
    hidden = set()
    if _are_rules(old) and _are_rules(new) and not same(old, new):
        _RuleLists(task, old, new).compare()
        hidden = {"rules"}
    rest = [{key: value for key, value in side.items() if key not in hidden} for side in (before, after)]
    task.note_differences("task-property", "next", (rest[0], rest[1]), task.place.at("next"))


def _are_rules(rules: JsonValue) -> bool:
    return isinstance(rules, list) and all(isinstance(rule, dict) for rule in rules)


class _RuleLists:
    """The rules of one task in both versions.

    A rule has no id. Two rules of a task may have the same interaction (a magic link has two named "success": one to
    the screen that says so, one to its own second half), so rules belong together first by interaction and target, then
    by interaction.
    """

    def __init__(self, task: TaskPair, before: list[JsonObject], after: list[JsonObject]) -> None:
        self.task = task
        self.before = before
        self.after = after
        self.place = task.place.at("next", "rules")

    def compare(self) -> None:
        pairs, gone, new = self._match()
        known = len(self.task.comparison.changes)
        for old_index, new_index in pairs:
            self._compare_pair(old_index, new_index)
        for index in gone:
            self._note_one("rule-removed", index)
        for index in new:
            self._note_one("rule-added", index)
        by_old_place = [new_index for _unused, new_index in sorted(pairs)]
        if by_old_place != sorted(by_old_place):
            only = "only their order, they lead where they led" if len(self.task.comparison.changes) == known else ""
            self.task.comparison.note("rules-reordered", self.task.words("rules re-ordered", after=only), self.place)

    def _match(self) -> tuple[list[tuple[int, int]], list[int], list[int]]:
        """Return the pairs of indexes that belong together, and the indexes left over on either side."""
        pairs: list[tuple[int, int]] = []
        old_left, new_left = list(range(len(self.before))), list(range(len(self.after)))
        for key in (_rule_and_target, _rule):
            waiting: dict[object, list[int]] = defaultdict(list)
            for index in old_left:
                waiting[key(self.before[index])].append(index)
            found = [(queue.pop(0), index) for index in new_left if (queue := waiting[key(self.after[index])])]
            pairs += found
            old_left = [index for index in old_left if index not in {pair[0] for pair in found}]
            new_left = [index for index in new_left if index not in {pair[1] for pair in found}]
        return sorted(pairs, key=lambda pair: pair[1]), old_left, new_left

    def _compare_pair(self, old_index: int, new_index: int) -> None:
        before, after = self.before[old_index], self.after[new_index]
        if same(before, after):
            return
        place = self.place.each((old_index,), (new_index,))
        comparison = self.task.comparison
        trigger = comparison.new.trigger(self.task.task_id, after.get("interactionId"))
        rewired = not same(before.get("taskId"), after.get("taskId"))
        if rewired:
            targets = comparison.old.target(before.get("taskId")), comparison.new.target(after.get("taskId"))
            words = self.task.words(f"{trigger} goes to".strip(), *targets)
            comparison.note(
                "task-rewired", replace(words, told_by=self._told_by_start(before, after)), place.at("taskId")
            )
        others = [{key: value for key, value in rule.items() if key != "taskId"} for rule in (before, after)]

        def tell(trail: str) -> Words:
            # The editor writes an interaction as "" or leaves it out, as it likes, when it writes a rule anew.
            told_by = place.at("taskId").path if rewired and trail == "interactionId" else ""
            return replace(self.task.words(f"{trail} of the rule {trigger}".rstrip()), told_by=told_by)

        comparison.note_differences("rule", tell, (others[0], others[1]), place)

    def _told_by_start(self, before: JsonObject, after: JsonObject) -> str:
        """Return the path of the flow's C(startTask) if this rule of the start only follows its change."""
        comparison = self.task.comparison
        starts = [document.contents.get("startTask") for document in (comparison.before, comparison.after)]
        follows = self.task.task_id == START and same(starts, [before.get("taskId"), after.get("taskId")])
        return EVERYWHERE.at("contents", "startTask").path if follows else ""

    def _note_one(self, kind: str, index: int) -> None:
        removed = kind == "rule-removed"
        words, rules = (self.task.comparison.old, self.before) if removed else (self.task.comparison.new, self.after)
        trigger = words.trigger(self.task.task_id, rules[index].get("interactionId"))
        target = words.target(rules[index].get("taskId"))
        place = self.place.each((index,), None) if removed else self.place.each(None, (index,))
        told = self.task.words(f"{trigger} goes to".strip(), target if removed else "", "" if removed else target)
        self.task.comparison.note(kind, told, Place(*place))


def _rule_and_target(rule: JsonObject) -> object:
    return _rule(rule), repr(rule.get("taskId"))


def _rule(rule: JsonObject) -> object:
    return repr(rule.get("interactionId") or "")


# --- branches of a condition ------------------------------------------------------------------------------------------


def compare_branches(task: TaskPair, before: list[JsonValue], after: list[JsonValue]) -> None:
    """Compare the branches of a condition, which are tried in their order."""
    old, new = keyed(before, ("interactionId",)), keyed(after, ("interactionId",))
    if len(old) != len(before) or len(new) != len(after):
        task.note_differences("task-property", "conditions", (before, after), task.place.at("conditions"))
        return
    place = task.place.at("conditions")
    for key in dict.fromkeys((*new, *old)):
        one, other = before[old[key]] if key in old else None, after[new[key]] if key in new else None
        words = task.words(f"branch {_branch_name(other or one)}", _branch(one), _branch(other))
        if one is None:
            task.comparison.note("condition-added", words, place.each(None, (new[key],)))
        elif other is None:
            task.comparison.note("condition-removed", words, place.each((old[key],), None))
        elif not same(one, other):
            _compare_branch(task, words, (one, other), place.each((old[key],), (new[key],)))
    if not in_same_order(old, new):
        names = [listed((_branch_name(entry) for entry in side), 6) for side in (before, after)]
        task.comparison.note("conditions-reordered", task.words("order of the branches", *names), place)


def _compare_branch(task: TaskPair, words: Words, values: tuple[JsonObject, JsonObject], place: Place) -> None:
    if words.before != words.after:
        task.comparison.note("condition-changed", words, place)
        return
    task.note_differences("condition", words.what, values, place)


def _branch_name(entry: JsonValue) -> str:
    entry = object_of(entry)
    return quoted(text_of(entry.get("name")) or text_of(entry.get("interactionId")))


def _branch(entry: JsonValue) -> str:
    """Return a branch as a sentence, for example C("High risk": riskInfo.riskScore greater-than 0.5)."""
    if not isinstance(entry, dict):
        return ""
    parts = [_comparison(object_of(part)) for part in list_of(entry.get("atomicConditions"))]
    joined = (" or " if entry.get("logicalOr") else " and ").join(parts)
    return f"{_branch_name(entry)}: {joined or 'all else'}"


def _comparison(part: JsonObject) -> str:
    predicate = _operand(part.get("predicate"))
    words = [_operand(part.get("target")), bare(text_of(part.get("operator"))) or "?", predicate]
    return " ".join(word for word in words if word and word != '""')


def _operand(value: JsonValue) -> str:
    if isinstance(value, dict) and "value" in value:
        known = value["value"]
        is_name = value.get("type") == "context" and isinstance(known, str)
        return bare(known, 60) if is_name else value_text(known, 60)
    return value_text(value, 60)
