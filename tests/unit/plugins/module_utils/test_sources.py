# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Flows in files: every way of being unreadable gets a clear line, and writing is exact, whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.community.descope.plugins.module_utils._errors import InputError, Problem
from ansible_collections.community.descope.plugins.module_utils._flow import sources
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._flow.formats import Format, load
from ansible_collections.community.descope.plugins.module_utils._flow.sources import (
    load_definition,
    load_raw,
    parse_text,
    read_raw,
    read_source,
    render_files,
    write_document,
)
from example_flows import minimal_flow
from full_flow import full_flow
from real_flows import real_flow_files, snapshot_dirs


def problems_of(read: Callable[[], Any]) -> list[Problem]:
    with pytest.raises(InputError) as caught:
        read()
    return list(caught.value.problems)


@pytest.fixture
def snapshot(tmp_path: Path) -> Path:
    """A snapshot with two flows."""
    root = tmp_path / "snapshot"
    for flow_id in ("sign-in", "mfa"):
        write_document(FlowDocument(full_flow(flow_id)), root / "flows" / flow_id, Format.SNAPSHOT)
    (root / "flows" / "flows.json").write_text('{"flows": ["sign-in", "mfa"]}', encoding="utf-8")
    return root


# --- reading files ----------------------------------------------------------------------------------------------------


def test_a_json_file(tmp_path: Path) -> None:
    file = tmp_path / "any-name.json"
    file.write_text(json.dumps(full_flow("sign-in")), encoding="utf-8")
    (document,) = read_source(file)
    assert (document.flow_id, document.source, document.data) == ("sign-in", str(file), full_flow("sign-in"))


def test_a_yaml_file_in_flow_and_block_style(tmp_path: Path) -> None:
    file = tmp_path / "flow.yml"
    flow = {key: value for key, value in full_flow("sign-in").items() if key != "contents"}
    block = (
        'contents:\n  startTask: "0"\n  tasks: &tasks\n    "0": {id: "0", view: {x: 1.0}}\n  futureContents: *tasks\n'
    )
    file.write_text(block + "".join(f"{key}: {json.dumps(value)}\n" for key, value in flow.items()), encoding="utf-8")
    (document,) = read_source(file)
    assert document.contents["tasks"] == document.contents["futureContents"] == {"0": {"id": "0", "view": {"x": 1}}}
    assert document.screens == full_flow()["screens"]


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "flow.json"
    file.write_bytes(b"\xef\xbb\xbf" + json.dumps(minimal_flow("sign-in")).encode())
    assert read_source(file)[0].flow_id == "sign-in"


def test_an_explicit_id_wins(tmp_path: Path) -> None:
    file = tmp_path / "flow.json"
    file.write_text(json.dumps(minimal_flow("inside")), encoding="utf-8")
    assert read_source(file, flow_id="outside")[0].flow_id == "outside"


def test_real_files(real_flows_dir: Path) -> None:
    for path in real_flow_files():
        (document,) = read_source(path)
        assert document.flow_id
        assert document.tasks


