"""From a booking to a paid invoice and back, as a newcomer does it: by what stands on the screen, mails and PDFs included."""

import re
from dataclasses import dataclass
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Locator, expect
from playwright.sync_api import Page as Tab

from tests.support.sandbox import Sandbox
from tests.support.visiting import Form, sign_in, visiting

pytestmark = pytest.mark.browser

expect.set_options(timeout=15_000)


@dataclass
class Newcomer:
    """Works by words on the screen, in the open dialog if there is one."""

    tab: Tab
    site: str

    def place(self) -> Locator:
        return self.tab.locator("#dialog[open], body:not(:has(#dialog[open])) main")

    def go(self, place: str, heading: str = "") -> None:
        """By the navigation, at the side or at the bottom."""
        self.tab.get_by_role("link", name=place, exact=True).filter(visible=True).first.click()
        self.reads(heading or place)

    def named(self, name: str) -> Locator:
        place = self.place()
        both = place.get_by_role("button", name=name, exact=True).or_(
            place.get_by_role("link", name=name, exact=True)
        )
        return both.filter(visible=True).first

    def press(self, name: str) -> None:
        self.named(name).click()

    def act(self, name: str) -> None:
        """From the page's Actions."""
        self.press("Actions")
        self.tab.locator("main .menu:popover-open").get_by_text(name, exact=True).click()

    def fill(self, fields: dict[str, str]) -> None:
        for label, value in fields.items():
            field = self.place().get_by_label(re.compile(f"^{re.escape(label)}")).filter(visible=True).first
            if field.evaluate("element => element.localName") == "select":
                field.select_option(label=value)
            else:
                field.fill(value)

    def dialog_opens(self) -> None:
        self.tab.locator("#dialog[open] h2").wait_for()

    def dialog_closes(self) -> None:
        expect(self.tab.locator("#dialog[open]")).to_have_count(0)

    def reads(self, heading: str | re.Pattern[str]) -> None:
        expect(self.tab.locator("h1").first).to_contain_text(heading)

    def sees(self, *texts: str) -> None:
        for text in texts:
            expect(self.tab.get_by_text(text).filter(visible=True).first).to_be_visible()

    def sees_nowhere(self, text: str) -> None:
        expect(self.tab.get_by_text(text)).to_have_count(0)

    def sees_status(self, status: str) -> None:
        expect(self.tab.locator("h1 .badge").first).to_have_text(status)


def add_customer(ana: Newcomer, name: str, email: str) -> None:
    ana.go("Customers")
    ana.press("Add a customer")
    ana.fill({"Name": name, "Email": email, "Street": "1 Old Street", "City": "Montréal"})
    ana.press("Save")
    ana.reads(name)


def complete_booking(ana: Newcomer, name: str) -> str:
    """A new booking of 100.00 and taxes, completed; its number."""
    ana.go("Bookings")
    ana.press("New booking")
    ana.fill({"Customer": name, "Description": "Deep clean", "Qty": "1", "Price": "100.00"})
    ana.press("Save")
    ana.sees_status("Scheduled")
    ana.press("Complete")
    ana.sees_status("Completed")
    return ana.tab.locator("h1 > span").first.inner_text()


def row_of(ana: Newcomer, name: str) -> Locator:
    """The customer's invoice on the list."""
    ana.go("Invoices")
    return ana.tab.locator("#list tr", has_text=name).first


def send(ana: Newcomer) -> str:
    """From Generate Invoice; the invoice's address once its hold is over and the worker has sent it."""
    ana.press("Send")
    ana.tab.wait_for_url(re.compile(r"/invoices/[0-9a-f-]{36}$"))
    invoice = ana.tab.url

    def look() -> None:
        ana.tab.goto(invoice)
        expect(ana.tab.locator("h1 .badge").first).to_have_text("Sent", timeout=500)

    patiently(look)
    return invoice


def patiently(look: object) -> None:
    """Until it is so, at most half a minute: the worker is another process."""
    assert callable(look)
    for _again in range(60):
        try:
            look()
        except (AssertionError, Error):  # an Error: the browser was leaving the page by itself meanwhile
            continue
        return
    look()


def pdf_of_mail(ana: Newcomer, recipient: str, number: str) -> bytes:
    """Open the mail to this address in the mailbox and take its attachment."""

    def look() -> None:
        ana.tab.goto(f"{ana.site}/mailbox")
        mail = ana.tab.locator("tr", has_text=recipient).filter(has_text=number).first
        expect(mail).to_be_visible(timeout=500)
        mail.locator("a").first.click()
        ana.reads(number)

    patiently(look)
    attached = ana.tab.get_by_role("link", name=re.compile(rf"{number}\.pdf"))
    answer = ana.tab.context.request.get(urljoin(ana.tab.url, attached.get_attribute("href") or ""))
    return answer.body()


