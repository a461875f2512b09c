# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The library that ships: every entry is a whole flow for whatever tenant, and its page says what there is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import pytest

from ansible_collections.community.descope.plugins.module_utils._errors import InputError, Severity
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._json import JsonObject
from ansible_collections.community.descope.plugins.module_utils._validate.validate import (
    find_problems,
    find_problems_together,
)
from draw_library import ENTRIES, LIBRARY, declared_options, open_entry, render_entry, sample_values, wanted_files
from json_values import leaves, places
from shipped_tenants import TENANTS, tenant_values

PROMISED = {
    *("sign-up-or-in", "magic-link", "step-up", "forgot-password", "accept-invitation", "tenant-sso"),
    *("branded-sign-in", "account-update"),
}
NODE_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*\Z|ROOT\Z|oneTimeCodeId\Z")
DESCOPE_VALUE = re.compile(r"\{\{.*?\}\}")

every_entry = pytest.mark.parametrize("entry", ENTRIES)
every_tenant = pytest.mark.parametrize("tenant", TENANTS)


def rendered(entry: str, tenant: str = TENANTS[0]) -> FlowDocument:
    return render_entry(entry, tenant_values(declared_options(entry), tenant))


def rules(task: JsonObject) -> list[JsonObject]:
    return list(task["next"].get("rules", []))


def reached(document: FlowDocument) -> set[str]:
    """The tasks that a user can come to."""
    found = {"start"}
    waiting = ["start"]
    while waiting:
        targets = {rule["taskId"] for rule in rules(document.tasks[waiting.pop()])} - found
        found |= targets
        waiting += targets
    return found


def texts(document: FlowDocument) -> Iterator[str]:
    return (value for _place, value in leaves(document.data) if isinstance(value, str))


def test_the_entries_that_were_promised_are_there() -> None:
    assert set(ENTRIES) >= PROMISED


# --- flows -----------------------------------------------------------------------------------------------------------


@every_tenant
@every_entry
def test_it_is_a_flow_that_descope_could_have_exported(entry: str, tenant: str) -> None:
    document = rendered(entry, tenant)

    found = [problem for problem in find_problems(document) if problem.severity is not Severity.INFO]
    assert [str(problem) for problem in found] == []
    assert document.flow_id == {"branded-sign-in": "sign-in"}.get(entry, entry)
    assert 4 <= len(document.tasks) <= 24


@every_entry
def test_nothing_in_it_leads_nowhere(entry: str) -> None:
    document = rendered(entry)
    screens = {screen["screenId"]: screen for screen in document.screens}

    assert rules(document.tasks["start"]) == [{"interactionId": "", "taskId": document.contents["startTask"]}]
    assert reached(document) == set(document.tasks)
    for task in document.tasks.values():
        leads = Counter(rule.get("interactionId") for rule in rules(task))
        if task.get("type") == "screen":
            assert leads == Counter(interaction["id"] for interaction in screens[task["screenId"]]["interactions"])
        if task.get("type") == "condition":
            assert leads == Counter(branch["interactionId"] for branch in task["conditions"])
        if task.get("type") in ("automated", "flow") and task["action" if "action" in task else "type"] != "logged-in":
            assert leads, f"{task['name']} ends the flow without an End"


def test_the_flow_that_another_one_runs_has_the_end_that_it_waits_for() -> None:
    sign_in, forgot_password = rendered("sign-in"), rendered("forgot-password")

    assert find_problems_together([sign_in, forgot_password]) == []
    renamed = forgot_password.with_flow_id("reset")
    assert [problem.code for problem in find_problems_together([sign_in, renamed])] == ["subflow-elsewhere"]


@every_entry
def test_the_console_can_draw_it(entry: str) -> None:
    """Positions are whole numbers, and only the two halves of one step share one."""
    views = [
        (task["view"]["x"], task["view"]["y"])
        for task_id, task in rendered(entry).tasks.items()
        if not task_id.endswith(".end")
    ]
    assert all(isinstance(number, int) for view in views for number in view)
    assert len(set(views)) == len(views)


@every_entry
def test_its_ids_can_be_read_and_are_the_same_for_every_tenant(entry: str) -> None:
    documents = [rendered(entry, tenant) for tenant in TENANTS]

    for document in documents:
        for screen in document.screens:
            unreadable = [node_id for node_id in screen["contents"] if not NODE_ID.match(node_id)]
            assert unreadable == []
            assert all(node["props"]["id"] == node_id for node_id, node in screen["contents"].items())
    assert len({tuple(screen["screenId"] for screen in document.screens) for document in documents}) == 1


