# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Everything a validation can find: one rule a code, with its level, how bad it is, what it means and what to do.

The codes are stable. C(docs/validation.md) lists them, and a test keeps the two equal.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from ansible_collections.community.descope.plugins.module_utils._errors import Severity

# code, message, where
Finding: TypeAlias = "tuple[str, str, tuple[str | int, ...]]"


class Level(StrEnum):
    """What a rule looks at, in the order in which it makes sense to repair things."""

    SYNTAX = "syntax"
    SCHEMA = "schema"
    SCREENS = "screens"
    ACTIONS = "actions"
    GRAPH = "graph"
    PROJECT = "project"
    SAFETY = "safety"


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of finding. meaning: what is wrong. remedy: what to do about it."""

    code: str
    level: Level
    severity: Severity
    meaning: str
    remedy: str


def rule_of(code: str) -> Rule:
    """Return the rule behind a code; one that nobody has described is an error of its own kind."""
    return RULES.get(code) or Rule(code, Level.SYNTAX, Severity.ERROR, "", "")


_RESTORE = "Take the flow from the console or an earlier commit again; a merge may have mixed two versions."
_IN_CONSOLE = "Open the flow in the console, repair the step and export it again."
_FILE = "Correct the file."

_ERRORS: dict[Level, tuple[tuple[str, str, str], ...]] = {
    Level.SYNTAX: (
        ("file-not-found", "There is no such file or directory", "Correct the path."),
        ("not-readable", "The file cannot be read", "Look at its owner and permissions."),
        ("not-utf-8", "The file is not UTF-8 text", "Save it as UTF-8."),
        ("empty-file", "The file is empty", "Export the flow again."),
        ("git-conflict", "The file holds the markers of a merge that was not finished", "Resolve the merge."),
        ("invalid-json", "The file is not valid JSON", "Correct the line that the message names."),
        ("invalid-yaml", "The file is not valid YAML", "Correct the line that the message names."),
        ("duplicate-key", "An object has one key twice", "Keep one of the two."),
        ("invalid-number", "A number is none that JSON knows", _FILE),
        ("not-json", "A value is none that JSON knows, for example a date", "Write it as a quoted string."),
        ("key-not-string", "A key is no string, for example a number in YAML", "Put it in quotes."),
        ("too-deep", "The document is nested too deep", _FILE),
        ("unknown-format", "The file holds no flow in a known format", "The message says what it looks like."),
        ("no-flow", "The directory holds no flow", "Name the directory of a flow, of a snapshot, or a file."),
        ("missing-flow-id", "The flow has no id", "Add flowId to it, or give flow_id beside it."),
        ("invalid-flow-id", "The id has characters that Descope refuses", "Use only letters, digits, - and _."),
        ("missing-file", "A file of a snapshot is missing", "Export the snapshot again."),
        ("missing-flow-directory", "A snapshot lists a flow that has no directory", "Export the snapshot again."),
        ("flow-not-listed", "A snapshot has the directory of a flow that it does not list", "Add it to flows.json."),
        ("invalid-flow-index", "flows.json of a snapshot is no list of flows", "Export the snapshot again."),
        ("missing-screen-file", "metadata.json lists a screen that has no file", "Export the snapshot again."),
        ("screen-not-listed", "A screen's file is not listed in metadata.json", "Add it to the list, or remove it."),
        ("missing-asset", "A value was moved to an asset that is not there", "Copy the assets folder, too."),
        ("unsupported-asset", "A value was moved to an asset that is no text", "Export the snapshot again."),
        ("arguments", "An option of the task is wrong", "Correct the task."),
        ("no-source", "The task names no flows", "Give flows, template, src, definition or declared_in."),
        ("ambiguous-source", "One flow has no source, or several", "Give it exactly one."),
        ("ambiguous-flow-id", "One id is given for several flows", "Give each flow its own."),
        ("duplicate-flow", "Two sources define the same flow", "Leave one of them out."),
        ("library-not-found", "There is no such folder of templates", "Correct the path."),
        ("ambiguous-entry", "An entry of a library holds several templates", "Keep one of them."),
        ("invalid-variables", "The declarations of a template's variables are wrong", "Correct variables.yml."),
        ("variable-missing", "A variable that the template needs is not defined", "Define it."),
        ("variable-invalid", "A variable has a value that the template does not take", "Correct the value."),
        ("undeclared-variable", "A template uses or gets a variable that it does not declare", "Declare it."),
        ("invalid-overlay", "An overlay cannot be applied to its template", "Correct the overlay."),
        ("overlay-without-template", "An overlay is given for what is no template", "Give the flow as template."),
        ("partial-not-found", "A template includes a part that is not there", "Correct the name."),
        ("partial-kind", "A template includes a part of another kind", "Include one of its own kind."),
        ("template-cycle", "Templates include each other in a circle", "Break the circle."),
        ("template-error", "An expression cannot be rendered", "Define its variable, or write $${ for a literal ${."),
        (
            "template-value",
            "An expression gives a value that JSON does not know",
            "Give text, numbers, lists, objects.",
        ),
        ("not-validated", "A tenant's flows could not be validated at all", "See the failure of its task."),
        ("missing-library", "A Python library is missing", "Install it, see requirements.txt."),
    ),
    Level.SCHEMA: (
        ("schema", "A value has another type than in every real flow, or is missing", _FILE),
        ("wrong-type", "A part that everything relies on is missing or of the wrong type", _RESTORE),
        ("no-tasks", "The flow has no tasks", _RESTORE),
        ("missing-task-member", "A task lacks a member that every task has", _RESTORE),
        ("task-id-mismatch", "A task's id differs from the key it stands under", "Make the two equal."),
    ),
    Level.SCREENS: (
        ("invalid-screen-id", "A screen's id has not the shape of one", _RESTORE),
        ("duplicate-screen", "Two screens have the same id", _RESTORE),
        ("orphan-screen", "No task shows the screen", _RESTORE),
        ("dangling-screen", "A task shows a screen that is lost, while another screen lost its task", _RESTORE),
        ("screen-task-without-screen", "A task of type screen does not say which screen", _IN_CONSOLE),
        ("no-screens", "Tasks show screens, and the flow has none at all", "Export the flow with its screens."),
        ("missing-root-node", "A screen has no ROOT node", _RESTORE),
        ("dangling-node", "A component contains another that is missing", _RESTORE),
        ("dangling-parent", "A component is in another that is missing", _RESTORE),
        ("node-id-mismatch", "A component calls itself otherwise than the key it stands under", _RESTORE),
        ("detached-node", "A component is not among the children of its parent", _RESTORE),
        ("node-cycle", "Components contain each other in a circle, so no screen can show them", _RESTORE),
        ("unknown-interaction", "A rule waits for an interaction that the screen does not have", _IN_CONSOLE),
        ("duplicate-interaction", "A screen lists one interaction twice", _RESTORE),
        ("unnamed-input", "An input field has no name, so what is typed into it is lost", "Name it in the console."),
    ),
    Level.ACTIONS: (
        ("start-with-type", "The task start has a type", "Remove it; only the others have one."),
        ("missing-first-half", "The second half of an action has lost its first", _RESTORE),
        ("dangling-step", "An argument names a task that is missing", _RESTORE),
        ("missing-step-argument", "An action of two steps does not say which task finishes it", _RESTORE),
        ("step-pair-mismatch", "The two steps of an action do not belong together", _RESTORE),
        ("argument-shape", "An argument is not written as {type, value}", _FILE),
        ("unlisted-connector", "A connector is used that references does not list", "List it, or correct the id."),
        ("incomplete-connector", "A connector's step does not say what to do", _IN_CONSOLE),
        ("subflow-without-id", "A sub-flow's step does not say which flow", _IN_CONSOLE),
        ("task-without-action", "An automated task has no action", _IN_CONSOLE),
        ("condition-without-else", "A condition has no ELSE branch", _IN_CONSOLE),
        ("else-not-last", "The ELSE branch of a condition is not its last", _IN_CONSOLE),
        ("duplicate-branch", "Two branches of a condition have the same id", _RESTORE),
        ("empty-branch", "A branch of a condition, other than ELSE, has no condition", _IN_CONSOLE),
        ("incomplete-condition", "A part of a condition has no operator or nothing to look at", _IN_CONSOLE),
        ("scriptlet-syntax", "The code of a scriptlet is not valid JavaScript", "Correct the code."),
    ),
    Level.GRAPH: (
        ("missing-start-task", "startTask does not name a task", _RESTORE),
        ("unknown-start-task", "startTask names a task that is missing", _RESTORE),
        ("missing-start", "The task start is missing", _RESTORE),
        ("no-end", "No task ends the flow with a login", "Add an End."),
        ("rule-without-target", "A rule leads nowhere", "Give it a taskId."),
        ("dangling-edge", "A rule leads to a task that is missing", _RESTORE),
        ("unknown-condition", "A rule waits for a branch that the condition does not have", _IN_CONSOLE),
        ("dead-end", "An action or condition leads nowhere, so the user is stuck", "Connect it."),
        ("endless-loop", "From here the user can never leave the flow", "Add a way out of the loop."),
        ("too-many-tasks", "Even the shortest way to an End is longer than Descope executes", "Split the flow."),
        ("subflow-cycle", "Flows call each other in a circle", "Break the circle."),
    ),
    Level.PROJECT: (
        ("unknown-subflow", "A sub-flow is neither deployed along nor in the project", "Deploy it first, or along."),
        ("unknown-connector", "The project has no such connector", "Create it, or use one of the project's."),
        ("unknown-role", "The project has no such role", "Create it, or correct its name."),
        ("unknown-style", "The project has no such style", "Create it, or correct its name."),
        ("unknown-attribute", "The project has no such custom attribute", "Create it, or correct its name."),
    ),
    Level.SAFETY: (
        ("foreign-redirect", "A redirect leads to a host that is not allowed", "Correct it, or allow the host."),
    ),
}
_WARNINGS: dict[Level, tuple[tuple[str, str, str], ...]] = {
    Level.SCREENS: (
        ("missing-screen", "A task shows a screen that is not in the file", "Export the flow with its screens."),
        (
            "unused-interaction",
            "A button or another interaction of a screen leads nowhere",
            "Connect it, or remove it.",
        ),
        ("interaction-without-node", "A screen's interaction has no component", "Save the screen in the console."),
        ("misplaced-node", "A component and the one around it do not agree where it is", _RESTORE),
        ("duplicate-input", "Two input fields of a screen have the same name", "Rename one of them."),
    ),
    Level.ACTIONS: (
        ("argument-type", "An argument has another type than in every real flow", _FILE),
        ("connector-without-id", "A connector's step names no connector, so it is skipped", _IN_CONSOLE),
    ),
    Level.GRAPH: (
        ("start-elsewhere", "The task start does not lead to startTask", "Make the two agree."),
        ("unreachable-task", "No path leads to the task", "Connect it, or remove it."),
        ("no-way-to-end", "No path leads from the start to an End", "Connect the start with an End."),
        ("branch-without-rule", "A branch of a condition leads nowhere", "Connect it."),
        ("ambiguous-rule", "Two rules of a task react to the same thing", "Remove one of them."),
        ("unknown-outcome", "A rule waits for an outcome that the action does not have", "Correct its interactionId."),
        ("many-tasks", "The flow has more tasks than Descope advises", "Move parts of it into sub-flows."),
        (
            "foreign-shared-interaction",
            "A result of the flow belongs to no task of it",
            "Save the flow in the console.",
        ),
        ("unknown-subflow-output", "A rule waits for a result that the sub-flow does not have", "Correct the rule."),
    ),
    Level.PROJECT: (
        ("dangling-connector", "A connector is used that neither flow nor project name", "Choose one in the console."),
    ),
    Level.SAFETY: (
        ("secret-in-clear", "Something that looks like a secret stands in the flow", "Keep it in a connector."),
        ("plain-http", "A redirect uses http, so what it carries can be read on the way", "Use https."),
        ("redirect-at-run-time", "The host of a redirect is known at run time only", "Write the host out."),
        ("disabled-subflow", "A sub-flow is disabled, so the step that calls it fails", "Enable it."),
    ),
}
_NOTES: dict[Level, tuple[tuple[str, str, str], ...]] = {
    Level.ACTIONS: (
        ("unknown-action", "The action is none that this collection knows", "Nothing, if the console offers it."),
        ("unknown-task-type", "The type of a task is none that this collection knows", "Nothing, if it is right."),
        ("scriptlet-not-parsed", "No JavaScript parser is here to check the scriptlet", "Install Node.js."),
    ),
    Level.GRAPH: (
        ("final-step", "A path ends at a screen or a sub-flow instead of an End", "Nothing, if that is meant."),
        ("subflow-elsewhere", "The sub-flow is not among the flows given", "See that the project has it."),
    ),
    Level.PROJECT: (
        ("not-in-project-snapshot", "What the flow names cannot be looked up in this project", "Allow snapshots."),
    ),
}


def _rules() -> dict[str, Rule]:
    listed = ((Severity.ERROR, _ERRORS), (Severity.WARNING, _WARNINGS), (Severity.INFO, _NOTES))
    rules = [
        Rule(code, level, severity, meaning, remedy)
        for severity, levels in listed
        for level, entries in levels.items()
        for code, meaning, remedy in entries
    ]
    order = list(Level)
    rules.sort(key=lambda rule: order.index(rule.level))
    return {rule.code: rule for rule in rules}


RULES = _rules()
"""The rules by code, in the order of their levels, errors first."""
