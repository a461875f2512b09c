# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""What a validation says of genuine flows, of corrupted ones, and of whatever else it is given."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ansible_collections.community.descope.plugins.module_utils._errors import Severity
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._flow.formats import Format, dump, load
from ansible_collections.community.descope.plugins.module_utils._flow.sources import read_source
from ansible_collections.community.descope.plugins.module_utils._validate.catalogue import RULES, Level, rule_of
from ansible_collections.community.descope.plugins.module_utils._validate.inventory import (
    ProjectInventory,
    inventory_from,
    inventory_of_snapshot,
)
from ansible_collections.community.descope.plugins.module_utils._validate.scripts import NodeParser, find_parser
from ansible_collections.community.descope.plugins.module_utils._validate.validate import (
    WHAT_STOPS,
    Settings,
    errors_in,
    find_problems,
    find_problems_together,
)
from ansible_collections.community.descope.plugins.plugin_utils._run import run_command
from emulator_client import CHECKOUT
from example_flows import minimal_flow
from full_flow import full_flow
from json_values import Place, json_values, places, replaced
from real_flows import corrupted_flow_files, real_flow_files, snapshot_dirs

# What genuine exports do, and what may therefore be a warning at most.
OCCURS_IN_GENUINE_EXPORTS = {
    "missing-screen",
    "start-elsewhere",
    "unreachable-task",
    "no-way-to-end",  # the same, seen from the other side: the start leads past all that ends
    "ambiguous-rule",
    "unused-interaction",
    "branch-without-rule",
    "foreign-shared-interaction",
    "connector-without-id",
}
EVERYTHING = Settings(redirect_hosts=("*",), parse_scripts=find_parser(run_command))
NEEDS_NODE = pytest.mark.skipif(find_parser(run_command) is None, reason="no Node.js on this machine")


def found_in(flow: Any, **options: Any) -> list[tuple[str, str]]:
    return [
        (problem.code, problem.path) for problem in find_problems(FlowDocument(flow, "a.json"), Settings(**options))
    ]


# --- genuine and corrupted flows --------------------------------------------------------------------------------------


def test_no_genuine_flow_has_an_error_or_an_unexpected_warning(real_flows_dir: Path) -> None:
    documents = [read_source(path)[0] for path in real_flow_files()]
    documents += [document for root in snapshot_dirs() for document in read_source(root)]
    problems = [problem for document in documents for problem in find_problems(document, EVERYTHING)]
    problems += [problem for document in documents for problem in find_problems_together([document])]
    assert [str(problem) for problem in problems if problem.severity is Severity.ERROR] == []
    warnings = {problem.code for problem in problems if problem.severity is Severity.WARNING}
    assert warnings <= OCCURS_IN_GENUINE_EXPORTS
    assert len(documents) > 20


def test_flows_that_a_git_merge_broke_are_refused(real_flows_dir: Path) -> None:
    for path in corrupted_flow_files():
        errors = errors_in(find_problems(read_source(path)[0], EVERYTHING))
        assert errors, path.name
        assert all(problem.path.startswith("$.") for problem in errors)


def test_our_own_flows_pass() -> None:
    assert errors_in(find_problems(FlowDocument(minimal_flow("sign-in")), EVERYTHING)) == []
    assert found_in(minimal_flow("sign-in")) == []
    assert errors_in(find_problems(FlowDocument(full_flow()), EVERYTHING)) == []


# --- whatever it is given ---------------------------------------------------------------------------------------------


@given(st.sampled_from([place for place, _value in places(full_flow()) if place]), json_values())
@example(("contents", "tasks", "3", "arguments"), {"\r": {}})
@example(("contents", "tasks", "3", "arguments"), {"\nStepId": {"type": "inline", "value": "gone"}})
@example(("contents", "tasks", "1.end", "arguments"), {"\nStepId": {"type": "inline", "value": "2"}})
@example(("contents", "tasks", "3", "arguments"), {"\nredirectUrl": {"type": "inline", "value": "http://a.example"}})
@settings(max_examples=150)
def test_a_validation_survives_any_damage_and_changes_nothing(place: Place, value: Any) -> None:
    flow = replaced(full_flow(), place, value)
    before = copy.deepcopy(flow)
    inventory = ProjectInventory(frozenset(), frozenset(), {}, {}, frozenset(), frozenset())
    problems = find_problems(FlowDocument(flow), Settings(redirect_hosts=()))
    problems += find_problems_together([FlowDocument(flow)], inventory)
    assert json.dumps(flow) == json.dumps(before)
    for problem in problems:
        assert problem.code in RULES
        assert problem.severity is rule_of(problem.code).severity
        assert len(problem.message.splitlines()) == 1


def test_a_validation_changes_no_real_flow(real_flows_dir: Path) -> None:
    for path in real_flow_files():
        document = read_source(path)[0]
        before = json.dumps(document.data)
        find_problems(document, EVERYTHING)
        find_problems_together([document])
        assert json.dumps(document.data) == before


