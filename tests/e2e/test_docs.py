# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The other documents do what they say, and the modules return what their documentation says and nothing else."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.community.descope.plugins.module_utils._backup.places import open_store
from ansible_collections.community.descope.plugins.module_utils._backup.records import BackupReason, Intention, Kind
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._flow.normal import (
    DERIVED_MEMBERS,
    EDITOR_CACHES,
    EMPTY_CACHE,
)
from documented import Command, Shell, blocks, second_terminal, session_blocks
from emulator_client import CHECKOUT, Emulator
from example_flows import minimal_flow
from fake_awx import TOKEN, real_collections, running_awx
from playbooks import PROJECT_ID, Playbooks
from s3 import S3
from template_library import ODD, Library

README = CHECKOUT / "README.md"
AWX = CHECKOUT / "docs" / "awx.md"
BACKUPS = CHECKOUT / "docs" / "backups.md"
COMMANDS = CHECKOUT / "docs" / "commands.md"
RUNBOOK = CHECKOUT / "docs" / "runbook.md"
FLEET = CHECKOUT / "docs" / "fleet.md"
DECISIONS = CHECKOUT / "docs" / "decisions.md"
ROLLOUTS = CHECKOUT / "docs" / "rollouts.md"
EMULATOR = CHECKOUT / "roles" / "emulator" / "README.md"
TEMPLATES = CHECKOUT / "docs" / "templates.md"
LIBRARY = CHECKOUT / "flows" / "README.md"
DOCUMENTS = [
    README,
    CHECKOUT / "CONTRIBUTING.md",
    AWX,
    BACKUPS,
    COMMANDS,
    RUNBOOK,
    FLEET,
    CHECKOUT / "docs" / "scale.md",
    DECISIONS,
    ROLLOUTS,
    EMULATOR,
    CHECKOUT / "docs" / "flow-tests.md",
    CHECKOUT / "docs" / "validation.md",
    TEMPLATES,
    CHECKOUT / "examples" / "README.md",
    *sorted((CHECKOUT / "flows").rglob("README.md")),
]

# What Ansible itself adds to results.
_OF_ANSIBLE = {"changed", "deprecations", "diff", "exception", "failed", "invocation", "msg", "warnings"}
_TYPES: dict[str, type | tuple[type, ...]] = {
    "str": str,
    "int": int,
    "float": (float, int),
    "bool": bool,
    "list": list,
    "dict": dict,
}


# --- documents -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "document", [AWX, BACKUPS, COMMANDS, RUNBOOK, FLEET, DECISIONS, ROLLOUTS], ids=lambda document: document.name
)
def test_every_block_of_code_is_explained(document: Path) -> None:
    for block in blocks(document):
        known = {"session", "file", "example"}
        assert block.kind in known, f"line {block.line}: say in a comment what this block is"
        assert block.kind != "session" or block.name == document.stem


def test_a_flow_is_put_back_from_its_backup(tmp_path: Path) -> None:
    shutil.copytree(CHECKOUT / "examples" / "quickstart", tmp_path / "examples" / "quickstart")
    with second_terminal(README, "try") as port:
        reader = Shell(tmp_path / "home", tmp_path, port=port)
        reader.follow(session_blocks(README, "try"))
        reader.follow(session_blocks(BACKUPS, "backups"))
        emulator = Emulator(f"http://127.0.0.1:{port}")
        flows = emulator.stored("P2try")["flows"]

    assert set(flows) == {"acme-sign-in", "globex-sign-in"}
    assert "Hi there!" in json.dumps(flows["acme-sign-in"])


def test_entries_of_the_library_are_deployed_by_their_names(tmp_path: Path) -> None:
    with second_terminal(LIBRARY, "library") as port:
        reader = Shell(tmp_path / "home", tmp_path, port=port)
        reader.follow(session_blocks(LIBRARY, "library"))
        flows = Emulator(f"http://127.0.0.1:{port}").stored("P2try")["flows"]

    assert set(flows) == {"sign-in", "forgot-password"}


