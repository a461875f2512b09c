# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""What a task declares: from its arguments to the flows as they should be, with every problem found on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from ansible_collections.community.descope.plugins.module_utils._deploy.plan import DesiredFlow
from ansible_collections.community.descope.plugins.module_utils._errors import InputError, Problem, Severity
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument, flow_id_problem
from ansible_collections.community.descope.plugins.module_utils._flow.schema import check_schema
from ansible_collections.community.descope.plugins.module_utils._json import quoted
from ansible_collections.community.descope.plugins.module_utils._validate.validate import (
    WHAT_STOPS,
    errors_in,
    find_problems,
    find_problems_together,
)

Kind = Literal["definition", "src", "template"]
_KINDS: tuple[Kind, ...] = ("definition", "src", "template")

SOURCE_OPTIONS = frozenset({*_KINDS, "flows", "flow_id", "vars", "library", "delimiters"})
"""The options that say which flows there should be, and how they are made."""


@dataclass(frozen=True, slots=True)
class Rendering:
    """How a template is found and rendered, beside the variables it gets.

    libraries: folders of templates that go by their names. delimiters: what marks expressions, None for the usual ones.
    overlay: changes to make to the template, or the path of a file with them, None for none.
    """

    libraries: tuple[str, ...] = ()
    delimiters: Mapping[str, str | None] | None = None
    overlay: Any = None


@dataclass(frozen=True, slots=True)
class FlowSource:
    """One place to take flows from.

    value: the document for C(definition), else a path. flow_id: what to call the flow, empty to ask the document.
    variables: what a template may use beside the host's own variables; own: the names of those that are for this source
    alone. label: what messages call this source; named: whether the user chose that label. rendering: how a template is
    rendered.
    """

    kind: Kind
    value: Any
    label: str
    flow_id: str
    variables: Mapping[str, Any]
    named: bool = False
    rendering: Rendering = field(default_factory=Rendering)
    own: frozenset[str] = frozenset()


SourceLoader = Callable[[FlowSource], list[FlowDocument]]


def is_absent(item: Mapping[str, Any], state: str = "present") -> bool:
    """Tell whether the flow of an item of C(flows) should not exist. C(state): what the task says of those that do not.

    What an item says of itself comes first.
    """
    return (item.get("state") or state) == "absent"


def declared_sources(params: Mapping[str, Any]) -> list[FlowSource]:
    """Return the sources that the module's arguments name, in their order, items of absent flows left out.

    Raises InputError where an item names no source or several, or where one flow id is given for several sources.
    """
    state = params.get("state") or "present"
    variables = params["vars"] or {}
    rendering = Rendering(tuple(params.get("library") or ()), params.get("delimiters"))
    problems: list[Problem] = []
    if state == "present" and all(params[option] is None for option in (*_KINDS, "flows")):
        problems.append(Problem("no-source", "give the flows: definition, src, template or flows"))
    sources = [
        FlowSource(kind, value, _label(kind, position, value), "", variables, rendering=rendering)
        for kind in (_KINDS if state == "present" else ())
        for position, value in enumerate(_as_list(params[kind]))
    ]
    problems.extend(_path_problems(sources))
    for position, item in enumerate(params["flows"] or []):
        if is_absent(item, state):
            continue
        given = [kind for kind in _KINDS if item[kind] is not None]
        if len(given) == 1:
            source = _declared_item(given[0], position, item, variables)
            problems.extend(_path_problems([source], f"flows[{position}]."))
            sources.append(replace(source, rendering=replace(rendering, overlay=item.get("overlay"))))
            if item.get("overlay") is not None and given[0] != "template":
                message = f"an overlay changes a template, not a {given[0]}; give the flow as template"
                problems.append(Problem("overlay-without-template", message, source=f"flows[{position}].overlay"))
            problems.extend(_id_problems([item["flow_id"]], f"flows[{position}].flow_id"))
        else:
            what = f"both {' and '.join(given)}" if given else "none of definition, src and template"
            problems.append(
                Problem("ambiguous-source", f"give exactly one source, not {what}", source=f"flows[{position}]")
            )
    if state == "present":
        problems.extend(_id_problems(params["flow_id"] or [], "flow_id"))
        sources = _with_flow_id(sources, params["flow_id"] or [], problems)
    if problems:
        raise InputError(problems)
    return sources


