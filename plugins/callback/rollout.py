# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Callback C(rollout): how a rollout goes on, one summary of the whole fleet at its end, and a report in files."""

from __future__ import annotations

DOCUMENTATION = r"""
name: rollout
type: aggregate
short_description: Progress, summary and report of a rollout over many tenants
version_added: 0.1.0
description:
  - Says from time to time how many tenants are done, changed and failed, how many requests the rate limit leaves, and
    about how long it will take.
  - At the end, says once for the whole fleet which tenants get the same change, which differ, which failed and why,
    what could not be told, and how many requests applying takes and about how long. Hundreds of diffs become a few
    lines.
  - Writes a report as JSON, as Markdown for a pull request, and as a single HTML page with the flows drawn before and
    after, if O(report_dir) or O(report_url) says where.
  - Enable it with C(callbacks_enabled), beside the usual output. It can also take the place of that output, as
    C(stdout_callback), for jobs over so many tenants that a line for each task and host is too much. Then it also says
    which task failed on which host, whatever task that is, and shows warnings and what debug tasks say.
author:
  - The community.descope contributors (@ansible-collections)
options:
  report_dir:
    description:
      - Where to write the report. Nothing is written without it.
      - In check mode too, which is when a report is of most use. Nothing else is written then.
    type: path
    ini:
      - section: callback_rollout
        key: report_dir
    env:
      - name: DESCOPE_REPORT_DIR
    vars:
      - name: descope_report_dir
  report_url:
    description:
      - A place with a URL to put the report into as well, for example V(s3://bucket/reports), where it outlives the
        machine that made it. It takes the same URLs as O(community.descope.descope_flow#module:backup_dir).
      - In a job of AWX the names of its files end in the number of the job, as in C(rollout-4711.html).
    type: str
    ini:
      - section: callback_rollout
        key: report_url
    env:
      - name: DESCOPE_REPORT_URL
    vars:
      - name: descope_report_url
  report_name:
    description: What the files of the report are called, without their endings.
    type: str
    default: rollout
    ini:
      - section: callback_rollout
        key: report_name
    env:
      - name: DESCOPE_REPORT_NAME
    vars:
      - name: descope_report_name
  formats:
    description: What to write. V(json) holds everything, and the other formats can be made from it later.
    type: list
    elements: str
    choices: [json, markdown, html]
    default: [json, markdown, html]
    ini:
      - section: callback_rollout
        key: formats
    env:
      - name: DESCOPE_REPORT_FORMATS
    vars:
      - name: descope_report_formats
  progress_seconds:
    description: How many seconds lie at least between two lines that say how far the run is. V(0) for none of them.
    type: float
    default: 10
    ini:
      - section: callback_rollout
        key: progress_seconds
    env:
      - name: DESCOPE_PROGRESS_SECONDS
    vars:
      - name: descope_progress_seconds
  tenant_lines:
    description:
      - Whether to print a line for each tenant with which this callback has something to say, for use as
        C(stdout_callback).
      - V(changed) leaves out those with nothing to do. Those that failed are printed unless it is V(never), and as
        C(stdout_callback) always.
    type: str
    choices: [never, changed, always]
    default: never
    ini:
      - section: callback_rollout
        key: tenant_lines
    env:
      - name: DESCOPE_TENANT_LINES
notes:
  - Flows are drawn only where the tasks run on the controller, which they do unless the connection leads elsewhere.
requirements:
  - Enable it in the configuration, for example C(callbacks_enabled = community.descope.rollout).
seealso:
  - module: community.descope.descope_flow
  - module: community.descope.descope_rollout_report
"""

EXAMPLES = r"""
# ansible.cfg: a summary below the usual output, and a report
#
# [defaults]
# callbacks_enabled = community.descope.rollout
#
# [callback_rollout]
# report_dir = report

# ansible.cfg: one line for each tenant that changes or fails, and the summary. Nothing else.
#
# [defaults]
# stdout_callback = community.descope.rollout
#
# [callback_rollout]
# report_dir = report
# tenant_lines = changed
"""

