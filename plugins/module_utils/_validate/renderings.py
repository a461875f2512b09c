# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Each rendering is validated once, however many tenants share it: the workers of a run keep what one of them found.

What is kept lives in one directory that belongs to the run, one file a rendering, held while a worker validates it.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from ansible_collections.community.descope.plugins.module_utils._api.limiter import locked_file
from ansible_collections.community.descope.plugins.module_utils._errors import DescopeError
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._validate.report import Report, report_all, report_from
from ansible_collections.community.descope.plugins.module_utils._validate.validate import Settings, find_problems


class Renderings:
    """What was found in renderings. C(run_dir): the directory of the run, None to share nothing with other workers."""

    def __init__(self, run_dir: Path | None, settings: Settings) -> None:
        self._directory = run_dir / "validated" if run_dir else None
        self._settings = settings
        self._found: dict[str, list[Report]] = {}
        self.validated = 0

    def key(self, document: FlowDocument) -> str:
        """Return what tells one rendering from another: the flow, where it came from, and how it is looked at."""
        settings = [self._settings.schema, self._settings.redirect_hosts, self._settings.parse_scripts is not None]
        content = json.dumps([document.data, document.source, settings], separators=(",", ":"))
        return hashlib.sha256(content.encode()).hexdigest()[:32]

    def reports(self, document: FlowDocument) -> list[Report]:
        """Return what is to be said of a flow, validating it if no worker of the run has done so yet."""
        key = self.key(document)
        if key not in self._found:
            self._found[key] = self._shared(key, document)
        return self._found[key]

    def _shared(self, key: str, document: FlowDocument) -> list[Report]:
        if self._directory is None:
            return self._validate(document)
        try:
            # Each on its own: parents that mkdir makes on the way would be open to everybody.
            self._directory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._directory.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise DescopeError(
                f"{self._directory}, which the workers of a run share, cannot be used: {error.strerror}"
            ) from None
        with locked_file(self._directory / f"{key}.json") as descriptor:
            kept = _kept(os.pread(descriptor, os.fstat(descriptor).st_size, 0))
            if kept is None:
                kept = self._validate(document)
                os.pwrite(descriptor, json.dumps([report.as_dict() for report in kept]).encode(), 0)
            return kept

    def _validate(self, document: FlowDocument) -> list[Report]:
        self.validated += 1
        return report_all(find_problems(document, self._settings), document)


def _kept(content: bytes) -> list[Report] | None:
    """Return what another worker has written, None if none has, or if it died while writing."""
    try:
        return [report_from(entry) for entry in json.loads(content)]
    except (ValueError, TypeError):
        return None