def declared_absent(params: Mapping[str, Any]) -> list[DesiredFlow]:
    """Return the flows that should not exist, each once.

    Raises InputError where nothing says which, or where a source stands beside what should not exist.
    """
    named, problems = _named_absent(params) if params["state"] == "absent" else ([], [])
    for position, item in enumerate(params["flows"] or []):
        place = f"flows[{position}]"
        if not is_absent(item, params["state"]):
            continue
        if any(item[kind] is not None for kind in _KINDS):
            message = "a flow with state=absent has no source; give its flow_id alone"
            problems.append(Problem("source-without-use", message, source=place))
        elif item["flow_id"] is None:
            problems.append(Problem("missing-flow-id", "give the flow_id of the flow to delete", source=place))
        else:
            problems.extend(_id_problems([item["flow_id"]], f"{place}.flow_id"))
            named.append(DesiredFlow(item["flow_id"], None, item["source"] or place))
    if problems:
        raise InputError(problems)
    first: dict[str, DesiredFlow] = {}
    for flow in named:
        first.setdefault(flow.flow_id, flow)
    return list(first.values())


def _named_absent(params: Mapping[str, Any]) -> tuple[list[DesiredFlow], list[Problem]]:
    """Return the flows that C(flow_id) names with C(state=absent), and what is wrong with the task's own options."""
    flow_ids = params["flow_id"] or []
    problems = [
        Problem("source-without-use", f"{kind} has no use with state=absent; name the flows in flow_id")
        for kind in _KINDS
        if params[kind]
    ]
    if not flow_ids and not params["flows"] and not problems:
        problems.append(Problem("missing-flow-id", "state=absent needs flow_id, the flows to delete"))
    problems += _id_problems(flow_ids, "flow_id")
    return [DesiredFlow(flow_id, None, "flow_id") for flow_id in flow_ids], problems


def desired_flows(
    params: Mapping[str, Any], load: SourceLoader, warnings: list[Problem] | None = None
) -> list[DesiredFlow]:
    """Return the flows as the module's arguments declare them: loaded, checked, those to delete last.

    Raises InputError with everything that is wrong. C(warnings) takes what is found besides.
    """
    absent = declared_absent(params)
    desired = load_desired(declared_sources(params), load, validate=params["validate"], warnings=warnings)
    problems = _duplicates([*desired, *absent])
    if problems:
        raise InputError(problems)
    return [*desired, *absent]


def load_desired(
    sources: Iterable[FlowSource],
    load: SourceLoader,
    *,
    validate: bool,
    warnings: list[Problem] | None = None,
) -> list[DesiredFlow]:
    """Load every source. Raises InputError with the problems of all of them, two flows of one id included.

    C(warnings) takes what validating found besides: it stops nothing.
    """
    desired, problems = load_sources(sources, load)
    if validate:
        documents = [flow.document for flow in desired if flow.document]
        found = [
            problem for document in documents if not document.sound for problem in find_problems(document, WHAT_STOPS)
        ]
        found += find_problems_together(documents)
        problems.extend(errors_in(found))
        if warnings is not None:
            warnings.extend(problem for problem in found if problem.severity is Severity.WARNING)
        if problems:
            problems.extend(schema_problems(desired, known=problems))
    if problems:
        raise InputError(problems)
    return desired


def load_sources(sources: Iterable[FlowSource], load: SourceLoader) -> tuple[list[DesiredFlow], list[Problem]]:
    """Load every source. Returns the flows that could be loaded, and why others could not, or are there twice."""
    problems: list[Problem] = []
    desired: list[DesiredFlow] = []
    for source in sources:
        try:
            documents = load(source)
        except InputError as error:
            problems.extend(_as_named(problem, source) for problem in error.problems)
            continue
        desired.extend(_desired(source, documents, problems))
    problems.extend(_duplicates(desired))
    return desired, problems


