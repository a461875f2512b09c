# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""An honest emulator of the part of Descope's Management API that community.descope uses.

Every fact about Descope carries its grade in the docstring or comment that states it:

observed: seen in data or answers of the real service that were committed to public repositories.
documented: stated by Descope's reference, documentation or own client code.
assumed: no evidence either way; where it matters, a switch in C(behaviour.py) turns it.
"""

from __future__ import annotations

__version__ = "1.0.0"