def test_the_library_in_the_page_on_templates_is_deployed(tmp_path: Path) -> None:
    with second_terminal(README, "try") as port:
        reader = Shell(tmp_path / "home", tmp_path, port=port)
        reader.follow(session_blocks(TEMPLATES, "templates"))
        flows = Emulator(f"http://127.0.0.1:{port}").stored("P2try")["flows"]

    names = {task["name"] for task in flows["sign-in"]["document"]["contents"]["tasks"].values()}
    assert "House Rules" in names
    written = json.loads((tmp_path / "our-sign-in.json").read_text(encoding="utf-8"))
    assert written["metadata"]["name"] == "Acme: Sign In"


def test_the_templates_in_the_page_on_templates_are_rendered(tmp_path: Path) -> None:
    providers = ["google", "apple"]
    library = Library(tmp_path, host={"brand_name": ODD, "max_attempts": 5, "providers": providers})
    examples = {block.name: block.text for block in blocks(TEMPLATES) if block.kind == "example"}
    for name, text in examples.items():
        library.write(f"{name}/partials/check.js", "return `${x}`")
        library.write(f"{name}/flow.json{'.j2' if name == 'text' else ''}", text)

    structured, text = library.render("structured"), library.render("text")

    shared = {"title": f"Welcome to {ODD}", "attempts": 5, "script": "return `${x}`"}
    assert structured == {**shared, "hint": "We wrote to {{sentTo.maskedEmail}}", "price": "${ is text"}
    buttons = [{"id": name, "label": f"Continue with {name.capitalize()}"} for name in providers]
    assert text == {**shared, "buttons": buttons}


def test_the_runbook_brings_a_login_back(tmp_path: Path) -> None:
    shutil.copytree(CHECKOUT / "examples" / "quickstart", tmp_path / "examples" / "quickstart")
    with second_terminal(README, "try") as port:
        reader = Shell(tmp_path / "home", tmp_path, port=port)
        reader.follow(session_blocks(README, "try"))
        reader.follow(session_blocks(RUNBOOK, "runbook"))
        flows = Emulator(f"http://127.0.0.1:{port}").stored("P2try")["flows"]

    assert set(flows) == {"acme-sign-in", "globex-sign-in", "zoe-sign-in"}
    assert "Hi there!" in json.dumps(flows["acme-sign-in"])


def test_a_fleet_is_previewed_as_the_page_says(tmp_path: Path) -> None:
    shutil.copytree(CHECKOUT / "examples" / "quickstart", tmp_path / "examples" / "quickstart")
    with second_terminal(README, "try") as port:
        Shell(tmp_path / "home", tmp_path, port=port).follow(session_blocks(FLEET, "fleet"))

    report = json.loads((tmp_path / "report" / "rollout.json").read_bytes())
    assert report["totals"]["tenants"] == 3
    assert {path.suffix for path in (tmp_path / "report").iterdir()} == {".json", ".md", ".html"}


def test_the_options_of_the_callback_are_those_of_the_page() -> None:
    options = json.loads(_ansible_doc("callback", "--json").stdout)["community.descope.rollout"]["doc"]["options"]
    table = FLEET.read_text(encoding="utf-8").partition("| Option |")[2]
    for name, option in options.items():
        [row] = re.findall(rf"^\| `{name}` .*$", table, re.MULTILINE)
        for place in (*option.get("env", ()), *option.get("vars", ())):
            assert f"`{place['name']}`" in row
        assert option["ini"] == [{"section": "callback_rollout", "key": name}]


def test_a_rollout_goes_as_the_page_says(tmp_path: Path, emulator: Emulator) -> None:
    reader = _reader_with_a_flow(tmp_path, emulator)

    reader.follow(session_blocks(ROLLOUTS, "rollouts"))

    def found(project_id: str) -> set[str]:
        return set(emulator.stored(project_id)["flows"])

    assert found("P2staging") == {"acme-staging-sign-in", "acme-staging-next"}
    assert found("P2production") == {"acme-sign-in", "globex-sign-in"}
    assert found("P2small") == {"acme-sign-in", "zoe-sign-in"}
    assert "Hi there!" not in json.dumps(emulator.stored("P2production")), "the last rollout mended it"


