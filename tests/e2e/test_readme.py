# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The README does what it says: its commands run, print what it shows, and end where it says they do."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.community.descope.plugins.module_utils._arguments import (
    connection_arguments,
    flow_arguments,
    flow_info_arguments,
)
from ansible_collections.community.descope.plugins.module_utils._flow.normal import normal_form
from documented import Command, Shell, blocks, commands, reader_environment, second_terminal, session_blocks
from emulator_client import CHECKOUT, Emulator

README = CHECKOUT / "README.md"
QUICKSTART = CHECKOUT / "examples" / "quickstart"
EXAMPLE = QUICKSTART / "flows" / "sign-in.json"


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Shell]:
    """Somebody who follows the README in a checkout, with the emulator in a second terminal."""
    shutil.copytree(QUICKSTART, tmp_path / "examples" / "quickstart")
    with second_terminal(README, "try") as port:
        yield Shell(tmp_path / "home", tmp_path, port=port)


def test_the_readme_explains_every_block_of_code() -> None:
    known = {"session": "checkout fleet own try", "background": "try", "file": "", "edit": ""}
    for block in blocks(README):
        assert block.kind in known, f"line {block.line}: say in a comment what this block is"
        assert not known[block.kind] or block.name in known[block.kind].split()


def test_it_works_without_an_account_and_shows_what_the_readme_shows(reader: Shell) -> None:
    reader.follow(session_blocks(README, "try"))


def test_a_first_project_of_ones_own(tmp_path: Path, emulator: Emulator) -> None:
    project_id = "P2yourproject"
    emulator.project(id=project_id, flows=[_sign_in_of_one_company()])
    (tmp_path / "community.descope").symlink_to(CHECKOUT, target_is_directory=True)
    installed = {
        # What was just installed is what runs, and not this checkout.
        "ANSIBLE_COLLECTIONS_PATH": str(tmp_path / "home" / ".ansible" / "collections"),
        "ANSIBLE_COLLECTIONS_SCAN_SYS_PATH": "0",
        "DESCOPE_BASE_URL": emulator.url,
    }
    reader = Shell(tmp_path / "home", tmp_path, installed)

    reader.follow(session_blocks(README, "own"))

    assert set(emulator.stored(project_id)["flows"]) == {"sign-in", *_flows_of_the_quickstart()}
    # It is the very project that examples/quickstart holds.
    assert yaml.safe_load(reader.file("inventory.yml").read_text()) == _yaml(QUICKSTART / "inventory.yml")
    assert yaml.safe_load(reader.file("deploy.yml").read_text()) == _yaml(QUICKSTART / "deploy.yml")
    assert normal_form(_json(reader.file("flows/sign-in.json"))) == normal_form(_json(EXAMPLE))


def test_many_tenants_need_ten_lines_and_no_playbook(tmp_path: Path, emulator: Emulator) -> None:
    shutil.copytree(QUICKSTART / "flows", tmp_path / "fleet" / "flows")
    reader = Shell(tmp_path / "home", tmp_path / "fleet", _project(emulator))

    reader.follow(session_blocks(README, "fleet"))

    assert set(emulator.stored("P2readme")["flows"]) == _flows_of_the_quickstart()
    assert len(reader.file("tenants.yml").read_text(encoding="utf-8").splitlines()) <= 10


def test_tenants_can_have_projects_of_their_own(tmp_path: Path, emulator: Emulator) -> None:
    option = 'project_id: "{{ descope_project_id }}"'
    assert option in README.read_text(encoding="utf-8")
    shutil.copytree(QUICKSTART, tmp_path / "quickstart")
    playbook = tmp_path / "quickstart" / "deploy.yml"
    playbook.write_text(playbook.read_text().replace("template:", f"{option}\n        template:"))
    reader = Shell(tmp_path / "home", tmp_path / "quickstart", _project(emulator))

    reader.run(
        Command("ansible-playbook -i inventory.yml deploy.yml -e descope_project_id=P2{{inventory_hostname}}", ())
    )

    assert {tenant: set(emulator.stored(f"P2{tenant}")["flows"]) for tenant in ("acme", "globex", "zoe")} == {
        tenant: {f"{tenant}-sign-in"} for tenant in ("acme", "globex", "zoe")
    }


def test_a_preview_says_how_many_requests_applying_takes(tmp_path: Path, emulator: Emulator) -> None:
    reader = Shell(tmp_path / "home", QUICKSTART, _project(emulator))

    reader.run(Command("ansible-playbook -i inventory.yml deploy.yml --check -v --limit acme", ()))

    assert re.search(r'"estimate": {\s*"requests": 2,', reader.said)


