"""Signed-in browsers: by TestClient for what the server says, by Chromium for what people see."""

import socket
import threading
import time

import pytest
import uvicorn

from tests.conftest import PASSWORD


@pytest.fixture
def site(app, operator):
    """The real application on a free port, with Ola's login."""
    operator()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None, ws="none", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.02)
    assert server.started
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(timeout=10)


@pytest.fixture
def signed_in_page(chromium, site):
    """Open a page as Ola; `faults` of the page collects what its console complains about."""
    contexts = []

    def open_page(path="/", **options):
        context = chromium.new_context(base_url=site, timezone_id="Europe/Berlin", **options)
        contexts.append(context)
        page = context.new_page()
        page.faults = []
        page.on("console", lambda message: page.faults.append(message.text))
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.goto("/login")
        page.fill("[name=email]", "ola@example.com")
        page.fill("[name=password]", PASSWORD)
        page.click("text=Sign in")
        page.wait_for_url("**/")
        page.goto(path)
        # Before the scripts are there a key sends the plain form, which works too, but leads to another page.
        if options.get("java_script_enabled", True):
            page.wait_for_function("window.htmx && document.readyState === 'complete'")
        return page

    yield open_page
    for context in contexts:
        context.close()
