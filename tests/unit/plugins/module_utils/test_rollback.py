# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Rolling back against the emulator: what stood there is there again, and whatever is not certain changes nothing."""

from __future__ import annotations

import itertools
import json
import os
import re
import resource
import signal
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.descope.plugins.module_utils._api.client import _Transport
from ansible_collections.community.descope.plugins.module_utils._backup.places import open_store
from ansible_collections.community.descope.plugins.module_utils._backup.records import BackupReason, Kind
from ansible_collections.community.descope.plugins.module_utils._flow.formats import load
from clocks import Clock
from emulator_client import Emulator
from example_flows import minimal_flow
from flow_tasks import IMPORT, PROJECT_ID, Controller, by_flow, forked, in_processes, outcome, saves, to
from real_flows import real_flow_files

Flow = dict[str, Any]


@pytest.fixture
def controller(emulator: Emulator, tmp_path: Path) -> Controller:
    emulator.project(id=PROJECT_ID)
    return Controller(emulator, tmp_path)


def normal(controller: Controller) -> dict[str, Any]:
    """Return the normal form of every flow that the project holds."""
    return {flow_id: document.normal for flow_id, document in controller.stored().items()}


def manifest(result: dict[str, Any]) -> dict[str, Any]:
    return dict(json.loads((Path(result["backup"]["path"]) / "manifest.json").read_text(encoding="utf-8")))


def announced(result: dict[str, Any]) -> dict[str, Any]:
    """Return what a preview and what it announces have in common."""
    own = ("result", "verified", "changes_digest")
    flows = [{key: flow[key] for key in flow if key not in own} for flow in result["flows"]]
    parts = ("changed", "diff", "target", "conflicts", "summary", "project_id")
    return {"flows": flows} | {part: result[part] for part in parts}


def rolled_back(controller: Controller, *flow_ids: str, **options: Any) -> dict[str, Any]:
    """Preview a rollback, do it, and check that it did what was announced, and that a repetition does nothing."""
    before = normal(controller)
    preview = controller.rollback(*flow_ids, check=True, **options)
    assert normal(controller) == before
    done = controller.rollback(*flow_ids, **options)
    assert not done.get("failed"), done["msg"]
    assert announced(preview) == announced(done)
    return done


# --- a story of real flows -------------------------------------------------------------------------------------------


@dataclass
class Story:
    """A project's life: at each point, what it held, and the backup that the next change took of it."""

    controller: Controller
    stood: list[dict[str, Any]] = field(default_factory=list)
    backups: list[dict[str, Any]] = field(default_factory=list)
    runs: list[str] = field(default_factory=list)

    def deploy(self, *flows: Flow) -> None:
        run = self.controller.new_run()
        self.stood.append(normal(self.controller))
        result = self.controller.flow(*flows, run_context=run)
        assert result["changed"], result
        self.backups.append(manifest(result))
        self.runs.append(run["run_id"])


def _versions() -> list[Flow]:
    """Three versions of one flow that followed each other in a real project."""
    files = [file for file in real_flow_files() if re.fullmatch(r"sign-up-or-in\.v\d+\.json", file.name)]
    documents = [load(json.loads(file.read_text(encoding="utf-8")), flow_id="acme-sign-in") for file in files]
    different = list({document.fingerprint: document.data for document in documents}.values())
    return different[:3]


@pytest.fixture
def story(controller: Controller, real_flows_dir: Path) -> Story:
    """Version 1, version 2, an edit in the console, version 3 together with a new flow."""
    story = Story(controller)
    first, second, third = _versions()
    story.deploy(first)
    story.deploy(second)
    controller.emulator.edit(
        project=PROJECT_ID, flow_id="acme-sign-in", changes=[{"pointer": "/metadata/name", "value": "Edited"}]
    )
    story.deploy(third, minimal_flow("acme-new"))
    story.stood.append(normal(controller))
    return story


SELECTORS: dict[str, Callable[[dict[str, Any]], str]] = {
    "id": lambda saved: str(saved["id"]),
    "beginning of the id": lambda saved: str(saved["id"])[:-3],
    "time": lambda saved: str(saved["time"]),
}