def test_an_awx_is_set_up_as_the_page_says(tmp_path: Path) -> None:
    definition = CHECKOUT / "execution-environment.yml"
    shutil.copy(definition, tmp_path)
    playbooks = (CHECKOUT / "examples" / "awx" / "playbooks").glob("*.yml")
    with running_awx(*(f"playbooks/{path.name}" for path in playbooks)) as awx:
        here = {
            "https://awx.example.com": awx.url,
            # The checkout itself stays as it is.
            "--output-path collections": f"--output-path collections {CHECKOUT}",
            # Building is making a context, and then what takes a container engine and images from elsewhere.
            "ansible-builder build": "ansible-builder create",
            "--tag quay.example.com/login/descope-ee:1": "",
        }
        collections = {"ANSIBLE_COLLECTIONS_PATH": str(real_collections())}
        reader = Shell(tmp_path / "home", tmp_path, collections, here=here)

        reader.follow(session_blocks(AWX, "awx"))

    text = AWX.read_text(encoding="utf-8")
    assert f"CONTROLLER_OAUTH_TOKEN={TOKEN}" in text
    objects = [*awx.find("job_templates"), *awx.find("workflow_job_templates")]
    assert {found["name"] for found in objects} == set(re.findall(r"^\| (Descope \w+) \|", text, re.MULTILINE))
    written = yaml.safe_load(reader.file("awx.yml").read_text(encoding="utf-8"))
    images = [found["image"] for found in awx.find("execution_environments")]
    assert images == [written["awx_descope_image"]]
    assert f"--tag {images[0]}\n" in text, "the image that jobs run in is the one that is built"
    sync = awx.named("job_templates", "Descope sync")
    assert json.loads(sync["extra_vars"])["descope_backup_dir"] == written["awx_descope_backup_dir"]
    assert "DESCOPE_MANAGEMENT_KEY" in json.dumps(awx.find("credential_types"))
    assert awx.named("credentials", "Descope project")["inputs"] == {
        "project_id": "P2example",
        "management_key": "K2example",
    }
    assert list((tmp_path / "context" / "_build" / "descope").glob("*.tar.gz")), "the collection is in the image"


def test_every_command_of_the_first_design_has_one_that_runs(tmp_path: Path, emulator: Emulator) -> None:
    emulator.project(id="P2commands", flows=[minimal_flow("sign-up-or-in", title="Old")])
    reader = _reader_with_a_flow(
        tmp_path, emulator, DESCOPE_PROJECT_ID="P2commands", DESCOPE_MANAGEMENT_KEY="K2commands"
    )
    shutil.copy(_write_flow(tmp_path, minimal_flow("sign-in")), reader.file("flow.json"))

    steps = session_blocks(COMMANDS, "commands")
    reader.follow(steps)
    rows = re.findall(
        r"^\| `flow .+` \| `(ansible-playbook .+)` \|$", COMMANDS.read_text(encoding="utf-8"), re.MULTILINE
    )
    before = emulator.stored("P2commands")
    for row in rows:
        if "rollback" not in row:
            assert f"$ {row}\n" in "".join(block.text for block in steps)
        else:
            # Without --check it asks before it does anything, see the runbook.
            reader.run(Command(f"{row} --check", ()))

    assert len(rows) == 7
    assert set(before["flows"]) == {"sign-in", "sign-up-or-in"}
    assert emulator.stored("P2commands") == before


def _reader_with_a_flow(tmp_path: Path, emulator: Emulator, **variables: str) -> Shell:
    """Return somebody who has the flow of the quickstart, and an emulator where the pages say."""
    shutil.copytree(CHECKOUT / "examples" / "quickstart" / "flows", tmp_path / "project" / "flows")
    port = emulator.url.rpartition(":")[2]
    return Shell(tmp_path / "home", tmp_path / "project", {"DESCOPE_BASE_URL": emulator.url, **variables}, port=port)


