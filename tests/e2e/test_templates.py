# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors


"""Templates as a playbook sees them: by name, with checked variables, as values of a task, and what goes wrong."""

from __future__ import annotations

import json
from typing import Any

import yaml

from ansible_collections.community.descope.plugins.lookup import flow as flow_lookup
from emulator_client import Emulator
from example_flows import minimal_flow
from flow_tasks import stored_flows
from playbooks import PROJECT_ID, Playbooks

IMPORT = "POST /v2/mgmt/flow/import"
ODD = 'Acme "Best" </b> {{x}} ${y}'


def _write(playbooks: Playbooks, name: str, content: object) -> None:
    path = playbooks.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    text = content if isinstance(content, str) else json.dumps(content)
    path.write_text(text, encoding="utf-8")


def _library(playbooks: Playbooks) -> None:
    """Write an entry with variables and a partial, the same as a text template, and an overlay on the first."""
    options = {"brand": {"required": True}, "limit": {"type": "int", "default": 3}, "pin": {"no_log": True}}
    for entry in ("sign-in", "text"):
        _write(playbooks, f"templates/library/{entry}/variables.yml", {"options": options})
    flow = minimal_flow("${ inventory_hostname }-in", title="Welcome to ${ brand }")
    flow["metadata"] |= {"description": "${ partial('note.txt') }", "attempts": "${ limit }", "pin": "${ pin }"}
    _write(playbooks, "templates/library/sign-in/flow.json", flow)
    _write(playbooks, "templates/library/sign-in/partials/note.txt", "for `${x}` and {{user.name}}")
    text = json.dumps(flow).replace('"${ limit }"', "${ limit }").replace("-in", "-text", 1)
    text = text.replace("\"${ partial('note.txt') }\"", "\"{% include 'note.txt' %}\"")
    _write(playbooks, "templates/library/text/flow.json.j2", text)
    _write(playbooks, "templates/library/text/partials/note.txt", "for `${x}` and {{user.name}}")
    changes = [{"metadata": {"name": "Branded for ${ brand }"}}]
    _write(playbooks, "templates/library/branded/overlay.yml", {"extends": "sign-in", "changes": changes})


def test_templates_by_name_for_a_tenant(playbooks: Playbooks, emulator: Emulator) -> None:
    _library(playbooks)
    variables = {"vars": {"pin": "hunter2hunter2"}, "library": ["library"]}
    flows = [
        {"template": "sign-in"},
        {"template": "text"},
        {
            "template": "branded",
            "flow_id": "branded",
            "overlay": {"changes": [{"metadata": {"description": "${ brand }"}}]},
        },
    ]
    # What comes from elsewhere than the inventory's own files is no template to Ansible.
    _write(playbooks, "tenant.json", {"brand": ODD})
    brand = "{{ (lookup('ansible.builtin.file', 'tenant.json') | from_json).brand }}"
    facts = {"name": "Read", "ansible.builtin.set_fact": {"brand": brand}}

    def run(*arguments: str) -> Any:
        task = {"name": "Deploy", "community.descope.descope_flow": {"flows": flows, **variables}}
        play = {"hosts": "all", "gather_facts": False, "tasks": [facts, task]}
        return playbooks.play([play], *arguments, hosts={"acme": {"limit": "5"}})

    first, second = run("--diff"), run()

    assert first.returncode == second.returncode == 0, first.output + second.output
    assert first.results[-1]["result"]["changed"]
    assert not second.results[-1]["result"]["changed"]
    stored = {flow_id: document.data for flow_id, document in stored_flows(emulator, PROJECT_ID).items()}
    assert set(stored) == {"acme-in", "acme-text", "branded"}
    for flow_id in ("acme-in", "acme-text"):
        metadata = stored[flow_id]["metadata"]
        assert (metadata["attempts"], metadata["description"]) == (5, "for `${x}` and {{user.name}}")
        assert f"Welcome to {ODD}" in {
            node["props"].get("children")
            for screen in stored[flow_id]["screens"]
            for node in screen["contents"].values()
        }
    assert stored["branded"]["metadata"]["name"] == f"Branded for {ODD}"
    assert stored["branded"]["metadata"]["description"] == "${ brand }"
    assert "hunter2hunter2" not in json.dumps(first.results) + first.output


