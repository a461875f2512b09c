# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Installed into the environments of this checkout, and run by every Python that starts there.

Ansible finds the collection through site-packages, the last place where it looks. An installed copy of the same
collection would hide the checkout; so where there is one, and nobody has said where to look, look here first.
Otherwise nothing is set, because a variable would override the C(collections_path) of an ansible.cfg.
"""

from __future__ import annotations

import os


def _put_checkout_first() -> None:
    home = os.environ.get("ANSIBLE_HOME") or "~/.ansible"
    paths = [os.path.join(os.path.expanduser(home), "collections"), "/usr/share/ansible/collections"]
    if any(os.path.exists(os.path.join(path, "ansible_collections", "community", "descope")) for path in paths):
        os.environ.setdefault("ANSIBLE_COLLECTIONS_PATH", os.pathsep.join([os.path.dirname(__file__), *paths]))


_put_checkout_first()