def schema_problems(desired: Iterable[DesiredFlow], known: Iterable[Problem] = ()) -> list[Problem]:
    """Return what the JSON Schema finds wrong, places that are in C(known) left out.

    It is the slow check, so it runs on flows that are about to be written, or to complete a list of problems.
    """
    seen = {(problem.source, problem.path) for problem in known}
    found = (problem for flow in desired if flow.document for problem in check_schema(flow.document))
    return [problem for problem in errors_in(found) if (problem.source, problem.path) not in seen]


def _declared_item(kind: Kind, position: int, item: Mapping[str, Any], variables: Mapping[str, Any]) -> FlowSource:
    return FlowSource(
        kind,
        item[kind],
        label=item["source"] or _label(kind, position, item[kind], parent="flows"),
        flow_id=item["flow_id"] or "",
        variables={**variables, **(item["vars"] or {})},
        named=bool(item["source"]),
        own=frozenset(item["vars"] or {}),
    )


def _path_problems(sources: Iterable[FlowSource], place: str = "") -> list[Problem]:
    """Return the problems of paths that name nothing: Ansible would find some folder of the role or playbook there."""
    return [
        Problem(
            "empty-path",
            f"the path is {quoted(source.value) if source.value.strip() else 'empty'}; give that of a flow",
            source=f"{place}{source.kind}",
        )
        for source in sources
        if source.kind != "definition" and str(source.value).strip() in ("", ".", "./")
    ]


def _id_problems(flow_ids: Iterable[str | None], source: str) -> list[Problem]:
    """Return what is wrong with ids that were given. An empty one is wrong: it was meant to be something."""
    problems = (flow_id_problem(flow_id, source) for flow_id in flow_ids if flow_id is not None)
    return [problem for problem in problems if problem is not None]


def _as_named(problem: Problem, source: FlowSource) -> Problem:
    return replace(problem, source=source.label) if source.named else problem


def _desired(source: FlowSource, documents: list[FlowDocument], problems: list[Problem]) -> list[DesiredFlow]:
    if not source.flow_id:
        return [_desired_flow(document, source) for document in documents]
    if len(documents) != 1:
        message = f"it holds {len(documents)} flows, so one flow_id cannot name them"
        problems.append(Problem("ambiguous-flow-id", message, source=source.label, flow_id=source.flow_id))
        return []
    return [_desired_flow(documents[0].with_flow_id(source.flow_id), source)]


def _desired_flow(document: FlowDocument, source: FlowSource) -> DesiredFlow:
    if source.named:
        document = FlowDocument(document.data, source.label)
    return DesiredFlow(document.flow_id, document, document.source)


def _duplicates(desired: Iterable[DesiredFlow]) -> list[Problem]:
    first: dict[str, DesiredFlow] = {}
    problems = []
    for flow in desired:
        earlier = first.setdefault(flow.flow_id, flow)
        if earlier is not flow:
            message = f"{earlier.source} defines this flow too; one task can give a flow only once"
            problems.append(Problem("duplicate-flow", message, source=flow.source, flow_id=flow.flow_id))
    return problems


def _with_flow_id(sources: list[FlowSource], flow_ids: list[str], problems: list[Problem]) -> list[FlowSource]:
    if not flow_ids:
        return sources
    if len(flow_ids) != 1 or len(sources) != 1:
        message = "with state=present, flow_id names exactly one source; use flows: with a flow_id in each item"
        problems.append(Problem("ambiguous-flow-id", message, source="flow_id"))
        return sources
    source = sources[0]
    return [replace(source, flow_id=source.flow_id or flow_ids[0])]


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _label(kind: Kind, position: int, value: Any, parent: str = "") -> str:
    if kind != "definition":
        return str(value)
    return f"{parent}[{position}].definition" if parent else f"definition[{position}]"
