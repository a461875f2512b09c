# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""One change of a flow, in a reviewer's words and with its exact place."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._diff.masked import redact_both
from ansible_collections.community.descope.plugins.module_utils._diff.text import cut_around_difference, shortened
from ansible_collections.community.descope.plugins.module_utils._json import JsonValue

_LONGEST_VALUE = 200  # characters


@dataclass(frozen=True, slots=True)
class Change:
    """One change between two versions of a flow.

    kind: what sort of change, stable and kebab-case, for example C(task-rewired), C(screen-text-changed). Kinds that
        end in C(-added) and C(-removed) exist on one side only.
    subject: the part of the flow that a person would point at, for example C(screen "Welcome" (0)).
    what: what of it changed, for example C(label of Email Input).
    path: JSON path in the flow as it will be; for kinds that end in C(-removed), in the flow as it was.
    before, after: the values as they stand in the two documents, None where nothing stands there. Never masked, so they
        are kept out of C(repr); whatever is shown comes from L(as_dict) or from rendering.
    layout: the position of a task on the editor's canvas, which changes nothing for anybody who logs in.
    before_text, after_text: words for values that mean little by themselves (ids), already without secrets. Of several
        lines for a whole flow; of two, name and content, for a task in whose place there is another now.
    owner: the part of C(what) that names the component, argument or the like.
    told_by: path of another change that already tells this one, as a removed screen task tells the removed screen.
    secret: the value stands under a secret's name.
    """

    kind: str
    subject: str
    what: str
    path: str
    before: JsonValue = field(default=None, repr=False)
    after: JsonValue = field(default=None, repr=False)
    layout: bool = False
    before_text: str = ""
    after_text: str = ""
    owner: str = ""
    told_by: str = ""
    secret: bool = False

    @property
    def added(self) -> bool:
        return self.kind.endswith("-added")

    @property
    def removed(self) -> bool:
        return self.kind.endswith("-removed")

    def as_dict(self) -> dict[str, Any]:
        """Return the change as plain data for results.

        Secrets are masked, long texts cut around the first difference, and long objects told in words or as JSON text.
        """
        shown = redact_both(self.before, self.after, secret=self.secret)
        before, after = map(_told, shown, (self.before_text, self.after_text))
        if isinstance(before, str) and isinstance(after, str):
            before, after = cut_around_difference(before, after, _LONGEST_VALUE)
        if before == after and self.before != self.after:
            after = f"{after} (changed)"
        return {
            "kind": self.kind,
            "subject": self.subject,
            "what": self.what,
            "path": self.path,
            "before": shortened(before, _LONGEST_VALUE) if isinstance(before, str) else before,
            "after": shortened(after, _LONGEST_VALUE) if isinstance(after, str) else after,
            "layout": self.layout,
        }


def _told(value: JsonValue, words: str) -> JsonValue:
    if not isinstance(value, dict | list):
        return value
    if words:
        return words.replace("\n", "; ")
    text = json.dumps(value, ensure_ascii=False)
    return value if len(text) <= _LONGEST_VALUE else text


def told_changes(changes: Iterable[Change]) -> list[Change]:
    """Return the changes without those that another one of them already tells."""
    every = list(changes)
    paths = {change.path for change in every}
    return [change for change in every if not change.told_by or change.told_by not in paths]
