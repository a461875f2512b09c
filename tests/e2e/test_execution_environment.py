# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Execution environments: the context that C(ansible-builder) makes, and what it says that Python needs, tried."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

from emulator_client import Emulator
from playbooks import MANAGEMENT_KEY, PROJECT_ID

CHECKOUT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
DEFINITION = CHECKOUT / "execution-environment.yml"


def run(*command: str | Path, folder: Path, **environment: str) -> str:
    """Run a program that has to succeed, away from this checkout's own collection; return what it said."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("ANSIBLE_", "DESCOPE_", "PYTHON", "VIRTUAL_ENV"))
    }
    variables = {**inherited, "HOME": str(folder), "ANSIBLE_NOCOLOR": "1", **environment}
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The build context of C(execution-environment.yml), made as its first lines say."""
    folder = tmp_path_factory.mktemp("ee")
    shutil.copy(DEFINITION, folder)
    galaxy = BIN / "ansible-galaxy"
    run(galaxy, "collection", "build", "--force", "--output-path", folder / "collections", CHECKOUT, folder=folder)
    create = ("create", "--file", DEFINITION.name, "--context", "context", "--output-filename", "Containerfile")
    run(BIN / "ansible-builder", *create, folder=folder)
    return folder / "context"


def test_the_context_holds_the_collection_and_its_image_installs_it(context: Path) -> None:
    (wanted,) = yaml.safe_load((context / "_build" / "requirements.yml").read_text())["collections"]
    file = (context / "Containerfile").read_text()

    assert (context / "_build" / wanted["name"]).is_file(), "where the image looks for it"
    assert "COPY _build /build\nWORKDIR /build" in file
    assert "ansible-galaxy collection install" in file
    assert "python3.12" in file
    released = yaml.safe_load((CHECKOUT / "galaxy.yml").read_text())["version"]
    assert wanted["name"].endswith(f"-{released}.tar.gz")


def test_what_the_image_installs_is_all_that_the_playbooks_need(context: Path, emulator: Emulator) -> None:
    folder = context.parent
    collections = folder / "installed"
    (package,) = (context / "_build" / "descope").glob("*.tar.gz")
    # Force, because Ansible finds this checkout beside itself and takes that for installed.
    install = ("collection", "install", "--offline", "--force", "-p", collections, package)
    run(BIN / "ansible-galaxy", *install, folder=folder)
    introspect = ("introspect", collections, "--write-pip", "python.txt", "--write-bindep", "system.txt")
    run(BIN / "ansible-builder", *introspect, folder=folder)
    assert "git-core" in (folder / "system.txt").read_text()
    python = folder / "venv" / "bin" / "python"
    run(sys.executable, "-m", "venv", folder / "venv", folder=folder)
    core = f"ansible-core=={version('ansible-core')}"
    # The user's settings for package indexes are in the home folder.
    home = str(Path.home())
    run(python, "-m", "pip", "install", "-q", core, "-r", "python.txt", folder=folder, HOME=home)

    def play(*arguments: str, **environment: str) -> str:
        program = folder / "venv" / "bin" / "ansible-playbook"
        return run(program, *arguments, folder=folder, ANSIBLE_COLLECTIONS_PATH=str(collections), **environment)

    inventory = folder / "inventory.yml"
    flow = {"template": str(CHECKOUT / "examples" / "awx" / "flows" / "sign-in.json")}
    variables = {"descope_flows": [flow], "tenant_id": "acme", "brand_name": "Acme"}
    inventory.write_text(yaml.safe_dump({"all": {"hosts": {"acme": variables}}}), encoding="utf-8")
    names = [f"community.descope.{path.stem}" for path in (CHECKOUT / "playbooks").glob("*.yml")]
    assert len(names) > 8
    play("--syntax-check", "-i", str(inventory), *names)
    play(
        "community.descope.sync",
        "-i",
        str(inventory),
        DESCOPE_PROJECT_ID=PROJECT_ID,
        DESCOPE_MANAGEMENT_KEY=MANAGEMENT_KEY,
        DESCOPE_BASE_URL=emulator.url,
    )

    assert "acme-sign-in" in emulator.stored(PROJECT_ID)["flows"]
    assert run(python, "-c", "import s3fs", folder=folder) == ""
