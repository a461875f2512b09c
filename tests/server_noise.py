# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""What the console leaves on screen tasks, as observed in real exports: the tests' own list, neither side's code."""

from __future__ import annotations

EDITOR_CACHES = frozenset(
    {
        "htmlTemplate",
        "interactions",
        "clientScripts",
        "componentsConditions",
        "componentsConnectors",
        "connectorComponentProps",
        "dynamicSelects",
        "recoveryCodesData",
        "inputsMetadata",
    }
)
