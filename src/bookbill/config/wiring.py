"""What reacts to what, upward: the one place that knows every capability. Called once, after all models are loaded."""

from bookbill.bookings.actions.exemption import reprice_for_exemption
from bookbill.bookings.actions.repricing_runs import REPRICE_JOB
from bookbill.bookings.events import (
    BookingsCancelled,
    BookingsChanged,
    BookingsEditing,
    BookingTotalsChanging,
)
from bookbill.bookings.tasks import reprice_part
from bookbill.companies.events import CompanyChanged
from bookbill.companies.tasks import register_housekeeping as forget_kept_answers
from bookbill.config.navigation import wire_navigation
from bookbill.config.pages import wire_pages
from bookbill.customers.events import CustomerBillingChanged
from bookbill.delivery import sender
from bookbill.delivery.composing import register_composer
from bookbill.invoices.actions import following, receipting, refresh
from bookbill.invoices.actions.drafting import SEND_JOB
from bookbill.invoices.actions.mail_texts import TRIAL
from bookbill.invoices.actions.reminding import REMINDER
from bookbill.invoices.actions.sending import CAUSE, PDF_JOB
from bookbill.invoices.emails import (
    compose_receipt_mail,
    compose_reminder_mail,
    compose_trial_mail,
    compose_version_mail,
    link_by_now,
)
from bookbill.invoices.tasks import make_pdf, send_held, sending_given_up
from bookbill.ledger.actions.claims import release_excess
from bookbill.ledger.events import BookingMoneyChanged, ReceiptsAsked
from bookbill.lib.events import react
from bookbill.work.housekeeping import register_housekeeping as forget_done_jobs
from bookbill.work.registry import register, register_loop


def wire() -> None:
    """Register reactions, job handlers and tabs."""
    wire_reactions()
    wire_work()
    wire_pages()
    wire_navigation()


def wire_reactions() -> None:
    """In the same transaction, in the order given here."""
    react(CompanyChanged, following.refuse_numbers_met_again)
    react(BookingsEditing, following.refuse_locked)
    react(BookingTotalsChanging, release_excess)
    react(BookingsChanged, refresh.on_bookings_changed)
    react(BookingsCancelled, following.let_go_of_cancelled)
    react(BookingMoneyChanged, refresh.on_booking_money_changed)
    react(ReceiptsAsked, receipting.on_receipts_asked)
    react(CustomerBillingChanged, reprice_for_exemption, refresh.on_customer_billing_changed)


def wire_work() -> None:
    """What the worker does after the commit."""
    register(REPRICE_JOB, reprice_part, database_only=True)
    register(PDF_JOB, make_pdf, database_only=False)
    register(SEND_JOB, send_held, database_only=True, given_up=sending_given_up)
    register_composer(CAUSE, compose_version_mail, link=link_by_now)
    register_composer(REMINDER, compose_reminder_mail, link=link_by_now)
    register_composer(receipting.PAYMENT, compose_receipt_mail)
    register_composer(TRIAL, compose_trial_mail)
    register_loop("mail", sender.run_once, threads=sender.lane_count())
    forget_kept_answers()
    forget_done_jobs()
