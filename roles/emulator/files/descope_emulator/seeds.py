# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Flows and whole projects from files: what C(--seed) loads.

Seeds are stored as they are: an old componentsVersion and the editor's caches stay, as in a project that somebody
built in the console.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import v1
from .behaviour import SettingError
from .codec import JsonObject, encode
from .collection import FlowDocument, Format, InputError, detect, load, parse_text, read_source
from .snapshot import SVG_URI
from .store import Project, generated_id
from .v1 import V1Extras

_TEXT = frozenset({".txt", ".html", ".svg"})
_FLOW_FILES = frozenset({".json", ".yml", ".yaml"})


@dataclass(frozen=True, slots=True)
class SeededFlow:
    """A flow in its v2 form, and what only v1 carries."""

    document: JsonObject
    extras: V1Extras = field(default_factory=V1Extras)


@dataclass(frozen=True, slots=True)
class Seed:
    """What was found in one place. C(project): the project it is for, empty for every project."""

    project: str
    flows: tuple[SeededFlow, ...] = ()
    connectors: tuple[JsonObject, ...] = ()
    roles: tuple[JsonObject, ...] = ()
    styles: JsonObject = field(default_factory=dict)
    components_version: str = ""
    other_files: JsonObject = field(default_factory=dict)

    def plant(self, project: Project) -> None:
        """Put everything into a project."""
        for flow in self.flows:
            project.save(flow.document, saved_by="seed", extras=flow.extras)
        for connector in self.connectors:
            project.add_connector(str(connector["name"]), connector)
        for role in self.roles:
            name = str(role["name"])
            project.add_role(name, str(role.get("id") or generated_id("ROL", name)))
        project.theme.styles = {**self.styles} or project.theme.styles
        project.theme.components_version = self.components_version or project.theme.components_version
        project.other_files |= self.other_files


def plant_flow(project: Project, value: JsonObject, source: str) -> None:
    """Put one flow into a project, in whichever format it comes."""
    flow = _flow(value, source)
    project.save(flow.document, saved_by="seed", extras=flow.extras)


def _flow(value: Any, source: str) -> SeededFlow:
    try:
        if detect(value) is Format.CONSOLE:
            flow = value["flow"]
            return SeededFlow(*v1.to_v2(str(flow["id"]), flow, value.get("screens") or []))
        return SeededFlow(load(value, source).data)
    except InputError as error:
        raise SettingError(str(error) if source in str(error) else f"{source}: {error}") from None
    except KeyError as error:
        raise SettingError(f"{source}: this flow has no {error}") from None


# --- files -------------------------------------------------------------------------------------------------------


def read_seed(argument: str) -> Seed:
    """Read C(PATH), meant for every project, or C(PROJECT=PATH). Raise C(SettingError) saying what is wrong."""
    project, separator, place = argument.partition("=")
    if not separator or not project.startswith("P") or "/" in project:
        project, place = "", argument
    path = Path(place).expanduser()
    if not path.exists():
        raise SettingError(f"--seed {argument}: {path} does not exist")
    try:
        if (path / "flows" / "flows.json").is_file():
            return _read_snapshot(project, path)
        flows = _read_flows(path)
    except InputError as error:
        raise SettingError(f"--seed {argument}: {error}") from None
    if not flows:
        raise SettingError(f"--seed {argument}: no flow in {path}")
    return Seed(project, flows=tuple(flows))


def _read_flows(path: Path) -> list[SeededFlow]:
    """Read a file, a directory that is a flow or holds a snapshot's flows, or one with any of these in it."""
    if path.is_file():
        return [_read_file(path)]
    if (path / "contents.json").is_file() or (path / "flows.json").is_file():
        return _documents(read_source(path))
    flows = []
    for child in sorted(path.iterdir()):
        if child.name.startswith((".", "_")):
            continue
        if child.is_dir() or child.suffix in _FLOW_FILES:
            flows += _read_flows(child)
    return flows


def _read_file(path: Path) -> SeededFlow:
    try:
        return _flow(parse_text(path.read_text(encoding="utf-8"), str(path)), str(path))
    except UnicodeDecodeError:
        raise SettingError(f"{path}: not UTF-8") from None


def _documents(documents: list[FlowDocument]) -> list[SeededFlow]:
    return [SeededFlow(document.data) for document in documents]


# --- snapshots ---------------------------------------------------------------------------------------------------


def _read_snapshot(project: str, root: Path) -> Seed:
    """Read a whole project: its flows, and everything else as a snapshot of the emulator shows it again."""
    files = _read_files(root)
    connectors = [files.pop(path) for path in _below(files, "connectors/")]
    index = files.pop("styles/styles.json", {})
    styles = {
        path.removeprefix("styles/").removesuffix(".json"): _with_images(files.pop(path), files)
        for path in _below(files, "styles/")
    }
    return Seed(
        project,
        flows=tuple(_documents(read_source(root))),
        connectors=tuple(one for one in connectors if isinstance(one, dict) and "id" in one and "name" in one),
        roles=tuple(_roles(files)),
        styles=styles,
        components_version=str(index.get("componentsVersion", "")),
        other_files=_without_assets_of_flows(files),
    )


def _without_assets_of_flows(files: JsonObject) -> JsonObject:
    """Leave out the assets that are back in the flows and styles, and where they came from."""
    own = encode({path: content for path, content in files.items() if not path.startswith("assets/")}).decode()
    kept = {
        path: content
        for path, content in files.items()
        if not path.startswith("assets/") or f'"asset:{path.removeprefix("assets/")}"' in own
    }
    mapping = (files.get("assets/assets.json") or {}).get("mapping") or {}
    mapping = {path: names for path, names in mapping.items() if not path.startswith(("flows/", "styles/"))}
    return {**kept, "assets/assets.json": {"mapping": mapping}} if mapping else kept


def _read_files(root: Path) -> JsonObject:
    """Return every file of a snapshot but those of its flows, by path: parsed JSON, or text."""
    files: JsonObject = {}
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if not path.is_file() or name.startswith(("flows/", ".")):
            continue
        if path.suffix == ".json":
            files[name] = parse_text(path.read_text(encoding="utf-8"), str(path))
        elif path.suffix in _TEXT:
            files[name] = path.read_bytes().decode("utf-8")  # as it is: text mode would change line ends
    return files


def _below(files: JsonObject, folder: str) -> list[str]:
    return [path for path in files if path.startswith(folder)]


def _with_images(value: Any, files: JsonObject) -> Any:
    """Put the images of a style back as data URIs (assumed; the names in real snapshots are hashes of the Base64)."""
    if isinstance(value, str) and value.startswith("asset:") and value.endswith(".svg"):
        image = files.get(f"assets/{value.removeprefix('asset:')}")
        encoded = base64.b64encode(str(image or "").encode()).decode()
        return SVG_URI + encoded if image else value
    if isinstance(value, dict):
        return {key: _with_images(member, files) for key, member in value.items()}
    if isinstance(value, list):
        return [_with_images(item, files) for item in value]
    return value


def _roles(files: JsonObject) -> list[JsonObject]:
    """Find roles in the files of a snapshot. Where they live is unknown: no snapshot with roles has been seen."""
    found: list[JsonObject] = []
    for path in ("authorization.json", "authorization/roles.json", "roles.json", "roles/roles.json"):
        roles = files.get(path, {})
        listed = roles.get("roles") if isinstance(roles, dict) else None
        for role in listed if isinstance(listed, list) else ():
            if isinstance(role, str):
                found.append({"name": role})
            elif isinstance(role, dict) and role.get("name"):
                found.append(role)
    return found
