"""What the page of components shows: believable data of a cleaning company, and a form with every kind of field."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.http import HttpRequest

from bookbill.web.charts import Chart, Series, bar_chart
from bookbill.web.formatting import money, short_money
from bookbill.web.forms import AmountField, DayField, LineField, NoteField, NumberField, RecipientsField
from bookbill.web.navigation import Link
from bookbill.web.palette import Result

TONES = {
    "Draft": ("neutral", ""),
    "Sent": ("info", ""),
    "Partially paid": ("warning", ""),
    "Paid in full": ("success", ""),
    "Cancelled": ("neutral", "ban"),
}


@dataclass(frozen=True)
class Row:
    number: str
    customer: str
    detail: str
    bookings: int
    range: str
    issued: dt.date | None
    due: dt.date | None
    total: int
    paid: int
    status: str
    marks: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def rest(self) -> int:
        return 0 if self.status == "Cancelled" else self.total - self.paid

    @property
    def check_label(self) -> str:
        return f"Select {self.number or 'the draft'}"

    @property
    def action_label(self) -> str:
        return f"Actions for {self.number or 'the draft'}"

    @property
    def tone(self) -> str:
        return TONES[self.status][0]


def day(month: int, number: int) -> dt.date:
    return dt.date(2026, month, number)


# fmt: off
ROWS = [
    Row("INV-01042", "Maple Offices", "ap@maple.example", 4, "B-881 – B-902", day(6, 30), day(7, 14), 46000, 11500,
        "Partially paid", [("Changed since sent", "warning", "file-diff")]),
    Row("INV-01041", "Jeanne Tremblay", "j.tremblay@courriel.example", 1, "B-896", day(6, 29), day(6, 29), 13222, 0,
        "Sent", [("Overdue 12 days", "error", "clock"), ("Viewed", "neutral", "eye")]),
    Row("INV-01040", "Rohan Singh", "rohan.singh@post.example", 1, "B-897", day(6, 28), day(7, 12), 9000, 0,
        "Sent", [("Bounced", "error", "mail-x")]),
    Row("", "Oak Dental Group", "office@oakdental.example", 2, "B-890, B-895", None, None, 23000, 0, "Draft",
        [("Sending in 8 s", "info", "send")]),
    Row("INV-01039", "Marisol Díaz", "m.diaz@correo.example", 1, "B-893", day(6, 27), day(7, 11), 7500, 7500,
        "Paid in full"),
    Row("INV-01038", "Harbour Lofts Property Management Ltd.", "accounts@harbourlofts.example", 20, "B-811 – B-892",
        day(6, 27), day(7, 27), 448000, 0, "Sent", [("Viewed", "neutral", "eye")]),
    Row("INV-01037", "Café Lumière", "finance@lumiere.example", 3, "B-860 – B-874", day(6, 26), day(7, 10), 115000,
        115000, "Paid in full", [("Credit to place", "info", "coins")]),
    Row("INV-01036", "Northside Yoga", "hello@northside.example", 2, "B-858, B-866", day(6, 25), day(6, 25), 61800, 0,
        "Sent", [("Overdue 16 days", "error", "clock")]),
    Row("INV-01035", "Grace Lindqvist", "grace.l@mail.example", 1, "B-855", day(6, 24), day(7, 8), 18990, 0,
        "Cancelled"),
    Row("INV-01034", "Brightside Preschool", "admin@brightside.example", 8, "B-801 – B-850", day(6, 24), day(7, 24),
        182400, 182400, "Paid in full"),
]

MONTHS = ["Dec", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov"]
INVOICED = [1412000, 1155000, 1310000, 1705000, 1820000, 1901000, 2305000, 2460000, 2208000, 2010000, 2525000, 1684000]
COLLECTED = [1330000, 1102000, 1250000, 1615000, 1755000, 1803000, 2188000, 2302000, 2104000, 1905000, 2160000, 996000]
# fmt: on


TONES_OF_ALL = ["neutral", "primary", "info", "success", "warning", "error"]
STEPS = ["Choose", "Check", "Finish"]
NAVIGATION = [
    Link("Dashboard", "#dashboard", "layout-dashboard", True, "", True),
    Link("Bookings", "#bookings", "calendar-check", False, "", True),
    Link(
        "Payments",
        "",
        "circle",
        False,
        "",
        False,
        (Link("Invoices", "#invoices", "receipt-text", False, "", True),),
    ),
]
FOUND = [
    Result("Create Instant Invoice", "#instant", "Actions", icon="zap"),
    Result("INV-01042 · Maple Offices", "#invoice", "Invoices", "$460.00", "receipt-text"),
    Result("Maple Offices", "#customer", "Customers", "ap@maple.example", "users"),
]


class SampleForm(forms.Form):
    recipients = RecipientsField(
        label="Send to",
        help_text="Each gets their own copy. At most 20.",
        initial=["ap@maple.example", "joe@maple.example"],
    )
    amount = AmountField(label="Amount", currency="CAD", initial=20000)
    received_date = DayField(label="Date", initial=day(7, 2))
    method = forms.ChoiceField(
        label="Method", choices=[("cheque", "Cheque"), ("cash", "Cash"), ("transfer", "Bank transfer")]
    )
    reference = LineField(
        label="Reference", max_length=80, required=False, help_text="Number of the cheque or transfer."
    )
    quantity = NumberField(label="Quantity", places=3, initial="1.5")
    note = NoteField(label="Personal note", max_length=5000, required=False)
    still_owed = forms.ChoiceField(
        label="Does the customer still owe this amount?",
        widget=forms.RadioSelect,
        initial="no",
        choices=[("no", "No, lower what they owe"), ("yes", "Yes, it becomes due again")],
    )
    receipt = forms.BooleanField(label="Send a receipt", required=False, initial=True)
    logo = forms.FileField(label="Logo", required=False, help_text="PNG, JPEG or WebP, up to 2 MB.")


def states() -> dict[str, Any]:
    """For the page that shows every state twice: its forms have ids of their own in each theme."""
    return {
        "themes": [
            (theme, SampleForm(auto_id=f"id_{theme}_%s"), wrong_form(f"id_{theme}_wrong_%s"))
            for theme in ("light", "dark")
        ],
        "sample_navigation": NAVIGATION,
        "found": FOUND,
        "nothing": [],
        "few_rows": ROWS[:3],
        "tones": TONES_OF_ALL,
        "chart": sample_chart(),
        "today": day(7, 2),
        "steps": STEPS,
    }


def wrong_form(auto_id: str) -> SampleForm:
    """Refused in every way."""
    wrong = SampleForm(
        {
            "recipients": "ap@maple.example, joe@",
            "amount": "12.345",
            "received_date": "2026-02-31",
            "quantity": "two",
        },
        auto_id=auto_id,
    )
    wrong.is_valid()
    return wrong


def sample_chart() -> Chart:
    return bar_chart(
        "Invoiced and collected by month",
        MONTHS,
        [Series("Invoiced", INVOICED), Series("Collected", COLLECTED)],
        written=lambda minor: money(minor, "CAD"),
        short=lambda minor: short_money(minor, "CAD"),
    )


def context(request: HttpRequest, form: forms.Form) -> dict[str, Any]:
    return {
        "form": form,
        "wrong_form": wrong_form("id_wrong_%s"),
        "rows": ROWS,
        "currency": "CAD",
        "tones": TONES_OF_ALL,
        "chart": sample_chart(),
        "today": day(7, 2),
        "steps": STEPS,
        "section": request.GET.get("show", ""),
    }
