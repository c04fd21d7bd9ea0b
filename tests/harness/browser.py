"""Chromium and a real gunicorn over the test database, for the tests marked `browser`."""

import contextlib
import os
import random
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Page, expect, sync_playwright

from dashboard.accounts import login_links
from tests.fakes.providers.fake import KEY, FakeProviders
from tests.harness.processes import database_url

FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--no-first-run"]  # fmt: skip
START_SECONDS = 60
PATIENCE = 20_000  # milliseconds until what a page is expected to show is missing
PORTS = range(20_000, 30_000)  # below those that the system hands out, so that none is taken before the server has it


@contextlib.contextmanager
def logged_in(chromium: Browser, site: str, user: User, *, seconds: float = 15) -> Iterator[Page]:
    """The first page of somebody who has logged in; in the end none may have broken its content security policy or
    thrown an error. `seconds` is how long a step may take."""
    problems: list[str] = []
    context = chromium.new_context(base_url=site)
    context.set_default_timeout(1000 * seconds)
    page = context.new_page()
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(login_links.make(user))
    page.get_by_role("button", name=f"Continue as {user}").click()
    page.wait_for_url("/")
    yield page
    context.close()
    assert problems == []


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("No Chromium is installed; apt-get install chromium")
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright keeps an event loop running in this thread, in which Django would refuse to query.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        expect.set_options(timeout=PATIENCE)
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site(
    django_db_setup: None, provider_server: FakeProviders, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The address of `manage.py web` over the test database, with OpenAI's place taken by the fake."""
    home = tmp_path_factory.mktemp("home")
    (home / "models").symlink_to(settings.MODELS_DIR)
    port = _free_port()
    environment = {
        **os.environ,
        "PARLEY_HOME": str(home),
        "DATABASE_URL": database_url(),
        "PORT": str(port),
        "OPENAI_BASE_URL": provider_server.openai_url,
        "OPENAI_API_KEY": KEY,
    }
    manage = [sys.executable, str(settings.BASE_DIR / "manage.py")]
    subprocess.run([*manage, "collectstatic", "--no-input", "-v0"], env=environment, check=True)
    with subprocess.Popen([*manage, "web"], env=environment) as process:
        try:
            _wait(process, port)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def _free_port() -> int:
    for port in random.sample(PORTS, 100):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("No port is free.")


def _wait(process: "subprocess.Popen[bytes]", port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("The web process did not start.")