import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from ansible import constants as C
from ansible import context
from ansible.plugins.callback import CallbackBase

from ansible_collections.community.descope.plugins.module_utils._api.limiter import WINDOW_FILE, Budget, budget_left
from ansible_collections.community.descope.plugins.module_utils._backup.remote import open_remote
from ansible_collections.community.descope.plugins.module_utils._errors import DescopeError
from ansible_collections.community.descope.plugins.module_utils._report.entries import tells_of_flows
from ansible_collections.community.descope.plugins.module_utils._report.files import (
    RENDERERS,
    send_report,
    write_report,
)
from ansible_collections.community.descope.plugins.module_utils._report.fleet import Report, RunFacts, build_report
from ansible_collections.community.descope.plugins.module_utils._report.pictures import ask_for_pictures, find_picture
from ansible_collections.community.descope.plugins.module_utils._report.summary import render_summary
from ansible_collections.community.descope.plugins.plugin_utils._rollout import (
    Rollout,
    debug_lines,
    entries_of,
    tenant_line,
)
from ansible_collections.community.descope.plugins.plugin_utils._run import run_directory

_DEBUG = ("debug", "ansible.builtin.debug", "ansible.legacy.debug")
_COLOURS = {"failed": "red", "changed": "yellow", "unchanged": "green"}


