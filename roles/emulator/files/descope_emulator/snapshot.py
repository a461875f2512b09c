# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""A project as the files of a snapshot export. Layout, names and assets as observed in real snapshots."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from . import noise
from .behaviour import Behaviour
from .codec import JsonObject, encode
from .exports import joined, parts_of
from .store import Project, StoredFlow

SNAPSHOT_VERSION = 5  # observed
SVG_URI = "data:image/svg+xml;base64,"

# Returns the file name and the content for a string that becomes an asset, None for one that stays.
AssetFor = Callable[[str], tuple[str, str] | None]

# Members of metadata.json that do not come from the flow's metadata, and one that snapshots lack (observed).
_NOT_METADATA = frozenset({"screens", "references", "widget"})

# Members that are there even when they are empty (observed).
_SPELLED_OUT: JsonObject = {
    "name": "",
    "description": "",
    "componentsVersion": "",
    "disabled": False,
    "fingerprint": False,
}


@dataclass(slots=True)
class Files:
    """Encoded files by path, with the long values that were moved out of them.

    assets: the values by file name below C(assets/). mapping: where they came from, by path of the file, nested as
    they were.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    assets: dict[str, str] = field(default_factory=dict)
    mapping: JsonObject = field(default_factory=dict)

    def add(self, other: Files) -> None:
        """Take in the files of a part of the project."""
        self.files |= other.files
        self.assets |= other.assets
        self.mapping |= other.mapping


def exported(project: Project, behaviour: Behaviour, *, plain: bool) -> bytes:
    """Return the answer to a snapshot export. C(plain): long values stay in their places."""
    everything = _project_files(project, plain=plain)
    flow_ids = sorted(project.flows)
    everything.files["flows/flows.json"] = encode({"flows": flow_ids})
    for flow_id in flow_ids:
        everything.add(_flow_files(project.flows[flow_id], project, behaviour, plain))
    if not plain:
        _add_assets(everything)
    return b'{"files":' + joined(everything.files) + b"}"


def _add_assets(everything: Files) -> None:
    everything.files |= {f"assets/{name}": encode(value) for name, value in everything.assets.items()}
    if everything.mapping:
        everything.files["assets/assets.json"] = encode({"mapping": everything.mapping})


# --- flows -------------------------------------------------------------------------------------------------------


def _flow_files(flow: StoredFlow, project: Project, behaviour: Behaviour, plain: bool) -> Files:
    name = "plain files" if plain else "files"
    return flow.encoding(name, lambda: _make_flow_files(flow, project, behaviour, plain))


def _make_flow_files(flow: StoredFlow, project: Project, behaviour: Behaviour, plain: bool) -> Files:
    parts = parts_of(flow, project, behaviour)
    names = screen_names(flow.document)
    folder = f"flows/{flow.flow_id}"
    result = Files({f"{folder}/metadata.json": encode(_metadata(flow, names, parts.references))})
    result.files[f"{folder}/contents.json"] = parts.contents
    result.files |= {f"{folder}/screen-{names[screen_id]}.json": screen for screen_id, screen in parts.screens}
    if not plain:
        _move_long_strings(result, folder, flow.document, names, behaviour.asset_limit)
    return result


def _move_long_strings(files: Files, folder: str, document: JsonObject, names: dict[str, str], limit: int) -> None:
    """Replace the files of C(document) that hold long strings by files that refer to assets."""
    sources = {f"{folder}/contents.json": document.get("contents") or {}}
    for screen in noise.printed_screens(document.get("screens") or []):
        sources[f"{folder}/screen-{names[str(screen['screenId'])]}.json"] = screen
    for path, source in sources.items():
        if has_long_string(source, limit):
            shortened, files.mapping[path] = externalise(source, long_string(limit), files.assets)
            files.files[path] = encode(shortened)


def _metadata(flow: StoredFlow, names: dict[str, str], references: JsonObject) -> JsonObject:
    """Return metadata.json: no widget, no empty members but five, references only where there are any (observed)."""
    metadata = flow.document.get("metadata") or {}
    result = {**_SPELLED_OUT, **pruned({key: value for key, value in metadata.items() if key not in _NOT_METADATA})}
    if listed := pruned(references):
        result["references"] = listed
    result["screens"] = sorted(names.values())
    return dict(sorted(result.items()))


def is_empty(value: Any) -> bool:
    """Tell whether a value is its type's default, which snapshots leave out."""
    return value is None or value is False or value in ("", 0, [], {})


def pruned(value: Any) -> Any:
    """Return a value without empty members, at every level (observed)."""
    if isinstance(value, dict):
        members = {key: pruned(member) for key, member in value.items()}
        return {key: member for key, member in members.items() if not is_empty(member)}
    if isinstance(value, list):
        return [pruned(item) for item in value]
    return value


# --- names of screen files ---------------------------------------------------------------------------------------


def screen_names(document: JsonObject) -> dict[str, str]:
    """Return the name of each screen's file by screen id, without C(screen-) and C(.json).

    Observed in 169 of 169 screens: a slug of the task's name; with a dash and the last four characters of the id where
    screens share it; the id without C(SC) for a "New Screen". A screen that no task shows is named by its id (assumed).
    """
    ids = [str(screen["screenId"]) for screen in noise.printed_screens(document.get("screens") or [])]
    shown = _task_names(document)
    slugs = {screen_id: _slug(shown.get(screen_id, "")) for screen_id in ids}
    shared = Counter(slugs.values())
    names = {screen_id: _screen_name(screen_id, slug, shared[slug] > 1) for screen_id, slug in slugs.items()}
    taken = Counter(names.values())
    return {screen_id: name if taken[name] == 1 else screen_id for screen_id, name in names.items()}


