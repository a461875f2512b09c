# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Libraries of flow templates: folders of entries, each a flow with what belongs to it."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from ansible_collections.community.descope.plugins.module_utils._errors import InputError, Problem
from ansible_collections.community.descope.plugins.module_utils._flow.sources import RawFlow
from ansible_collections.community.descope.plugins.module_utils._json import quoted

_SNAPSHOT = "flow"
_FLOWS = ("flow.json", "flow.yml", "flow.yaml", "flow.json.j2", "flow.yml.j2", "flow.yaml.j2", _SNAPSHOT)
_OVERLAYS = ("overlay.yml", "overlay.yaml")
_VARIABLES = ("variables.yml", "variables.yaml")
_PARTIALS = "partials"
TEXT_TEMPLATE = ".j2"


@dataclass(frozen=True, slots=True)
class Entry:
    """One template with its parts; paths, those that it does not have empty.

    flow: the flow's file or directory, empty for an overlay. overlay: the file with the changes to another entry.
    variables: the declaration of its variables. partials: where its partials are.
    """

    directory: str
    flow: str = ""
    overlay: str = ""
    variables: str = ""
    partials: str = ""

    @property
    def is_text(self) -> bool:
        """Whether the flow is a text template rather than a structured one."""
        return self.flow.endswith(TEXT_TEMPLATE)

    @property
    def file(self) -> str:
        """What messages about the entry as a whole name."""
        return self.flow or self.overlay

    def named(self, raw: RawFlow) -> RawFlow:
        """Return a flow of the entry under the entry's name, if nothing but its directory's name says which flow it is.

        The files of a snapshot directory do not, and the name that all entries give it says nothing.
        """
        return replace(raw, flow_id=Path(self.directory).name) if raw.flow_id == _SNAPSHOT else raw


def open_entry(path: str) -> Entry:
    """Return the entry in a directory, or for any other flow file or directory an entry that is nothing but it.

    Raises InputError for a directory that holds several flows where one is expected.
    """
    directory = Path(path)
    if directory.name in _OVERLAYS and directory.is_file():
        # An overlay means little without the variables and partials beside it.
        return open_entry(str(directory.parent))
    if not is_entry(directory):
        beside = directory.parent / _PARTIALS
        return Entry(str(directory.parent), flow=path, partials=str(beside) if beside.is_dir() else "")
    found = [str(directory / name) for name in (*_FLOWS, *_OVERLAYS) if (directory / name).exists()]
    if len(found) > 1:
        names = " and ".join(Path(name).name for name in found)
        message = f"it holds {names}, but an entry is either one flow or one overlay; remove what does not belong"
        raise InputError([Problem("ambiguous-entry", message, source=path)])
    is_overlay = Path(found[0]).name in _OVERLAYS
    return Entry(
        path,
        flow="" if is_overlay else found[0],
        overlay=found[0] if is_overlay else "",
        variables=_first(directory, _VARIABLES),
        partials=_first(directory, (_PARTIALS,)),
    )


def is_entry(directory: Path) -> bool:
    """Tell whether a directory is an entry: it holds a flow or an overlay under the name that entries give it."""
    return any((directory / name).exists() for name in (*_FLOWS, *_OVERLAYS))


def entries_of(library: str) -> list[str]:
    """Return the names of the entries of a library, sorted; one that cannot be used is an entry all the same."""
    try:
        children = sorted(Path(library).iterdir())
    except OSError:
        return []
    return [child.name for child in children if child.is_dir() and is_entry(child)]


def find_entry(name: str, libraries: Iterable[str]) -> str | None:
    """Return the directory of the first entry of that name in the libraries, None if there is none."""
    if os.path.isabs(name) or ".." in Path(name).parts:  # noqa: PTH117
        return None
    return next((str(Path(library) / name) for library in libraries if is_entry(Path(library) / name)), None)


def unknown_entry(name: str, libraries: Iterable[str], searched: str) -> Problem:
    """Return the problem of a template that is nowhere, with what there is instead."""
    known = sorted({entry for library in libraries for entry in entries_of(library)})
    near = difflib.get_close_matches(name, known, 1)
    hint = f"; did you mean {near[0]}?" if near else ""
    if known and not near and "." not in name:
        hint = f"; the libraries hold {', '.join(known[:12])}{', ...' if len(known) > 12 else ''}"
    message = f"there is no such file or directory, and no entry of a library; files were searched in {searched}{hint}"
    return Problem("file-not-found", message, source=name)


def _first(directory: Path, names: tuple[str, ...]) -> str:
    return next((str(directory / name) for name in names if (directory / name).exists()), "")


class Partials:
    """The partials of an entry and of those it extends, the entry's own first."""

    def __init__(self, directories: Iterable[str]) -> None:
        self.directories = tuple(directory for directory in directories if directory)

    def find(self, name: str) -> str:
        """Return the path of a partial. Raises InputError, without a source, where there is none of that name."""
        parts = Path(name).parts
        if not os.path.isabs(name) and ".." not in parts:  # noqa: PTH117
            for directory in self.directories:
                path = Path(directory, *parts)
                if path.is_file():
                    return str(path)
        there_are = f"there are {', '.join(self.names()[:12])}" if self.names() else "there are none"
        raise InputError([Problem("partial-not-found", f"there is no partial {quoted(name)}; {there_are}")])

    def names(self) -> list[str]:
        """Return the names of all partials, sorted."""
        found = set()
        for directory in self.directories:
            root = Path(directory)
            found |= {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
        return sorted(found)