class CallbackModule(CallbackBase):
    """Follows a rollout and tells of it."""

    CALLBACK_VERSION: ClassVar[float] = 2.0
    CALLBACK_TYPE: ClassVar[str] = "aggregate"
    CALLBACK_NAME: ClassVar[str] = "community.descope.rollout"
    CALLBACK_NEEDS_ENABLED: ClassVar[bool] = True

    def __init__(self) -> None:
        super().__init__()
        self._rollout = Rollout(time.monotonic)
        # Then nobody else says what went wrong.
        self._is_output = C.DEFAULT_STDOUT_CALLBACK == self.CALLBACK_NAME  # type: ignore[attr-defined]  # made at run time
        self._started = datetime.now(UTC)
        self._playbook = ""
        self._job_id = ""

    def set_options(self, task_keys: Any = None, var_options: Any = None, direct: Any = None) -> None:
        """Set the options; an empty variable, as a survey leaves it, does not hide what the configuration says."""
        given = {name: value for name, value in (var_options or {}).items() if value != ""}
        super().set_options(task_keys=task_keys, var_options=given, direct=direct)  # type: ignore[no-untyped-call]

    # --- what happens ---

    def v2_playbook_on_start(self, playbook: Any) -> None:
        """Take note of the playbook. Of two of these callbacks, the usual output and an additional one, one tells."""
        if getattr(playbook, "_descope_rollout", self) is not self:
            self.disabled = True
        playbook._descope_rollout = self
        self._playbook = Path(str(playbook._file_name)).name

    def v2_playbook_on_play_start(self, play: Any) -> None:
        """Take note of the play's hosts, and of what its variables say of the report."""
        variables = play.get_variable_manager().get_vars(play=play, include_hostvars=False)
        self.set_options(var_options=variables)
        self._job_id = str(variables.get("awx_job_id") or variables.get("tower_job_id") or self._job_id)
        self._rollout.expect(map(str, variables.get("ansible_play_hosts_all", ())))
        if (self._option("report_dir") or self._option("report_url")) and "html" in self._formats():
            # Without drawings a report is still a report.
            with suppress(OSError):
                ask_for_pictures(run_directory())

    def v2_playbook_on_no_hosts_matched(self) -> None:
        """Say so where nobody else does: it looks like a success."""
        if self._is_output:
            self._display.display("skipping: no hosts matched")

    def v2_runner_on_ok(self, result: Any) -> None:
        """Take note of what a task did. Where this is the only output, show what a debug task says."""
        self._add(result)
        if self._is_output and result._task.action in _DEBUG:
            variable = str(result._task.args.get("var") or "")
            for line in debug_lines(result._host.get_name(), result._result, variable):
                self._display.display(line)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._add(result, failed=True, ignored=ignore_errors)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self._add(result, unreachable=True)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        """Say what became of the fleet, if there was anything to say of it."""
        entries = self._rollout.entries
        is_rollout = any(entry.flows or entry.project_id for entry in entries)
        if not is_rollout and not (self._is_output and any(entry.failed for entry in entries)):
            return
        report = self._report()
        self._display.banner("ROLLOUT PREVIEW" if report["run"]["check_mode"] else "ROLLOUT")
        for line in render_summary(report):
            self._display.display(line)
        if is_rollout:
            self._write(report)
            self._send(report)

    # --- what follows ---

    def _add(self, result: Any, *, failed: bool = False, unreachable: bool = False, ignored: bool = False) -> None:
        host, task = result._host.get_name(), result._task.get_name()
        if self._is_output and not tells_of_flows(result._result):
            # Those of tasks that change flows are in the summary.
            for warning in result._result.get("warnings") or ():
                self._display.warning(str(warning))
        for entry in entries_of(host, result._result, task=task, failed=failed, unreachable=unreachable):
            if not ignored or entry.project_id:
                self._rollout.add(entry)
            elif not self._is_output:
                continue
            status = (
                "failed" if entry.failed else "changed" if any(f.changes_flow for f in entry.flows) else "unchanged"
            )
            wanted = self._option("tenant_lines")
            is_wanted = wanted == "always" or (wanted == "changed" and status != "unchanged")
            if is_wanted or (self._is_output and entry.failed):
                line = tenant_line(entry, task=task if self._is_output else "", ignored=ignored)
                self._display.display(line, color=_COLOURS[status])
        if self._rollout.is_due(float(self._option("progress_seconds"))):
            self._display.display(self._rollout.progress(_budget()))

    def _report(self) -> Report:
        flows = [flow.result for entry in self._rollout.entries for flow in entry.flows]
        run = RunFacts(
            playbook=self._playbook,
            check_mode=bool(context.CLIARGS.get("check")) or ("planned" in flows and "applied" not in flows),
            started_at=self._started.isoformat(timespec="seconds").replace("+00:00", "Z"),
            seconds=self._rollout.seconds,
            job_id=self._job_id,
            rate=_budget().rate,
        )
        return build_report(self._rollout.entries, run, lambda key: find_picture(run_directory(), key))

    def _write(self, report: Report) -> None:
        if not self._option("report_dir"):
            return
        directory = Path(str(self._option("report_dir")))
        try:
            written = write_report(report, directory, self._name(), self._formats())
        except OSError as error:
            message = f"the report cannot be written to {directory}: {error.strerror or error}; see report_dir"
            self._display.error(message, wrap_text=False)
            return
        self._display.display(f"report: {', '.join(map(_from_here, written))}")

    def _send(self, report: Report) -> None:
        url = str(self._option("report_url") or "")
        if not url:
            return
        name = "-".join(filter(None, (self._name(), self._job_id)))
        try:
            sent = send_report(report, open_remote(url, "report_url"), name, self._formats())
        except DescopeError as error:
            hint = "" if str(error).startswith("report_url") else "; see report_url"
            self._display.error(f"the report is missing: {error}{hint}", wrap_text=False)
            return
        self._display.display(f"report: {', '.join(sent)}")

    def _name(self) -> str:
        # The environment can hold an empty one.
        return str(self._option("report_name") or "rollout")

    def _formats(self) -> list[str]:
        return [name for name in RENDERERS if name in self._option("formats")]

    def _option(self, name: str) -> Any:
        return self.get_option(name)  # type: ignore[no-untyped-call]


def _from_here(path: Path) -> str:
    """Return the shortest name of a file for somebody who stands where the run was started."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _budget() -> Budget:
    try:
        return budget_left(run_directory() / WINDOW_FILE)
    except (DescopeError, OSError):
        return Budget(None, 0, 0.0)