def test_secrets_are_told_nowhere(playbooks: Playbooks, emulator: Emulator) -> None:
    kinds = {"plain": "str", "many": "list", "lines": "str", "nested": "dict", "long": "str", "number": "int"}
    options = {name: {"type": kind, "no_log": True, "required": True} for name, kind in kinds.items()}
    flow = minimal_flow("sign-in", title="Welcome ${ plain }")
    flow["contents"]["tasks"]["0"]["name"] = "Step ${ long }"
    # The action is none that anybody knows, so validating quotes it.
    flow["contents"]["tasks"]["3"]["action"] = "${ long }"
    expressions = ("${ plain }", "Bearer: ${ many[0] }", "a\nb\n${ lines }\nc\nd", "${ nested }", "${ number }")
    for number, value in enumerate(expressions):
        flow["contents"]["tasks"]["1"]["arguments"][f"note{number}"] = {"type": "inline", "value": value}
    _write(playbooks, "templates/secret/flow.json", flow)
    _write(playbooks, "templates/secret/variables.yml", {"options": options})
    playbooks.environment.update(
        ANSIBLE_CALLBACKS_ENABLED="test_results,community.descope.rollout", DESCOPE_REPORT_DIR="report"
    )

    def told(word: str, number: int, *arguments: str) -> str:
        """Return all that anybody sees of a run with these values, printed or written."""
        values = {
            "plain": f'{word}"1',
            "many": [f"{word}-2"],
            "lines": f"{word}-3\n  {word}-4\n",
            "nested": {"inner": [f"{word}-5"]},
            "long": f"{word}-6" * 200,
            "number": number,
        }
        tasks = [
            {"name": module, f"community.descope.descope_{module}": {"template": "secret", **more}}
            for module, more in (
                ("flow_drift", {}),
                ("flow_walk", {"expect": [{"screens": ["Nowhere"]}]}),
                ("flow_validate", {"report": {name: f"report/{name}" for name in ("json", "junit", "sarif")}}),
                ("flow", {}),
            )
        ]
        play = {"hosts": "all", "gather_facts": False, "ignore_errors": True, "tasks": tasks}
        # Not in the playbook: of a task that fails, Ansible shows the lines.
        run = playbooks.play([play], "--diff", *arguments, hosts={"acme": values})
        assert [result["kind"] for result in run.results] == ["ok", "failed", "ok", "ok"], run.output
        report = [path.read_text(encoding="utf-8") for path in (playbooks.folder / "report").iterdir()]
        assert report
        return "\n".join((run.output, json.dumps(run.results), *report))

    first = told("hunter", 4711471147114711)
    preview = told("sesame", 4712471247124712, "--check", "-vvv")
    rotated = told("sesame", 4712471247124712)

    for text in (first, preview, rotated):
        # Half of a number is enough to find it, and not so little that a fingerprint has it by chance.
        for secret in ("hunter", "sesame", "47114711", "47124712"):
            assert secret not in text, text[max(text.find(secret) - 300, 0) :][:400]
    assert "redacted" in first
    assert "redacted" in rotated
    assert "sesame-3" in json.dumps(stored_flows(emulator, PROJECT_ID)["sign-in"].data)