@pytest.mark.parametrize(
    ("content", "code", "message"),
    [
        (b"", "empty-file", "empty; a flow as JSON was expected"),
        (b"  \n", "empty-file", "empty; a flow as JSON was expected"),
        (b'{"flowId": "a",\n "contents": }', "invalid-json", "invalid JSON at line 2, column 14: expecting value"),
        (b"{\n<<<<<<< HEAD\n", "git-conflict", "git conflict markers (<<<<<<<) from line 2 on"),
        (b"<html>", "invalid-json", "looks like a web page"),
        (b"flowId: sign-in\n", "invalid-json", "looks like YAML"),
        ('{"flowId": "a"}'.encode("utf-16"), "not-utf-8", "looks like UTF-16; save it as UTF-8"),
        ('{"flowId": "a"}'.encode("utf-16-le"), "not-utf-8", "looks like UTF-16; save it as UTF-8"),
        (b'{"a":\n"\xfc"}', "not-utf-8", "not UTF-8 text, first at line 2 (byte 7)"),
        (b'{"a": 1, "a": 2}', "duplicate-key", 'the key "a" is given twice'),
        (b'{"a": NaN}', "invalid-number", "NaN is not a JSON number"),
        (b'{"contents": {}, "metadata": {}}', "missing-flow-id", "the flow has no id"),
        (b'{"flowId": "a b", "contents": {}}', "invalid-flow-id", '"a b" is not a flow id'),
        (b"[]", "unknown-format", "it is a list, but a flow is an object"),
        (b'{"a":' * 500, "invalid-json", "ends too early"),
        (b'{"a":' * 200 + b"1" + b"}" * 200, "too-deep", "nested deeper than 100 levels"),
    ],
)
def test_a_bad_file_is_one_clear_line(tmp_path: Path, content: bytes, code: str, message: str) -> None:
    file = tmp_path / "flow.json"
    file.write_bytes(content)
    (problem,) = problems_of(lambda: read_source(file))
    assert problem.code == code
    assert message in problem.message
    assert str(problem).startswith(f"{file}: ")
    assert "\n" not in str(problem)


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("", "empty-file", "empty; a flow as YAML was expected"),
        ("a: 1\n<<<<<<< HEAD\nb: 2\n", "git-conflict", "git conflict markers (<<<<<<<) from line 2 on"),
        ("a: [1,\nb: 2", "invalid-yaml", "invalid YAML at line 2, column"),
        (
            "flowId: a\nmetadata: {}\nflowId: b\n",
            "duplicate-key",
            'the key "flowId" is given twice at line 3, column 1',
        ),
        ("a: 1\n---\nb: 2\n", "invalid-yaml", "but found another document"),
        ("a: &x [*x]\n", "invalid-yaml", "recursive"),
        ("flowId: a\ncontents: {0: {}}\n", "key-not-string", "the key 0 is not a string; write it in quotes"),
        ("flowId: a\ncontents: {x: 2026-01-02}\n", "not-json", "a date is not a JSON value"),
        ("flowId: a\ncontents: {x: .nan}\n", "invalid-number", "nan is not a JSON number"),
        ("a: !!python/object:os.system x\n", "invalid-yaml", "could not determine a constructor"),
        ("a: !!bool maybe\n", "invalid-yaml", "maybe"),
        ("x: 2026-13-45\n", "invalid-yaml", "month"),
    ],
)
def test_a_bad_yaml_file_is_one_clear_line(tmp_path: Path, text: str, code: str, message: str) -> None:
    file = tmp_path / "flow.yaml"
    file.write_text(text, encoding="utf-8")
    (problem,) = problems_of(lambda: read_source(file))
    assert problem.code == code
    assert message in problem.message
    assert "\n" not in str(problem)


def test_yaml_without_its_library_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "YAML_IMPORT_ERROR", "Traceback ...")
    (problem,) = problems_of(lambda: parse_text("a: 1", "flow.yml"))
    assert problem.code == "missing-library"
    assert "PyYAML" in problem.message


def test_a_missing_file(tmp_path: Path) -> None:
    (problem,) = problems_of(lambda: read_source(tmp_path / "gone.json"))
    assert (problem.code, str(problem)) == ("file-not-found", f"{tmp_path}/gone.json: no such file")


def test_a_path_through_a_file(tmp_path: Path) -> None:
    (tmp_path / "flow.json").write_text("{}", encoding="utf-8")
    (problem,) = problems_of(lambda: read_source(tmp_path / "flow.json" / "x.json"))
    assert (problem.code, problem.message) == ("not-readable", "cannot be read: Not a directory")


