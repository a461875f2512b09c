# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Flows in project snapshots: a directory each, with their screens and long values in files of their own. Pure.

The layout was observed in real snapshots, all of it unless said otherwise where it stands.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from ansible_collections.community.descope.plugins.module_utils._errors import InputError, Problem
from ansible_collections.community.descope.plugins.module_utils._flow.defaults import (
    screen_with_defaults,
    screen_without_defaults,
    without_defaults,
)
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument, identified
from ansible_collections.community.descope.plugins.module_utils._flow.normal import screen_order
from ansible_collections.community.descope.plugins.module_utils._json import (
    JsonObject,
    JsonValue,
    describe,
    json_path,
    parse_json,
    plain_json,
    quoted,
)

# A snapshot keeps long values as files of their own and refers to them by kind and SHA-256 of the value.
ASSET = re.compile(r"asset:((?:[a-z]+)-([0-9a-f]{64})\.([a-z0-9]+))\Z")
_ASSET_IN_TEXT = re.compile(rb'"asset:([a-z]+-[0-9a-f]{64}\.[a-z0-9]+)"')
_REFERENCE = "asset:"
TEXT_ASSETS = frozenset({"txt", "html"})


# What a snapshot has a place for: a flow's own parts, and metadata without this one (observed, where it is false).
_PARTS = frozenset({"flowId", "metadata", "contents", "screens", "references"})
_LEFT_OUT_METADATA = "widget"


def snapshots_lack(document: FlowDocument) -> bool:
    """Tell whether a flow has what a snapshot has no place for, so that only its own export shows it whole."""
    return bool(document.metadata.get(_LEFT_OUT_METADATA)) or not _PARTS.issuperset(document.data)


# --- reading --------------------------------------------------------------------------------------------------------


def load_snapshot(files: Mapping[str, object], source: str = "") -> dict[str, FlowDocument]:
    """Return the flows of a project snapshot by their ids.

    C(files) is what the Management API's snapshot export returns: paths like C(flows/sign-in/contents.json) with
    objects or JSON text, text assets as strings. Raises InputError as C(load_flow_directories) does.
    """
    directories, assets = _parts(files)
    return load_flow_directories(directories, files.get("flows/flows.json"), assets, _join(source, "flows"))


def flows_in_snapshot(files: Mapping[str, object]) -> dict[str, list[str]]:
    """Return the ids of the flows in a project snapshot, each with the paths of its files, assets aside.

    None of the flows is parsed, so one that cannot be understood does not stand in the way of the others. Without
    files: one that has none, or that the list of flows does not name. Raises InputError where not even that list can be
    understood.
    """
    directories, _assets = _parts(files)
    index = files.get("flows/flows.json")
    listed, problems = _flow_ids(index, {}, "flows")
    if problems or index is None:
        raise InputError(problems or [Problem("invalid-flow-index", "the snapshot has no index of flows")])
    known = directories.keys() & listed
    return {
        flow_id: [f"flows/{flow_id}/{name}" for name in directories[flow_id]] if flow_id in known else []
        for flow_id in dict.fromkeys([*listed, *directories])
    }


def assets_named(text: bytes) -> list[str]:
    """Return the paths of the assets that the JSON text of a flow's files names, each once."""
    return [f"assets/{name.decode()}" for name in dict.fromkeys(_ASSET_IN_TEXT.findall(text))]


def load_flow_where_possible(files: Mapping[str, object], flow_id: str) -> FlowDocument | None:
    """Return one flow of a project snapshot of which C(files) are its own and all assets that it names.

    None where it cannot be understood. For reading a project, where somebody else's unusual flow must not stop a task.
    """
    directories, assets = _parts(files)
    try:
        # Most flows name no assets, and then nobody needs to look where.
        return load_snapshot_flow(directories.get(flow_id, {}), flow_id, f"flows/{flow_id}", assets or None)
    except InputError:
        return None