def _screen_name(screen_id: str, slug: str, shared: bool) -> str:
    if slug in ("", "new-screen"):
        return screen_id.removeprefix("SC")
    return f"{slug}-{screen_id[-4:]}" if shared else slug


def _task_names(document: JsonObject) -> dict[str, str]:
    contents = document.get("contents")
    tasks = contents.get("tasks") if isinstance(contents, dict) else None
    names: dict[str, str] = {}
    for task in tasks.values() if isinstance(tasks, dict) else ():
        if isinstance(task, dict) and task.get("type") == "screen":
            names.setdefault(str(task.get("screenId", "")), str(task.get("name", "")))
    return names


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


# --- assets ------------------------------------------------------------------------------------------------------


def has_long_string(value: Any, limit: int) -> bool:
    """Tell whether a value holds a string longer than C(limit) characters."""
    if isinstance(value, str):
        return len(value) > limit
    if isinstance(value, dict):
        return any(has_long_string(member, limit) for member in value.values())
    return isinstance(value, list) and any(has_long_string(item, limit) for item in value)


def long_string(limit: int) -> AssetFor:
    """Move strings longer than C(limit); observed: their names are the hash of the value."""

    def asset_for(text: str) -> tuple[str, str] | None:
        return (f"value-{_sha256(text)}.txt", text) if len(text) > limit else None

    return asset_for


def image(text: str) -> tuple[str, str] | None:
    """Move images; observed: their names are the hash of the Base64, the files hold the image itself."""
    if not text.startswith(SVG_URI):
        return None
    encoded = text.removeprefix(SVG_URI)
    return f"img-{_sha256(encoded)}.svg", base64.b64decode(encoded).decode("utf-8", "replace")


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def externalise(value: Any, asset_for: AssetFor, assets: dict[str, str]) -> tuple[Any, Any]:
    """Move strings of a value into C(assets): those for which C(asset_for) returns a name and a content.

    Returns the value with C(asset:<name>) in their places, and the names nested as the values were, None where there
    was none.
    """
    if isinstance(value, str):
        asset = asset_for(value)
        if asset is None:
            return value, None
        name, content = asset
        assets[name] = content
        return f"asset:{name}", name
    if isinstance(value, dict):
        members = {key: externalise(member, asset_for, assets) for key, member in value.items()}
        places = {key: place for key, (_kept, place) in members.items() if place is not None}
        return {key: kept for key, (kept, _place) in members.items()}, places or None
    if isinstance(value, list):
        items = [externalise(item, asset_for, assets) for item in value]
        listed = [place for _kept, place in items if place is not None]
        return [kept for kept, _place in items], listed or None
    return value, None


def inlined(value: Any, assets: dict[str, str]) -> Any:
    """Return a value with the assets it refers to in their places."""
    if isinstance(value, str) and value.startswith("asset:"):
        return assets.get(value.removeprefix("asset:"), value)
    if isinstance(value, dict):
        return {key: inlined(member, assets) for key, member in value.items()}
    if isinstance(value, list):
        return [inlined(item, assets) for item in value]
    return value


# --- the rest of a project ---------------------------------------------------------------------------------------


def _project_files(project: Project, *, plain: bool) -> Files:
    """Return everything but the flows: connectors, styles, and the files the project was seeded with."""
    seeded = dict(project.other_files)
    index = seeded.pop("assets/assets.json", {})
    assets = {path.removeprefix("assets/"): seeded.pop(path) for path in list(seeded) if path.startswith("assets/")}
    files: JsonObject = {
        "snapshot.json": {"version": SNAPSHOT_VERSION},
        "project.json": {"name": project.name},
        **seeded,
    }
    if plain:
        files = {path: inlined(content, assets) for path, content in files.items()}
    result = Files(assets=assets, mapping=dict(index.get("mapping") or {}))
    files |= _connector_files(project) | _style_files(project, result, plain=plain)
    result.files = {path: encode(content) for path, content in files.items()}
    return result


def _connector_files(project: Project) -> JsonObject:
    names = {_slug(name) or str(connector["id"]): connector for name, connector in sorted(project.connectors.items())}
    files: JsonObject = {"connectors/connectors.json": {"connectors": sorted(names)}}
    defaults: JsonObject = {"configuration": {}, "description": "", "type": ""}
    return files | {f"connectors/{name}.json": {**defaults, **connector} for name, connector in names.items()}


def _style_files(project: Project, files: Files, *, plain: bool) -> JsonObject:
    """Return the files of the styles; their images go to C(files) unless the snapshot is plain."""
    theme = project.theme
    index = {"componentsVersion": theme.components_version, "styles": sorted(theme.styles)}
    styles: JsonObject = {"styles/styles.json": index}
    for name, style in theme.styles.items():
        path = f"styles/{name}.json"
        styles[path], places = (style, None) if plain else externalise(style, image, files.assets)
        if places is not None:
            files.mapping[path] = places
    return styles