@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "replace")))
@settings(deadline=None)
def test_any_bytes_are_a_value_or_an_input_error(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    for name in ("flow.json", "flow.yml"):
        file = tmp_path_factory.getbasetemp() / name
        file.write_bytes(content)
        with pytest.raises(InputError):
            read_source(file)


# --- reading directories ----------------------------------------------------------------------------------------------


def test_a_whole_snapshot_its_flows_directory_and_one_flow(snapshot: Path) -> None:
    assert [flow.flow_id for flow in read_source(snapshot)] == ["sign-in", "mfa"]
    assert [flow.flow_id for flow in read_source(snapshot / "flows")] == ["sign-in", "mfa"]
    (document,) = read_source(snapshot / "flows" / "mfa")
    assert document.flow_id == "mfa"
    assert document.source == str(snapshot / "flows" / "mfa")
    assert document.fingerprint == load(removed_top(full_flow("mfa"))).fingerprint


def removed_top(flow: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in flow.items() if key != "futureTopLevel"}


def test_a_flow_directory_given_relatively(snapshot: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(snapshot / "flows" / "mfa")
    assert read_source(".")[0].flow_id == "mfa"


def test_flow_directories_need_no_index(snapshot: Path) -> None:
    (snapshot / "flows" / "flows.json").unlink()
    shutil.copytree(snapshot / "flows" / "mfa", snapshot / "flows" / ".mfa.backup")
    shutil.copytree(snapshot / "flows" / "mfa", snapshot / "flows" / "__MACOSX")
    (snapshot / "flows" / "notes").mkdir()
    assert [flow.flow_id for flow in read_source(snapshot / "flows")] == ["mfa", "sign-in"]


def test_problems_of_a_snapshot_come_all_at_once(snapshot: Path) -> None:
    flows = snapshot / "flows"
    (flows / "flows.json").write_text('{"flows": ["sign-in", "gone"]}', encoding="utf-8")
    (flows / "sign-in" / "contents.json").write_bytes(b"\xff\xfe{")
    (flows / "sign-in" / "screen-new.json").write_text("{}", encoding="utf-8")
    found = {(problem.code, problem.source) for problem in problems_of(lambda: read_source(snapshot))}
    assert found == {
        ("flow-not-listed", f"{flows}/mfa"),
        ("missing-flow-directory", f"{flows}/gone"),
        ("not-utf-8", f"{flows}/sign-in/contents.json"),
        ("screen-not-listed", f"{flows}/sign-in/screen-new.json"),
    }


@pytest.mark.parametrize("inside", [True, False], ids=["whole snapshot", "one flow directory"])
def test_assets_are_found_beside_the_flows(snapshot: Path, inside: bool) -> None:
    name = "value-" + "0" * 64 + ".txt"
    flow = full_flow("mfa")
    flow["contents"]["tasks"]["3"]["arguments"]["code"] = {"type": "inline", "value": f"asset:{name}"}
    write_document(FlowDocument(flow), snapshot / "flows" / "mfa", Format.SNAPSHOT)

    def read() -> FlowDocument:
        return read_source(snapshot if inside else snapshot / "flows" / "mfa")[-1]

    (problem,) = problems_of(read)
    assert problem.code == "missing-asset"
    assert problem.source == f"{snapshot}/flows/mfa/contents.json"
    (snapshot / "assets").mkdir()
    (snapshot / "assets" / name).write_bytes(b"\xff")
    (problem,) = problems_of(read)
    assert (problem.code, problem.source) == ("not-utf-8", str(snapshot / "assets" / name))
    (snapshot / "assets" / name).write_text("return 1", encoding="utf-8")
    assert read().tasks["3"]["arguments"]["code"]["value"] == "return 1"


def test_a_directory_without_a_flow(tmp_path: Path) -> None:
    (problem,) = problems_of(lambda: read_source(tmp_path))
    assert problem.code == "no-flow"
    (tmp_path / "sign-in.json").write_text("{}", encoding="utf-8")
    (problem,) = problems_of(lambda: read_source(tmp_path))
    assert "name the files themselves (sign-in.json" in problem.message


def test_one_id_cannot_name_two_flows(snapshot: Path) -> None:
    (problem,) = problems_of(lambda: read_source(snapshot, flow_id="sign-in"))
    assert problem.code == "ambiguous-flow-id"
    assert read_source(snapshot / "flows" / "mfa", flow_id="acme-mfa")[0].flow_id == "acme-mfa"


def test_real_snapshots(real_flows_dir: Path) -> None:
    for root in snapshot_dirs():
        index = json.loads((root / "flows" / "flows.json").read_text(encoding="utf-8"))
        assert [flow.flow_id for flow in read_source(root)] == index["flows"]


# --- templates and definitions ----------------------------------------------------------------------------------------


def test_raw_flows_can_be_changed_before_they_are_taken_for_flows(tmp_path: Path, snapshot: Path) -> None:
    file = tmp_path / "flow.json"
    file.write_text(json.dumps({**full_flow(), "flowId": "${ tenant }-sign-in"}), encoding="utf-8")
    (raw,) = read_raw(file)
    (document,) = load_raw(raw.with_value({**raw.value, "flowId": "acme-sign-in"}))
    assert (document.flow_id, document.source) == ("acme-sign-in", str(file))
    raws = read_raw(snapshot)
    assert [load_raw(raw)[0].flow_id for raw in raws] == ["sign-in", "mfa"]
    assert load_raw(raws[0], flow_id="other")[0].flow_id == "other"
    assert raws[0].value["contents"]["startTask"] == "0"


@pytest.mark.parametrize("text", [json.dumps(minimal_flow("sign-in")), "flowId: sign-in\ncontents: {}\n"])
def test_a_definition_may_be_text(text: str) -> None:
    assert load_definition(text, "definition[0]").flow_id == "sign-in"


def test_a_definition_may_be_the_files_of_a_snapshot_directory() -> None:
    files = {"metadata.json": {"name": "A"}, "contents.json": {}}
    assert load_definition(files, "definition[0]", flow_id="a").name == "A"


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("", "empty-file"),
        ("sign-in", "unknown-format"),
        ("{", "invalid-json"),
        (5, "unknown-format"),
        ("<html>", "invalid-json"),
    ],
)
def test_a_definition_that_is_no_flow(value: object, code: str) -> None:
    (problem,) = problems_of(lambda: load_definition(value, "definition[0]"))
    assert (problem.code, problem.source) == (code, "definition[0]")


