# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""What the hosts of a play declare, looked at once a host however many batches or workers ask.

It is kept in the directory that the workers of a run share. A batch looks at its own hosts anew, because tasks before
it may have set variables.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._api.limiter import locked_file
from ansible_collections.community.descope.plugins.module_utils._errors import DescopeError
from ansible_collections.community.descope.plugins.module_utils._files import replace_file
from ansible_collections.community.descope.plugins.module_utils._fleet.owners import Claim

Claims = dict[str, Claim | None]


class SharedClaims:
    """The claims of the hosts of one task of a run, which C(key) names. None stands for one that cannot be told."""

    def __init__(self, run_dir: Path, key: str) -> None:
        name = f"fleet-{_digest([key])}"
        self._directory = run_dir
        self._file = run_dir / f"{name}.json"
        self._lock = run_dir / f"{name}.lock"

    def of(self, hosts: Sequence[str], batch: Sequence[str], look: Callable[[str], Claim | None]) -> Claims:
        """Return the claims of the hosts, in their order. Raises DescopeError where the directory cannot be used.

        C(look) is called once for each host, and again for the hosts of a batch that asks for the first time.
        """
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            with locked_file(self._lock):
                known, batches = self._stored()
                if _digest(batch) not in batches:
                    again = set(batch)
                    known = {name: claim for name, claim in known.items() if name not in again}
                    known |= {name: look(name) for name in hosts if name not in known}
                    self._store(known, [*batches, _digest(batch)])
        except OSError as error:
            message = f"{self._directory}, which the workers of a run share, cannot be used: {error.strerror}"
            raise DescopeError(message) from None
        return {name: known[name] for name in hosts}

    def _stored(self) -> tuple[Claims, list[str]]:
        if not self._file.exists():
            return {}, []
        data = json.loads(self._file.read_bytes())
        return {name: _loaded(name, entry) for name, entry in data["claims"].items()}, data["batches"]

    def _store(self, known: Claims, batches: list[str]) -> None:
        claims = {name: _dumped(claim) for name, claim in known.items()}
        replace_file(self._file, json.dumps({"claims": claims, "batches": batches}).encode())


def _dumped(claim: Claim | None) -> list[Any] | None:
    return [claim.project_id, dict(claim.flows), sorted(claim.absent)] if claim else None


def _loaded(host: str, entry: list[Any] | None) -> Claim | None:
    return Claim(host, entry[0], entry[1], frozenset(entry[2])) if entry else None


def _digest(names: Sequence[str]) -> str:
    return hashlib.sha256("\0".join(names).encode()).hexdigest()[:32]
