# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""A headless Chromium, for the tests that look at pages as their readers do.

C(python tests/browser.py) takes the screenshots in C(docs/images) anew.
"""

from __future__ import annotations

import base64
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.chrome.webdriver import WebDriver

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DESKTOP, PHONE = (1280, 900), (390, 844)


def missing() -> str:
    """Return what this machine lacks to run a browser, empty if it lacks nothing."""
    if not _binary():
        return "there is no Chromium on this machine (on Debian: apt install chromium chromium-driver)"
    if not shutil.which("chromedriver"):
        return "there is no chromedriver on this machine (on Debian: apt install chromium-driver)"
    return ""


def _binary() -> str:
    """Return where the browser is, empty if there is none."""
    return next((path for name in _BROWSERS if (path := shutil.which(name))), "")


@contextmanager
def open_browser() -> Iterator[WebDriver]:
    """Run a browser for as long as the block lasts. It knows no network: whatever a page asks for, it does not get."""
    options = Options()
    options.binary_location = _binary()
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"):
        options.add_argument(argument)
    options.add_argument("--proxy-server=127.0.0.1:9")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    try:
        yield driver
    finally:
        driver.quit()


def set_screen(driver: WebDriver, size: tuple[int, int], *, dark: bool = False) -> None:
    """Look as on a screen of this size, a small one as on a phone, in light or dark mode."""
    phone = size == PHONE
    metrics: dict[str, Any] = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": phone}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})


def _take_screenshots(folder: Path) -> None:
    from ansible_collections.community.descope.plugins.module_utils._report.page import render_page  # noqa: PLC0415
    from fleet_example import example_report  # noqa: PLC0415

    pictures = {
        "report-desktop.png": ((1280, 1900), False, 0),
        "report-phone.png": (PHONE, False, 0),
        "report-phone-dark.png": (PHONE, True, 1290),
    }
    with tempfile.TemporaryDirectory() as scratch, open_browser() as driver:
        page = Path(scratch) / "rollout.html"
        page.write_text(render_page(example_report(Path(scratch) / "run")), encoding="utf-8")
        for name, (size, dark, top) in pictures.items():
            set_screen(driver, size, dark=dark)
            driver.get(page.as_uri())
            driver.execute_script(
                "document.documentElement.style.scrollBehavior = 'auto'; scrollTo(0, arguments[0])", top
            )
            shot = driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png", "optimizeForSpeed": False})
            (folder / name).write_bytes(base64.b64decode(shot["data"]))


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    images = Path(__file__).resolve().parent.parent / "docs" / "images"
    images.mkdir(exist_ok=True)
    _take_screenshots(images)