# --- writing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fmt", list(Format))
def test_what_is_written_reads_the_same(tmp_path: Path, fmt: Format) -> None:
    document = FlowDocument({**minimal_flow("sign-in"), "references": {}})
    path = tmp_path / "new" / ("sign-in" if fmt is Format.SNAPSHOT else "flow.json")
    written = write_document(document, path, fmt)
    assert all(differs and Path(name).is_file() for name, differs in written)
    (again,) = read_source(path)
    assert again.fingerprint == document.fingerprint


@pytest.mark.parametrize("fmt", list(Format))
def test_equal_flows_are_equal_files(tmp_path: Path, fmt: Format) -> None:
    shuffled = dict(reversed(full_flow("sign-in").items()))
    path = tmp_path / "sign-in"
    assert render_files(FlowDocument(shuffled), path, fmt) == render_files(
        FlowDocument(full_flow("sign-in")), path, fmt
    )


def test_the_bytes_are_those_of_descopes_own_tool(tmp_path: Path) -> None:
    flow = {"screens": [], "flowId": "a", "contents": {"startTask": "é"}, "metadata": {}}
    ((_name, content),) = render_files(FlowDocument(flow), tmp_path / "a.json", Format.EXPORTED).items()
    expected = (
        '{\n  "contents": {\n    "startTask": "é"\n  },\n  "flowId": "a",\n  "metadata": {},\n  "screens": []\n}\n'
    )
    assert content.decode() == expected