def test_of_one_place_only_the_worst_is_said() -> None:
    flow = minimal_flow("a")
    flow["screens"][0]["screenId"] = "SC3tests000000000000000other0"
    of_the_place = [code for code, path in found_in(flow) if path == "$.contents.tasks.2.screenId"]
    assert of_the_place == ["dangling-screen"]


# --- what no genuine flow has ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("left", [{}, {"screens": None}, {"screens": []}])
def test_a_flow_that_lost_all_its_screens_is_refused(left: dict[str, Any]) -> None:
    """To deploy it would take the screens of the project away."""
    flow = {key: value for key, value in minimal_flow("a").items() if key != "screens"} | left
    problems = find_problems(FlowDocument(flow), WHAT_STOPS)
    (problem,) = errors_in(problems)
    assert str(problem).endswith('$.screens: task "Welcome" (0) and 1 more show screens, but the flow has none at all')
    assert problems == [problem]


def test_a_console_export_without_its_screens_is_refused() -> None:
    exported = dump(FlowDocument(minimal_flow("a")), Format.CONSOLE)
    del exported["screens"]
    assert [problem.code for problem in errors_in(find_problems(load(exported)))] == ["no-screens"]


def test_screens_of_the_wrong_type_are_told_once() -> None:
    odd: list[Any] = [{}, "", 0, False]
    for screens in odd:
        of_screens = [code for code, path in found_in(minimal_flow("a") | {"screens": screens}) if path == "$.screens"]
        assert of_screens == ["wrong-type"]


def test_every_circle_of_components_is_told_with_its_way() -> None:
    flow = minimal_flow("a")
    nodes = flow["screens"][0]["contents"]
    for node_id, holder in {"x": "y", "y": "z", "z": "x", "w": "w", "below": "x"}.items():
        nodes[node_id] = {**nodes["codeTitle"], "parent": holder, "nodes": []}
    for node_id in ("x", "y", "z", "w", "below"):
        nodes[nodes[node_id]["parent"]]["nodes"].append(node_id)
    problems = errors_in(find_problems(FlowDocument(flow)))
    assert [problem.path for problem in problems] == ["$.screens[0].contents.x", "$.screens[0].contents.w"]
    assert [problem.message.partition(" contains ")[2] for problem in problems] == [
        'itself, by way of "y"',
        "itself",
    ]


def test_a_screen_may_be_as_deep_as_it_likes() -> None:
    flow = minimal_flow("a")
    nodes = flow["screens"][0]["contents"]
    holder = "ROOT"
    for number in range(5000):
        nodes[f"box{number}"] = {**nodes["codeTitle"], "props": {}, "parent": holder, "nodes": []}
        nodes[holder]["nodes"].append(f"box{number}")
        holder = f"box{number}"
    assert errors_in(find_problems(FlowDocument(flow))) == []
    nodes["box4999"]["nodes"].append("box0")
    assert [problem.code for problem in errors_in(find_problems(FlowDocument(flow)))] == ["node-cycle"]


@pytest.mark.parametrize("odd", [None, 5, "x", {}, [], [None], [[]], [{"interactionId": []}], [{"interactionId": {}}]])
def test_odd_branches_stop_no_validation(odd: Any) -> None:
    flow = full_flow()
    flow["contents"]["tasks"]["2"]["conditions"] = odd
    assert not {"duplicate-branch", "else-not-last"} & {code for code, _path in found_in(flow)}


def test_what_is_left_of_other_kinds_of_tasks_is_no_branch() -> None:
    flow = minimal_flow("a")
    flow["contents"]["tasks"]["1"]["conditions"] = [{"interactionId": "ELSE"}, {"interactionId": "x"}]
    assert found_in(flow) == []


# --- scriptlets -------------------------------------------------------------------------------------------------------


def _with_scriptlet(code: str) -> dict[str, Any]:
    flow = minimal_flow("a")
    task = flow["contents"]["tasks"]["1"]
    task.update(action="scriptlet", arguments={"scriptCode": {"type": "inline", "value": code}})
    return flow


@NEEDS_NODE
@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("return {email: email};", ""),
        ("const found = await fetch('x');\nreturn found;", ""),
        ("// only a comment", ""),
        ("return {\n  email: email\n", "line"),
        ("}); require('child_process').execSync('false'); (function () {", "not JavaScript"),
    ],
)
def test_scriptlets_are_parsed_and_never_run(code: str, fault: str) -> None:
    problems = find_problems(FlowDocument(_with_scriptlet(code)), EVERYTHING)
    messages = [problem.message for problem in problems if problem.code == "scriptlet-syntax"]
    assert len(messages) == bool(fault)
    assert all(fault in message for message in messages)


def test_without_a_parser_it_is_said_that_nothing_was_parsed(tmp_path: Path) -> None:
    place = "$.contents.tasks.1.arguments.scriptCode.value"
    assert ("scriptlet-not-parsed", place) in found_in(_with_scriptlet("return {"))
    missing = NodeParser(str(tmp_path / "node"), run_command)
    assert ("scriptlet-not-parsed", place) in found_in(_with_scriptlet("return {"), parse_scripts=missing)


# --- projects ---------------------------------------------------------------------------------------------------------


