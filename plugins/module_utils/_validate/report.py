# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Findings as they are reported: with their level, what to do, and the line of the file where it can be told."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._errors import InputError, Problem, Severity
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._flow.formats import Format, detect
from ansible_collections.community.descope.plugins.module_utils._flow.sources import parse_text
from ansible_collections.community.descope.plugins.module_utils._json import JsonObject
from ansible_collections.community.descope.plugins.module_utils._secrets import hidden
from ansible_collections.community.descope.plugins.module_utils._validate.catalogue import Level, rule_of
from ansible_collections.community.descope.plugins.module_utils._validate.lines import Place, TextLines, place_of

_YAML = (".yml", ".yaml")
_TEXT_TEMPLATE = ".j2"
# What the messages about files that cannot be parsed say of the place.
_TOLD = re.compile(r"\bline (\d+)(?:, column (\d+))?")


@dataclass(frozen=True, slots=True)
class Report:
    """One finding. file, line, column: empty and 0 where they cannot be told."""

    severity: str
    level: str
    code: str
    message: str
    hint: str
    path: str
    source: str
    flow_id: str
    file: str = ""
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        place = self.source
        if self.file and self.line:
            place = f"{self.file}:{self.line}:{self.column}"
        flow = f" (flow {self.flow_id})" if self.flow_id and self.flow_id not in place else ""
        where = f" at {self.path}" if self.path else ""
        return f"{self.severity} {self.code}: {place}{flow}{where}: {self.message}"

    def as_dict(self) -> JsonObject:
        return asdict(self)

    @property
    def key(self) -> tuple[str, ...]:
        """What makes two findings the same one, for different tenants."""
        return self.code, self.source, self.path, self.message, self.flow_id if not self.path else ""


def report_from(data: JsonObject) -> Report:
    """Return the finding that C(as_dict) was made from. Raises TypeError for anything else."""
    return Report(**data)


def report_all(problems: Iterable[Problem], document: FlowDocument | None = None) -> list[Report]:
    """Return findings as they are reported. C(document): the flow they are about, to find their lines."""
    lines = _DocumentLines(document) if document else None
    return [_report(problem, lines) for problem in problems]


def _report(problem: Problem, lines: _DocumentLines | None) -> Report:
    rule = rule_of(problem.code)
    file, line, column = _told(problem) if rule.level is Level.SYNTAX else ("", 0, 0)
    if not file and lines and problem.severity is not Severity.INFO:
        file, line, column = lines.find(problem)
    return Report(
        severity=problem.severity.value,
        level=rule.level.value,
        code=problem.code,
        message=hidden(problem.message),
        hint=rule.remedy,
        path=hidden(problem.path),
        source=problem.source,
        flow_id=problem.flow_id,
        file=file,
        line=line,
        column=column,
    )


def _told(problem: Problem) -> tuple[str, int, int]:
    found = _TOLD.search(problem.message)
    return (problem.source, int(found[1]), int(found[2] or 1)) if found else ("", 0, 0)


class _DocumentLines:
    """Finds the places of one flow in the file or directory that it came from."""

    def __init__(self, document: FlowDocument) -> None:
        self._document = document
        self._source = document.source

    def find(self, problem: Problem) -> tuple[str, int, int]:
        """Return file, line and column of a finding, an empty name where they cannot be told."""
        place = place_of(problem.path)
        if not self._source or self._source.endswith(_TEXT_TEMPLATE):
            return "", 0, 0
        try:
            file, inner = self._in_directory(place) if Path(self._source).is_dir() else self._in_file(place)
            lines = _lines(file) if file else None
            position = lines.find(inner) if lines else None
        except (OSError, ValueError, InputError):
            return "", 0, 0
        return (file, position.line, position.column) if position else ("", 0, 0)

    def _in_file(self, place: Place) -> tuple[str, Place]:
        if not Path(self._source).is_file():
            return "", ()
        value = _parsed(self._source)
        found = detect(value)
        if found is Format.RESPONSE:
            return self._source, ("flow", *place)
        return self._source, self._in_console(value, place) if found is Format.CONSOLE else place

    def _in_console(self, value: Any, place: Place) -> Place:
        match place:
            case ("metadata", *rest):
                return ("flow", *rest)
            case ("contents", *rest):
                return ("flow", "dsl", *rest)
            case ("flowId",):
                return ("flow", "id")
            case ("screens", int() as index, *rest):
                wanted = self._screen_id(index)
                position = next((at for at, screen in enumerate(value["screens"]) if screen.get("id") == wanted), index)
                inner = [{"screenId": "id", "contents": "htmlTemplate"}.get(str(step), step) for step in rest[:1]]
                return ("screens", position, *inner, *rest[1:])
        return place

    def _in_directory(self, place: Place) -> tuple[str, Place]:
        match place:
            case ("metadata" | "contents" as part, *rest):
                return f"{self._source.rstrip('/')}/{part}.json", tuple(rest)
            case ("screens", int() as index, *rest):
                for screen in sorted(Path(self._source).glob("screen-*.json")):
                    if _parsed(str(screen)).get("screenId") == self._screen_id(index):
                        return f"{self._source.rstrip('/')}/{screen.name}", tuple(rest)
        return "", ()

    def _screen_id(self, index: int) -> object:
        screens = self._document.data.get("screens")
        screen = screens[index] if isinstance(screens, list) and index < len(screens) else None
        return screen.get("screenId") if isinstance(screen, dict) else None


def _parsed(file: str) -> Any:
    return _parsed_once(file, _stamp(file))


def _lines(file: str) -> TextLines:
    return _lines_once(file, _stamp(file))


@lru_cache(maxsize=64)
def _parsed_once(file: str, stamp: tuple[int, int]) -> Any:
    return parse_text(_content(file), file)


@lru_cache(maxsize=64)
def _lines_once(file: str, stamp: tuple[int, int]) -> TextLines:
    return TextLines(_content(file), is_yaml=file.lower().endswith(_YAML))


def _stamp(file: str) -> tuple[int, int]:
    """Tell one content of a file from the next."""
    status = Path(file).stat()
    return status.st_mtime_ns, status.st_size


def _content(file: str) -> str:
    return Path(file).read_text(encoding="utf-8-sig")
