# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The version of this collection, equal to the one in C(galaxy.yml) (a test holds them together)."""

from __future__ import annotations

COLLECTION_VERSION = "0.1.0"
