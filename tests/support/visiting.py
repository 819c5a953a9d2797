"""A browser in one form (theme, width, language), walking the pages of a sandbox."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Response, ViewportSize
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

    def turn(self, tab: Tab, form: Form) -> None:
        """Look at what is open in another form of the same language, as a window is resized."""
        if form.longer and not self.form.longer:
            tab.evaluate(LENGTHEN)
        if form.width != self.form.width:
            tab.set_viewport_size(size(form))
            tab.evaluate(UNTIL_RESIZED, form.width)
        if form.theme != self.form.theme:
            tab.emulate_media(color_scheme=theme(form))
        self.form = form

    def small_targets(self, tab: Tab) -> list[str]:
        """What a thumb does not hit: lower than 44 px, links in running text left out."""
        found: list[str] = tab.evaluate(SMALL_TARGETS)
        return found

    def violations(self, tab: Tab) -> list[str]:
        """What axe finds in what is open."""
        if not tab.evaluate("'axe' in window"):  # reading the script takes longer than running it
            tab.evaluate(AXE_SCRIPT)
        found: list[str] = tab.evaluate(RUN_AXE)
        return found

    def is_sideways(self, tab: Tab) -> bool:
        """Whether what is open is wider than the window, or a list on it than its panel."""
        found: bool = tab.evaluate(SIDEWAYS)
        return found


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
        viewport=size(form),
        color_scheme=theme(form),
        reduced_motion="reduce",
        locale={"en": "en-CA", "fr": "fr-CA"}[form.language],
        timezone_id="America/Toronto",
        service_workers="block",
    )


def size(form: Form) -> ViewportSize:
    return {"width": form.width, "height": HEIGHTS[form.width]}


def theme(form: Form) -> Literal["light", "dark"]:
    return "dark" if form.theme == "dark" else "light"


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

# The window is resized some time after it is told to be.
UNTIL_RESIZED = """width => new Promise((done) => {
  const look = () => document.documentElement.clientWidth === width && matchMedia(`(width: ${width}px)`).matches
    ? requestAnimationFrame(() => done())
    : requestAnimationFrame(look);
  look();
})"""

# Fetching every stylesheet again (`preload`) serves one rule, about pages that lock the phone's orientation.
RUN_AXE = """() => axe.run({ resultTypes: ["violations"], preload: false }).then(({ violations }) =>
  violations.map(({ id, nodes }) => `${id} ${nodes.map(({ html }) => html.slice(0, 160)).join(" ")}`))"""

SMALL_TARGETS = """() => [...document.querySelectorAll("a[href], button, select, input:not([type=hidden])")]
  .filter((element) => element.checkVisibility({ visibilityProperty: true }) && !element.closest("[popover]:not(:popover-open), p, .notice-text, .sr-only, .skip-link, thead"))
  .map((element) => ({ element, box: (element.closest("label, .search-box, .palette-input") ?? (element.matches(".row-link") ? element.closest("tr") : element)).getBoundingClientRect() }))
  .filter(({ element, box }) => box.width > 1 && box.height < 43.5 && !(element.matches("a") && getComputedStyle(element).display === "inline"))
  .map(({ element, box }) => `${element.outerHTML.slice(0, 120)} ${Math.round(box.width)}x${Math.round(box.height)}`)"""
