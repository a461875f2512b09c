# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The JSON Schemas that are shipped are those that the collection works with, and every real flow passes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._flow.formats import Format, detect, dump
from ansible_collections.community.descope.plugins.module_utils._json import file_bytes
from ansible_collections.community.descope.plugins.module_utils._validate.schemas import all_schemas
from emulator_client import CHECKOUT
from example_flows import minimal_flow
from full_flow import full_flow
from real_flows import real_flow_files, snapshot_dirs

SHIPPED = CHECKOUT / "schemas"
OF_FORMAT = {
    Format.EXPORTED: "flow-exported.json",
    Format.RESPONSE: "flow-response.json",
    Format.CONSOLE: "flow-console.json",
}


def faults(name: str, value: Any) -> list[str]:
    validator = jsonschema.Draft202012Validator(json.loads((SHIPPED / name).read_text(encoding="utf-8")))
    return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(value)]


def of_snapshot(file: str) -> str:
    kind = file if file in ("contents.json", "metadata.json") else "screen.json"
    return f"flow-snapshot-{kind}"


def test_what_is_shipped_is_what_the_collection_works_with() -> None:
    wanted = {name: file_bytes(schema) for name, schema in all_schemas().items()}
    shipped = {path.name: path.read_bytes() for path in SHIPPED.iterdir()}
    assert shipped == wanted, "run scripts/write_schemas.py"


@pytest.mark.parametrize("name", all_schemas())
def test_a_schema_is_one(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(all_schemas()[name])


@pytest.mark.parametrize("flow", [full_flow(), minimal_flow("a")])
def test_our_flows_pass_in_every_format(flow: dict[str, Any]) -> None:
    document = FlowDocument(flow)
    for fmt, name in OF_FORMAT.items():
        assert faults(name, dump(document, fmt)) == []
    for file, content in dump(document, Format.SNAPSHOT).items():
        assert faults(of_snapshot(file), content) == []


def test_every_real_file_passes_the_schema_of_its_format(real_flows_dir: Path) -> None:
    seen = set()
    for path in real_flow_files():
        value = json.loads(path.read_text(encoding="utf-8"))
        seen.add(detect(value))
        assert faults(OF_FORMAT[detect(value)], value) == [], path
    assert seen == set(OF_FORMAT)
    for path in (path for root in snapshot_dirs() for path in root.glob("flows/*/*.json")):
        assert faults(of_snapshot(path.name), json.loads(path.read_text(encoding="utf-8"))) == [], path


@pytest.mark.parametrize("fmt", [*OF_FORMAT, Format.SNAPSHOT])
def test_each_schema_finds_a_wrong_type(fmt: Format) -> None:
    flow = minimal_flow("a")
    flow["contents"]["tasks"]["0"]["screenId"] = 5
    value = dump(FlowDocument(flow), fmt)
    name, value = (
        (of_snapshot("contents.json"), value["contents.json"]) if fmt is Format.SNAPSHOT else (OF_FORMAT[fmt], value)
    )
    assert len(faults(name, value)) == 1