def test_no_two_screens_of_the_library_share_an_id() -> None:
    """An overlay shows the screens of the entry that it extends, and they are the same screens."""
    own = [entry for entry in ENTRIES if not (LIBRARY / entry / "overlay.yml").exists()]
    screens = Counter(screen["screenId"] for entry in own for screen in rendered(entry).screens)

    assert [screen_id for screen_id, times in screens.items() if times > 1] == []


# --- variables -------------------------------------------------------------------------------------------------------


@every_entry
def test_what_it_declares_is_exactly_what_it_uses(entry: str) -> None:
    template = open_entry(entry)

    assert template.declaration is not None
    assert set(template.names) == set(template.declaration.names)


@every_entry
def test_every_variable_is_described_and_some_are_required(entry: str) -> None:
    options = declared_options(entry)

    assert [name for name, terms in options.items() if not terms.get("description", "").endswith(".")] == []
    assert [name for name, terms in options.items() if "type" not in terms] == []
    assert [name for name, terms in options.items() if not terms.get("required") and "default" not in terms] == []
    assert "brand_name" in [name for name, terms in options.items() if terms.get("required")]


@every_entry
def test_what_is_missing_or_wrong_is_said_at_once(entry: str) -> None:
    required = {name for name, terms in declared_options(entry).items() if terms.get("required")}

    with pytest.raises(InputError) as caught:
        render_entry(entry, {"suspended": "perhaps"})

    said = "\n".join(str(problem) for problem in caught.value.problems)
    assert [name for name in sorted({*required, "suspended"}) if f"variable {name} " not in said] == []


@every_tenant
@every_entry
def test_values_arrive_as_they_are_and_change_no_structure(entry: str, tenant: str) -> None:
    values = tenant_values(declared_options(entry), tenant)
    document, plain = render_entry(entry, values), render_entry(entry, {**values, "brand_name": "Acme"})

    assert any(values["brand_name"] in text for text in texts(document))
    assert [place for place, _value in places(document.data)] == [place for place, _value in places(plain.data)]
    assert document.metadata.get("disabled", False) is values["suspended"]


@every_entry
def test_values_of_descope_stay_as_they_are(entry: str) -> None:
    plain, odd = (
        Counter(DESCOPE_VALUE.findall(" ".join(texts(render_entry(entry, values)))))
        for values in (sample_values(entry), {**sample_values(entry), "brand_name": "{{user.email}}"})
    )
    assert odd - plain == Counter({"{{user.email}}": (odd - plain)["{{user.email}}"]})
    assert plain - odd == Counter()


def test_a_provider_for_each_button() -> None:
    values = {**sample_values("social-sign-in"), "social_providers": ["apple", "google", "facebook"]}
    document = render_entry("social-sign-in", values)
    [welcome] = [screen for screen in document.screens if "providers" in screen["contents"]]

    expected = ["continue-apple", "continue-google", "continue-facebook"]
    assert welcome["contents"]["providers"]["nodes"] == expected
    assert [interaction["id"] for interaction in welcome["interactions"]] == expected
    assert [rule["interactionId"] for rule in rules(document.tasks["0"])] == expected
    assert {node["props"].get("data-descope-provider") for node in welcome["contents"].values()} > {"apple", "facebook"}


# --- formats and pages -----------------------------------------------------------------------------------------------


def test_every_form_of_an_entry_has_a_living_example() -> None:
    files = {path.relative_to(LIBRARY / entry).parts[0] for entry in ENTRIES for path in (LIBRARY / entry).iterdir()}
    assert files >= {"flow.json", "flow.yml", "flow.json.j2", "flow", "overlay.yml", "partials", "variables.yml"}
    partials = {path.suffix for entry in ENTRIES for path in (LIBRARY / entry).glob("partials/*")}
    assert partials >= {".js", ".json"}


def test_the_pictures_and_the_tables_of_variables_are_current() -> None:
    outdated = [
        str(path.relative_to(LIBRARY))
        for path, text in wanted_files().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    assert outdated == [], "run .venv/bin/python scripts/draw_library.py"


def test_the_overview_lists_the_entries_that_there_are() -> None:
    rows = re.findall(r"^\| \[(\S+)\]\((\S+)/\) \|", (LIBRARY / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert rows == [(entry, entry) for entry in ENTRIES]
    folders = sorted(path.name for path in LIBRARY.iterdir() if path.is_dir())
    assert folders == ENTRIES
