# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Looking after backups: finding those that somebody names, proving that they are whole, removing them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ansible_collections.community.descope.plugins.module_utils._backup.storage import MissingFileError
from ansible_collections.community.descope.plugins.module_utils._backup.store import BACKUP_ID, BackupStore
from ansible_collections.community.descope.plugins.module_utils._errors import BackupError, InputError, Problem
from ansible_collections.community.descope.plugins.module_utils._flow.checks import check_document
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._flow.schema import check_schema

_SHORTEST_PREFIX = 8
_MOST_CHOICES = 5


@dataclass(frozen=True, slots=True)
class Named:
    """The backups that were named, each once, and the ids that no backup has."""

    found: tuple[str, ...]
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a backup was found to be. C(problem) is empty where it is whole.

    doubts: what is odd about the flows in it. They are as they stood in the project, so this is no damage.
    """

    backup_id: str
    place: str
    flows: int = 0
    problem: str = ""
    doubts: tuple[Problem, ...] = ()


def find_named(ids: Iterable[str], names: Iterable[str]) -> Named:
    """Return which of C(ids) are named, by themselves or by their beginning. Raises InputError."""
    known = list(ids)
    found: dict[str, None] = {}
    missing: list[str] = []
    problems: list[Problem] = []
    for name in names:
        fitting = [backup_id for backup_id in known if backup_id == name or _begins(backup_id, name)]
        if len(fitting) == 1:
            found[fitting[0]] = None
        elif BACKUP_ID.match(name):
            missing.append(name)
        else:
            problems.append(Problem("no-such-backup", _unclear(name, fitting), source="backup"))
    if problems:
        raise InputError(problems)
    return Named(tuple(found), tuple(missing))


def judge(store: BackupStore, backup_id: str) -> Verdict:
    """Prove, offline, that a backup can be restored: every file there, unaltered, and a flow."""
    place = store.place(backup_id)
    try:
        backup = store.load(backup_id)
        documents = store.read_flows(backup)
    except BackupError as error:
        return Verdict(backup_id, place, problem=str(error).removesuffix("; nothing was changed"))
    doubts = [doubt for document in documents.values() if document for doubt in _doubts(document)]
    return Verdict(backup_id, place, len(documents), doubts=tuple(doubts))


def remove_all(store: BackupStore, ids: Iterable[str]) -> dict[str, str]:
    """Remove backups; one that is gone already is what was wanted. Returns those that are left, and why."""
    left: dict[str, str] = {}
    for backup_id in ids:
        try:
            store.remove(backup_id)
        except MissingFileError:
            continue
        except BackupError as error:
            left[backup_id] = str(error)
    return left


def _begins(backup_id: str, name: str) -> bool:
    return len(name) >= _SHORTEST_PREFIX and backup_id.startswith(name)


def _unclear(name: str, fitting: list[str]) -> str:
    if fitting:
        more = f" and {len(fitting) - _MOST_CHOICES} more" if len(fitting) > _MOST_CHOICES else ""
        return f"{name} is the beginning of {', '.join(fitting[:_MOST_CHOICES])}{more}; give more of the id"
    return (
        f"no backup has an id that begins with {name}; give an id, or at least its first {_SHORTEST_PREFIX} characters,"
        " as descope_flow_backup_info lists them"
    )


def _doubts(document: FlowDocument) -> list[Problem]:
    found = check_document(document)
    known = {problem.path for problem in found}
    return [*found, *(problem for problem in check_schema(document) if problem.path not in known)]
