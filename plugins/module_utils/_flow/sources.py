# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Flows in files: reading them, with every problem named, and writing them, byte for byte the same every time."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import tempfile
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._errors import InputError, Problem
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument, Known
from ansible_collections.community.descope.plugins.module_utils._flow.formats import (
    Format,
    dump,
    load,
)
from ansible_collections.community.descope.plugins.module_utils._flow.snapshot import (
    TEXT_ASSETS,
    load_flow_directories,
    load_snapshot_flow,
)
from ansible_collections.community.descope.plugins.module_utils._json import (
    JsonValue,
    conflict_line,
    conflict_message,
    file_bytes,
    parse_json,
    quoted,
)

YAML_IMPORT_ERROR: str | None
"""The traceback of importing PyYAML, None if it is there. Only YAML files need it."""

try:
    import yaml
except ImportError:
    YAML_IMPORT_ERROR = traceback.format_exc()
else:
    YAML_IMPORT_ERROR = None

_YAML = (".yml", ".yaml")
# What PyYAML lets through for impossible dates, explicit tags on the wrong values and thousands of levels.
_YAML_SLIPS = (ValueError, TypeError, AttributeError, LookupError, RecursionError)
_FLOW_FILES = ("metadata.json", "contents.json")
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


# --- reading ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RawFlow:
    """One flow as it was found, read but not yet taken for a flow, so that a template can be rendered first.

    C(value) is the file's content; of a snapshot directory, the flow in the exported form. C(flow_id) is the name of
    that directory, empty for a file. C(known): what is known of the value.
    """

    value: JsonValue
    source: str
    flow_id: str = ""
    known: Known = Known.NOTHING

    def with_value(self, value: JsonValue, known: Known = Known.NOTHING) -> RawFlow:
        """Return the same flow with another value."""
        return replace(self, value=value, known=known)


def read_source(path: str | os.PathLike[str], *, flow_id: str = "") -> list[FlowDocument]:
    """Return the flows in a file or directory, in the order of the snapshot's index, else by their directories' names.

    A file holds one flow, as JSON or, named C(.yml) or C(.yaml), as YAML. A directory is one flow of a snapshot
    (C(contents.json), C(metadata.json) and its screens; the directory's name is the flow id), a whole snapshot, or its
    C(flows) directory. C(flow_id) overrides the id of a single flow. Raises InputError with all problems of all files.
    """
    found = read_raw(path)
    if flow_id and len(found) != 1:
        message = f"flow_id names one flow, but there are {len(found)} here; give the directory of one flow"
        raise InputError([Problem("ambiguous-flow-id", message, source=os.fspath(path))])
    return [document for raw in found for document in load_raw(raw, flow_id=flow_id)]


def read_raw(path: str | os.PathLike[str]) -> list[RawFlow]:
    """Return what C(read_source) finds, before it is taken for flows. Raises InputError for what cannot be read."""
    place = os.fspath(path)
    found = Path(place)
    if found.is_dir():
        return [RawFlow(document.data, document.source, document.flow_id) for document in _read_directory(found, place)]
    return [RawFlow(parse_text(_read_text(found, place), place), place)]


def load_raw(raw: RawFlow, *, flow_id: str = "") -> list[FlowDocument]:
    """Return the flows in what was read. C(flow_id) overrides the id found there. Raises as C(load) does."""
    return [load(raw.value, raw.source, flow_id=flow_id or raw.flow_id, known=raw.known)]


def load_definition(value: object, source: str, *, flow_id: str = "") -> FlowDocument:
    """Return the flow in a value given in a task: an object, or its JSON or YAML text. Raises as C(load) does."""
    if isinstance(value, str):
        text = value.lstrip("\ufeff \t\r\n")
        value = parse_json(value, source) if text[:1] in ("", "{", "[", "<") else _parse_yaml(value, source)
    return load(value, source, flow_id=flow_id)


def parse_text(text: str, source: str, what: str = "a flow") -> JsonValue:
    """Return the value in a text: YAML if the source is named so, else JSON.

    Raises InputError with line and column, and with what the text looks like where it is something else: a web page, a
    file with git conflict markers, an empty one, for which C(what) says what was expected.
    """
    if source.lower().endswith(_YAML):
        return _parse_yaml(text, source, what)
    return parse_json(text, source, what)


def read_text(path: str) -> str:
    """Return the text of a file. Raises InputError where it cannot be read, or is not UTF-8."""
    return _read_text(Path(path), path)