class _Below(Mapping[str, object]):
    """The files of one directory by their names, fetched from all files when they are asked for."""

    def __init__(self, files: Mapping[str, object], directory: str, names: Iterable[str] = ()) -> None:
        self._files = files
        self._directory = directory
        self.names = dict.fromkeys(names)

    def __getitem__(self, name: str) -> object:
        return self._files[self._directory + name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


def _parts(files: Mapping[str, object]) -> tuple[dict[str, _Below], _Below]:
    """Return the files of a snapshot's flows by their directories, and its assets by their names."""
    directories: dict[str, _Below] = {}
    for path in sorted(files):
        parts = path.split("/")
        if len(parts) == 3 and parts[0] == "flows":
            below = directories.setdefault(parts[1], _Below(files, f"flows/{parts[1]}/"))
            below.names[parts[2]] = None
    assets = (path.removeprefix("assets/") for path in files if path.startswith("assets/"))
    return directories, _Below(files, "assets/", assets)


def load_flow_directories(
    directories: Mapping[str, Mapping[str, object]], index: object, assets: Mapping[str, object], source: str = ""
) -> dict[str, FlowDocument]:
    """Return the flows of a snapshot's C(flows) directory by their ids.

    C(directories) are the files of the flow directories by their names, C(index) is C(flows.json), None where there is
    none: then every directory counts. A file that could not be read is given as the InputError that says why. Raises
    InputError with every problem of every flow: a directory that C(flows.json) names but that is missing or the other
    way round, a C(metadata.screens) that does not match the screen files, invalid JSON, assets that are missing.
    """
    flow_ids, problems = _flow_ids(index, directories, source)
    flows: dict[str, FlowDocument] = {}
    for flow_id in flow_ids:
        place = _join(source, flow_id)
        if flow_id not in directories:
            message = "flows.json names this flow, but its directory is missing or empty"
            problems.append(Problem("missing-flow-directory", message, source=place, flow_id=flow_id))
            continue
        try:
            flows[flow_id] = load_snapshot_flow(directories[flow_id], flow_id, place, assets)
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return flows


def _flow_ids(index: object, directories: Mapping[str, object], source: str) -> tuple[list[str], list[Problem]]:
    """Return the ids that the index names, and what is wrong with it."""
    if index is None:
        return list(directories), []
    place = _join(source, "flows.json")
    try:
        content = _file_content(index, place)
    except InputError as error:
        return [], list(error.problems)
    listed = content.get("flows", []) if isinstance(content, dict) else None
    if not isinstance(listed, list) or not all(isinstance(flow_id, str) for flow_id in listed):
        message = 'not an index of flows; expected {"flows": ["<flow id>", ...]}'
        return [], [Problem("invalid-flow-index", message, source=place)]
    problems = [
        Problem("flow-not-listed", _NOT_LISTED, source=_join(source, flow_id), flow_id=flow_id)
        for flow_id in directories
        if flow_id not in listed
    ]
    return list(dict.fromkeys(listed)), problems


_NOT_LISTED = "flows.json does not name this flow, so an import would ignore it; add it there or remove its directory"


def load_snapshot_flow(
    files: Mapping[str, object], flow_id: str, source: str, assets: Mapping[str, object] | None
) -> FlowDocument:
    """Return the flow in the files of one flow directory: C(metadata.json), C(contents.json), C(screen-*.json).

    C(flow_id) is the directory's name. The files are objects or JSON text, C(assets) the text assets by file name, None
    where the files are known to name none.
    """
    problems: list[Problem] = []
    parsed = _parse_files(files, flow_id, source, problems)
    problems += _missing_files(files, flow_id, source)
    metadata = parsed.get("metadata.json")
    screen_files = sorted(name for name in parsed if _is_screen_file(name))
    if isinstance(metadata, dict):
        problems += _screen_list_problems(metadata, [name for name in files if _is_screen_file(name)], flow_id, source)
    parts = parsed
    if assets is not None:
        resolver = _Assets(assets, source, flow_id)
        parts = {name: resolver.resolve(value, name) for name, value in parsed.items()}
        problems += resolver.problems
    if problems:
        raise InputError(problems)
    data = _from_snapshot(parts["metadata.json"], parts["contents.json"], [parts[name] for name in screen_files])
    return identified(data, source, flow_id)


def _parse_files(
    files: Mapping[str, object], flow_id: str, source: str, problems: list[Problem]
) -> dict[str, JsonObject]:
    parsed: dict[str, JsonObject] = {}
    for name in sorted(files):
        if name not in ("metadata.json", "contents.json") and not _is_screen_file(name):
            continue
        place = _join(source, name)
        try:
            content = _file_content(files[name], place)
        except InputError as error:
            problems += [replace(problem, flow_id=flow_id) for problem in error.problems]
            continue
        if isinstance(content, dict):
            parsed[name] = content
        else:
            message = f"expected an object, found {describe(content)}"
            problems.append(Problem("wrong-type", message, source=place, flow_id=flow_id))
    return parsed


def _missing_files(files: Mapping[str, object], flow_id: str, source: str) -> list[Problem]:
    return [
        Problem("missing-file", "the file is missing", source=_join(source, name), flow_id=flow_id)
        for name in ("metadata.json", "contents.json")
        if name not in files
    ]


def _file_content(value: object, place: str) -> JsonValue:
    if isinstance(value, InputError):
        raise value
    return plain_json(parse_json(value, place) if isinstance(value, str) else value, place)


def _is_screen_file(name: str) -> bool:
    return name.startswith("screen-") and name.endswith(".json")


def _screen_list_problems(metadata: JsonObject, present: list[str], flow_id: str, source: str) -> list[Problem]:
    place = _join(source, "metadata.json")
    listed = metadata.get("screens")
    listed = [] if listed is None else listed
    if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
        message = "screens is not a list of names"
        return [Problem("wrong-type", message, path=json_path("screens"), source=place, flow_id=flow_id)]
    wanted = [f"screen-{name}.json" for name in listed]
    problems = [
        Problem(
            "missing-screen-file",
            f"the screen {quoted(name)} is listed, but its file screen-<name>.json is missing",
            path=json_path("screens", index),
            source=place,
            flow_id=flow_id,
        )
        for index, name in enumerate(listed)
        if f"screen-{name}.json" not in present
    ]
    problems += [
        Problem(
            "screen-not-listed",
            "screens in metadata.json does not name this file, so an import would ignore it; add it there or remove it",
            source=_join(source, name),
            flow_id=flow_id,
        )
        for name in sorted(present)
        if name not in wanted
    ]
    return problems


def _from_snapshot(metadata: JsonObject, contents: JsonObject, screens: Iterable[JsonObject]) -> JsonObject:
    data: JsonObject = {
        "metadata": without_defaults({k: v for k, v in metadata.items() if k not in ("screens", "references")}),
        "contents": contents,
        "screens": sorted((screen_without_defaults(screen) for screen in screens), key=screen_order),
    }
    if metadata.get("references"):
        data["references"] = metadata["references"]
    return data


class _Assets:
    """Puts the values that a snapshot keeps as files of their own back in their places."""

    def __init__(self, assets: Mapping[str, object], source: str, flow_id: str) -> None:
        self.assets = assets
        self.source = source
        self.flow_id = flow_id
        self.problems: list[Problem] = []

    def resolve(self, value: JsonValue, file: str, *place: str | int) -> JsonValue:
        """Return the value with its assets in place, sharing what has none."""
        if isinstance(value, str):
            return self._text(value, file, place) if value.startswith(_REFERENCE) else value
        if isinstance(value, dict):
            changed = {
                key: resolved
                for key, member in value.items()
                if isinstance(member, str | dict | list)
                and (resolved := self.resolve(member, file, *place, key)) is not member
            }
            return {**value, **changed} if changed else value
        if isinstance(value, list):
            items = [self.resolve(item, file, *place, index) for index, item in enumerate(value)]
            return value if all(new is old for new, old in zip(items, value, strict=True)) else items
        return value

    def _text(self, value: str, file: str, place: tuple[str | int, ...]) -> str:
        match = ASSET.match(value)
        if not match:
            return value
        name, digest, extension = match.groups()
        content = self.assets.get(name)
        if isinstance(content, InputError):
            self.problems += content.problems
            return value
        if not isinstance(content, str):
            message = f"the asset assets/{name} is missing; copy the snapshot's assets directory, too"
            return self._report("missing-asset", message, value, file, place)
        if extension not in TEXT_ASSETS:
            message = f"how a flow holds the image assets/{name} is not documented; export the flow itself instead"
            return self._report("unsupported-asset", message, value, file, place)
        return _without_added_newline(content, digest)

    def _report(self, code: str, message: str, value: str, file: str, place: tuple[str | int, ...]) -> str:
        where = _join(self.source, file)
        self.problems.append(Problem(code, message, path=json_path(*place), source=where, flow_id=self.flow_id))
        return value


def _without_added_newline(content: str, digest: str) -> str:
    """Descope's command line tool ends text files with a newline; the asset's name tells the hash of the real value."""
    shorter = content.removesuffix("\n")
    if shorter != content and hashlib.sha256(shorter.encode("utf-8", "surrogatepass")).hexdigest() == digest:
        return shorter
    return content


def _join(source: str, name: str) -> str:
    return f"{source.rstrip('/')}/{name}" if source else name


# --- writing --------------------------------------------------------------------------------------------------------


# What the files of real snapshots spell out even where it equals the default.
_SNAPSHOT_METADATA_DEFAULTS: JsonObject = {
    "name": "",
    "description": "",
    "componentsVersion": "",
    "disabled": False,
    "fingerprint": False,
}


def to_snapshot(document: FlowDocument) -> JsonObject:
    """Return the files of a flow's directory by their names."""
    names = screen_file_names(document)
    metadata = {**_SNAPSHOT_METADATA_DEFAULTS, **without_defaults(document.metadata)}
    if document.references:
        metadata["references"] = document.references
    else:
        metadata.pop("references", None)
    metadata["screens"] = sorted(name.removeprefix("screen-").removesuffix(".json") for name in names)
    files: JsonObject = {"contents.json": document.contents, "metadata.json": metadata}
    return files | dict(zip(names, (_screen_to_snapshot(screen) for screen in document.screens), strict=True))


def _screen_to_snapshot(screen: JsonObject) -> JsonObject:
    """Real snapshots spell out the defaults of a screen's interactions, though not of metadata.sharedInteractions."""
    return screen_with_defaults(screen) if "interactions" in screen else screen


def screen_file_names(document: FlowDocument) -> list[str]:
    """Return the snapshot file name of every screen, in the document's order, all different.

    As real snapshots do: the name of the task that shows the screen in lower case with dashes; where two screens have
    the same, a dash and the last four characters of the screen id; where there is no name or only the editor's
    "New Screen", the screen id without its C(SC).
    """
    ids = [screen["screenId"] if isinstance(screen.get("screenId"), str) else "" for screen in document.screens]
    slugs = [slug(document.screen_names.get(screen_id, "")) for screen_id in ids]
    names = [_screen_name(screen_id, own, slugs.count(own) > 1) for screen_id, own in zip(ids, slugs, strict=True)]
    return [f"screen-{name}.json" for name in _all_different(names, ids)]


def slug(name: str) -> str:
    """Return a human name as part of a file name, for example C(promote-passkeys-webauthn)."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def _screen_name(screen_id: str, own: str, shared: bool) -> str:
    if not own or own == "new-screen":
        return _file_safe(screen_id.removeprefix("SC"))
    return f"{own}-{_file_safe(screen_id[-4:])}" if shared else own


def _file_safe(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "-", text)[:80] or "unnamed"


def _all_different(names: list[str], ids: list[str]) -> list[str]:
    """Make names differ even where letter case does not count, as on some file systems."""
    taken: set[str] = set()
    result: list[str] = []
    for name, screen_id in zip(names, ids, strict=True):
        candidates = [name, _file_safe(screen_id), *(f"{name}-{number}" for number in range(2, len(names) + 2))]
        chosen = next(candidate for candidate in candidates if candidate.lower() not in taken)
        taken.add(chosen.lower())
        result.append(chosen)
    return result