@pytest.mark.skipif(
    Path(sys.prefix) != CHECKOUT / ".venv", reason="make demo runs in .venv, so this is only for the tests there"
)
def test_the_demo_runs() -> None:
    demo, gates = (command.text.split("#")[0].split() for command in commands(session_blocks(README, "checkout")[0]))
    assert (demo, gates) == (["make", "demo"], ["make", "test"])
    environment = {name: value for name, value in reader_environment().items() if not name.startswith("MAKE")}

    completed = subprocess.run(
        demo, cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False, timeout=600
    )
    planned = subprocess.run([*gates, "--dry-run"], cwd=CHECKOUT, env=environment, capture_output=True, check=False)

    assert completed.returncode == 0, completed.stdout + completed.stderr
    assert "Every step did what it says." in completed.stdout
    assert planned.returncode == 0


def test_the_tables_of_options_are_complete() -> None:
    text = _section("Options at a glance")
    flow, both = (set(_first_column(table)) for table in text.split("| Options of")[1:])
    # Nobody sets these: the action plugin does.
    connection = set(connection_arguments()) - {"run_context"}
    assert both == connection
    assert flow == set(flow_arguments()) - set(connection_arguments()) - {"secret_values"}
    assert _named_in(text, r"`descope_flow_info` adds") == set(flow_info_arguments()) - set(connection_arguments())
    for option, arguments in connection_arguments().items():
        for variable in arguments.get("fallback", (None, []))[1]:
            assert re.search(rf"`{option}`.*`{variable}`", text), f"{variable} of {option}"


def test_the_included_content_is_all_there_is() -> None:
    rows = re.findall(r"^\|([^|]*)\|", _section("Included content"), re.MULTILINE)
    listed = {name for cell in rows for name in re.findall(r"`community\.descope\.(\w+)`", cell)}
    modules = {path.stem for path in (CHECKOUT / "plugins" / "modules").glob("*.py")} - {"__init__"}
    kinds = ("callback", "inventory", "lookup")
    plugins = {path.stem for kind in kinds for path in (CHECKOUT / "plugins" / kind).glob("*.py")}
    roles = {path.name for path in (CHECKOUT / "roles").iterdir() if path.is_dir()}
    playbooks = {path.stem for path in (CHECKOUT / "playbooks").glob("*.yml")}
    assert modules | plugins | roles <= listed <= modules | plugins | roles | playbooks


def test_the_versions_are_those_that_are_required() -> None:
    runtime = yaml.safe_load((CHECKOUT / "meta" / "runtime.yml").read_text(encoding="utf-8"))
    oldest = re.fullmatch(r">=(\d+\.\d+)\.0", runtime["requires_ansible"])
    assert oldest
    assert f"ansible-core {oldest[1]} or newer" in _section("Requirements")


def _sign_in_of_one_company() -> dict[str, Any]:
    """Return the quickstart's flow as it was before anything in it became a variable."""
    texts = (
        ("${ tenant_id }-sign-in", "sign-in"),
        ("${ brand_name }: Sign In", "Sign In"),
        ("${ brand_name }", "Example"),
    )
    return dict(_replaced(_json(EXAMPLE), texts))


def _replaced(value: Any, texts: tuple[tuple[str, str], ...]) -> Any:
    if isinstance(value, dict):
        return {key: _replaced(item, texts) for key, item in value.items()}
    if isinstance(value, list):
        return [_replaced(item, texts) for item in value]
    if isinstance(value, str):
        for old, new in texts:
            value = value.replace(old, new)
    return value


def _flows_of_the_quickstart() -> set[str]:
    return {f"{tenant}-sign-in" for tenant in _yaml(QUICKSTART / "inventory.yml")["tenants"]["hosts"]}


def _project(emulator: Emulator) -> dict[str, str]:
    return {
        "DESCOPE_BASE_URL": emulator.url,
        "DESCOPE_PROJECT_ID": "P2readme",
        "DESCOPE_MANAGEMENT_KEY": "K2readme",
        "PATH": os.pathsep.join([f"{sys.prefix}/bin", os.environ["PATH"]]),
    }


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _section(title: str) -> str:
    found = re.search(rf"^#+ {title}\n(.*?)^#", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert found, title
    return found[1]


def _first_column(table: str) -> list[str]:
    rows = re.findall(r"^\|([^|]*)\|", table, re.MULTILINE)
    return [name for cell in rows for name in re.findall(r"`(\w+)`", cell)]


def _named_in(text: str, beginning: str) -> set[str]:
    sentence = re.search(rf"{beginning}(.*?)\.\n", text, re.DOTALL)
    assert sentence, beginning
    return set(re.findall(r"`(\w+)`", sentence[1]))
