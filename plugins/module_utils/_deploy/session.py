# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""A session with one project: the API behind a task's options, and what the task shares with the rest of its run."""

from __future__ import annotations

import glob
import hashlib
import os
import secrets
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._api.client import Client
from ansible_collections.community.descope.plugins.module_utils._api.limiter import (
    WINDOW_FILE,
    RateLimit,
    RequestWindow,
    locked_file,
    own_rate,
    shared_window_file,
)
from ansible_collections.community.descope.plugins.module_utils._api.management import DescopeApi
from ansible_collections.community.descope.plugins.module_utils._api.settings import ConnectionSettings, given_base_url
from ansible_collections.community.descope.plugins.module_utils._backup.records import BackupReason, Kind
from ansible_collections.community.descope.plugins.module_utils._deploy.project import LiveProject
from ansible_collections.community.descope.plugins.module_utils._deploy.readings import SharedReadings
from ansible_collections.community.descope.plugins.module_utils._errors import DescopeError
from ansible_collections.community.descope.plugins.module_utils._files import private_directory

_KEY_BYTES = 32
_OLD_SECONDS = 24 * 60 * 60


@dataclass(frozen=True)
class Session:
    """What a use case works with while it talks to one project."""

    client: Client
    api: DescopeApi
    project: LiveProject
    readings: SharedReadings
    rate: RateLimit | None
    context: Mapping[str, str]
    run_dir: Path

    @property
    def project_id(self) -> str:
        return self.client.settings.project_id

    def run_key(self) -> bytes:
        """Return a random key that the workers of this run share, and that nobody else can know."""
        try:
            with locked_file(self.run_dir / "key") as descriptor:
                if known := os.pread(descriptor, _KEY_BYTES, 0):
                    return known
                key = secrets.token_bytes(_KEY_BYTES)
                os.pwrite(descriptor, key, 0)
                return key
        except DescopeError:  # what was done has to be told all the same
            return secrets.token_bytes(_KEY_BYTES)

    @property
    def base_url(self) -> str:
        return self.client.settings.base_url

    def warnings(self) -> list[str]:
        return list(self.client.settings.warnings)

    def requests(self) -> dict[str, Any]:
        """Return what was asked of the API so far."""
        return self.client.statistics.as_dict()

    def reason(self, reason: str, *, kind: Kind = Kind.CHANGE, label: str = "") -> BackupReason:
        """Return who asks for a backup, and why, for its manifest."""
        who = {name: self.context.get(name) or "" for name in ("run_id", "tenant", "job_id", "user", "workflow_id")}
        return BackupReason(kind, reason, label, **who)

    def default_changelog(self) -> str:
        """Return the note that goes with a change nobody described."""
        job, run, user = (self.context.get(name) for name in ("job_id", "run_id", "user"))
        parts = [
            "community.descope",
            f"job {job}" if job else f"run {run}" if run else "",
            f"by {user}" if user else "",
        ]
        return ", ".join(filter(None, parts))


@contextmanager
def open_session(params: Mapping[str, Any], *, read_only: bool) -> Iterator[Session]:
    """Open a session from a module's arguments, and ask for the licence's rate limit tier once a run.

    Raises InputError for arguments that are wrong, DescopeError where the run's directory cannot be used.
    """
    settings = ConnectionSettings(
        project_id=params["project_id"],
        management_key=params["management_key"],
        base_url=given_base_url(params["base_url"]),
        timeout=params["timeout"],
        connect_timeout=params["connect_timeout"],
        validate_certs=params["validate_certs"],
        ca_path=params["ca_path"],
        read_only=read_only,
        threads=params["threads"],
    )
    rate = own_rate(params["rate_limit"], params["rate_share"])
    shared_window = shared_window_file(params["rate_window"])
    context = {name: value for name, value in (params["run_context"] or {}).items() if value}
    with ExitStack() as stack:
        run_dir = _run_directory(context, stack)
        client = Client(settings, RequestWindow(rate, _window(run_dir, shared_window)))
        stack.callback(client.close)
        api = DescopeApi(client, run_dir=run_dir)
        api.license()
        readings = SharedReadings(
            run_dir,
            project_id=settings.project_id,
            address=settings.base_url,
            access=_access(settings),
            task_id=context.get("task_id", ""),
        )
        project = LiveProject(api, readings, mode=params["read"], threads=params["threads"])
        try:
            yield Session(client, api, project, readings, rate, context, run_dir)
        except DescopeError as error:
            error.requests = client.statistics.as_dict()
            raise


def _run_directory(context: Mapping[str, str], stack: ExitStack) -> Path:
    """Return the directory that the workers of this run share, creating it for this user alone."""
    if context.get("run_dir"):
        return private_directory(Path(context["run_dir"]))
    if context.get("run_id"):
        prefix = f"community.descope-{os.getuid()}-"
        _remove_old_directories(prefix)
        return private_directory(Path(tempfile.gettempdir()) / f"{prefix}{context['run_id']}")
    directory = Path(tempfile.mkdtemp(prefix="community.descope-"))
    stack.callback(shutil.rmtree, directory, ignore_errors=True)
    return directory


def _window(run_dir: Path, shared: Path | None) -> Path:
    """Return the file of the request window. What others share can be found from the run's own directory too."""
    if shared is None:
        return run_dir / WINDOW_FILE
    with suppress(OSError):
        (run_dir / WINDOW_FILE).symlink_to(shared.resolve())
    return shared


def _access(settings: ConnectionSettings) -> str:
    """Return what tells one key from another, without telling the key."""
    return hashlib.sha256(settings.management_key.encode()).hexdigest()[:16]


def _remove_old_directories(prefix: str) -> None:
    """Remove what runs of former days have left: on another machine than the controller nobody knows when one ends."""
    for path in Path(tempfile.gettempdir()).glob(f"{glob.escape(prefix)}*"):
        with suppress(OSError):
            status = path.lstat()
            is_old = time.time() - status.st_mtime > _OLD_SECONDS
            if stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and is_old:
                shutil.rmtree(path, ignore_errors=True)