@pytest.mark.parametrize("selector", SELECTORS)
@pytest.mark.parametrize("point", [0, 1, 2])
def test_each_point_of_a_story_can_be_reached(story: Story, point: int, selector: str) -> None:
    controller, saved = story.controller, story.backups[point]
    backup = SELECTORS[selector](saved)

    done = rolled_back(controller, all=True, backup=backup)

    now = normal(controller)
    assert now.get("acme-sign-in") == story.stood[point].get("acme-sign-in")
    if point == 2:
        assert now == story.stood[2]
    assert manifest(done)["kind"] == "rollback"
    assert re.fullmatch(rf"rollback of [\w, -]+ to {saved['id']}", manifest(done)["reason"])
    assert outcome(done)["status"] == "good"
    assert {target["backup"] for target in done["target"]} == {saved["id"]}

    again = controller.rollback(all=True, backup=backup)
    assert not again["changed"]
    assert again["summary"] == [f"{len(saved['flows'])} flow{'s' * (len(saved['flows']) > 1)} already as asked for"]


def test_between_two_points_is_what_stood_there(story: Story) -> None:
    for point in (2, 1, 0):
        taken = datetime.strptime(story.backups[point]["time"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
        before = taken - timedelta(microseconds=1)

        rolled_back(story.controller, all=True, backup=f"{before:%Y-%m-%d %H:%M:%S.%f}")

        assert normal(story.controller) == story.stood[point]


@pytest.mark.parametrize("backup", [None, "last_good", "latest"])
def test_the_last_change_is_taken_back(story: Story, backup: str | None) -> None:
    rolled_back(story.controller, "acme-*", **({"backup": backup} if backup else {}))

    assert normal(story.controller) == story.stood[2]


def test_the_last_good_state_stays_what_it_is(story: Story) -> None:
    controller = story.controller
    for _time in range(3):
        controller.rollback("acme-sign-in")
        assert normal(controller)["acme-sign-in"] == story.stood[2]["acme-sign-in"]


def test_a_run_is_taken_back(story: Story) -> None:
    done = rolled_back(story.controller, run=story.runs[2])

    assert normal(story.controller) == story.stood[2]
    assert manifest(done)["reason"] == f"rollback of run {story.runs[2]} to {story.backups[2]['id']}"
    assert not story.controller.rollback(run=story.runs[2])["changed"]


def test_a_label_is_a_way_back(story: Story) -> None:
    controller = story.controller
    before = controller.stored()
    reason = BackupReason(Kind.REQUESTED, label="before-summer")
    open_store(str(controller.backups), PROJECT_ID).create(before, reason, complete=True)
    controller.flow(minimal_flow("acme-sign-in", title="Summer"), minimal_flow("made-since"))

    rolled_back(controller, all=True, backup="before-summer")
    assert normal(controller).keys() == {"acme-sign-in", "acme-new", "made-since"}
    pruned = rolled_back(controller, all=True, backup="before-summer", prune=True)

    assert normal(controller) == {flow_id: document.normal for flow_id, document in before.items()}
    assert [line for line in pruned["summary"] if "made-since" in line] == [
        f"delete made-since, not in backup {pruned['target'][0]['backup']}"
    ]


@pytest.mark.parametrize("length", [8, 11])
def test_a_label_may_be_the_beginning_of_ids(story: Story, length: int) -> None:
    controller = story.controller
    label = story.backups[0]["id"][:length]
    controller.backup(label=label)
    saved = normal(controller)
    controller.flow(minimal_flow("acme-sign-in", title="Summer"))

    rolled_back(controller, all=True, backup=label)

    assert normal(controller) == saved


def test_a_rollback_can_be_rolled_back(story: Story) -> None:
    controller = story.controller
    newest = normal(controller)

    first = rolled_back(controller, all=True, backup=story.backups[2]["id"])
    second = rolled_back(controller, all=True, backup=first["backup"]["id"])
    assert normal(controller) == newest
    rolled_back(controller, all=True, backup=second["backup"]["id"])
    assert normal(controller) == story.stood[2]


# --- which flows -----------------------------------------------------------------------------------------------------


@pytest.fixture
def two_versions(controller: Controller) -> Controller:
    """Two flows of which there are two versions, and one that came with the second."""
    controller.flow(minimal_flow("a", title="One"), minimal_flow("b", title="One"))
    controller.flow(minimal_flow("a", title="Two"), minimal_flow("b", title="Two"), minimal_flow("c"))
    return controller


def title(controller: Controller, flow_id: str) -> str:
    return str(controller.stored()[flow_id].data["screens"][1]["contents"]["title00001"]["props"]["children"])


def test_only_what_was_asked_for_goes_back(two_versions: Controller) -> None:
    done = rolled_back(two_versions, "a")

    assert (title(two_versions, "a"), title(two_versions, "b")) == ("One", "Two")
    assert "c" in two_versions.stored()
    assert done["backup"]["flows"] == ["a"]


def test_a_nightly_backup_of_what_is_there_is_said_not_to_be_the_state_before(two_versions: Controller) -> None:
    two_versions.backup(reason="Nightly")

    done = two_versions.rollback("a")

    assert (done["changed"], title(two_versions, "a")) == (False, "Two")
    [warning] = [warning for warning in done["warnings"] if "nothing to do" in warning]
    two_versions.rollback("a", backup=warning.rpartition("backup=")[2])
    assert title(two_versions, "a") == "One"
    assert not any("nothing to do" in warning for warning in two_versions.rollback("a", backup="latest")["warnings"])


def test_a_nightly_backup_is_what_a_console_edit_goes_back_to(two_versions: Controller) -> None:
    two_versions.backup(reason="Nightly")
    two_versions.emulator.edit(project=PROJECT_ID, flow_id="a", text={"from": "Two", "to": "Edited"})

    done = two_versions.rollback("a")

    assert title(two_versions, "a") == "Two"
    assert not any("nothing to do" in warning for warning in done["warnings"])


def test_a_flow_that_did_not_exist_is_deleted(two_versions: Controller) -> None:
    done = rolled_back(two_versions, "c")

    assert "c" not in two_versions.stored()
    assert done["target"][0]["state"] == "absent"
    assert done["summary"][0].startswith(f"delete c, absent as in {done['target'][0]['backup']} (20")


def test_a_deleted_flow_comes_back(two_versions: Controller) -> None:
    two_versions.flow(flow_id=["a"], state="absent")

    rolled_back(two_versions, "a")

    assert title(two_versions, "a") == "Two"


def test_a_system_flow_stays_and_the_others_go_back(controller: Controller) -> None:
    controller.flow(minimal_flow("sign-in"), minimal_flow("other"))

    done = rolled_back(controller, all=True)

    assert set(controller.stored()) == {"sign-in"}
    assert by_flow(done)["sign-in"] | {"action": "none", "result": "untouched", "error": ""} == by_flow(done)["sign-in"]
    assert "Descope does not delete system flows" in done["warnings"][0]
    assert "keep sign-in: a system flow is not deleted" in done["summary"]
    assert done["conflicts"] == []


def test_a_system_flow_that_is_gone_already_is_no_news(controller: Controller) -> None:
    controller.flow(minimal_flow("sign-in"))
    controller.emulator.reset()
    controller.emulator.project(id=PROJECT_ID)

    done = controller.rollback("sign-in")

    assert (done["changed"], done["warnings"]) == (False, [])


def test_pruning_needs_a_backup_of_everything(two_versions: Controller) -> None:
    done = two_versions.rollback(all=True, prune=True)

    assert done["failed"]
    assert "prune needs a backup of the whole project" in done["msg"]
    assert set(two_versions.stored()) == {"a", "b", "c"}


def test_pruning_takes_what_a_pattern_means_and_no_system_flow(two_versions: Controller) -> None:
    store = open_store(str(two_versions.backups), PROJECT_ID)
    store.create(two_versions.stored(), BackupReason(Kind.REQUESTED, label="all"), complete=True)
    two_versions.flow(*map(minimal_flow, ("c2", "d", "step-up", "named")))

    done = rolled_back(two_versions, "[a-c]*", "st*", "named", backup="all", prune=True)

    assert set(two_versions.stored()) == {"a", "b", "c", "d", "step-up"}
    assert "step-up" in done["warnings"][0]


def test_what_is_only_shown_is_not_written(two_versions: Controller) -> None:
    files = sorted(two_versions.backups.rglob("*"))
    before = saves(two_versions.emulator)

    preview = two_versions.rollback(all=True, check=True)

    assert preview["changed"]
    assert sorted(two_versions.backups.rglob("*")) == files
    assert saves(two_versions.emulator) == before
    assert preview["backup"]["id"] == ""


def test_what_the_project_would_not_accept_as_new_still_goes_back(controller: Controller) -> None:
    """A flow may be odd; it is what worked."""
    odd = minimal_flow("odd")
    odd["contents"]["tasks"]["1"]["next"]["rules"][0]["taskId"] = "99"
    controller.emulator.project(id=PROJECT_ID, flows=[odd])
    stood = normal(controller)
    assert controller.flow(minimal_flow("odd"))["changed"]

    rolled_back(controller, "odd")

    assert normal(controller) == stood


def test_the_note_of_the_user_goes_with_the_reason(two_versions: Controller) -> None:
    done = two_versions.rollback("a", changelog="Logins fail, see incident 7")

    assert re.fullmatch(r"rollback of a to [\w-]+: Logins fail, see incident 7", manifest(done)["reason"])


# --- undoing a run ---------------------------------------------------------------------------------------------------


@pytest.fixture
def run(two_versions: Controller) -> str:
    """A run that changed two flows and made one, of which two were changed again since."""
    context = two_versions.new_run() | {"job_id": "4711", "tenant": "acme"}
    flows = (minimal_flow("a", title="Three"), minimal_flow("b", title="Three"), minimal_flow("new", title="Three"))
    two_versions.flow(*flows, run_context=context)
    two_versions.emulator.edit(
        project=PROJECT_ID, flow_id="new", text={"from": "Three", "to": "Edited"}, noise=["caches", "order"]
    )
    two_versions.flow(minimal_flow("b", title="Four"))
    return context["run_id"]


def test_the_slices_of_a_job_are_undone_together(two_versions: Controller) -> None:
    for job, flow_id in (("4712", "a"), ("4713", "b")):
        context = two_versions.new_run() | {"job_id": job, "workflow_id": "4709"}
        two_versions.flow(minimal_flow(flow_id, title="Three"), run_context=context)

    two_versions.rollback(run="4713")
    assert [title(two_versions, flow_id) for flow_id in ("a", "b")] == ["Three", "Two"]
    two_versions.rollback(run="4709")

    assert [title(two_versions, flow_id) for flow_id in ("a", "b")] == ["Two", "Two"]


def test_what_was_changed_since_is_a_conflict_and_the_rest_goes_back(two_versions: Controller, run: str) -> None:
    preview = two_versions.rollback(run=run, check=True)
    assert title(two_versions, "a") == "Three"
    done = two_versions.rollback(run=run)

    assert announced(preview) == announced(done)
    assert not preview.get("failed")
    assert preview["warnings"] == [done["msg"].replace("the other", "this will fail once the other")]
    assert [title(two_versions, flow_id) for flow_id in ("a", "b", "new")] == ["Two", "Four", "Edited"]
    assert [conflict["flow_id"] for conflict in done["conflicts"]] == ["b", "new"]
    by_us, in_console = (conflict["reason"] for conflict in done["conflicts"])
    assert re.fullmatch(
        rf"it was changed after {run}, by the change that the backup 20\w+-\w+ \(.*\) was taken for", by_us
    )
    assert in_console == f"it was changed after {run}, in the console or otherwise"
    assert done["msg"].startswith(f"2 flows are no longer what {run} left, and not touched: b: ")
    assert done["msg"].endswith("; the other flows have gone back; force=true overwrites what was changed since")
    assert by_flow(done)["new"]["error"] == in_console
    assert outcome(done)["status"] == "good"


def test_a_conflict_is_overwritten_by_force(two_versions: Controller, run: str) -> None:
    done = rolled_back(two_versions, run="4711", force=True)

    assert [title(two_versions, flow_id) for flow_id in ("a", "b")] == ["Two", "Two"]
    assert "new" not in two_versions.stored()
    assert sum("OVERWRITING what was changed since" in line for line in done["summary"]) == 2
    back = two_versions.rollback(all=True, backup=done["backup"]["id"])
    assert not back.get("failed")
    assert [title(two_versions, flow_id) for flow_id in ("a", "b", "new")] == ["Three", "Four", "Edited"]


def test_what_already_is_as_before_is_no_conflict(two_versions: Controller, run: str) -> None:
    two_versions.emulator.edit(project=PROJECT_ID, flow_id="b", text={"from": "Four", "to": "Two"}, noise=[])

    done = two_versions.rollback("b", run=run)

    assert (done["changed"], done["conflicts"], done.get("failed")) == (False, [], None)


def test_only_what_a_run_did_for_a_tenant(two_versions: Controller, run: str) -> None:
    other = two_versions.rollback(run=run, tenant="globex")
    assert (other["changed"], other["summary"]) == (False, ["nothing to roll back"])
    assert other["warnings"] == [f"{run} has changed nothing for globex in this project, only for acme"]
    assert two_versions.rollback("a", run=run, tenant="acme")["changed"]


@pytest.mark.usefixtures("run")
def test_who_looks_for_the_backups_of_one_host_hears_of_the_others(two_versions: Controller) -> None:
    done = two_versions.rollback("a", tenant="globex")

    assert "no good backup holds the flow a" in done["msg"]
    assert "only backups taken for globex count; this project has 4 of other hosts" in done["msg"]
    assert two_versions.rollback("a", tenant="acme")["changed"]


def test_a_run_that_is_known_for_another_project_changed_nothing_here(two_versions: Controller, run: str) -> None:
    here = two_versions.rollback(run=run, project_id="P2somewhereElse")

    assert not here.get("failed")
    assert (here["changed"], here["summary"]) == (False, ["nothing to roll back"])


def test_a_run_that_nobody_knows_is_a_slip(two_versions: Controller) -> None:
    done = two_versions.rollback(run="4712")

    assert done["msg"] == f"run: no backup in {two_versions.backups} is of a run or job 4712; nothing was changed"


# --- failures --------------------------------------------------------------------------------------------------------


def test_a_rollback_that_fails_says_so_and_can_be_repeated(two_versions: Controller) -> None:
    two_versions.emulator.faults(rules=[{"kind": "status", "status": 400, "match": to(IMPORT, flow_id="b")}])

    done = two_versions.rollback("a", "b", threads=1)

    assert done["failed"]
    assert by_flow(done)["b"]["result"] == "untouched"
    assert outcome(done)["status"] == "failed"
    two_versions.emulator.faults(rules=[])
    assert not two_versions.rollback("a", "b").get("failed")
    assert (title(two_versions, "a"), title(two_versions, "b")) == ("One", "One")


def _roll_back_and_die(controller: Controller, die_at: int) -> None:
    """Roll two flows back, being killed at one of the moments before and after a request."""
    moments = itertools.count(1)
    send = _Transport.send

    def sending(*arguments: Any) -> Any:
        for act in (lambda: None, lambda: send(*arguments)):
            answer = act()
            if next(moments) == die_at:
                os.kill(os.getpid(), signal.SIGKILL)
        return answer

    _Transport.send = sending  # type: ignore[assignment,method-assign]
    controller.rollback("a", "b", threads=1)


def test_a_rollback_that_was_killed_is_finished_by_the_next(two_versions: Controller) -> None:
    before = normal(two_versions)
    for die_at in itertools.count(1):
        process = forked(partial(_roll_back_and_die, two_versions, die_at))
        process.join(60)
        finished = process.exitcode == 0
        for backup_id in open_store(str(two_versions.backups), PROJECT_ID).ids():
            assert open_store(str(two_versions.backups), PROJECT_ID).verify(backup_id)

        done = two_versions.rollback("a", "b")

        assert not done.get("failed"), done
        assert not (finished and done["changed"])
        assert (title(two_versions, "a"), title(two_versions, "b")) == ("One", "One")
        if finished:
            break
        two_versions.flow(minimal_flow("a", title="Two"), minimal_flow("b", title="Two"))
        assert normal(two_versions) == before
    assert die_at > 6


# --- clocks that are not right ---------------------------------------------------------------------------------------


STEPS = [timedelta(), timedelta(microseconds=1), timedelta(seconds=10), timedelta(hours=1)]


@pytest.mark.parametrize("step", STEPS, ids=str)
def test_a_run_is_taken_back_whatever_the_clock_did(
    controller: Controller, monkeypatch: pytest.MonkeyPatch, step: timedelta
) -> None:
    controller.flow(minimal_flow("a", title="One"))
    clock = Clock.of_backups(monkeypatch)
    run = controller.new_run()
    for version in ("Two", "Three", "Four"):
        controller.flow(minimal_flow("a", title=version), run_context=run)
        clock.steps(-step)

    rolled_back(controller, run=run["run_id"])

    assert title(controller, "a") == "One"


@pytest.mark.parametrize("step", STEPS, ids=str)
def test_the_last_good_state_is_the_last_whatever_the_clock_did(
    controller: Controller, monkeypatch: pytest.MonkeyPatch, step: timedelta
) -> None:
    clock = Clock.of_backups(monkeypatch)
    for version in ("One", "Two", "Three"):
        done = controller.flow(minimal_flow("a", title=version))
        assert any("set the clock right" in warning for warning in done["warnings"]) == (
            version != "One" and step > timedelta(minutes=5)
        )
        clock.steps(-step)

    rolled_back(controller, "a")

    assert title(controller, "a") == "Two"


# --- what is not certain ---------------------------------------------------------------------------------------------


def _manifest_file(controller: Controller) -> Path:
    """The manifest of the newest backup that has the flow c."""
    files = sorted(controller.backups.rglob("manifest.json"), key=lambda file: json.loads(file.read_bytes())["time"])
    return files[-1]


def _damage(controller: Controller, what: str) -> None:
    path = _manifest_file(controller)
    text = path.read_text(encoding="utf-8")
    if what == "flow altered":
        flow = path.parent / "flows" / "a.json"
        flow.write_text(flow.read_text(encoding="utf-8").replace("One", "Eno"), encoding="utf-8")
    elif what == "flow gone":
        (path.parent / "flows" / "a.json").unlink()
    elif what == "manifest cut":
        path.write_text(text[:100], encoding="utf-8")
    elif what == "newer version":
        path.write_text(text.replace('"schema_version": 1', '"schema_version": 99'), encoding="utf-8")
    else:
        path.write_text(text.replace(PROJECT_ID, "P2other"), encoding="utf-8")


DAMAGES = {
    "flow altered": "flows/a.json is not what was written there",
    "flow gone": "flows/a.json cannot be read: No such file or directory",
    "manifest cut": "manifest.json is damaged",
    "newer version": r"newer version of this collection \(schema 99\); update the collection",
    "other project": "holds the backup .* of project P2other",
}


@pytest.mark.parametrize("by_id", [True, False])
@pytest.mark.parametrize("what", DAMAGES)
def test_a_backup_that_cannot_be_trusted_changes_nothing(two_versions: Controller, what: str, by_id: bool) -> None:
    _damage(two_versions, what)
    two_versions.forget_requests()
    backup = _manifest_file_id(two_versions) if by_id else "last_good"

    done = two_versions.rollback("a", "b", backup=backup)

    assert done["failed"]
    assert re.search(DAMAGES[what], done["msg"]), done["msg"]
    assert "nothing was changed" in done["msg"]
    assert "\n" not in done["msg"]
    assert two_versions.requests() == {}
    assert (title(two_versions, "a"), title(two_versions, "b")) == ("Two", "Two")


def _manifest_file_id(controller: Controller) -> str:
    store = open_store(str(controller.backups), PROJECT_ID)
    return max(store.ids(), key=lambda backup_id: (store.storage.read(f"{PROJECT_ID}/{backup_id}/outcome.json"), 0))


def test_damage_elsewhere_is_not_in_the_way_of_an_id(two_versions: Controller) -> None:
    newest = _manifest_file(two_versions)
    _damage(two_versions, "manifest cut")
    [other] = [path.parent.name for path in two_versions.backups.rglob("manifest.json") if path != newest]

    by_label = two_versions.rollback("a", backup="latest")
    assert "which backup is meant cannot be told while 1 cannot be read" in by_label["msg"]
    assert two_versions.rollback("a", backup=other)["changed"]


UNREADABLE: dict[str, tuple[str, Callable[[str], str]]] = {
    "manifest cut": ("manifest.json", lambda text: text[:100]),
    "newer version": ("manifest.json", lambda text: text.replace('"schema_version": 1', '"schema_version": 99')),
    "outcome cut": ("outcome.json", lambda text: text[:20]),
}


@pytest.fixture
def half_done(controller: Controller) -> Controller:
    """A good state, then a change of which half has failed, then a backup of what that has left."""
    controller.emulator.project(id=PROJECT_ID, flows=[minimal_flow("a", title="Good"), minimal_flow("b", title="Good")])
    controller.backup()
    controller.emulator.faults(rules=[{"kind": "status", "status": 400, "match": to(IMPORT, flow_id="b")}])
    controller.flow(minimal_flow("a", title="Bad"), minimal_flow("b", title="Bad"), threads=1)
    controller.emulator.faults(rules=[])
    controller.backup()
    return controller


def _older(path: Path, days: int) -> Path:
    """Make a backup so many days older than it is."""
    manifest = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
    time = datetime.now(tz=UTC) - timedelta(days=days)
    new = path.with_name(f"{time:%Y%m%dT%H%M%SZ}-{path.name[-8:]}")
    text = json.dumps({**manifest, "id": new.name, "time": f"{time:%Y-%m-%dT%H:%M:%S.%fZ}"})
    (path / "manifest.json").write_text(text, encoding="utf-8")
    return path.rename(new)


def _by_age(controller: Controller) -> list[Path]:
    """Return the backups, oldest first, each a day older than the next."""
    files = sorted(controller.backups.rglob("manifest.json"), key=lambda file: json.loads(file.read_bytes())["time"])
    return [_older(file.parent, len(files) - number) for number, file in enumerate(files)]


def _spoil(backup: Path, what: str) -> None:
    name, change = UNREADABLE[what]
    (backup / name).write_text(change((backup / name).read_text(encoding="utf-8")), encoding="utf-8")


def test_what_a_failed_change_has_left_is_not_good(half_done: Controller) -> None:
    _by_age(half_done)
    assert half_done.rollback("a")["changed"]
    assert title(half_done, "a") == "Good"


@pytest.mark.parametrize("what", UNREADABLE)
@pytest.mark.parametrize("wanted", [["a"], ["*"], []], ids=str)
def test_what_cannot_be_read_may_say_that_a_newer_backup_is_not_good(
    half_done: Controller, what: str, wanted: list[str]
) -> None:
    good, failed, _left = _by_age(half_done)
    _spoil(failed, what)

    done = half_done.rollback(*wanted, all=not wanted)

    assert done["failed"]
    assert f"{failed}" in done["msg"]
    assert "which backup is meant cannot be told while 1 cannot be read" in done["msg"]
    assert "give the id of the one to go back to, or remove or move away what cannot be read" in done["msg"]
    assert "nothing was changed" in done["msg"]
    assert title(half_done, "a") == "Bad"
    assert half_done.history()["last_good"] == ""
    assert half_done.rollback("a", backup=good.name)["changed"]
    assert title(half_done, "a") == "Good"


@pytest.mark.parametrize("what", UNREADABLE)
def test_what_is_older_than_a_good_change_is_not_needed(half_done: Controller, what: str) -> None:
    half_done.flow(minimal_flow("a", title="Mended"))
    half_done.flow(minimal_flow("a", title="Newest"))
    _good, failed, *_newer = _by_age(half_done)
    _spoil(failed, what)

    done = half_done.rollback("a")

    assert title(half_done, "a") == "Mended"
    assert any("not needed here" in warning and failed.name in warning for warning in done["warnings"])
    assert half_done.rollback("b")["failed"]


def test_what_is_being_written_or_removed_is_not_in_the_way(half_done: Controller) -> None:
    half_done.flow(minimal_flow("a", title="Newest"))
    _good, failed, *_newer = _by_age(half_done)
    (failed / "manifest.json").unlink()

    assert not half_done.rollback("a").get("failed")


@pytest.mark.parametrize("what", UNREADABLE)
def test_nothing_goes_that_may_be_needed_because_of_what_cannot_be_read(half_done: Controller, what: str) -> None:
    _good, failed, _left = backups = _by_age(half_done)
    _spoil(failed, what)

    preview = half_done.backup(keep=1, force=True, check=True)
    result = half_done.backup(keep=1, force=True)

    assert (preview["removed"], result["removed"]) == ([], [])
    assert all(backup.exists() for backup in backups)
    [warning] = [warning for warning in result["warnings"] if "nothing was removed" in warning]
    assert failed.name in warning
    assert warning in preview["warnings"]


def test_damage_in_the_far_past_is_a_warning(two_versions: Controller) -> None:
    old = two_versions.backups / PROJECT_ID / "20200101T000000Z-00000000"
    old.mkdir()
    (old / "manifest.json").write_text("{}", encoding="utf-8")

    done = two_versions.rollback("a")

    assert done["changed"]
    assert "a backup that was not needed here cannot be read" in done["warnings"][0]


def test_a_backup_of_another_project_is_called_that(two_versions: Controller) -> None:
    backup_id = _manifest_file(two_versions).parent.name

    done = two_versions.rollback("a", project_id="P2somewhereElse", backup=backup_id)

    expected = f"the backup {backup_id} is one of project {PROJECT_ID}, not of P2somewhereElse; nothing was changed"
    assert done["msg"] == f"backup: {expected}"


def test_a_full_disk_stops_it_before_anything_is_changed(two_versions: Controller) -> None:
    def with_little_room(_number: int) -> dict[str, Any]:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
        return two_versions.rollback("a", read="export")

    backups = sorted(two_versions.backups.rglob("manifest.json"))
    [done] = in_processes(1, with_little_room)

    assert done["failed"]
    assert "the backup could not be written" in done["msg"]
    assert "nothing was changed" in done["msg"]
    assert title(two_versions, "a") == "Two"
    assert sorted(two_versions.backups.rglob("manifest.json")) == backups


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "give the flows to roll back: flow_id, all=true, or run"),
        ({"flow_id": []}, "give the flows to roll back: flow_id, all=true, or run"),
        ({"flow_id": ["a"], "all": True}, "give either flow_id or all=true"),
        ({"flow_id": ["a"], "backup": "latest", "run": "1"}, "give either backup or run"),
        ({"flow_id": [], "run": "1"}, "flow_id is an empty list"),
        ({"run": ""}, "run is empty"),
        ({"run": "1", "prune": True}, "prune has no use with it"),
        ({"flow_id": ["a", "no such id"]}, '"no such id" is not a flow id'),
        ({"flow_id": ["a"], "backup": "2026-02-30"}, "there is no such time as 2026-02-30"),
        ({"flow_id": ["nowhere"]}, "no good backup holds the flow nowhere; nothing was changed"),
        ({"flow_id": ["a"], "backup": "tuesday"}, 'no backup has the id or the label "tuesday"; the newest are 20'),
        ({"flow_id": ["a"], "backup": ""}, 'no backup has the id or the label ""'),
    ],
)
def test_what_cannot_be_meant_is_said_before_anything_is_asked(
    two_versions: Controller, arguments: dict[str, Any], message: str
) -> None:
    two_versions.forget_requests()

    done = two_versions.rollback(**arguments)

    assert done["failed"]
    assert message in done["msg"]
    assert {"flows", "backup", "target", "conflicts", "summary", "requests", "estimate"} <= done.keys()
    assert two_versions.requests() == {}


def test_a_time_with_several_backups_is_not_decided_by_chance(two_versions: Controller) -> None:
    done = two_versions.rollback("a", backup=f"{datetime.now(tz=UTC):%Y-%m-%d}")

    assert re.search(r"2 backups of that time hold the flow a: 20.*, 20.*; give the id of one", done["msg"])
    assert title(two_versions, "a") == "Two"


def test_what_the_rollback_saved_is_for_its_owner_alone(two_versions: Controller) -> None:
    path = Path(two_versions.rollback("a")["backup"]["path"])

    assert {stat.S_IMODE(file.stat().st_mode) for file in path.rglob("*.json")} == {0o600}