def test_all_mistakes_of_all_templates_are_said_at_once_before_any_request(
    local_playbooks: Playbooks, emulator: Emulator
) -> None:
    playbooks = local_playbooks
    _library(playbooks)
    for name, flow in {
        "undefined": minimal_flow("undefined", title="${ nobody }"),
        "self": minimal_flow("self", title="${ partial('self.json') }"),
    }.items():
        _write(playbooks, f"templates/library/{name}/flow.json", flow)
    _write(playbooks, "templates/library/self/partials/self.json", ["${ partial('self.json') }"])
    _write(
        playbooks, "templates/library/undeclared/flow.json", minimal_flow("undeclared", title="${ limit } ${ brand }")
    )
    _write(playbooks, "templates/library/undeclared/variables.yml", {"options": {"limit": {"type": "int"}}})
    changes = [{"screen": "Gone", "texts": {"a": "b"}}]
    _write(playbooks, "templates/library/outdated/overlay.yml", {"extends": "sign-in", "changes": changes})
    names = ("sign-in", "undefined", "undeclared", "nowhere", "self", "outdated")

    run = playbooks.flow(template=list(names), library=["library"], hosts={"acme": {"limit": "many", "brand": "A"}})

    assert run.returncode == 2, run.output
    problems = {(problem["code"], problem["source"].split("/")[-2:][0]) for problem in run.result["problems"]}
    assert problems == {
        ("variable-invalid", "sign-in"),
        ("template-error", "undefined"),
        ("undeclared-variable", "undeclared"),
        ("variable-invalid", "undeclared"),
        ("file-not-found", "nowhere"),
        ("template-cycle", "partials"),
        ("variable-invalid", "outdated"),
        ("overlay", "outdated"),
    }
    assert "\n" not in run.result["msg"]
    assert "Traceback" not in run.output
    assert not emulator.stats()["requests"]


def test_variables_that_no_template_takes_are_a_mistake(local_playbooks: Playbooks, emulator: Emulator) -> None:
    playbooks = local_playbooks
    _library(playbooks)
    _write(playbooks, "templates/library/anything/flow.json", minimal_flow("anything", title="${ words }"))
    _write(playbooks, "templates/library/other/flow.json", minimal_flow("other", title="${ other }"))
    _write(playbooks, "templates/library/other/variables.yml", {"options": {"other": {"default": "x"}}})
    known = {"brand": "A", "pin": "x"}
    cases: dict[str, dict[str, Any]] = {
        # The host has variables that are none of the template's, and so has what is given for several templates.
        "well": {"template": ["sign-in", "other"], "vars": {**known, "other": "y"}},
        "anything": {"flows": [{"template": "anything", "vars": {"words": "w", "rulez": "x"}}]},
        "with_anything": {"template": ["sign-in", "anything"], "vars": {**known, "words": "w", "rulez": "x"}},
        "of_item": {"flows": [{"template": "sign-in", "vars": {**known, "brnad": "x"}}, {"template": "other"}]},
        "of_other_item": {"flows": [{"template": "sign-in", "vars": {**known, "other": "y"}}, {"template": "other"}]},
        "of_task": {"template": ["sign-in", "other"], "vars": {**known, "rulez": "x", "ansible_user": "me"}},
        "of_both": {"flows": [{"template": "sign-in", "vars": {"brnad": "x", "limit": "many"}}], "vars": {"y": "z"}},
    }

    run = playbooks.cases({name: {**options, "library": ["library"]} for name, options in cases.items()}, "--check")

    found = {
        host: [(problem["code"], problem["message"].split(",")[0]) for problem in result.get("problems", [])]
        for host, result in run.by_host().items()
    }
    assert found == {
        "well": [],
        "anything": [],
        "with_anything": [],
        "of_item": [("undeclared-variable", "it gets the variable brnad")],
        "of_other_item": [("undeclared-variable", "it gets the variable other")],
        "of_task": [("undeclared-variable", "it gets the variable rulez")],
        "of_both": [
            ("undeclared-variable", "it gets the variable brnad"),
            ("undeclared-variable", "it gets the variable y"),
            ("variable-missing", "the variable brand is required; define it for this host or in vars"),
            ("variable-invalid", 'the variable limit cannot take the value "many": it is not of type int'),
        ],
    }, run.output
    assert "did you mean brand?" in run.by_host()["of_item"]["msg"]


