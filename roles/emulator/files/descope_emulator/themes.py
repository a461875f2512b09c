# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""A project's theme: its styles by name, and their v1 and v2 forms."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .behaviour import Behaviour
from .codec import JsonObject


def _new_styles() -> JsonObject:
    """A new project has a light and a dark style (documented); what is in them is invented."""
    return {
        "light": {"globals": {"colors": {"primary": {"main": "#006af5", "contrast": "#ffffff"}}}, "components": {}},
        "dark": {"globals": {"colors": {"primary": {"main": "#4d9bff", "contrast": "#000000"}}}, "components": {}},
    }


@dataclass(slots=True)
class Theme:
    """The styles by name, and what else came with a theme."""

    styles: JsonObject = field(default_factory=_new_styles)
    components_version: str = "2.0.0"
    version: int = 1
    other: JsonObject = field(default_factory=dict)

    # --- v2 ------------------------------------------------------------------------------------------------------

    def exported(self, behaviour: Behaviour) -> JsonObject:
        """Return the v2 form (documented): C(styles), C(componentsVersion), C(references)."""
        references: JsonObject = {"connectors": {}, "oauth": [], "omitted": [], "roles": {}}
        references |= {"userAttributes": [], "tenantAttributes": []}
        if behaviour.references_roles == "array":
            references["roles"] = []
        shown = {key: value for key, value in self.other.items() if key not in _ONLY_V1}
        return {
            "styles": self.styles,
            "componentsVersion": self.components_version,
            "references": references,
            **shown,
        }

    def imported(self, theme: JsonObject, behaviour: Behaviour) -> None:
        """Take over a theme in its v2 form: only the styles it carries, or wholly (it depends on the server's age)."""
        styles = theme.get("styles") or {}
        self.styles = {**self.styles, **styles} if behaviour.theme_import == "upsert" else dict(styles)
        self._saved(theme, known=("styles", "componentsVersion", "references"))
        self.components_version = behaviour.components_version

    # --- v1 ------------------------------------------------------------------------------------------------------

    def exported_v1(self) -> JsonObject:
        """Return the v1 form (documented by the clients). That its C(cssTemplate) is the styles by name is assumed."""
        return {
            "id": "",
            "version": self.version,
            "cssTemplate": self.styles,
            "componentsVersion": self.components_version,
            "codeMode": False,
            **self.other,
        }

    def imported_v1(self, theme: JsonObject, behaviour: Behaviour) -> None:
        """Take over a theme in its v1 form. It carries every style, so it replaces them (documented as "override")."""
        self.styles = dict(theme.get("cssTemplate") or {})
        self._saved(theme, known=("cssTemplate", "componentsVersion", "version"))
        self.components_version = behaviour.components_version

    def _saved(self, theme: JsonObject, known: tuple[str, ...]) -> None:
        unknown: dict[str, Any] = {key: value for key, value in theme.items() if key not in known}
        self.other = {**self.other, **unknown}
        self.version += 1


_ONLY_V1 = frozenset({"id", "codeMode"})
