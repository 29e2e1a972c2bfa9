"""The documentation page in a browser, at desk and phone width."""

import shutil
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.integration.api.conftest import Api

pytestmark = pytest.mark.browser
WIDTHS = [(1440, 900), (390, 844)]


class Silent(WSGIRequestHandler):
    """Logs nothing."""

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 # werkzeug's name
        """Drop the line."""


@pytest.fixture
def address(api: Api) -> Iterator[str]:
    """The app behind a real socket."""
    app: Flask = api.app
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Silent)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def browser() -> Iterator[Any]:
    """Headless Chromium as the machine has it."""
    playwright = pytest.importorskip("playwright.sync_api")

    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("there is no Chromium on this machine")
    with playwright.sync_playwright() as running:
        chromium = running.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.mark.parametrize(("width", "height"), WIDTHS)
def test_the_page_fits_and_complains_of_nothing(
    address: str, browser: Any, width: int, height: int
) -> None:
    """No message in the console, nothing from elsewhere, no sideways scrolling."""
    page = browser.new_page(viewport={"width": width, "height": height})
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))

    for path in ("/docs", "/problems", "/problems/queue_full"):
        page.goto(address + path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path

    assert said == []
    assert all(url.startswith((address, "data:")) for url in asked)


def test_the_page_can_be_searched_by_field(address: str, browser: Any) -> None:
    """A field's name leaves the operations that have it, on the page and in its contents."""
    page = browser.new_page()
    page.goto(f"{address}/docs")
    page.keyboard.press("/")
    page.keyboard.type("qualityMetrics")

    assert page.locator("article:visible").count() == 1
    assert page.locator("nav li:visible").inner_text().endswith("Get a job's results")
    page.keyboard.press("Escape")
    assert page.locator("article:visible").count() == page.locator("article").count()


def test_the_page_is_whole_without_script(address: str, browser: Any) -> None:
    """Everything is there; only the search is not offered."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/docs")

    assert page.locator("article:visible").count() == page.locator("article").count() > 10
    assert not page.locator("#find").is_visible()
