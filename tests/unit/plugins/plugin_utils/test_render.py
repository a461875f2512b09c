# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Rendering structured templates: values arrive as they are, structure stays what it was, Descope's own text too."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.community.descope.plugins.module_utils._errors import InputError
from ansible_collections.community.descope.plugins.plugin_utils._expressions import Delimiters, syntax_of
from ansible_collections.community.descope.plugins.plugin_utils._render import Scope, render
from ansible_collections.community.descope.plugins.plugin_utils._template import compile_template

HOST = {
    "brand": 'Acme "Best" </b> {{x}} ${y} {% if %}',
    "greeting": trust_as_template("Hello {{ tenant }}"),
    "tenant": "acme",
    "limit": 3,
    "share": 0.5,
    "on": True,
    "nothing": None,
    "methods": ["otp", "passkey"],
    "theme": {"color": trust_as_template("{{ '#' ~ 'fff' }}")},
}


def _render(value: Any, **variables: Any) -> Any:
    delimiters = Delimiters()
    template = compile_template(value, "flow.json", syntax_of(delimiters))
    return render(template, Scope(Templar(DataLoader(), HOST), HOST, variables), delimiters)


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        ("${ brand }", HOST["brand"]),
        ("Welcome to ${ brand }!", f"Welcome to {HOST['brand']}!"),
        ("${greeting}", "Hello acme"),
        ("${ limit }", 3),
        ("at most ${ limit } of ${limit}", "at most 3 of 3"),
        ("${ limit + 1 }", 4),
        ("${ share }", 0.5),
        ("${ on }", True),
        ("${ not on }", False),
        ("${ nothing }", None),
        ("${ methods }", ["otp", "passkey"]),
        ("${ methods | length }", 2),
        ("${ theme }", {"color": "#fff"}),
        ("${ theme.color }", "#fff"),
        ("${ {'a': 1}['a'] }", 1),
        ("${ brand | upper | length > 3 }", True),
        ("{{sentTo.maskedEmail}} {{.projectName}}", "{{sentTo.maskedEmail}} {{.projectName}}"),
        ("{{user.name}} at ${ tenant } {% raw %} {# note #}", "{{user.name}} at acme {% raw %} {# note #}"),
        ("`$${ price } and ${ tenant }`", "`${ price } and acme`"),
        ("costs $5 {}", "costs $5 {}"),
        ("a\r\nb ${ share }\r\n", "a\r\nb 0.5\r\n"),
        ("a ${ on }\n\n", "a True\n\n"),
        ("$${ a } ${ methods } {{x}} {# #}", "${ a } ['otp', 'passkey'] {{x}} {# #}"),
        ("<${ nothing }>", "<>"),
        ("<${ 2.0 }>", "<2>"),
        ("${ {'a': [none]} }!", "{'a': [None]}!"),
    ],
)
def test_a_text(text: str, rendered: Any) -> None:
    result = _render({"texts": [text]})

    assert result == {"texts": [rendered]}
    assert result["texts"][0].__class__ is rendered.__class__


def test_variables_of_the_template_win_over_those_of_the_host() -> None:
    assert _render("${ tenant } ${ extra }", tenant="globex", extra=1) == "globex 1"


def test_parts_without_expressions_are_shared() -> None:
    screens = [{"contents": {"ROOT": {"nodes": ["a", "b"]}}}]

    assert _render({"screens": screens, "flowId": "${ tenant }"})["screens"] is screens


def test_texts_that_are_no_templates_are_taken_as_they_are() -> None:
    header = trust_as_template("#jinja2: variable_start_string: '[[', variable_end_string: ']]'\n[[ tenant ]]")

    assert _render(["${ a } ${ b }", "${ c }"], a="{ { x", b="$ {", c=header) == ["{ { x $ {", "acme"]


def test_every_expression_that_fails_is_named_with_its_place() -> None:
    template = {"a": ["${ unknown }", "fine"], "b": {"1.end": "${ theme.font } ${ tenant }", "c": "${ 1 +"}}

    with pytest.raises(InputError) as caught:
        _render(template)

    problems = {problem.path: problem for problem in caught.value.problems}
    assert set(problems) == {"$.a[0]", '$.b["1.end"]', "$.b.c"}
    assert "'unknown' is undefined" in problems["$.a[0]"].message
    assert "font" in problems['$.b["1.end"]'].message
    assert all(problem.source == "flow.json" and "\n" not in problem.message for problem in problems.values())


def test_a_value_that_json_cannot_hold_is_an_error() -> None:
    with pytest.raises(InputError, match="cannot stand in JSON"):
        _render("${ share }", share=float("nan"))


def test_an_expression_in_a_key_is_reported_with_its_place() -> None:
    delimiters = Delimiters()
    value = {"a": [{"${ brand }": 1, "x ${ 1 +": 2, "$${ tenant }": "${ tenant }", "plain": 3}]}
    template = compile_template(value, "flow.json", syntax_of(delimiters))

    assert [problem.path for problem in template.problems] == ['$.a[0]["${ brand }"]', '$.a[0]["x ${ 1 +"]']
    assert all(problem.code == "template-error" for problem in template.problems)
    assert "in a key" in template.problems[0].message
    assert "$${" in template.problems[0].message
    assert not template.names.keys() - {"tenant"}


def test_an_escaped_start_in_a_key_is_text() -> None:
    assert _render({"$${ tenant }": "${ tenant }", "b": [{"$${": 1}]}) == {"${ tenant }": "acme", "b": [{"${": 1}]}


TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@given(TEXT, TEXT, TEXT)
def test_any_value_arrives_as_it_is_and_changes_no_structure(value: str, before: str, after: str) -> None:
    before, after = before.replace("$", ""), after.replace("$", "")
    template = {"flowId": "${ it }", "in": [f"{before}${{ it }}{after}", {"deep": "${ it ~ it }"}]}

    rendered = _render(template, it=value)

    assert rendered == {"flowId": value, "in": [f"{before}{value}{after}", {"deep": value + value}]}


@given(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.lists(st.text()) | st.integers(),
    st.lists(st.sampled_from(["\r\n", "\n", "\r", " ", "a", "$${", "{{x}}", "{% raw %}", "{#", '"', "'"])),
    st.lists(st.sampled_from(["\r\n", "\n", "\r", " ", "b", "$${", "}}", "%}", "#}", "\\"])),
)
def test_the_text_around_any_value_stays_as_it_is(value: Any, before: list[str], after: list[str]) -> None:
    template = f"{''.join(before)}${{ it }}{''.join(after)}."

    head, tail = ("".join(part).replace("$${", "${") for part in (before, after))
    rendered = _render(template, it=value)

    assert rendered.startswith(head)
    assert rendered.endswith(f"{tail}.")
    assert rendered[len(head) : len(rendered) - len(tail) - 1] == _render("<${ it }>", it=value)[1:-1]