@pytest.mark.parametrize("width", [1440, 390])
def test_from_a_booking_to_paid_in_full_and_back(browser: Browser, sandbox: Sandbox, width: int) -> None:
    name, email, second = f"Cedar & Sons {width}", f"cedar{width}@mail.example", f"second{width}@mail.example"
    with visiting(browser, sandbox, Form("light", width)) as visit:
        ana, customer = Newcomer(visit.member, sandbox.url), Newcomer(visit.stranger, sandbox.url)

        def fits() -> None:
            assert not any(map(visit.is_sideways, (visit.member, visit.stranger)))

        add_customer(ana, name, email)
        fits()
        booking = complete_booking(ana, name)
        fits()

        ana.press("Generate Invoice")
        ana.reads(f"Generate Invoice for {booking}")
        ana.fill({"Add an email address": f"{second},"})
        ana.sees(email, second)
        fits()
        invoice = send(ana)
        ana.sees("$114.98")
        number = ana.tab.locator("h1 > span").first.inner_text()
        for recipient in (email, second):
            assert pdf_of_mail(ana, recipient, number).startswith(b"%PDF")
        fits()

        ana.tab.goto(invoice)
        ana.press("Actions")
        link = ana.tab.get_by_role("link", name="Customer's page").get_attribute("href") or ""
        customer_page = urljoin(sandbox.url, link)
        customer.tab.goto(customer_page)
        customer.sees(number, "$114.98")

        for amount, status, word_for_customer in (
            ("14.98", "Partially paid", "Partially paid"),
            ("100.00", "Paid in full", "Paid in full"),
        ):
            ana.tab.goto(invoice)
            ana.press("Record payment")
            ana.dialog_opens()
            ana.fill({"Amount": amount})
            fits()
            ana.press("Record payment")
            ana.sees_status(status)
            expect(row_of(ana, name)).to_contain_text(status)
            fits()
            customer.tab.goto(customer_page)
            customer.sees(word_for_customer)
        customer.sees("Nothing to pay")

        change_price(ana, booking)
        change_address(ana, name)
        ana.tab.goto(invoice)
        ana.sees("Changed since sent", "$137.97", "2 New Street")
        customer.tab.goto(customer_page)
        customer.sees("$114.98", "1 Old Street")
        customer.sees_nowhere("$137.97")
        customer.sees_nowhere("2 New Street")
        fits()

        ana.press("Send updated")
        ana.dialog_opens()
        ana.press("Send")
        ana.dialog_closes()
        patiently(lambda: expect_version(ana, invoice, 2))
        customer.tab.goto(customer_page)
        customer.sees("$137.97", "2 New Street")

        ana.tab.goto(invoice)
        ana.act("Cancel Invoice")
        ana.dialog_opens()
        ana.fill({"Reason": "Agreed on the phone"})
        ana.press("Cancel Invoice")
        ana.sees_status("Cancelled")
        fits()
        customer.tab.goto(customer_page)
        customer.sees("Nothing to pay", "Cancelled")
        ana.go("Bookings")
        ana.tab.get_by_role("link", name=booking, exact=True).click()
        expect(ana.named("Generate Invoice")).to_be_visible()
        assert visit.complaints == []


def change_price(ana: Newcomer, booking: str) -> None:
    ana.go("Bookings")
    ana.tab.get_by_role("link", name=booking, exact=True).click()
    ana.act("Edit")
    ana.reads(f"Edit {booking}")
    ana.fill({"Price": "120.00"})
    ana.press("Save")
    ana.sees_status("Completed")


def change_address(ana: Newcomer, name: str) -> None:
    ana.go("Customers")
    ana.tab.get_by_role("link", name=name).first.click()
    ana.act("Edit")
    ana.fill({"Street": "2 New Street"})
    ana.press("Save")
    ana.reads(name)


def expect_version(ana: Newcomer, invoice: str, n: int) -> None:
    ana.tab.goto(f"{invoice}/versions")
    expect(ana.tab.get_by_text(f"Version {n}", exact=True).first).to_be_visible(timeout=500)


def test_the_core_works_without_javascript(browser: Browser, sandbox: Sandbox) -> None:
    name = "Willow Plain"
    context: BrowserContext = browser.new_context(java_script_enabled=False, locale="en-CA")
    ana = Newcomer(context.new_page(), sandbox.url)
    sign_in(ana.tab, sandbox)
    add_customer(ana, name, "willow@mail.example")
    complete_booking(ana, name)
    ana.press("Generate Invoice")
    ana.fill({"Send to": "willow@mail.example, second@willow.example"})
    send(ana)
    ana.press("Record payment")
    ana.fill({"Amount": "114.98"})
    ana.press("Record payment")
    ana.sees_status("Paid in full")
    expect(row_of(ana, name)).to_contain_text("Paid in full")
    context.close()
