# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors


"""Templates by name: what an entry consists of, what its variables may be, what is said where something is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible.template import trust_as_template

from ansible_collections.community.descope.plugins.module_utils._errors import InputError
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument, Known
from ansible_collections.community.descope.plugins.module_utils._flow.formats import Format, dump
from ansible_collections.community.descope.plugins.module_utils._secrets import Secrets
from ansible_collections.community.descope.plugins.plugin_utils import _library
from ansible_collections.community.descope.plugins.plugin_utils._expressions import Delimiters
from example_flows import minimal_flow
from full_flow import full_flow
from template_library import ODD, Library

VARIABLES = {
    "options": {
        "brand": {"type": "str", "required": True, "description": "What the login page calls the tenant."},
        "attempts": {"type": "int", "default": 3},
        "methods": {"type": "list", "elements": "str", "choices": ["otp", "passkey"], "default": ["otp"]},
        "mail_password": {"type": "str", "no_log": True},
    }
}
FLOW = {"flowId": "sign-in", "name": "${ brand } {{user.name}}", "max": "${ attempts }", "by": "${ methods }"}


@pytest.fixture
def library(tmp_path: Path) -> Library:
    library = Library(tmp_path)
    library.write("sign-in/flow.json", FLOW)
    library.write("sign-in/variables.yml", VARIABLES)
    return library


def test_an_entry_goes_by_its_name_its_path_or_the_path_of_its_flow(library: Library) -> None:
    expected = {"flowId": "sign-in", "name": "Acme {{user.name}}", "max": 3, "by": ["otp"]}

    assert library.render("sign-in", brand="Acme") == expected
    assert library.render("library/sign-in", brand="Acme") == expected
    plain = library.render("library/sign-in/flow.json", brand="Acme", attempts=3, methods=["otp"])
    assert plain == expected


@pytest.mark.parametrize("name", ["flow.yml", "flow.yaml", "flow.json.j2", "flow.yml.j2"])
def test_an_entry_in_each_kind_of_file(library: Library, name: str) -> None:
    library.write(f"other/{name}", '{"flowId": "other", "name": "${ brand }"}')

    assert library.render("other", brand=ODD) == {"flowId": "other", "name": ODD}


def test_the_first_library_that_has_the_entry_wins_and_the_shipped_one_comes_last(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("first", "shipped"):
        for entry in ("sign-in", "extra"):
            library.write(f"../{folder}/{entry}/flow.json", {"from": folder})
    monkeypatch.setattr(_library, "SHIPPED", str(library.folder / "shipped"))

    library.libraries = ("first", "library")
    assert library.render("sign-in") == {"from": "first"}
    library.libraries = ("library",)
    assert library.render("extra") == {"from": "shipped"}


def test_variables_of_the_item_win_over_those_of_the_host_and_these_over_the_default(library: Library) -> None:
    library.host = {"brand": "Host", "attempts": "7"}

    assert library.render("sign-in") == {"flowId": "sign-in", "name": "Host {{user.name}}", "max": 7, "by": ["otp"]}
    assert library.render("sign-in", brand="Item")["name"] == "Item {{user.name}}"


def test_a_value_with_template_syntax_stays_the_text_it_is(library: Library) -> None:
    library.host = {"brand": ODD}

    assert library.render("sign-in")["name"] == f"{ODD} {{{{user.name}}}}"


@pytest.mark.parametrize(
    ("variables", "parts"),
    [
        ({}, ("brand is required", "What the login page calls the tenant")),
        ({"brand": ["a"]}, ("brand", "a list", "type str")),
        ({"brand": True}, ("brand", "in quotes")),
        ({"brand": "A", "attempts": "many"}, ("attempts", '"many"', "type int")),
        ({"brand": "A", "methods": ["otp", "fax"]}, ("methods", "otp, passkey", "fax")),
    ],
)
def test_a_variable_that_is_missing_or_wrong(library: Library, variables: dict[str, Any], parts: tuple[str]) -> None:
    [problem] = library.problems("sign-in", **variables)

    assert problem.source.endswith("library/sign-in/flow.json")
    assert all(part in problem.message for part in parts), problem.message


def test_all_that_is_wrong_is_said_at_once(library: Library) -> None:
    library.write(
        "sign-in/flow.json", {**FLOW, "a": ["${ undeclared }"], "b": "${ 1 + }", "c": "${ partial('no.js') }"}
    )

    problems = library.problems("sign-in", attempts="many")

    assert {(problem.code, problem.path) for problem in problems} == {
        ("undeclared-variable", "$.a[0]"),
        ("template-error", "$.b"),
        ("partial-not-found", "$.c"),
        ("variable-missing", ""),
        ("variable-invalid", ""),
    }


def test_a_secret_is_in_no_message(library: Library) -> None:
    library.write("sign-in/variables.yml", {"options": {"pin": {"type": "int", "no_log": True}}})
    library.write("sign-in/flow.json", {"flowId": "${ pin }"})

    [problem] = library.problems("sign-in", pin="hunter2")

    assert "hunter2" not in str(problem)
    assert library.template("sign-in").secrets(library.scope({"pin": "4711"})) == ["4711", 4711]


def test_what_of_the_variables_is_secret(library: Library) -> None:
    server = {"host": {"type": "str"}, "password": {"type": "str", "no_log": True}}
    options = {
        "name": {"type": "str"},
        "keys": {"type": "list", "no_log": True},
        "fixed": {"type": "str", "default": "from-the-file", "no_log": True},
        "servers": {"type": "list", "elements": "dict", "options": server},
        "broken": {"type": "str", "no_log": True},
    }
    library.write("sign-in/variables.yml", {"options": options})
    library.write("sign-in/flow.json", {"flowId": "a"})
    given = {
        "name": "public",
        "keys": "one,two",
        "servers": [{"host": "mail", "password": "hunter2"}],
        "broken": trust_as_template("{{ nobody }}"),
    }

    secrets = Secrets(library.template("sign-in").secrets(library.scope(given)))

    assert secrets.texts == {"one,two", "from-the-file", "hunter2"}
    assert secrets.hide("one") == "<redacted>"
    assert library.template("sign-in").secrets(library.scope({"name": "public"})) == ["from-the-file"] * 2


@pytest.mark.parametrize(
    ("declaration", "path"),
    [
        ({"variables": {}}, "$"),
        ([], "$"),
        ({"options": {"a": {"typ": "str"}}}, "$.options.a"),
        ({"options": {"a": {"type": "text"}}}, "$.options.a.type"),
        ({"options": {"a": {"type": "int", "default": "many"}}}, "$.options.a.default"),
        ({"options": {"a": {"required": True, "default": "x"}}}, "$.options.a.default"),
        ({"options": {"a": {"required": "sometimes"}}}, "$.options.a.required"),
        ({"options": {"a": {"choices": "x"}}}, "$.options.a.choices"),
        ({"options": {"a-b": {}}}, "$.options.a-b"),
        ({"options": {"a": 3}}, "$.options.a"),
    ],
)
def test_a_broken_declaration(library: Library, declaration: Any, path: str) -> None:
    library.write("broken/flow.json", {"flowId": "x"})
    library.write("broken/variables.yml", declaration)

    [problem] = library.problems("broken")

    assert problem.code == "invalid-variables"
    assert problem.path == path
    assert problem.source.endswith("broken/variables.yml")


def test_a_broken_entry_is_no_trouble_to_those_beside_it(library: Library) -> None:
    library.write("broken/flow.json", '{"flowId": ')
    library.write("both/flow.json", {})
    library.write("both/overlay.yml", {})

    assert library.render("sign-in", brand="Acme")["flowId"] == "sign-in"
    assert [problem.code for problem in library.problems("broken")] == ["invalid-json"]
    assert [problem.code for problem in library.problems("both")] == ["ambiguous-entry"]


@pytest.mark.parametrize(
    ("name", "hint"), [("sign-inn", "did you mean sign-in?"), ("xyz", "the libraries hold"), ("../sign-in", "no such")]
)
def test_a_template_that_is_nowhere(library: Library, name: str, hint: str) -> None:
    [problem] = library.problems(name)

    assert (problem.code, problem.source) == ("file-not-found", name)
    assert hint in problem.message


def test_a_library_that_is_nowhere(library: Library) -> None:
    library.libraries = ("nowhere",)

    with pytest.raises(InputError, match="nowhere: there is no such directory"):
        library.opened()


def test_a_file_that_changes_is_read_again(library: Library) -> None:
    library.render("sign-in", brand="Acme")
    library.write("sign-in/flow.json", {"changed": "${ brand }"})

    assert library.render("sign-in", brand="Acme") == {"changed": "Acme"}


def test_a_template_is_read_once(library: Library) -> None:
    assert library.template("sign-in") is library.template("sign-in")


# --- partials ---------------------------------------------------------------------------------------------------------


def test_partials_become_text_or_structure(library: Library) -> None:
    script = 'if (a) { return `${a}` } // {{user.name}} "quoted"\r\n'
    library.write("with/partials/mail/check.js", script)
    library.write("with/partials/screen.yml", {"title": "${ brand }", "script": "${ partial('mail/check.js') }"})
    library.write("with/flow.json", {"screens": ["${ partial('screen.yml') }"], "plain": "a partial('x')"})

    assert library.render("with", brand=ODD) == {
        "screens": [{"title": ODD, "script": script.replace("\r\n", "\r\n")}],
        "plain": "a partial('x')",
    }


@pytest.mark.parametrize(
    ("text", "code", "part"),
    [
        ("${ partial('no.js') }", "partial-not-found", "there are broken.json, me.json"),
        ("${ partial('../flow.json') }", "partial-not-found", "no partial"),
        ("${ partial('broken.json') }", "invalid-json", "line 1"),
        ("${ partial('me.json') }", "template-cycle", "me.json -> you.json -> me.json"),
        ("see ${ partial('me.json') }", "template-error", "whole string"),
        ("${ partial(name) }", "template-error", "in quotes"),
    ],
)
def test_a_partial_that_cannot_be_used(library: Library, text: str, code: str, part: str) -> None:
    library.write("with/flow.json", {"a": text})
    library.write("with/partials/broken.json", "{")
    library.write("with/partials/me.json", ["${ partial('you.json') }"])
    library.write("with/partials/you.json", ["${ partial('me.json') }"])

    problems = library.problems("with")

    assert [problem.code for problem in problems] == [code]
    assert part in problems[0].message


def test_other_delimiters(library: Library) -> None:
    library.delimiters = Delimiters.from_option({"variable_start_string": "<<", "variable_end_string": ">>"})
    library.write("other/flow.json", {"a": "<< brand >> ${ x } <<< y", "b": "<< 1 >>"})

    assert library.render("other", brand="Acme") == {"a": "Acme ${ x } << y", "b": 1}


@pytest.mark.parametrize("option", [{"variable_start_string": ""}, {"block_start_string": "${"}])
def test_delimiters_that_cannot_be_told_apart(option: dict[str, str | None]) -> None:
    with pytest.raises(InputError, match="delimiters: "):
        Delimiters.from_option(option)


# --- overlays ---------------------------------------------------------------------------------------------------------


def _overlay(*changes: dict[str, Any], extends: str = "base") -> dict[str, Any]:
    return {"extends": extends, "changes": list(changes)}


@pytest.fixture
def based(library: Library) -> Library:
    flow = full_flow("base")
    flow["metadata"]["name"] = "Base of ${ brand }"
    library.write("base/flow.json", flow)
    library.host = {"brand": ODD}
    return library


def test_an_overlay_is_rendered_with_its_base(based: Library) -> None:
    script = "return `${ brand }`\n"
    based.write("branded/partials/check.js", script)
    based.write(
        "branded/overlay.yml",
        _overlay(
            {"screen": "Welcome", "texts": {"Continue": "On to ${ brand }"}},
            {"task": "Risk / Check", "arguments": {"args": "${ partial('check.js') }"}},
        ),
    )

    flow = based.render("branded")

    assert flow["metadata"]["name"] == f"Base of {ODD}"
    assert flow["screens"][1]["contents"]["continue01"]["props"]["children"] == f"On to {ODD}"
    assert flow["contents"]["tasks"]["3"]["arguments"]["args"]["value"] == script


def test_the_path_of_an_overlay_is_that_of_its_entry(based: Library) -> None:
    based.write("ours/overlay.yml", _overlay({"metadata": {"name": "For ${ who }"}}))
    based.write("base/variables.yml", {"options": {"brand": {}}})
    based.write("ours/variables.yml", {"options": {"who": {"default": "us"}}})

    for name in ("ours", "library/ours", "library/ours/overlay.yml"):
        assert based.render(name)["metadata"]["name"] == "For us"


@pytest.mark.parametrize(
    ("name", "expected"), [("variables.yml", "a declaration of variables"), ("overlay.yml", "an overlay")]
)
def test_an_empty_file_says_what_belongs_into_it(based: Library, name: str, expected: str) -> None:
    based.write("ours/overlay.yml", _overlay())
    based.write(f"ours/{name}", "")

    [problem] = based.problems("ours")

    assert problem.code == "empty-file"
    assert f"empty; {expected}" in problem.message


def test_overlays_of_overlays_apply_from_the_base_up(based: Library) -> None:
    based.write("first/overlay.yml", _overlay({"metadata": {"name": "First", "description": "First"}}))
    based.write("second/overlay.yml", _overlay({"metadata": {"name": "Second"}}, extends="first"))

    flow = based.render("second", {"changes": [{"metadata": {"etc": "${ brand }"}}]})

    assert (flow["metadata"]["name"], flow["metadata"]["description"]) == ("Second", "First")
    assert flow["metadata"]["etc"] == "${ brand }", "Ansible has templated what stands in a task"


def test_an_overlay_beside_a_template_may_be_a_file(based: Library) -> None:
    path = based.write("../mine.yml", {"changes": [{"metadata": {"name": "${ brand }!"}}]})

    assert based.render("base", str(path))["metadata"]["name"] == f"{ODD}!"


def test_an_overlay_on_a_text_template(based: Library) -> None:
    based.write("text/flow.json.j2", json.dumps(full_flow("text")))
    based.write("branded/overlay.yml", _overlay({"metadata": {"name": "${ brand }"}}, extends="text"))

    assert based.render("branded")["metadata"]["name"] == ODD
    # What stands in a task is no template, in keys neither.
    flow = based.render("text", {"changes": [{"metadata": {"${ brand }": "${ brand }"}}]})
    assert flow["metadata"]["${ brand }"] == "${ brand }"


def test_an_overlay_takes_the_variables_of_its_base_and_its_own(based: Library) -> None:
    based.write("base/variables.yml", {"options": {"brand": {"required": True}, "size": {"default": "md"}}})
    based.write("branded/variables.yml", {"options": {"size": {"type": "int", "default": 3}}})
    change = {"metadata": {"description": "${ size }", "other": "${ unknown }"}}
    based.write("branded/overlay.yml", _overlay(change))

    [problem] = based.problems("branded")

    assert (problem.code, problem.path) == ("undeclared-variable", "$.metadata.other")
    assert "declared: brand, size" in problem.message
    del change["metadata"]["other"]
    based.write("branded/overlay.yml", _overlay(change))
    assert based.render("branded")["metadata"]["description"] == 3


@pytest.mark.parametrize(
    ("overlay", "code", "path", "part"),
    [
        (_overlay(extends="nowhere"), "file-not-found", "$.extends", '"nowhere"'),
        (_overlay(extends="other"), "template-cycle", "$.extends", "broken -> other -> broken"),
        (_overlay({"screen": "Gone"}), "overlay", "$.changes[0]", 'no screen "Gone"'),
        (
            _overlay({"metadata": {"a": "${ partial('no.js') }"}}),
            "partial-not-found",
            "$.changes[0].metadata.a",
            '"no.js"',
        ),
        ({"changes": []}, "invalid-overlay", "$.extends", "name the template"),
        ("{", "invalid-yaml", "", "line 1"),
    ],
)
def test_a_broken_overlay(based: Library, overlay: Any, code: str, path: str, part: str) -> None:
    based.write("broken/overlay.yml", overlay)
    based.write("other/overlay.yml", _overlay(extends="broken"))

    [problem] = based.problems("broken")

    assert (problem.code, problem.path) == (code, path)
    assert part in problem.message
    assert problem.source.endswith((".yml", "other/overlay.yml"))


def test_a_snapshot_directory_is_the_flow_that_the_entry_is_called_after(library: Library) -> None:
    library.write("welcome/flow/metadata.json", {"name": "${ brand }", "screens": []})
    library.write("welcome/flow/contents.json", {"startTask": "0", "tasks": {}})

    assert [flow.flow_id for flow in library.template("welcome").render(library.scope({"brand": "Acme"}))] == [
        "welcome"
    ]


class TestWhatIsKnownOfARenderedFlow:
    """A template in which only texts differ is validated once, and not once a tenant."""

    def _known(self, library: Library, flow: Any, name: str = "flow.json", **variables: Any) -> Known:
        library.write(f"entry/{name}", flow if name.endswith(".json") else json.dumps(flow))
        [rendered] = library.template("entry").render(library.scope(variables))
        return rendered.known

    @pytest.mark.parametrize(
        ("value", "known"), [(ODD, Known.SOUND), ("", Known.PLAIN), (5, Known.PLAIN), (["x"], Known.PLAIN)]
    )
    def test_texts_change_nothing(self, library: Library, value: Any, known: Known) -> None:
        assert self._known(library, minimal_flow("entry", title="${ value }"), value=value) is known

    def test_what_a_rule_looks_into_is_left_to_be_validated(self, library: Library) -> None:
        flow = minimal_flow("entry")
        flow["contents"]["tasks"]["1"]["next"]["rules"][0]["taskId"] = "${ value }"
        assert self._known(library, flow, value="2") is Known.PLAIN

    def test_so_is_a_template_that_has_something_to_tell(self, library: Library) -> None:
        flow = minimal_flow("entry", title="${ value }")
        flow["contents"]["tasks"]["1"]["next"]["rules"][0]["taskId"] = "99"
        assert self._known(library, flow, value="x") is Known.PLAIN

    def test_and_one_in_another_form(self, library: Library) -> None:
        flow = dump(FlowDocument(minimal_flow("entry", title="${ value }")), Format.CONSOLE)
        assert self._known(library, flow, value="x") is Known.PLAIN

    def test_of_a_text_template_nothing_is_known(self, library: Library) -> None:
        flow = minimal_flow("entry", title="${ value }")
        assert self._known(library, flow, "flow.json.j2", value="x") is Known.NOTHING
