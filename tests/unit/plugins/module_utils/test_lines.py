# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""From a place in a flow to the line of its file: for any document, in JSON and in YAML, in each of the formats."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.community.descope.plugins.module_utils._errors import InputError, Problem
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument, json_path
from ansible_collections.community.descope.plugins.module_utils._flow.formats import Format
from ansible_collections.community.descope.plugins.module_utils._flow.sources import read_source, write_document
from ansible_collections.community.descope.plugins.module_utils._validate.lines import Position, TextLines, place_of
from ansible_collections.community.descope.plugins.module_utils._validate.report import Report, report_all, report_from
from full_flow import full_flow
from json_values import json_values, places

DANGLING = '"taskId": "99"'


@given(st.lists(st.integers(0, 99) | st.text(max_size=6)))
def test_a_path_gives_back_its_steps(steps: list[str | int]) -> None:
    assert place_of(json_path(*steps)) == tuple(steps)


@given(json_values(), st.sampled_from([None, 2]), st.booleans())
@settings(max_examples=200)
def test_every_place_of_a_json_text_is_found(value: Any, indent: int | None, escaped: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=escaped)
    lines = TextLines(text, is_yaml=False)
    rows = text.split("\n")
    for place, part in places(value):
        position = lines.find(place)
        assert position is not None
        wanted = place[-1] if place and isinstance(place[-1], str) else part
        begins = rows[position.line - 1][position.column - 1 :]
        first = json.dumps(wanted, ensure_ascii=escaped)
        assert begins.startswith(first[:1] if isinstance(wanted, dict | list) else first)


@given(
    st.dictionaries(st.from_regex(r"[a-z]{1,4}", fullmatch=True), st.integers() | st.lists(st.integers()), min_size=1)
)
def test_every_member_of_a_yaml_text_is_found(value: dict[str, Any]) -> None:
    text = yaml.safe_dump({"outer": value})
    lines, rows = TextLines(text, is_yaml=True), text.split("\n")
    for key in value:
        position = lines.find(("outer", key))
        assert position is not None
        assert re.match(rf"'?{key}'?:", rows[position.line - 1][position.column - 1 :])


@pytest.mark.parametrize("text", ["", "{", '{"a": [1', "]", "{{{", '"', "nonsense: ["])
def test_a_text_that_cannot_be_parsed_harms_nothing(text: str) -> None:
    for is_yaml in (False, True):
        TextLines(text, is_yaml=is_yaml).find(("a", 0))


def test_of_what_is_not_there_the_place_around_it_is_told() -> None:
    lines = TextLines('{"a": {\n  "b": 1}}', is_yaml=False)
    assert lines.find(("a", "b", "c")) == Position(2, 3)
    assert lines.find(("x",)) == Position(1, 1)


# --- formats ----------------------------------------------------------------------------------------------------------


def damaged() -> FlowDocument:
    flow = full_flow()
    flow["contents"]["tasks"]["3"]["next"]["rules"][0]["taskId"] = "99"
    return FlowDocument(flow)


def found(path: Path, place: str) -> Report:
    (document,) = read_source(path)
    (report,) = report_all([Problem("dangling-edge", "x", path=place, source=str(path))], document)
    return report


@pytest.mark.parametrize("fmt", [Format.EXPORTED, Format.RESPONSE, Format.CONSOLE, Format.SNAPSHOT])
def test_the_line_is_that_of_the_file_whatever_its_format(fmt: Format, tmp_path: Path) -> None:
    path = tmp_path / "sign-up-or-in"
    path = path if fmt is Format.SNAPSHOT else path.with_suffix(".json")
    write_document(damaged(), path, fmt)

    edge = found(path, "$.contents.tasks.3.next.rules[0].taskId")
    button = found(path, "$.screens[0].interactions[0].id")
    node = found(path, "$.screens[1].contents.hint000001.props")

    assert DANGLING in Path(edge.file).read_text(encoding="utf-8").splitlines()[edge.line - 1][edge.column - 1 :]
    assert '"codeSubmit"' in Path(button.file).read_text(encoding="utf-8").splitlines()[button.line - 1]
    before = Path(node.file).read_text(encoding="utf-8").splitlines()[: node.line]
    assert before[-1].strip().startswith('"props"')
    assert any('"hint000001": {' in line for line in before)


def test_a_flow_in_yaml(tmp_path: Path) -> None:
    path = tmp_path / "flow.yml"
    path.write_text(yaml.safe_dump(damaged().data), encoding="utf-8")
    report = found(path, "$.contents.tasks.3.next.rules[0].taskId")
    assert path.read_text(encoding="utf-8").splitlines()[report.line - 1].strip() in ("taskId: '99'", "- taskId: '99'")


def test_a_file_that_changes_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "flow.json"
    write_document(damaged(), path, Format.EXPORTED)
    first = found(path, "$.metadata.name").line
    path.write_text("\n\n\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    assert found(path, "$.metadata.name").line == first + 3


@pytest.mark.parametrize("source", ["", "definition[0]", "templates/flow.json.j2", "gone.json"])
def test_where_there_is_no_file_there_is_no_line(source: str) -> None:
    document = FlowDocument(full_flow(), source)
    (report,) = report_all([Problem("dangling-edge", "x", path="$.contents", source=source)], document)
    assert (report.file, report.line, report.column) == ("", 0, 0)
    assert report_from(report.as_dict()) == report


@pytest.mark.parametrize(
    ("text", "code", "line", "looks_like"),
    [
        ('{\n  "a": 1,\n<<<<<<< HEAD\n  "b": 2\n=======\n  "b": 3\n>>>>>>> x\n}', "git-conflict", 3, "conflict"),
        ('{\n  "a": 1,}', "invalid-json", 2, "trailing comma"),
        ('{\n  "a": {\n    "b": 1\n', "invalid-json", 4, "cut off"),
        ("flowId: a\nmetadata: {}\n", "invalid-json", 1, "YAML"),
        ('{\n  "a": 1,\n  "a": 2\n}', "duplicate-key", 1, "twice"),
        ("\ufeff{\n  'a': 1}", "invalid-json", 2, "double quotes"),
        ("<!DOCTYPE html><html></html>", "invalid-json", 1, "web page"),
    ],
)
def test_unparsable_files_have_a_line_and_say_what_they_look_like(
    text: str, code: str, line: int, looks_like: str, tmp_path: Path
) -> None:
    path = tmp_path / "flow.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_source(path)
    (report,) = report_all(caught.value.problems)
    assert (report.code, report.level, report.line, report.file) == (code, "syntax", line, str(path))
    assert looks_like in report.message