def test_a_connector_counts_as_there_by_its_id_or_by_its_name() -> None:
    flow = full_flow()
    used = flow["contents"]["tasks"]["3"]["arguments"]["connectorId"]["value"]
    for connectors, expected in (({"X": used}, 0), ({"Risk Engine": "CI2other"}, 0), ({"X": "CI2other"}, 1)):
        problems = find_problems_together([FlowDocument(flow)], ProjectInventory(connectors=connectors))
        assert sum(problem.code == "unknown-connector" for problem in problems) == expected


def test_a_connector_of_a_template_may_go_by_its_name() -> None:
    flow = full_flow()
    flow["contents"]["tasks"]["3"]["arguments"]["connectorId"]["value"] = "Risk Engine"
    del flow["references"]
    for connectors, expected in (({"Risk Engine": "CI2other"}, 0), ({"X": "CI2other"}, 1)):
        problems = find_problems_together([FlowDocument(flow)], ProjectInventory(connectors=connectors))
        assert sum(problem.code == "unknown-connector" for problem in problems) == expected


def test_of_what_could_not_be_read_nothing_is_said() -> None:
    problems = find_problems_together([FlowDocument(full_flow())], ProjectInventory())
    assert [problem.code for problem in problems] == ["subflow-elsewhere"]
    assert inventory_of_snapshot({}) == ProjectInventory()


def test_an_inventory_survives_being_shared() -> None:
    inventory = inventory_of_snapshot(
        {
            "flows/flows.json": {"flows": ["a", "b"]},
            "flows/b/metadata.json": {"disabled": True},
            "connectors/connectors.json": {"connectors": ["smtp"]},
            "connectors/smtp.json": {"id": "CI1", "name": "SMTP"},
            "styles/styles.json": {"styles": ["light"]},
            "attributes.json": {"user": [{"name": "shoeSize"}], "tenant": [{"name": "plan"}]},
        }
    )
    assert inventory.disabled_flows == frozenset({"b"})
    assert inventory.attributes == frozenset({"shoeSize", "plan"})
    assert inventory_from(json.loads(json.dumps(inventory.as_dict()))) == inventory


def test_a_flow_of_the_project_serves_as_a_subflow() -> None:
    flow = full_flow()
    for inventory, code in (
        (ProjectInventory(flows=frozenset({"preferred-mfa"})), None),
        (
            ProjectInventory(flows=frozenset({"preferred-mfa"}), disabled_flows=frozenset({"preferred-mfa"})),
            "disabled-subflow",
        ),
        (ProjectInventory(flows=frozenset()), "unknown-subflow"),
    ):
        problems = find_problems_together([FlowDocument(flow)], inventory)
        assert [problem.code for problem in problems] == ([code] if code else [])


# --- the catalogue ----------------------------------------------------------------------------------------------------


def test_every_code_that_is_used_is_in_the_catalogue() -> None:
    folder = CHECKOUT / "plugins" / "module_utils"
    used: set[str] = set()
    for path in [*folder.glob("_validate/*.py"), folder / "_flow" / "checks.py"]:
        source = path.read_text(encoding="utf-8")
        used |= set(re.findall(r'(?:yield |Problem\(|document, \(|return )"([a-z]+(?:-[a-z0-9]+)+)",', source))
    readers = [folder / "_json.py", *folder.glob("_flow/*.py"), *folder.glob("_library/*.py")]
    for path in [*readers, *(CHECKOUT / "plugins" / "plugin_utils").glob("*.py")]:
        source = path.read_text(encoding="utf-8")
        used |= set(re.findall(r'(?:Problem|_TextProblemError|_report)\(\s*"([a-z]+(?:-[a-z0-9]+)+)"', source))
    not_about_flows = {"not-writable", "snapshot-directory-name", "no-host-name", "same-host-name"}
    not_about_flows |= {"group-host-name", "no-vault-secret"}
    assert used - not_about_flows <= set(RULES)
    assert len(used) > 80


def test_every_finding_says_what_it_means_and_what_to_do() -> None:
    for rule in RULES.values():
        assert re.fullmatch(r"\S.*[^.]", rule.meaning)
        assert re.fullmatch(r"\S.*\.", rule.remedy)


def _documented() -> dict[str, tuple[str, str, str, str]]:
    """Return what the tables of the documentation say of each code: level, severity, meaning, remedy."""
    rows: dict[str, tuple[str, str, str, str]] = {}
    level = ""
    for line in (CHECKOUT / "docs" / "validation.md").read_text(encoding="utf-8").splitlines():
        if heading := re.match(r"### .*\(`(\w+)`\)", line):
            level = heading[1]
        elif row := re.match(r"\| `([a-z0-9-]+)` \| (\w+) \| (.+) \| (.+) \|$", line):
            rows[row[1]] = (level, row[2], row[3], row[4])
    return rows


def test_the_documentation_lists_every_finding_as_it_is() -> None:
    expected = {
        rule.code: (rule.level.value, rule.severity.value, rule.meaning, rule.remedy) for rule in RULES.values()
    }
    assert _documented() == expected
    assert {rule.level for rule in RULES.values()} == set(Level)
