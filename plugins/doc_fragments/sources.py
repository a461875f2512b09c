# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Options of the modules that take flows: where those come from."""

from __future__ import annotations


class ModuleDocFragment:
    """Documentation fragment C(community.descope.sources)."""

    DOCUMENTATION = r"""
options:
  definition:
    description:
      - One flow or a list of flows, as values, in any of the formats that Descope's tools write.
      - Ansible evaluates templates in values that stand in a playbook. A flow that contains Descope's own C({{...}})
        belongs in a file, see O(src).
    type: raw
  src:
    description:
      - Files on the controller, or directories, that hold flows. They are taken as they are.
      - JSON or YAML, in the format of C(descope flow export), of the Management API's answer, or of the console's
        export. A directory is a flow of a project snapshot, or a whole snapshot.
      - Relative paths are searched where Ansible searches files, first in C(files/) of the role and of the playbook,
        then in the working directory and beside the inventory.
    type: list
    elements: path
  template:
    description:
      - Templates of flows, each by the name of its entry in a library, by the path of such an entry, or by the path of
        a file or directory as in O(src).
      - In a template that is JSON, YAML or a snapshot directory, every string that contains C(${ expression }) is
        rendered with the variables of the host. A value cannot change the structure of the flow, and a string that is
        one expression alone keeps the type of its value. Descope's own C({{...}}) is left as it is. Write C($${) for a
        literal C(${).
      - A file whose name ends in C(.j2) is a text template, all of Jinja with C(${) and C(}) for expressions. Values
        are escaped as the place they stand in needs it.
      - An entry's name is looked for in O(library), then where Ansible searches templates (first in C(templates/) of
        the role and of the playbook, then in the working directory and beside the inventory), then among the templates
        that come with the collection.
    type: list
    elements: path
  flows:
    description:
      - A list of flows from mixed sources, each with options of its own.
    type: list
    elements: dict
    suboptions:
      definition:
        description: As O(definition).
        type: raw
      src:
        description: As O(src), one path.
        type: path
      template:
        description: As O(template), one of them.
        type: path
      overlay:
        description:
          - Changes to make to this template before it is rendered, as a mapping with C(changes), or as the path of a
            file that holds one. The documentation of templates says which there are.
          - In a mapping, C(${) has no meaning, because Ansible has templated its values already.
        type: raw
      flow_id:
        description: The id to give the flow, instead of the one in the document.
        type: str
      vars:
        description: Variables for this template, in addition to those of the host and of O(vars).
        type: dict
      source:
        description: What messages call this flow, instead of its path or position.
        type: str
      state:
        description:
          - V(absent) deletes the flow that O(flows[].flow_id) names; the item has no source then.
          - By default, as the task has it, else V(present). What an item says comes before what the task says.
        type: str
        choices: [present, absent]
  declared_in:
    description:
      - How the names of the variables begin in which the host declares its flows, for example V(descope_flows). Each
        holds a list of what O(flows) takes, where a text alone stands for O(flows[].template). They add up, and to
        O(flows).
      - Of a flow that several of them declare, the one in C(<declared_in>_host) counts, else the one in
        C(<declared_in>_<anything>), else the one in C(<declared_in>) itself. Two different declarations of one flow in
        two variables C(<declared_in>_<anything>) are an error. Where the host has none of these variables, that is a
        warning.
    type: str
  vars:
    description:
      - Variables for templates, in addition to those of the host. They win over those.
      - Which variables a template takes stands in its C(variables.yml). They are checked before anything is rendered.
        One given here that no template of the task takes, or in an item that its template does not take, is an error.
    type: dict
  secret_values:
    description:
      - Values that results, messages and reports leave out. The action plugin fills it in with those of the variables
        that templates declare C(no_log), where the module runs on another machine; there is no need to set it.
    type: list
    elements: str
"""

    TEMPLATES = r"""
options:
  library:
    description:
      - Folders of templates, each of which is a folder of its own with the flow, its C(variables.yml) and its partials.
        The first that has an entry of the name given in C(template) is used.
      - Relative paths are searched where Ansible searches templates.
    type: list
    elements: path
  delimiters:
    description:
      - What marks expressions, and in text templates blocks and comments. Those that are not given stay as they are.
    type: dict
    suboptions:
      variable_start_string:
        description: What begins an expression, by default V(${).
        type: str
      variable_end_string:
        description: What ends an expression, by default V(}).
        type: str
      block_start_string:
        description: What begins a block of a text template, by default V({%).
        type: str
      block_end_string:
        description: What ends a block of a text template, by default V(%}).
        type: str
      comment_start_string:
        description: What begins a comment of a text template, by default V({#).
        type: str
      comment_end_string:
        description: What ends a comment of a text template, by default V(#}).
        type: str
"""