def _write_flow(folder: Path, flow: dict[str, Any]) -> Path:
    path = folder / f"{flow['flowId']}.json"
    path.write_text(json.dumps(flow), encoding="utf-8")
    return path


def test_what_is_left_out_of_the_comparison_is_what_the_page_says() -> None:
    rows = re.findall(r"^\| (.+?) \| .+ \|$", DECISIONS.read_text(encoding="utf-8"), re.MULTILINE)
    said = [set(re.findall(r"`(\w+)`", row)) for row in rows]
    assert EDITOR_CACHES | {EMPTY_CACHE} in said
    assert DERIVED_MEMBERS - {"references"} in said
    assert {"references"} in said


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document.relative_to(CHECKOUT)))
def test_links_within_the_project_lead_somewhere(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)", text):
        linked = document.parent / target if target else document
        assert linked.exists(), f"{document.name} links to {target}, which does not exist"
        if anchor:
            assert anchor in _anchors(linked), f"{document.name} links to {target}#{anchor}, which does not exist"


def _anchors(document: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_the_play_in_the_emulators_page_runs(local_playbooks: Playbooks) -> None:
    (play,) = (block.text for block in blocks(EMULATOR) if block.language == "yaml" and "hosts:" in block.text)
    folder = local_playbooks.folder
    (folder / "flows").mkdir()
    (folder / "flows" / "sign-in.json").write_text(json.dumps(minimal_flow("sign-in")), encoding="utf-8")
    (folder / "play.yml").write_text(play, encoding="utf-8")
    # It talks to the emulator that it starts itself, whatever the environment says.
    local_playbooks.environment["DESCOPE_BASE_URL"] = "http://127.0.0.1:9"

    run = local_playbooks.run("play.yml", hosts={"localhost": {}})

    assert run.returncode == 0, run.output
    (deployed,) = (entry["result"] for entry in run.results if "flows" in entry["result"])
    assert [flow["result"] for flow in deployed["flows"]] == ["unchanged"], "it was seeded with that very flow"
    assert not list((folder / "home").rglob("emulator-*.json")), "the play stops what it started"


# --- modules ---------------------------------------------------------------------------------------------------------


@cache
def _documentation(module: str) -> dict[str, Any]:
    """Return what ansible-doc knows of a module: C(doc), C(examples) as text, and C(return)."""
    return dict(_modules()[f"community.descope.{module}"])


@cache
def _modules() -> dict[str, Any]:
    return dict(json.loads(_ansible_doc("module", "--json").stdout))


def _ansible_doc(kind: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Ask for everything of one kind at once."""
    program = str(Path(sys.executable).with_name("ansible-doc"))
    command = [program, "-t", kind, *arguments, *(f"community.descope.{name}" for name in _documented()[kind])]
    shown = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert shown.returncode == 0, shown.stderr
    return shown


_KINDS = {
    "module": "plugins/modules",
    "callback": "plugins/callback",
    "filter": "plugins/filter",
    "inventory": "plugins/inventory",
    "lookup": "plugins/lookup",
    "role": "roles",
}


@cache
def _documented() -> dict[str, list[str]]:
    """Return the names of everything that users find with ansible-doc, by kind."""
    found = {
        kind: sorted(path.stem for path in (CHECKOUT / folder).glob("[!_]*.py" if kind != "role" else "*"))
        for kind, folder in _KINDS.items()
    }
    return {kind: names for kind, names in found.items() if names}


@pytest.mark.parametrize("kind", _documented())
def test_ansible_doc_shows_everything(kind: str) -> None:
    shown = _ansible_doc(kind)

    # For roles, it warns of a collection that ansible-core itself brings.
    assert [line for line in shown.stderr.splitlines() if "_protomatter" not in line] == []
    _before, *pages = re.split(r"^> ", shown.stdout, flags=re.MULTILINE)
    assert len(pages) == len(_documented()[kind])
    for name, page in zip(_documented()[kind], sorted(pages), strict=True):
        assert re.search(rf"community\.descope\.{name}\b", page.splitlines()[0])
        assert "OPTIONS" in page.upper()
        for word in ("EXAMPLES:", "RETURN VALUES:") if kind == "module" else ():
            assert word in page, name


def _examples(module: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load(_documentation(module)["examples"]))


def test_the_examples_of_the_modules_run(local_playbooks: Playbooks, emulator: Emulator) -> None:
    folder = local_playbooks.folder
    for flow_id in ("sign-up-or-in", "step-up", "forgot-password"):
        path = folder / "flows" / f"{flow_id}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(minimal_flow(flow_id)), encoding="utf-8")
    project_id = "P2example0000000000000000000"
    emulator.project(id=project_id, flows=[minimal_flow("old-sign-in")])
    tasks = [task for module in ("descope_flow", "descope_flow_info") for task in _examples(module)]
    written = json.dumps(tasks).replace("/var/backups/descope", str(local_playbooks.backups))
    local_playbooks.environment["DESCOPE_PROJECT_ID"] = project_id
    play = {
        "hosts": "all",
        "gather_facts": False,
        "vars": {"vault_descope_management_key": "K2example"},
        "tasks": json.loads(written),
    }

    run = local_playbooks.play([play])

    assert run.returncode == 0, run.output
    assert len(run.results) == len(tasks)
    assert set(emulator.stored(project_id)["flows"]) == {
        "acme-sign-up-or-in",
        "forgot-password",
        "sign-up-or-in",
        "step-up",
    }
    assert list(local_playbooks.backups.iterdir()) == [local_playbooks.backups / project_id]


def test_the_examples_of_the_backup_modules_run(local_playbooks: Playbooks, emulator: Emulator, s3_server: S3) -> None:
    project_id = "P2example0000000000000000000"
    emulator.project(id=project_id, flows=[minimal_flow("sign-in"), minimal_flow("step-up")])
    bucket = s3_server.new_bucket("example-backups").removeprefix("s3://").partition("/")[0]
    password = local_playbooks.folder / "password"
    password.write_text("hunter2", encoding="utf-8")
    local_playbooks.environment["DESCOPE_PROJECT_ID"] = project_id
    tasks = [task for module in ("descope_flow_backup", "descope_flow_backup_info") for task in _examples(module)]
    written = json.dumps(tasks).replace("/var/backups/descope", str(local_playbooks.backups))
    play = {
        "hosts": "all",
        "gather_facts": False,
        "environment": s3_server.environment,
        "vars": {"vault_descope_management_key": "K2example"},
        "tasks": json.loads(written),
    }

    run = local_playbooks.play([play], "--vault-id", f"prod@{password}")

    assert run.returncode == 0, run.output
    assert len(run.results) == len(tasks)
    paths = [result["result"].get("backup", {}).get("path", "") for result in run.results[:3]]
    assert [path.partition(project_id)[0] for path in paths] == [
        f"{local_playbooks.backups}/",
        f"{local_playbooks.backups}/",
        f"s3://{bucket}/descope/",
    ]


def test_the_modules_return_what_their_documentation_says(playbooks: Playbooks, emulator: Emulator) -> None:
    for name, flow in (
        ("one", minimal_flow("one")),
        ("new", minimal_flow("one", title="New")),
        ("no", {"flowId": "x"}),
    ):
        (playbooks.folder / f"{name}.json").write_text(json.dumps(flow), encoding="utf-8")
    emulator.project(id="P2locked", keys=["K2right"])
    refused = {"path": "/v2/mgmt/flow/import", "project": "P2refused"}
    emulator.faults(rules=[{"kind": "status", "status": 400, "match": refused}])
    flow_tasks: list[dict[str, Any]] = [
        _task("flow", check_mode=True, diff=True, src="one.json"),
        _task("flow", src="one.json"),
        _task("flow", src="one.json"),
        _task("flow", diff=True, src="new.json"),
        _task("flow", src="no.json"),
        _task("flow", src="one.json", project_id="P2refused"),
        _task("flow", src="one.json", project_id="P2locked"),
    ]
    info_tasks: list[dict[str, Any]] = [
        _task("flow_info"),
        _task("flow_info", flow_id=["one", "none"]),
        _task("flow_info", export=True, format="snapshot"),
        _task("flow_info", dest=str(playbooks.folder / "exported")),
        _task("flow_info", project_id="wrong"),
        _task("flow_info", project_id="P2locked"),
    ]
    delete = _task("flow", flow_id="one", state="absent")

    run = playbooks.play([{"hosts": "all", "gather_facts": False, "tasks": [*flow_tasks, *info_tasks, delete]}])

    results = [entry["result"] for entry in run.results]
    failed = [position for position, entry in enumerate(run.results) if entry["kind"] == "failed"]
    assert failed == [4, 5, 6, 11, 12], run.output
    _compare("descope_flow", [*results[: len(flow_tasks)], results[-1]])
    _compare("descope_flow_info", results[len(flow_tasks) : -1])


def test_a_rollback_returns_what_its_documentation_says(playbooks: Playbooks, emulator: Emulator) -> None:
    for title in ("One", "Two", "Three"):
        flow = json.dumps(minimal_flow("one", title=title))
        (playbooks.folder / f"{title}.json").write_text(flow, encoding="utf-8")
    emulator.project(id="P2locked", keys=["K2right"])
    shutil.copytree(_foreign_backups(playbooks.folder), playbooks.backups / "P2locked")
    deployed = [
        _task("flow", src="One.json"),
        _task("flow", src="Two.json", run_context={"run_id": "undone"}),
        _task("flow", src="Three.json"),
    ]
    rolled_back = [
        _task("flow_rollback", check_mode=True, diff=True, flow_id="one"),
        _task("flow_rollback", run="undone"),
        _task("flow_rollback", flow_id="one"),
        _task("flow_rollback", flow_id="one"),
        _task("flow_rollback"),
        _task("flow_rollback", all=True, backup="foreign", project_id="P2locked"),
    ]

    run = playbooks.play([{"hosts": "all", "gather_facts": False, "tasks": [*deployed, *rolled_back]}])

    entries = run.results[len(deployed) :]
    assert [entry["kind"] == "failed" for entry in entries] == [False, True, False, False, True, True], run.output
    _compare("descope_flow_rollback", [entry["result"] for entry in entries])


def _foreign_backups(folder: Path) -> Path:
    """Return the backups of a project that somebody else's key opens."""
    store = open_store(str(folder / "elsewhere"), "P2locked")
    store.create({"one": None}, BackupReason(Kind.REQUESTED, label="foreign"))
    return folder / "elsewhere" / "P2locked"


def test_the_examples_of_the_rollback_run(local_playbooks: Playbooks, emulator: Emulator) -> None:
    project_id = "P2example0000000000000000000"
    flows = {flow_id: minimal_flow(flow_id, title="Now") for flow_id in ("sign-up-or-in", "acme-sign-in", "made-since")}
    emulator.project(id=project_id, flows=list(flows.values()))
    former = {flow_id: FlowDocument(minimal_flow(flow_id, title="Before")) for flow_id in list(flows)[:2]}
    intended = {flow_id: Intention("update", FlowDocument(flows[flow_id]).fingerprint) for flow_id in former}
    store = open_store(str(local_playbooks.backups), project_id)
    changed = store.create(former, BackupReason(job_id="4711", tenant="acme"), intended=intended)
    store.create(former, BackupReason(Kind.REQUESTED, label="before-campaign"), complete=True)
    written = json.dumps(_examples("descope_flow_rollback")).replace("20260115T103000Z-1f3a9c2e", changed.id)
    local_playbooks.environment["DESCOPE_PROJECT_ID"] = project_id
    play = {
        "hosts": "all",
        "gather_facts": False,
        "vars": {"vault_descope_management_key": "K2example"},
        "tasks": json.loads(written.replace("/var/backups/descope", str(local_playbooks.backups))),
    }

    run = local_playbooks.play([play])

    assert run.returncode == 0, run.output
    assert [entry["result"]["changed"] for entry in run.results] == [True, True, False, False, True]
    stored = emulator.stored(project_id)["flows"]
    assert {flow_id: FlowDocument(flow["document"]).normal for flow_id, flow in stored.items()} == {
        flow_id: document.normal for flow_id, document in former.items()
    }


def test_the_backup_modules_return_what_their_documentation_says(playbooks: Playbooks, emulator: Emulator) -> None:
    emulator.project(id=PROJECT_ID, flows=[minimal_flow("one")])
    emulator.project(id="P2locked", keys=["K2right"])
    damaged = "20260101T000000Z-00000000"
    (playbooks.backups / PROJECT_ID / damaged).mkdir(parents=True)
    backup_tasks: list[dict[str, Any]] = [
        _task("flow_backup", check_mode=True, diff=True),
        _task("flow_backup", flow_id=["one", "none"], label="before"),
        _task("flow_backup", diff=True, keep=1),
        _task("flow_backup", verify=True),
        _task("flow_backup", project_id="P2locked"),
        _task("flow_backup", label="latest"),
    ]
    info_tasks = [_task("flow_backup_info"), _task("flow_backup_info", limit=0)]
    remove = _task("flow_backup", backup=damaged, state="absent", diff=True)

    run = playbooks.play([{"hosts": "all", "gather_facts": False, "tasks": [*backup_tasks, *info_tasks, remove]}])

    results = [entry["result"] for entry in run.results]
    failed = [position for position, entry in enumerate(run.results) if entry["kind"] == "failed"]
    assert failed == [3, 4, 5, 7], run.output
    _compare("descope_flow_backup", [*results[: len(backup_tasks)], results[-1]])
    _compare("descope_flow_backup_info", results[len(backup_tasks) : -1])


def _task(module: str, *, check_mode: bool = False, diff: bool = False, **options: Any) -> dict[str, Any]:
    name = f"community.descope.descope_{module}"
    return {"name": "Test", name: options, "check_mode": check_mode, "diff": diff, "ignore_errors": True}


def _compare(module: str, results: list[dict[str, Any]]) -> None:
    """Assert that everything documented is in one of the results at least, and nothing else in any."""
    documented = _documentation(module)["return"]
    own = [
        {key: value for key, value in result.items() if key not in _OF_ANSIBLE and not key.startswith("_ansible")}
        for result in results
    ]
    seen: set[str] = set()
    complaints = [complaint for result in own for complaint in _differences(result, documented, "", seen)]
    missing = [name for name in _names(documented, "") if name not in seen]
    assert sorted(set(complaints)) == []
    assert missing == [], "documented, and never returned"
    for result in own:
        assert {name for name, value in documented.items() if value["returned"].startswith("always")} <= set(result)


def _differences(result: dict[str, Any], documented: dict[str, Any], prefix: str, seen: set[str]) -> Iterator[str]:
    """Yield what a result holds that the documentation does not know, or knows as another type; note what is there."""
    for key, value in result.items():
        name = f"{prefix}{key}"
        if key not in documented:
            yield f"{name} is returned, but not documented"
            continue
        seen.add(name)
        described = documented[key]
        if value is not None and not isinstance(value, _TYPES[described["type"]]):
            yield f"{name} is {value!r}, but documented as {described['type']}"
        elif "contains" in described:
            items: list[Any] = value if isinstance(value, list) else [value]
            for item in items:
                yield from _differences(item, described["contains"], f"{name}.", seen)


def _names(documented: dict[str, Any], prefix: str) -> Iterator[str]:
    for key, described in documented.items():
        yield f"{prefix}{key}"
        yield from _names(described.get("contains", {}), f"{prefix}{key}.")