def _read_text(path: Path, place: str) -> str:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise InputError([Problem("file-not-found", "no such file", source=place)]) from None
    except (OSError, ValueError) as error:  # ValueError: a path with a null character
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError([Problem("not-readable", f"cannot be read: {reason}", source=place)]) from None
    if content.startswith(_UTF_16) or b"\x00" in content[:4]:
        message = "looks like UTF-16; save it as UTF-8"
        raise InputError([Problem("not-utf-8", message, source=place)])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        message = f"not UTF-8 text, first at line {line} (byte {error.start}); save it as UTF-8"
        raise InputError([Problem("not-utf-8", message, source=place)]) from None


def _read_directory(directory: Path, place: str) -> list[FlowDocument]:
    if any((directory / name).is_file() for name in _FLOW_FILES):
        # The name as given, links not followed: it is the flow id.
        own_id = Path(os.path.abspath(directory)).name  # noqa: PTH100
        assets = _read_assets(directory.absolute().parent.parent / "assets")
        return [load_snapshot_flow(_read_flow_files(directory, place), own_id, place, assets)]
    flows, flows_place = directory, place.rstrip("/")
    if (directory / "flows").is_dir():
        flows, flows_place = directory / "flows", f"{flows_place}/flows"
    index = flows / "flows.json"
    directories = {
        child.name: _read_flow_files(child, f"{flows_place}/{child.name}")
        for child in _children(flows)
        if child.is_dir() and any((child / name).is_file() for name in _FLOW_FILES)
    }
    if not directories and not index.is_file():
        raise InputError([Problem("no-flow", _no_flow(directory), source=place)])
    listed = _text_or_error(index, f"{flows_place}/flows.json") if index.is_file() else None
    assets = _read_assets(flows.absolute().parent / "assets")
    return list(load_flow_directories(directories, listed, assets, flows_place).values())


def _no_flow(directory: Path) -> str:
    message = "a directory without a flow: neither contents.json and metadata.json nor a flows directory"
    single = [child.name for child in _children(directory) if child.suffix in (".json", *_YAML)]
    return f"{message}; name the files themselves ({', '.join(single[:3])}, ...)" if single else message


def _children(directory: Path) -> Iterator[Path]:
    """Yield what Descope's command line tool would read, in a fixed order."""
    try:
        children = sorted(directory.iterdir())
    except OSError:
        children = []
    for child in children:
        if not child.name.startswith((".", "__MACOSX")):
            yield child


def _read_flow_files(directory: Path, place: str) -> dict[str, object]:
    return {
        child.name: _text_or_error(child, f"{place.rstrip('/')}/{child.name}")
        for child in _children(directory)
        if child.suffix == ".json" and child.is_file()
    }


def _text_or_error(path: Path, place: str) -> str | InputError:
    try:
        return _read_text(path, place)
    except InputError as error:
        return error


def _read_assets(directory: Path) -> dict[str, object]:
    """Return the text assets by name; images count as present, but nothing needs their bytes."""
    return {
        child.name: _text_or_error(child, str(child)) if child.suffix[1:] in TEXT_ASSETS else ""
        for child in _children(directory)
        if child.is_file()
    }


def _parse_yaml(text: str, source: str, what: str = "a flow") -> JsonValue:
    if YAML_IMPORT_ERROR is not None:
        message = "reading YAML needs the Python library PyYAML; install it or give the flow as JSON"
        raise InputError([Problem("missing-library", message, source=source)])
    problem = _yaml_problem(text, source, what)
    if problem is not None:
        raise InputError([problem])
    try:
        return _load_yaml(text)
    except yaml.YAMLError as error:
        raise InputError([_invalid_yaml(error, source)]) from None
    except _YAML_SLIPS as error:
        reason = "nested too deep" if isinstance(error, RecursionError) else " ".join(str(error).split())
        raise InputError([Problem("invalid-yaml", f"invalid YAML: {reason}", source=source)]) from None


def _load_yaml(text: str) -> JsonValue:
    """Parse with the fast parser, where PyYAML has it; leave what that refuses to the other, whose messages are better.

    The other also reads characters that JSON escapes as two, which is how JSON text gets into YAML files.
    """
    fast = getattr(yaml, "CSafeLoader", None)
    if fast is not None:
        with contextlib.suppress(yaml.YAMLError, *_YAML_SLIPS):
            return yaml.load(text, Loader=_strict(fast))
    return yaml.load(text, Loader=_strict(yaml.SafeLoader))


def _yaml_problem(text: str, source: str, what: str) -> Problem | None:
    """Tell what YAML itself would say less clearly, or not at all."""
    if not text.strip():
        return Problem("empty-file", f"empty; {what} as YAML was expected", source=source)
    marker = conflict_line(text)
    if marker:
        return Problem("git-conflict", conflict_message(marker), source=source)
    return None


