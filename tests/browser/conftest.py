"""Chromium with a real web server and a real worker; every page is monitored for errors."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    sync_playwright,
)

from tests.browser.desk import Desk
from tests.conftest import REPOSITORY
from tests.processes import free_port, manage, running, wait_for

BIN = Path(sys.executable).parent
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
VIOLATIONS = """
  document.addEventListener("securitypolicyviolation", (event) => console.error(
    `CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
"""


@dataclass
class Site:
    """A running Voice Lab with the rows of fill.py."""

    url: str
    passwords: dict[str, str]
    judged: int  # the run whose voices were approved, one of them deployed
    paused: int
    link: str  # the address that invites to the listening test, without an account
    part: str  # that of somebody who has come in by it
    media: Path
    env: dict[str, str]  # of its processes; the speech service is not started


def _chromium() -> str:
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if found is None:
        pytest.skip(f"no Chromium: none of {', '.join(CHROMIUM)} is installed")
    return found


@pytest.fixture(scope="package")
def launch() -> Iterator[Callable[..., Browser]]:
    """Start a Chromium, with further arguments for its command line.

    A process has one Playwright; it ends with the folder, as its loop shuts out Django's ORM.
    """
    program = _chromium()
    with sync_playwright() as playwright:

        def start(*arguments: str) -> Browser:
            return playwright.chromium.launch(
                executable_path=program, args=["--no-sandbox", *arguments]
            )

        yield start


@pytest.fixture(scope="package")
def browser(launch: Callable[..., Browser]) -> Iterator[Browser]:
    with launch() as chromium:
        yield chromium


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Gunicorn and a Celery worker over the filesystem broker, in a separate folder."""
    _chromium()
    folder, port = tmp_path_factory.mktemp("browser"), free_port()
    env = environment(folder, port) | {"SLICE_SECONDS": "2", "BLIND_SHARE": "0"}
    manage("prepare", env=env)
    worker = [str(BIN / "celery"), "-A", "voicelab", "worker", "--concurrency", "1"]
    with ExitStack() as stack:
        workers = stack.enter_context(running(worker, log=folder / "worker.log", env=env))
        stack.callback(os.killpg, workers.pid, signal.SIGKILL)  # a warm shutdown takes 5 s
        filled_in = filled(env, "fill.py")
        stack.enter_context(serving(env))
        yield Site(url=f"http://127.0.0.1:{port}", media=folder / "media", env=env, **filled_in)


def environment(folder: Path, port: int) -> dict[str, str]:
    return {
        "DJANGO_SETTINGS_MODULE": "voicelab.settings",
        "SECRET_KEY": "only-for-tests",  # what signs a link must open it
        "VOICELAB_DATA_DIR": str(folder),
        "WEB_PORT": str(port),
        "SPEECH_PORT": str(free_port()),
        "PYTHONPATH": str(REPOSITORY),
        "OMP_NUM_THREADS": "1",
    }


@contextmanager
def serving(env: dict[str, str]) -> Iterator[None]:
    """Run Gunicorn with this environment; yields once it answers."""
    address = f"127.0.0.1:{env['WEB_PORT']}"
    web = [str(BIN / "gunicorn"), "voicelab.wsgi", "--bind", address, "--threads", "8"]
    web += ["--worker-class", "voicelab.patches.fair_worker.FairWorker"]
    with running(web, log=Path(env["VOICELAB_DATA_DIR"]) / "web.log", env=env):
        wait_for("the web server", lambda: _answers(f"http://{address}/login/"), seconds=30)
        yield


def filled(env: dict[str, str], script: str) -> dict[str, Any]:
    """Fill the environment's database; return the script's output, including passwords."""
    done = subprocess.run(
        [sys.executable, f"tests/browser/{script}"],
        cwd=REPOSITORY,
        env={**env, "PATH": str(BIN)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _answers(url: str) -> bool:
    try:
        return httpx.get(url).is_success
    except httpx.HTTPError:
        return False


class Watch:
    """Collects errors on the pages of a test: script errors, CSP violations, server errors."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self._expected: list[str] = []

    def expect(self, pattern: str) -> None:
        """Allow an error that the test provokes."""
        self._expected.append(pattern)

    def listen(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", self._error)
        page.add_init_script(VIOLATIONS)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.faults.append(f"{message.text} ({message.location['url']})")

    def _error(self, error: Error) -> None:
        self.faults.append(str(error))

    @property
    def unexpected(self) -> list[str]:
        return [
            fault
            for fault in self.faults
            if not any(re.search(pattern, fault) for pattern in self._expected)
        ]


Visit = Callable[..., Page]


@pytest.fixture
def watch() -> Iterator[Watch]:
    watch = Watch()
    yield watch
    assert watch.unexpected == []


@pytest.fixture(scope="package")
def contexts(site: Site, browser: Browser) -> Callable[..., BrowserContext]:
    return contexts_of(browser, site.url, site.passwords)


def contexts_of(
    browser: Browser, url: str, passwords: dict[str, str]
) -> Callable[..., BrowserContext]:
    """Return the context of a signed-in person, cached so that static files are fetched once."""
    kept: dict[Any, BrowserContext] = {}
    states: dict[str, Any] = {"": None}

    def context_of(person: str, **options: Any) -> BrowserContext:
        if person not in states:
            states[person] = _signed_in(browser, url, person, passwords[person])
        key = (person, *sorted(options.items()))
        if key not in kept:
            state = states[person]
            kept[key] = browser.new_context(base_url=url, storage_state=state, **options)
            kept[key].set_default_timeout(15_000)
        return kept[key]

    return context_of


@pytest.fixture
def visit(contexts: Callable[..., BrowserContext], watch: Watch) -> Iterator[Visit]:
    """Open pages as a person, in English by default; every page is monitored."""
    yield from _visiting(contexts, watch)


def _visiting(contexts: Callable[..., BrowserContext], watch: Watch) -> Iterator[Visit]:
    with ExitStack() as stack:

        def open_as(person: str = "", **options: Any) -> Page:
            page = contexts(person, **{"locale": "en-US", **options}).new_page()
            stack.callback(page.close)
            watch.listen(page)
            return page

        yield open_as


@pytest.fixture(scope="package")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Gunicorn alone, with the rows of fill_desk.py; half of the sentences are labelled blind."""
    _chromium()
    folder, port = tmp_path_factory.mktemp("desk"), free_port()
    env = environment(folder, port) | {"BLIND_SHARE": "0.5"}
    manage("prepare", env=env)
    passwords = filled(env, "fill_desk.py")
    with serving(env):
        yield Desk(f"http://127.0.0.1:{port}", folder, passwords)


@pytest.fixture(scope="package")
def desk_contexts(desk: Desk, browser: Browser) -> Callable[..., BrowserContext]:
    return contexts_of(browser, desk.url, desk.passwords)


@pytest.fixture
def at_desk(desk_contexts: Callable[..., BrowserContext], watch: Watch) -> Iterator[Visit]:
    """Open pages of the desk as a person."""
    yield from _visiting(desk_contexts, watch)


def _signed_in(browser: Browser, url: str, person: str, password: str) -> Any:
    """Sign in by the form; return the cookies."""
    page = browser.new_page(base_url=url, locale="en-US")
    page.goto("/login/")
    page.fill("[name=username]", person)
    page.fill("[name=password]", password)
    page.click("main button")
    page.wait_for_url("**/")
    state = page.context.storage_state()
    page.context.close()
    return state
