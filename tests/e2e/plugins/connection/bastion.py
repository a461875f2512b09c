# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""A connection of another name than C(local), so that tasks take the path of a module on another machine."""

from __future__ import annotations

from ansible.plugins.connection.local import Connection as LocalConnection

DOCUMENTATION = r"""
name: bastion
short_description: Run on this machine as if it were another one
description:
  - Does what the local connection does, under another name.
author: The community.descope contributors (@ansible-collections)
extends_documentation_fragment:
  - connection_pipelining
"""


class Connection(LocalConnection):
    """The local connection under another name."""

    transport = "bastion"
