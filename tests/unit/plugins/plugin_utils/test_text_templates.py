# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors


"""Text templates: all of Jinja, and no value that breaks the document around it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jinja2.utils
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.community.descope.plugins.plugin_utils import _text_template
from template_library import ODD, Library

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.text() | st.just(ODD),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path, host={"brand": ODD, "limit": 3, "methods": ["otp", 'pass"key'], "nothing": None})


def _render(library: Library, template: str, name: str = "flow.json.j2", /, **variables: Any) -> Any:
    library.write(f"text/{name}", template)
    return library.render("text", **variables)


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        ('"${ brand }"', ODD),
        ('"at ${ brand }, \\"${ limit }\\" \\\\"', f'at {ODD}, "3" \\'),
        ("${ brand }", ODD),
        ("${ limit + 1 }", 4),
        ("[${ methods }, ${ nothing }, ${ true }]", [["otp", 'pass"key'], None, True]),
        ('"a${ nothing }b"', "ab"),
        ("${ methods | to_json }", ["otp", 'pass"key']),
        ('[{% for m in methods %}{% if not loop.first %},{% endif %}"${ m }"{% endfor %}]', ["otp", 'pass"key']),
        ("[{%- for m in methods -%} ${- m -} {{ ',' if not loop.last }} {%- endfor -%}]", None),
        ('{% macro b(x) %}["${ x }"]{% endmacro %}${ b(brand) }', [ODD]),
        ('{% set x %}"${ brand }"{% endset %}${ x }', ODD),
        ('{# note #}{% raw %}"${ brand } {{x}}"{% endraw %}', "${ brand } {{x}}"),
        ('"{{user.name}} $5 {}"', "{{user.name}} $5 {}"),
        ("${ {'a': '}'}['a'] }", "}"),
    ],
)
def test_a_text(library: Library, text: str, rendered: Any) -> None:
    if rendered is None:
        library.write("text/flow.json.j2", text)
        assert [problem.code for problem in library.problems("text")] == ["invalid-json"]
    else:
        assert _render(library, text) == rendered


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(VALUES, st.text().filter(lambda text: text not in ("a", "c")))
def test_any_value_arrives_as_it_is_and_changes_no_structure(library: Library, value: Any, text: str) -> None:
    template = '{"a": [${ value }, {"b": "${ text }"}], "c": "x ${ text } y", ${ text | to_json }: ${ value }}'

    rendered = _render(library, template, value=value, text=text)

    expected = {"a": [value, {"b": text}], "c": f"x {text} y"}
    expected[text] = value
    assert rendered == expected


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(VALUES, st.text())
def test_any_value_in_yaml(library: Library, value: Any, text: str) -> None:
    rendered = _render(
        library,
        "a: ${ value }\nb: x ${ text } y\nc: |\n  ${ text }\nd: ${ value | to_json }\n",
        "flow.yml.j2",
        value=value,
        text=text,
    )

    assert rendered == {"a": value, "b": f"x {text} y", "c": f"{text}\n", "d": value}


# Each construct with what it renders to where C(v) is a text, and C(vs) a list of that text.
CONSTRUCTS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "expressions": ('["${ v }", ${ v }, "<${ v }>", ${ vs }]', lambda v: [v, v, f"<{v}>", [v]]),
    "a key": ('{"${ v }": 1}', lambda v: {v: 1}),
    "safe": ('["${ v | safe }", ${ v | safe }]', lambda v: [v, v]),
    "JSON": (
        '["${ v | to_json }", ${ v | to_json }, "<${ vs | tojson }>", ${ vs | to_nice_json }, '
        "${ vs | to_json | from_json }]",
        lambda v: [json.dumps(v), v, f"<{_html_safe([v])}>", [v], [v]],
    ),
    "a loop named like a macro": (
        '{% macro link(url) %}{"u": "${ url }"}{% endmacro %}'
        '[${ link(v) }, {% for link in vs %}"${ link }", "${ link | safe }"{% endfor %}]',
        lambda v: [{"u": v}, v, v],
    ),
    "a macro's parameter named like it": (
        '{% macro label(label) %}["${ label }", ${ label }]{% endmacro %}${ label(v) }',
        lambda v: [v, v],
    ),
    "variables named like a macro": (
        "{% macro a() %}1{% endmacro %}{% macro b() %}{% endmacro %}{% set b = v %}[${ a() }"
        '{% with a = v %}, "${ a }"{% endwith %}, "${ b }"]',
        lambda v: [1, v, v],
    ),
    "a variable of the host named like a macro": (
        '{% if false %}{% macro v() %}{% endmacro %}{% endif %}["${ v }"]',
        lambda v: [v],
    ),
    "a captured block and what is named like it": (
        '{% set x %}"<${ v }>"{% endset %}{% macro m(x) %}"${ x }"{% endmacro %}'
        "{% macro each(y) %}${ caller(y) }{% endmacro %}"
        '[${ x }, ${ x | to_json }, {% for x in vs %}"${ x }", {% else %}${ x }{% endfor %}${ m(v) },'
        ' {% with x = v %}"${ x }"{% endwith %}, {% call(x) each(v) %}"${ x }"{% endcall %}]',
        lambda v: [f"<{v}>", f'"<{v}>"', v, v, v, v],
    ),
    "an import": (
        "{% import 'words.j2' as words with context %}"
        '["${ words.title }", ${ words.box(v) }, ${ words.note }, "${ words.title.upper() }"]',
        lambda v: [v, [v], f"<{v}>", v.upper()],
    ),
    "an import named like a method": (
        "{% import 'words.j2' as words with context %}[{% for words in vs %}\"${ words.lower() }\"{% endfor %}]",
        lambda v: [v.lower()],
    ),
    "imported names": (
        "{% from 'words.j2' import title, box as frame, note with context %}"
        '["${ title }", ${ frame(v) }, ${ note }, {% for frame in vs %}"${ frame }"{% endfor %}]',
        lambda v: [v, [v], f"<{v}>", v],
    ),
    "an import that only rendering knows": (
        '{% import file as words with context %}["${ words.title }", ${ words.box(v) }]',
        lambda v: [v, [v]],
    ),
    "blocks": (
        '["{% block b %}<${ v }>{% endblock %}", "${ self.b() }", "{% filter trim %} ${ v } {% endfilter %}"]',
        lambda v: [f"<{v}>", f"<{v}>", v],
    ),
    "what is set on every way": (
        "{% if vs %}{% set x %}${ v }{% endset %}{% import 'words.j2' as words with context %}"
        '{% elif v %}{% set x %}b{% endset %}{% import "words.j2" as words with context %}'
        "{% else %}{% set x %}c{% endset %}{% import 'words.j2' as words with context %}{% endif %}"
        '{% macro m() %}"${ x }"{% endmacro %}["${ x }", ${ m() }, ${ words.note }'
        '{% for a in vs %}, "${ x }"{% endfor %}]',
        lambda v: [v, v, f"<{v}>", v],
    ),
    "a macro before what it writes": (
        '{% macro m() %}${ x }{% endmacro %}{% set x %}"<${ v }>"{% endset %}[${ m() }]',
        lambda v: [f"<{v}>"],
    ),
    "a template that extends another": (
        '{% extends "base.json" %}{% import "words.j2" as words with context %}'
        "{% block b %}${ super() }, ${ words.box(v) }{% endblock %}",
        lambda v: [v, [v]],
    ),
    "a loop that calls itself": (
        '[{% for x in [[v, [v]]] recursive %}{% if x is string %}"${ x }"{% else %}[${ loop(x) }]{% endif %}'
        "{% if not loop.last %},{% endif %}{% endfor %}]",
        lambda v: [[v, [v]]],
    ),
}
WORDS = """{% set title = v %}{% macro box(x) %}["${ x }"]{% endmacro %}{% set note %}"<${ v }>"{% endset %}"""
# What could change a structure, more often than chance has it.
HOSTILE = st.text() | st.text('",:{}[]\\ \n1n') | st.sampled_from(['", "evil": "yes', ',1,"', ODD])


def _html_safe(value: Any) -> str:
    return str(jinja2.utils.htmlsafe_json_dumps(value))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)
@pytest.mark.parametrize("construct", CONSTRUCTS)
@given(HOSTILE)
def test_no_text_changes_the_structure_around_it(library: Library, construct: str, value: str) -> None:
    text, expected = CONSTRUCTS[construct]
    library.write("text/partials/words.j2", WORDS)
    library.write("text/partials/base.json", '[{% block b %}"${ v }"{% endblock %}]')

    assert _render(library, text, v=value, vs=[value], file="words.j2") == expected(value)


@pytest.mark.parametrize(
    ("text", "line", "parts"),
    [
        ('{% if v %}{% set x %}a{% endset %}{% endif %}\n["${ x }"]', 2, ("x is",)),
        (
            '{% if v %}{% set x %}a{% endset %}{% elif vs %}{% else %}{% set x %}b{% endset %}{% endif %}["${ x }"]',
            1,
            ("x is",),
        ),
        ('["${ x }"{% set x %}a{% endset %}]', 1, ("x is",)),
        ('[{% for a in vs %}{% set x %}a{% endset %}{% endfor %}"${ x }"]', 1, ("x is",)),
        ('[{% for a in vs %}"${ x }"{% set x %}a{% endset %}{% endfor %}]', 1, ("x is",)),
        ('{% set x %}a{% endset %}{% set x = v %}["${ x }"]', 1, ("x is",)),
        ('{% set x %}a{% endset %}{% macro x() %}{% endmacro %}["${ x() }"]', 1, ("x is",)),
        ('{% macro x() %}a{% endmacro %}{% set x = v.lower %}["${ x() }"]', 1, ("x is",)),
        ("{% for a in vs %}{% import 'w.j2' as w %}{% endfor %}\n[\"${ w.lower() }\"]", 2, ("w is",)),
        ("{% import 'w.j2' as w %}{% block b %}[\"${ w.lower() }\"]{% endblock %}", 1, ("w is",)),
        ('{% set self = v %}["${ self.lower() }"]{% macro self() %}{% endmacro %}', 0, ()),
        ('["{% print v %}"]', 1, ("print", "${ ... }")),
        ('["{% filter replace("X", v) %}X{% endfilter %}"]', 1, ("filter", "value itself")),
        ('{% set x | replace("X", v) %}X{% endset %}["${ x }"]', 1, ("filter", "value itself")),
        ('["{% call v.format() %}{% endcall %}"]', 1, ("call", "macro")),
        ('["{% call lookup("env", "HOME") %}{% endcall %}"]', 1, ("call", "macro")),
        ('#jinja2: variable_start_string: "[[", variable_end_string: "]]"\n["[[ v ]]"]', 1, ("delimiters",)),
    ],
)
def test_what_could_be_a_value_or_text_is_refused(
    library: Library, text: str, line: int, parts: tuple[str, ...]
) -> None:
    library.write("text/flow.json.j2", text)
    library.write("text/partials/w.j2", "{% macro lower() %}{% endmacro %}")
    evil = '", "evil": "yes'
    if not line:
        assert library.render("text", v=evil, vs=[evil]) == [evil]
        return

    [problem] = library.problems("text", v=evil, vs=[evil])

    assert problem.code == "template-error"
    assert f"line {line}: " in problem.message
    assert all(part in problem.message for part in parts), problem.message


def test_keys_of_a_yaml_template_that_become_the_same(library: Library) -> None:
    library.write("text/flow.yml.j2", "top:\n- ${ a }: 1\n  k: 2\n")

    [problem] = library.problems("text", a="k")

    assert (problem.code, problem.path) == ("duplicate-key", "$.top[0]")
    assert 'the key "k" is given twice' in problem.message
    assert library.render("text", a=None) == {"top": [{"": 1, "k": 2}]}


def test_no_message_shows_a_wrapped_value(library: Library) -> None:
    library.write("text/flow.yml.j2", "${ a }: 1\n${ a }: 2\n")

    for value in ("secret", "secret" * 100):
        [problem] = library.problems("text", a=value)

        assert problem.code == "duplicate-key"
        assert 'the key "..' in problem.message
        assert _text_template._MARK not in problem.message


def test_a_value_within_a_text_reads_the_same_in_every_kind_of_template(library: Library) -> None:
    values = {"a": 2.0, "b": 0.5, "c": True, "d": None, "e": [2.0, None], "f": {"x": False}}
    text = "/".join(f"${{ {name} }}" for name in values)
    for kind, content in {"json": {"x": text}, "yml": {"x": text}}.items():
        library.write(f"structured-{kind}/flow.{kind}", content)
        library.write(f"text-{kind}/flow.{kind}.j2", json.dumps(content))

    rendered = {
        name: library.render(name, **values) for name in ("structured-json", "structured-yml", "text-json", "text-yml")
    }

    assert {name: value["x"] for name, value in rendered.items()} == dict.fromkeys(
        rendered, "2/0.5/True//[2, None]/{'x': False}"
    )


def test_a_value_cannot_forge_a_wrapped_one(library: Library) -> None:
    forged = f"{_text_template._MARK[:10]}W10=."

    assert _render(library, '["${ it }", ${ it }]', it=forged) == [forged, forged]


def test_includes_are_found_among_the_partials_and_in_the_search_path(library: Library) -> None:
    script = 'if (a) { return `${a}` } // "quoted"\n'
    library.write("text/partials/check.js", script)
    library.write("text/partials/screen.json", '{"title": "${ brand }"}')
    library.write("text/partials/forms.j2", '{% macro field(n) %}{"field": "${ n }"}{% endmacro %}')
    library.write("../search/extra.json", "[${ limit }]")

    rendered = _render(
        library,
        """{% import 'forms.j2' as forms %}{"code": "{% include 'check.js' %}", "same": ${ partial('check.js') },
        "screen": {% include "screen.json" %}, "again": ${ partial('screen.json') },
        "extra": {% include 'extra.json' %}, "form": ${ forms.field(brand) }}""",
    )

    assert rendered == {
        "code": script,
        "same": script,
        "screen": {"title": ODD},
        "again": {"title": ODD},
        "extra": [3],
        "form": {"field": ODD},
    }


@pytest.mark.parametrize("name", ["words.j2", "words.txt"])
def test_a_file_that_is_included_stays_as_it_is(library: Library, tmp_path: Path, name: str) -> None:
    for path in (tmp_path / name, library.write(f"text/partials/{name}", "${ brand }")):
        path.write_text("${ brand }", encoding="utf-8")
        library.write("text/flow.json.j2", f'["{{% include "{path}" %}}"]')

        [problem] = library.problems("text")

        assert (problem.code, path.read_text(encoding="utf-8")) == ("partial-not-found", "${ brand }")


def test_a_file_that_was_not_made_ready_is_not_included(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "words.j2").write_text('"${ brand }"', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    library.write("text/flow.json.j2", "[{% include file %}]")

    [problem] = library.problems("text", file="words.j2")

    assert problem.code == "template-error"
    assert "words.j2" in problem.message


@pytest.mark.parametrize(
    ("text", "code", "parts"),
    [
        ('{\n  "a": "${ unknown }"\n}', "template-error", ("'unknown' is undefined", "line 2")),
        ('{\n  "a": ${ limit } ${ brand }\n}', "invalid-json", ("line 2", 'reads: "a": ... ...')),
        ('{"a": {% if %}}', "template-error", ("line 1", "Expected an expression")),
        ('{"a": \n {% include "no.json" %}}', "partial-not-found", ('"no.json"',)),
        ('{"a": "{% include \'no.js\' %}"}', "partial-not-found", ('"no.js"', "line 1")),
        ('{"a": {% include "me.json" %}}', "template-cycle", ("me.json -> me.json",)),
        ('{"a": "{% filter upper %}${ limit }{% endfilter %}"}', "template-error", ("filter",)),
        ('{"a": "x ${ partial("me.json") ~ 1 }"}', "template-error", ("of its own",)),
    ],
)
def test_what_is_wrong_is_said_with_its_place(library: Library, text: str, code: str, parts: tuple[str, ...]) -> None:
    library.write("text/flow.json.j2", text)
    library.write("text/partials/me.json", '{% include "me.json" %}')

    problems = library.problems("text")

    assert [problem.code for problem in problems] == [code]
    assert all(part in problems[0].message for part in parts), problems[0].message


def test_undeclared_variables_of_text_templates(library: Library) -> None:
    library.write("text/flow.json.j2", '[\n"${ methods | join(brand) ~ lookup("env", "HOME") }"]')
    library.write("text/variables.yml", {"options": {"methods": {"type": "list", "default": []}}})

    [problem] = library.problems("text")

    assert problem.code == "undeclared-variable"
    assert "the variable brand" in problem.message
    assert "line 2" in problem.message


def test_the_same_document_structured_and_as_text(library: Library) -> None:
    document = {"flowId": "x", "texts": ["Welcome to ${ brand }", "{{user.name}}"], "max": "${ limit }"}
    library.write("structured/flow.json", document)

    text = json.dumps(document).replace('"${ limit }"', "${ limit }")

    assert _render(library, text) == library.render("structured")
