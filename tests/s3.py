# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""An S3 to keep backups in: the server that comes with moto, on a free port, in a process of its own."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import fsspec  # type: ignore[import-untyped]
import requests

_ANNOUNCEMENT = re.compile(r"Running on (http://127\.0\.0\.1:\d+)")
_REQUEST = re.compile(r'"(?:\x1b\[\d+m)*([A-Z]+ \S+) HTTP/1\.1')
_START_SECONDS = 60.0
_REQUEST_SECONDS = 30


@dataclass(frozen=True)
class S3:
    """A running server. C(log) is the file in which it notes its requests."""

    url: str
    log: Path

    @property
    def environment(self) -> dict[str, str]:
        """What the AWS tools are told with environment variables."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": "us-east-1",
            # Nothing of whoever runs the tests.
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        }

    def new_bucket(self, name: str) -> str:
        """Make a bucket and return the URL of a place in it."""
        requests.put(f"{self.url}/{name}", timeout=_REQUEST_SECONDS).raise_for_status()
        return f"s3://{name}/backups"

    def read(self, url: str) -> bytes:
        """Return what is at an C(s3://) URL. Fails where there is nothing."""
        account = {"key": "testing", "secret": "testing", "endpoint_url": self.url}
        # It may have listed the folder before the file was there.
        with fsspec.open(url, "rb", **account, use_listings_cache=False) as file:
            return bytes(file.read())

    def requests(self) -> list[str]:
        """Return the requests so far, each as its method and path."""
        return _REQUEST.findall(self.log.read_text(encoding="utf-8"))


@contextmanager
def running_s3(log: Path) -> Iterator[S3]:
    """Run a server for as long as the block lasts."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        yield S3(_announced_url(log), log)
    finally:
        process.terminate()
        process.wait()


def _announced_url(log: Path) -> str:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        text = log.read_text(encoding="utf-8")
        announced = _ANNOUNCEMENT.search(text)
        if announced:
            return announced[1]
        assert time.monotonic() < deadline, f"the S3 server did not start; it said: {text}"
        time.sleep(0.05)
