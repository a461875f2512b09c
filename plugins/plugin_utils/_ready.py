# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""What was made ready once in a run, for all of its workers.

Ansible forks a worker for each host, which forgets everything at its end. Making a template ready takes several times
as long as rendering it, so the first worker that does leaves it in the run's directory for the others.
"""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Generic, TypeVar

from ansible_collections.community.descope.plugins.module_utils._api.limiter import locked_file
from ansible_collections.community.descope.plugins.module_utils._errors import DescopeError
from ansible_collections.community.descope.plugins.module_utils._files import replace_file
from ansible_collections.community.descope.plugins.plugin_utils._run import run_directory

Thing = TypeVar("Thing")


class ReadyOnce(Generic[Thing]):
    """Keeps things by their key, in this process and for the others of the run.

    kind: begins the names of the files. lasts: whether a thing can be kept in a file; the others each process makes for
    itself.
    """

    def __init__(self, kind: str, lasts: Callable[[Thing], bool]) -> None:
        self._kind = kind
        self._lasts = lasts
        self._known: dict[str, Thing] = {}

    def get(self, key: object, make: Callable[[], Thing], *, share: bool = True) -> Thing:
        """Return what belongs to C(key), made now if need be.

        C(repr(key)) says everything that it depends on. C(make) raises neither OSError nor DescopeError. C(share):
        whether the thing may be left in a file.
        """
        digest = hashlib.sha256(repr(key).encode(errors="surrogatepass")).hexdigest()
        if digest not in self._known:
            self._known[digest] = self._shared(digest, make) if share else make()
        return self._known[digest]

    def _shared(self, digest: str, make: Callable[[], Thing]) -> Thing:
        # Nobody but this user and this run writes there, or the file would not be safe to load.
        file = run_directory() / f"{self._kind}-{digest}.pickle"
        with suppress(OSError):
            return self._left(file, make)
        with ExitStack() as held:
            # The first workers start together. Without the lock each of them would make the same thing, and without the
            # file all others would, too; neither does more than take longer.
            with suppress(DescopeError):
                held.enter_context(locked_file(file.with_suffix(".lock")))
                with suppress(OSError):
                    return self._left(file, make)
            made = make()
            with suppress(OSError):
                replace_file(file, pickle.dumps(made, pickle.HIGHEST_PROTOCOL) if self._lasts(made) else b"")
            return made

    def _left(self, file: Path, make: Callable[[], Thing]) -> Thing:
        """Return what another worker has left, or make it where that has found it not to last. Raises OSError."""
        content = file.read_bytes()
        found: Thing = pickle.loads(content) if content else make()
        return found