def test_what_each_tenant_puts_into_a_template_is_validated(local_playbooks: Playbooks, emulator: Emulator) -> None:
    """Where only texts differ a template is validated once for all, so this is about what is more than a text."""
    playbooks = local_playbooks
    linked, named = minimal_flow("${ inventory_hostname }-linked"), minimal_flow("${ inventory_hostname }-named")
    linked["contents"]["tasks"]["1"]["next"]["rules"][0]["taskId"] = "${ after }"
    named["contents"]["tasks"]["1"]["name"] = "${ step }"
    broken = minimal_flow("${ inventory_hostname }-broken", title="Welcome to ${ step }")
    broken["contents"]["tasks"]["1"]["next"]["rules"][0]["taskId"] = "98"
    for name, flow in {"linked": linked, "named": named, "broken": broken}.items():
        _write(playbooks, f"templates/{name}.json", flow)
    hosts = {"good": {"after": "2", "step": "Verify"}, "lost": {"after": "99", "step": "Verify"}}
    hosts["odd"] = {"after": "2", "step": "{{ ['a', 'list'] }}"}

    def found(*templates: str) -> dict[str, list[str]]:
        run = playbooks.flow(template=[f"{template}.json" for template in templates], hosts=hosts)
        assert "Traceback" not in run.output
        return {
            host: sorted(problem["code"] for problem in result.get("problems", []))
            for host, result in run.by_host().items()
        }

    assert found("broken") == {host: ["dangling-edge"] for host in hosts}
    assert found("broken", "linked")["lost"] == ["dangling-edge", "dangling-edge"]
    assert not emulator.stats()["requests"]
    assert found("named", "linked") == {"good": [], "lost": ["dangling-edge"], "odd": ["schema"]}


def test_the_lookup(local_playbooks: Playbooks) -> None:
    _library(local_playbooks)
    _write(local_playbooks, "flows/sign-in.json", minimal_flow("plain"))
    calls = {
        "flow": "'sign-in', library=['library'], vars={'brand': 'A', 'pin': 'x'}",
        "overlaid": "'branded', library=['library'], vars={'brand': 'A', 'pin': 'x'}, flow_id='mine',"
        " overlay={'changes': [{'metadata': {'name': '${ brand }'}}]}",
        "wrong": "'sign-in', library=['library'], flow_id='no id', vars={'brand': 'A', 'pin': 'x'}",
        "delimiters": "'flows/sign-in.json', delimiters={'variable_start_string': '{%'}",
        "unknown": "'flows/sign-in.json', delimiters={'start': '{%'}",
        "nowhere": "'sign-inn', library=['library']",
    }
    tasks = [
        {"name": name, "ansible.builtin.debug": {"msg": f"{{{{ lookup('community.descope.flow', {call}) }}}}"}}
        for name, call in calls.items()
    ]
    tasks += [task for task in yaml.safe_load(flow_lookup.EXAMPLES) if "ansible.builtin.debug" in task]
    play = {"hosts": "all", "gather_facts": False, "ignore_errors": True, "tasks": tasks}

    run = local_playbooks.play([play])

    said = [json.dumps(result["result"]["msg"]) for result in run.results]
    flow, overlaid = json.loads(said[0]), json.loads(said[1])
    assert (flow["flowId"], flow["metadata"]["description"]) == ("acme-in", "for `${x}` and {{user.name}}")
    assert (overlaid["flowId"], overlaid["metadata"]["name"]) == ("mine", "${ brand }")
    for message, part in zip(
        said[2:6], ("not a flow id", "must differ", "unknown: start", "did you mean sign-in?"), strict=True
    ):
        assert part in message
    assert json.loads(said[6]) == [screen["screenId"] for screen in minimal_flow("plain")["screens"]]
