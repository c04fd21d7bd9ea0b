"""Pictures of every page of a running install, light, dark and on a phone.

python docs/take_screenshots.py "$(python manage.py login_link)" FOLDER ["A question"]
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin

from playwright.sync_api import Browser, Page, StorageState, sync_playwright

CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--no-first-run"]  # fmt: skip
DESKTOP, PHONE = (1280, 860), (390, 844)
LOOKS = {
    "light": ("light", DESKTOP),
    "dark": ("dark", DESKTOP),
    "phone": ("light", PHONE),
    "phone-dark": ("dark", PHONE),
}
QUESTION = "What is the refund policy for annual plans?"


def main(link: str, folder: Path, question: str = QUESTION) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        session = _log_in(browser, link)
        answer = _ask(browser, session, urljoin(link, "/ask/"), question)
        for look, (scheme, size) in LOOKS.items():
            with _page(browser, scheme, size, session) as page:
                _take(page, folder, look, link, answer)
        browser.close()


def _log_in(browser: Browser, link: str) -> StorageState:
    """Press the button of the link; returns the cookies."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(link)
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url(urljoin(link, "/"))
    state = context.storage_state()
    context.close()
    return state


def _ask(browser: Browser, session: StorageState, address: str, question: str) -> str:
    """Ask once; returns the address of the conversation."""
    with _page(browser, "light", DESKTOP, session) as page:
        page.goto(address)
        page.get_by_label("Question").fill(question)
        page.keyboard.press("Enter")
        page.locator(".turn-foot").wait_for(timeout=60_000)
        return page.url


def _take(page: Page, folder: Path, look: str, link: str, answer: str) -> None:
    for name, address in {"home": "/", "ask": "/ask/", "doctor": "/doctor/", "not-found": "/nowhere/"}.items():
        page.goto(urljoin(link, address))
        page.screenshot(path=folder / f"{name}-{look}.png")
    page.goto(answer)
    page.screenshot(path=folder / f"answer-{look}.png")
    page.locator(".trace > summary").first.click()
    page.screenshot(path=folder / f"trace-{look}.png", full_page=True)
    page.goto(answer)
    if page.locator("a.cite").count():
        page.locator("a.cite").first.click()
        page.locator("dialog .passage").wait_for()
        page.screenshot(path=folder / f"passage-{look}.png")
        page.goto(answer)
        page.goto(urljoin(link, page.locator("a.cite").first.get_attribute("href") or "/"))
        page.screenshot(path=folder / f"passage-page-{look}.png")
    page.context.clear_cookies()
    page.goto(urljoin(link, "/login/"))
    page.screenshot(path=folder / f"login-{look}.png")
    page.goto(link)
    page.screenshot(path=folder / f"link-ended-{look}.png")


@contextmanager
def _page(browser: Browser, scheme: str, size: tuple[int, int], session: StorageState) -> Iterator[Page]:
    context = browser.new_context(
        color_scheme="dark" if scheme == "dark" else "light",
        viewport={"width": size[0], "height": size[1]},
        storage_state=session,
    )
    yield context.new_page()
    context.close()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:4])