def test_writing_again_says_what_differs_and_touches_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "sign-in"
    write_document(FlowDocument(full_flow("sign-in")), path, Format.SNAPSHOT)
    before = {file: file.stat().st_mtime_ns for file in path.iterdir()}
    changed = full_flow("sign-in")
    changed["metadata"]["name"] = "Renamed"
    written = dict(write_document(FlowDocument(changed), path, Format.SNAPSHOT))
    assert [Path(name).name for name, differs in written.items() if differs] == ["metadata.json"]
    untouched = {file for file in before if file.stat().st_mtime_ns == before[file]}
    assert {file.name for file in before.keys() - untouched} == {"metadata.json"}


def test_a_preview_writes_nothing(tmp_path: Path) -> None:
    for fmt in Format:
        assert all(
            differs for _name, differs in write_document(FlowDocument(full_flow("a")), tmp_path / "a", fmt, write=False)
        )
    assert list(tmp_path.iterdir()) == []


def test_screens_that_are_gone_leave_the_directory(tmp_path: Path) -> None:
    path = tmp_path / "sign-in"
    write_document(FlowDocument(full_flow("sign-in")), path, Format.SNAPSHOT)
    fewer = {**full_flow("sign-in"), "screens": full_flow()["screens"][:1]}
    written = dict(write_document(FlowDocument(fewer), path, Format.SNAPSHOT))
    assert written[str(path / "screen-welcome.json")]
    assert sorted(file.name for file in path.iterdir()) == ["contents.json", "metadata.json", "screen-verify-otp.json"]
    assert read_source(path)[0].fingerprint == load(removed_top(fewer)).fingerprint


def test_a_snapshot_directory_is_named_after_its_flow(tmp_path: Path) -> None:
    document = FlowDocument(full_flow("sign-in"))
    (problem,) = problems_of(lambda: write_document(document, tmp_path / "other", Format.SNAPSHOT))
    assert problem.code == "snapshot-directory-name"


def test_new_files_are_private_and_old_ones_keep_their_mode(tmp_path: Path) -> None:
    file = tmp_path / "flow.json"
    write_document(FlowDocument(minimal_flow("a")), file, Format.EXPORTED)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.chmod(0o640)
    write_document(FlowDocument(minimal_flow("b")), file, Format.EXPORTED)
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


def test_a_failure_in_the_middle_leaves_the_old_file_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "flow.json"
    write_document(FlowDocument(minimal_flow("old")), file, Format.EXPORTED)
    before = file.read_bytes()

    def full_disk(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    (problem,) = problems_of(lambda: write_document(FlowDocument(minimal_flow("new")), file, Format.EXPORTED))
    assert (problem.code, problem.message) == ("not-writable", "cannot be written: No space left on device")
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]


def test_a_directory_where_a_file_should_go(tmp_path: Path) -> None:
    (problem,) = problems_of(lambda: write_document(FlowDocument(minimal_flow("a")), tmp_path, Format.EXPORTED))
    assert (problem.code, problem.message) == ("not-writable", "cannot be written: Is a directory")
    assert problem.source == str(tmp_path)


def test_what_utf_8_cannot_hold_is_written_escaped(tmp_path: Path) -> None:
    flow = {**minimal_flow("a"), "metadata": {"name": "half a pair: \ud83d"}}
    write_document(FlowDocument(flow), tmp_path / "a.json", Format.EXPORTED)
    assert read_source(tmp_path / "a.json")[0].name == "half a pair: \ud83d"


def test_copying_a_directory_to_another_name_makes_another_flow(snapshot: Path) -> None:
    shutil.copytree(snapshot / "flows" / "mfa", snapshot / "flows" / "mfa-2")
    (problem,) = problems_of(lambda: read_source(snapshot))
    assert (problem.code, problem.flow_id) == ("flow-not-listed", "mfa-2")