def _invalid_yaml(error: Any, source: str) -> Problem:
    mark = getattr(error, "problem_mark", None)
    where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark is not None else ""
    reason = " ".join(str(getattr(error, "problem", None) or error).split())
    if reason.startswith("the key "):
        return Problem("duplicate-key", f"{reason}{where}; keep one of the two", source=source)
    return Problem("invalid-yaml", f"invalid YAML{where}: {reason}", source=source)


@cache
def _strict(loader: Any) -> Any:
    """Return a loader of plain data that refuses a key given twice. Made when first needed: PyYAML may be missing."""

    class StrictLoader(loader):  # type: ignore[misc]
        def construct_mapping(self, node: Any, deep: bool = False) -> Any:
            keys: set[Any] = set()
            for key_node, _value_node in node.value if isinstance(node, yaml.MappingNode) else ():
                key = (key_node.tag, key_node.value) if isinstance(key_node, yaml.ScalarNode) else None
                if key is not None and key in keys and key_node.tag != "tag:yaml.org,2002:merge":
                    message = f"the key {quoted(key_node.value)} is given twice"
                    raise yaml.constructor.ConstructorError(None, None, message, key_node.start_mark)
                keys.add(key)
            # Deep, so that a value that contains itself is refused instead of built.
            return super().construct_mapping(node, deep=True)

        def construct_scalar(self, node: Any) -> Any:
            return _with_whole_pairs(super().construct_scalar(node))

    return StrictLoader


def _with_whole_pairs(value: Any) -> Any:
    """Join the halves of characters that JSON escapes as two, for example an emoji: YAML takes each for itself."""
    if not isinstance(value, str) or value.isascii():
        return value
    try:
        return value.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:  # half a pair alone stays what it is
        return value


# --- writing ----------------------------------------------------------------------------------------------------------


def render_files(document: FlowDocument, path: str | os.PathLike[str], fmt: Format) -> dict[str, bytes]:
    """Return what C(write_document) would write: the bytes of every file by its path.

    JSON with sorted keys, two spaces and a newline at the end, so that equal flows are equal files.
    """
    place = os.fspath(path)
    if fmt is not Format.SNAPSHOT:
        return {place: file_bytes(dump(document, fmt))}
    if Path(os.path.abspath(place)).name != document.flow_id:  # noqa: PTH100
        message = f'a snapshot keeps the flow id only as the directory\'s name; call it "{document.flow_id}"'
        raise InputError([Problem("snapshot-directory-name", message, source=place, flow_id=document.flow_id)])
    files = dump(document, fmt)
    return {f"{place.rstrip('/')}/{name}": file_bytes(files[name]) for name in sorted(files)}


def write_document(
    document: FlowDocument, path: str | os.PathLike[str], fmt: Format, *, write: bool = True, mode: int = 0o600
) -> list[tuple[str, bool]]:
    """Write a flow to a file, or for C(Format.SNAPSHOT) to the directory of that flow.

    Returns every file with whether it differs from what was there; files that do not differ stay as they are. Each is
    replaced as a whole or not at all, directories are made as needed, and screen files that the flow no longer has are
    removed from its directory (and returned, too). With C(write=False) nothing is touched. C(mode) is that of new
    files. Raises InputError where a file cannot be written.
    """
    wanted = render_files(document, path, fmt)
    try:
        result = [(name, not _holds(Path(name), content)) for name, content in wanted.items()]
        removed = _old_screens(Path(path), wanted) if fmt is Format.SNAPSHOT else []
        for name, differs in result if write else ():
            if differs:
                _replace_file(Path(name), wanted[name], mode)
        for name in removed if write else ():
            Path(name).unlink()
    except OSError as error:
        place = error.filename if isinstance(error.filename, str) else os.fspath(path)
        message = f"cannot be written: {error.strerror or error}"
        raise InputError([Problem("not-writable", message, source=place, flow_id=document.flow_id)]) from None
    return result + [(name, True) for name in removed]


def _holds(path: Path, content: bytes) -> bool:
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    return path.is_file() and path.read_bytes() == content


def _old_screens(directory: Path, wanted: Mapping[str, bytes]) -> list[str]:
    names = {Path(name).name for name in wanted}
    return sorted(str(old) for old in directory.glob("screen-*.json") if old.name not in names)


def _replace_file(path: Path, content: bytes, mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_file():
        mode = stat.S_IMODE(path.stat().st_mode)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, mode)  # noqa: PTH101
        os.replace(temporary, path)  # noqa: PTH105
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
