# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The demo's templates and inventory, read with Jinja alone.

The demo needs to know what a project looked like before Ansible ran; so this is a second, small implementation of what
the collection does with structured templates, and the tests of the examples use it too.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, StrictUndefined

DEMO = Path(__file__).resolve().parent
LIBRARY = DEMO.parents[1] / "flows"
# What the demo deploys of the library that comes with the collection.
ENTRIES = ("accept-invitation", "forgot-password", "sign-in", "sign-up-or-in", "step-up")

JsonObject = dict[str, Any]
Variables = dict[str, Any]

_PARTIAL = re.compile(r"\$\{ partial\('(\S+)'\) \}")
_WHOLE_EXPRESSION = re.compile(r"\$\{\s*((?:(?!\$\{).)+?)\s*\}", re.DOTALL)

# Only ${ } means something in a template; {{ }} is Descope's. Blocks and comments get delimiters nobody writes.
TEMPLATE_ENVIRONMENT = Environment(
    variable_start_string="${",
    variable_end_string="}",
    block_start_string="${%",
    block_end_string="%}$",
    comment_start_string="${#",
    comment_end_string="#}$",
    undefined=StrictUndefined,
    autoescape=False,
    keep_trailing_newline=True,
)
_INVENTORY_ENVIRONMENT = Environment(undefined=StrictUndefined, autoescape=False)


def read_templates(entries: Iterable[str] = ENTRIES) -> dict[str, JsonObject]:
    """Return the templates of the library's entries as they are on disk, by the entry's name."""
    return {entry: _with_partials(read_template(_flow_of(LIBRARY / entry)), LIBRARY / entry) for entry in entries}


def _flow_of(entry: Path) -> Path:
    return next(path for name in ("flow.json", "flow.yml", "flow") if (path := entry / name).exists())


def read_template(path: Path) -> JsonObject:
    """Return a template as it is on disk; a snapshot directory is put together as an exported flow."""
    if path.is_dir():
        return _snapshot_flow(path)
    template: JsonObject = (json.loads if path.suffix == ".json" else yaml.safe_load)(path.read_text(encoding="utf-8"))
    return template


def _with_partials(value: Any, entry: Path) -> Any:
    """Return a template's value with the scripts that lie beside it in their places."""
    if isinstance(value, dict):
        return {key: _with_partials(member, entry) for key, member in value.items()}
    if isinstance(value, list):
        return [_with_partials(element, entry) for element in value]
    named = _PARTIAL.fullmatch(value) if isinstance(value, str) else None
    return (entry / "partials" / named[1]).read_text(encoding="utf-8") if named else value


def read_defaults(entry: str) -> Variables:
    """Return what an entry's variables are where nobody says otherwise."""
    options = yaml.safe_load((LIBRARY / entry / "variables.yml").read_text(encoding="utf-8"))["options"]
    return {name: terms["default"] for name, terms in options.items() if "default" in terms}


def _snapshot_flow(directory: Path) -> JsonObject:
    """Return the flow of a snapshot directory, whose files do not say which flow they are."""
    files = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in sorted(directory.glob("*.json"))}
    metadata = files["metadata.json"]
    screens = [files[f"screen-{slug}.json"] for slug in metadata["screens"]]
    return {
        "flowId": directory.parent.name,
        "metadata": {key: value for key, value in metadata.items() if key != "screens"},
        "contents": files["contents.json"],
        "screens": sorted(screens, key=lambda screen: str(screen["screenId"])),
    }


def tenant_flow(name: str, template: JsonObject, variables: Variables) -> JsonObject:
    """Return a tenant's own flow, under the id that the playbook gives it."""
    flow: JsonObject = rendered(template, {**read_defaults(name), **variables})
    flow_id = f"{variables['tenant_id']}-{name}"
    if "contents" in flow:
        return {**flow, "flowId": flow_id}
    return {**flow, "flow": {**flow["flow"], "id": flow_id}}


def rendered(value: Any, variables: Variables) -> Any:
    """Return a copy of a template's value with every ``${ }`` filled in; one whole expression keeps its type."""
    if isinstance(value, dict):
        return {key: rendered(member, variables) for key, member in value.items()}
    if isinstance(value, list):
        return [rendered(element, variables) for element in value]
    if not isinstance(value, str) or "${" not in value:
        return value
    if whole := _WHOLE_EXPRESSION.fullmatch(value):
        return TEMPLATE_ENVIRONMENT.compile_expression(whole[1], undefined_to_none=False)(**variables)
    return TEMPLATE_ENVIRONMENT.from_string(value).render(variables)


def read_inventory(inventory: Path = DEMO / "inventory", group: str = "tenants") -> dict[str, Variables]:
    """Return every tenant's variables, filled in, as Ansible reads them from an inventory."""
    program = Path(sys.executable).with_name("ansible-inventory")
    command = [str(program), "--inventory", str(inventory), "--limit", group, "--list"]
    listing = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    hosts: Mapping[str, Variables] = listing["_meta"]["hostvars"]
    return {host: _filled_in({"inventory_hostname": host, **variables}) for host, variables in sorted(hosts.items())}


def _filled_in(variables: Variables) -> Variables:
    """Return the variables with their references to each other followed; an unsafe one is text and nothing else."""
    known: Variables = {}
    waiting: Variables = {}
    for name, value in variables.items():
        if isinstance(value, dict) and "__ansible_unsafe" in value:
            known[name] = value["__ansible_unsafe"]
        elif isinstance(value, str) and "{{" in value:
            waiting[name] = value
        else:
            known[name] = value
    while waiting:
        name = next(name for name, value in waiting.items() if not _names(value) & waiting.keys())
        known[name] = _INVENTORY_ENVIRONMENT.from_string(waiting.pop(name)).render(known)
    return known


def _names(text: str) -> set[str]:
    return set(re.findall(r"\w+", " ".join(re.findall(r"\{\{(.*?)\}\}", text))))
