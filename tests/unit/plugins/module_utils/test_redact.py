# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""What is taken for a secret and hidden, and what has to stay readable."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from ansible_collections.community.descope.plugins.module_utils._redact import (
    REDACTED,
    is_secret_name,
    redact_text,
    redact_value,
)
from json_values import json_values
from real_flows import real_flow_files

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N"


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "clientSecret",
        "X-Api-Key",
        "apiKey",
        "APIKey",
        "api_key",
        "Authorization",
        "accessToken",
        "privateKey",
        "credentials",
        "apiKey2",
        "token1",
        "API_KEY_12",
        "clientSecretValue",
        "accessTokenValues",
        "tokens",
        "passwords",
        "apiKeys",
        "cookies",
    ],
)
def test_names_of_secrets(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "password-placeholder",
        "PasswordExpired",
        "sessionCookieName",
        "tokenPath",
        "verifyTokenStepId",
        "key",
        "contextKey",
        "contextKeys",
        "keys",
        "value",
        "values2",
        "42",
        "passwordValuePath",
        "children",
        "",
        "-",
    ],
)
def test_names_that_only_sound_like_it(name: str) -> None:
    assert not is_secret_name(name)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"Authorization: Bearer {JWT}", "Authorization: Bearer <redacted>"),
        ("bearer abcdefghijkl", "bearer <redacted>"),
        ("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Basic <redacted>"),
        (f"see {JWT}, please", "see <redacted>, please"),
        ('{"client_secret": "hunter2"}', '{"client_secret": "<redacted>"}'),
        ('{\\"password\\": \\"hunter2\\"}', '{\\"password\\": \\"<redacted>\\"}'),
        ("const apiKey = 'abc'; send(apiKey)", "const apiKey = '<redacted>'; send(apiKey)"),
        ("const apiKeys = 'abc', token_2 = 'def'", "const apiKeys = '<redacted>', token_2 = '<redacted>'"),
        ('{"clientSecretValue": "hunter2"}', '{"clientSecretValue": "<redacted>"}'),
        ("https://x.example/?token1=abcdef&user=me", "https://x.example/?token1=<redacted>&user=me"),
        ("https://x.example/?token=abcdef&user=me", "https://x.example/?token=<redacted>&user=me"),
        ("https://bob:hunter2@x.example/", "https://bob:<redacted>@x.example/"),
        ("x-api-key: 0123abcd", "x-api-key: <redacted>"),
        ("key sk_live_0123456789abcdef", "key <redacted>"),
        (f"K2{'x' * 50}", "<redacted>"),
        ("-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\nrest", "<redacted>\nrest"),
    ],
)
def test_secrets_inside_a_text(text: str, shown: str) -> None:
    assert redact_text(text) == shown
    assert redact_text(shown) == shown


@pytest.mark.parametrize(
    "text",
    [
        "Enter your password: it has at least 8 characters",
        "Basic information",
        "Forgot password?",
        '{"token": "{{connectors.httpResult.token}}"}',
        "Authorization: Bearer {{session.jwt}}",
        "password: form.password",
        '<input type="password" name="password" placeholder="Password">',
        "https://acme.example/sign-in?flow=sign-up-or-in",
        "unAuthUser.email {{unauthUser.email}}",
        "max_tokens=4096",
    ],
)
def test_texts_that_stay_as_they_are(text: str) -> None:
    assert redact_text(text) == text


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"password": "hunter2"}, {"password": REDACTED}),
        (
            {"password": 123456, "required-password": True, "token": None},
            {"password": REDACTED, "required-password": True, "token": None},
        ),
        ({"credentials": {"user": "bob", "pin": [1, 2]}}, {"credentials": {"user": REDACTED, "pin": [REDACTED] * 2}}),
        (
            {"key": "Authorization", "type": "string", "value": "x"},
            {"key": "Authorization", "type": "string", "value": REDACTED},
        ),
        ({"apiKey": {"type": "inline", "value": "x"}}, {"apiKey": {"type": "inline", "value": REDACTED}}),
    ],
)
def test_values(value: dict[str, Any], shown: dict[str, Any]) -> None:
    assert redact_value(value) == shown


@pytest.mark.parametrize(
    "value",
    [
        {"token": {"type": "context", "value": "connectors.httpResult.token"}},
        {"key": "form.password", "type": "context", "value": "scripts.result.password"},
        {"update-password": {"displayName": "Button", "props": {"children": "Update password"}}},
        {"displayName": "Login Password", "key": "password", "name": "password"},
    ],
)
def test_values_that_stay_as_they_are(value: dict[str, Any]) -> None:
    assert redact_value(value) == value


@given(json_values())
def test_every_value_can_be_masked_and_masking_again_changes_nothing(value: Any) -> None:
    masked = redact_value(value)
    assert redact_value(masked) == masked
    json.dumps(redact_value(value, secret=True))


def test_nothing_in_real_flows_is_mistaken_for_a_secret(real_flows_dir: Path) -> None:
    for path in real_flow_files():
        flow = json.loads(path.read_text(encoding="utf-8"))
        assert redact_value(flow) == flow
