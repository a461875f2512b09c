# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Reports in files: in which formats, and reading one again to make another format of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from ansible_collections.community.descope.plugins.module_utils._backup.storage import Storage
from ansible_collections.community.descope.plugins.module_utils._errors import InputError, Problem
from ansible_collections.community.descope.plugins.module_utils._files import FOR_EVERYBODY, replace_file
from ansible_collections.community.descope.plugins.module_utils._json import file_bytes, parse_json
from ansible_collections.community.descope.plugins.module_utils._report.fleet import KIND, SCHEMA_VERSION, Report
from ansible_collections.community.descope.plugins.module_utils._report.markdown import render_markdown
from ansible_collections.community.descope.plugins.module_utils._report.page import render_page

RENDERERS: Mapping[str, tuple[str, Callable[[Report], bytes]]] = {
    "json": ("json", file_bytes),
    "markdown": ("md", lambda report: render_markdown(report).encode(errors="replace")),
    "html": ("html", lambda report: render_page(report).encode(errors="replace")),
}
"""The formats of a report: how its file ends, and what makes it."""


def write_report(report: Report, directory: Path, name: str, formats: Iterable[str]) -> list[Path]:
    """Write the report in each format and return the files. Each is there as a whole or not at all. Raises OSError."""
    directory.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for format_name in formats:
        ending, render = RENDERERS[format_name]
        path = directory / f"{name}.{ending}"
        replace_file(path, render(report), mode=FOR_EVERYBODY)
        written.append(path)
    return written


def send_report(report: Report, storage: Storage, name: str, formats: Iterable[str]) -> list[str]:
    """Put the report into a storage in each format and return the places. Raises DescopeError."""
    sent: list[str] = []
    for format_name in formats:
        ending, render = RENDERERS[format_name]
        file = f"{name}.{ending}"
        storage.write(file, render(report))
        sent.append(storage.place(file))
    return sent


def format_of(path: Path) -> str:
    """Return the format that a file's name asks for. Raises InputError for a name that asks for none."""
    for name, (ending, _unused) in RENDERERS.items():
        if path.suffix == f".{ending}":
            return name
    endings = ", ".join(f".{ending}" for ending, _unused in RENDERERS.values())
    message = f"its name does not say which format is wanted: let it end in one of {endings}, or give format"
    raise InputError([Problem("unknown-format", message, source=str(path))])


def read_report(path: Path) -> Report:
    """Return a report that was saved as JSON. Raises InputError for anything else."""
    try:
        report = parse_json(path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        raise InputError([Problem("file-not-found", f"cannot be read: {error.strerror}", source=str(path))]) from None
    except UnicodeDecodeError:
        raise InputError([Problem("invalid-json", "is no text in UTF-8", source=str(path))]) from None
    if not isinstance(report, dict) or report.get("kind") != KIND:
        message = "is no report of a rollout: give the rollout.json that the callback community.descope.rollout wrote"
        raise InputError([Problem("not-a-report", message, source=str(path))])
    if report.get("schema_version") != SCHEMA_VERSION:
        version = report.get("schema_version")
        message = f"has schema_version {version}, and this collection knows {SCHEMA_VERSION}: use the one that wrote it"
        raise InputError([Problem("unknown-schema", message, source=str(path))])
    return report


def rendered(report: Report, format_name: str, source: str) -> bytes:
    """Return the report in a format. Raises InputError where somebody has taken parts out of it."""
    try:
        return RENDERERS[format_name][1](report)
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        message = f"is damaged: {type(error).__name__} {error}; docs/rollout-report.schema.json says what belongs in it"
        raise InputError([Problem("damaged-report", message, source=source)]) from None
