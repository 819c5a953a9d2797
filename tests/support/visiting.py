"""A browser in one form (theme, width, language), walking the pages of a sandbox."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Response
from playwright.sync_api import Page as Tab

from tests.support.pages import Page
from tests.support.sandbox import Sandbox

HEAVIEST_BYTES = 100_000
HEIGHTS = {1440: 900, 768: 1024, 390: 844, 320: 640}


@dataclass(frozen=True, slots=True)
class Form:
    """How a page is looked at. ``longer``: every text 40 % longer, as in a language that needs more room."""

    theme: str
    width: int
    language: str = "en"
    longer: bool = False

    def __str__(self) -> str:
        return f"{self.theme}-{self.width}-{self.language}{'-longer' if self.longer else ''}"


@dataclass
class Visit:
    """Two browsers in the same form: a member's, signed in, and a stranger's."""

    sandbox: Sandbox
    form: Form
    member: Tab
    stranger: Tab
    complaints: list[str] = field(default_factory=list)
    """What the browser said against the pages since the last `open`."""

    def open(self, page: Page) -> Tab:
        """The page as it stands after opening it, everything loaded and nothing moving."""
        tab = self.stranger if page.visitor else self.member
        self.complaints.clear()
        answer = tab.goto(self.sandbox.url + self.sandbox.addresses[page.name])
        if answer is None or answer.status != page.status:
            self.complaints.append(f"answered {answer.status if answer else 'nothing'}")
        tab.evaluate("document.fonts.ready.then(() => true)")
        if page.opens:
            tab.locator(page.opens).first.click()
            tab.locator("#dialog[open] h2").wait_for()
        weight = tab.evaluate("performance.getEntriesByType('navigation')[0].transferSize")
        if weight > HEAVIEST_BYTES:
            self.complaints.append(f"weighs {weight:,} bytes without its assets")
        if self.form.longer:
            tab.evaluate(LENGTHEN)
        return tab

    def is_sideways(self) -> bool:
        """Whether a page just opened is wider than the window, or a list on it than its panel."""
        return any(tab.evaluate(SIDEWAYS) for tab in (self.member, self.stranger))


@contextmanager
def visiting(browser: Browser, sandbox: Sandbox, form: Form) -> Iterator[Visit]:
    """Sign in by the demo's link and walk."""
    contexts = [new_context(browser, form) for _ in range(2)]
    member, stranger = (context.new_page() for context in contexts)
    visit = Visit(sandbox, form, member, stranger)
    for tab in (visit.member, visit.stranger):
        listen(tab, visit.complaints)
    sign_in(visit.member, sandbox, form.language)
    try:
        yield visit
    finally:
        for context in contexts:
            context.close()


def sign_in(tab: Tab, sandbox: Sandbox, language: str = "en") -> None:
    """By the link that the demo prints, and its one button."""
    tab.goto(sandbox.url + sandbox.sign_in[language])
    tab.get_by_role("main").get_by_role("button").click()
    tab.wait_for_url(sandbox.url + "/")


def new_context(browser: Browser, form: Form) -> BrowserContext:
    return browser.new_context(
        viewport={"width": form.width, "height": HEIGHTS[form.width]},
        color_scheme="dark" if form.theme == "dark" else "light",
        reduced_motion="reduce",
        locale={"en": "en-CA", "fr": "fr-CA"}[form.language],
        timezone_id="America/Toronto",
        service_workers="block",
    )


def listen(tab: Tab, complaints: list[str]) -> None:
    """Collect what the console says (a refusal by the content security policy among it) and what did not load."""

    def hear(message: ConsoleMessage) -> None:
        # A page that answers 404 on purpose is an answer, though the browser logs it.
        if message.type in ("error", "warning") and message.location.get("url") != tab.url:
            complaints.append(message.text)

    def note(response: Response) -> None:
        if response.status >= 400 and not response.request.is_navigation_request():
            complaints.append(f"{response.status} {response.url}")

    tab.on("console", hear)
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.on("response", note)


SIDEWAYS = """() => [document.documentElement, ...document.querySelectorAll(".table-wrap")].some(
  (box) => box.scrollWidth > box.clientWidth + 1)"""

LENGTHEN = """() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const text = node.textContent.trim();
    if (text.length > 3 && !/[@$0-9]/.test(text)) node.textContent = text + " " + text.slice(0, Math.ceil(text.length * 0.4));
  }
}"""
