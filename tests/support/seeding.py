"""What the sandbox of the browser tests has beyond the product's own: a French colleague, an API key, some trouble."""

import json
import sys
import threading
from datetime import datetime
from decimal import Decimal

from django.urls import reverse
from django.utils import timezone

from bookbill.bookings.actions.catalogue import ComponentDraft, create_tax_code
from bookbill.bookings.actions.editing import BookingEdit, edit_booking
from bookbill.bookings.actions.repricing_runs import start_repricing
from bookbill.bookings.actions.succession import edit_tax_code
from bookbill.bookings.models import Booking
from bookbill.companies.actions.keys import create_api_key
from bookbill.companies.actions.members import add_member
from bookbill.companies.actors import member_actor
from bookbill.companies.models import Company, Member, User
from bookbill.companies.sign_in import demo_token
from bookbill.delivery.models import Message
from bookbill.delivery.rules import State
from bookbill.lib.actor import Actor
from bookbill.lib.tenancy import scope
from bookbill.lib.transactions import transact
from bookbill.tour.seeding import make_sandbox
from bookbill.work.draining import drain
from bookbill.work.models import Job
from bookbill.work.models import State as JobState
from bookbill.work.worker import run_worker
from tests.support.pages import addresses

HOLD_SECONDS = 1


def main() -> None:
    """Fill the folder that DATA_DIR names, and say in JSON how to come in and what can be opened."""
    now = timezone.now()
    company, owner = make_sandbox(now=now)
    Company.objects.filter(pk=company.pk).update(hold_seconds=HOLD_SECONDS)
    run_worker(threading.Event(), once=True)
    with scope(company=company):
        luc = add_people(owner, now)
        add_trouble(company, now)
        replace_a_tax_code(owner, now)
        people = {"en": owner.user, "fr": luc}
        links = {
            language: reverse("companies:demo-sign-in", args=[demo_token(user)])
            for language, user in people.items()
        }
        json.dump({"sign_in": links, "addresses": addresses()}, sys.stdout)


def add_people(owner: Member, now: datetime) -> User:
    ana: Actor = member_actor(owner.company, owner)
    luc = transact(
        lambda: add_member(email="luc@brighthome.example", name="Luc Roy", role="owner", by=ana, now=now)
    )
    User.objects.filter(pk=luc.user_id).update(language="fr")
    transact(lambda: create_api_key(owner.pk, name="Till in the shop", by=ana, now=now))
    return luc.user


def replace_a_tax_code(owner: Member, now: datetime) -> None:
    """A code of three planned bookings got a successor; one of them has followed."""
    ana: Actor = member_actor(owner.company, owner)
    components = [ComponentDraft("HST", Decimal(13))]
    code = transact(lambda: create_tax_code(name="HST", components=components, by=ana, now=now))
    planned = list(Booking.objects.filter(state="scheduled", paid_minor=0, invoice=None).order_by("-pk")[:3])
    under_it = BookingEdit({"tax_code_id": code.pk})
    for booking in planned:
        transact(lambda pk=booking.pk: edit_booking(pk, under_it, by=ana, now=now))  # type: ignore[misc]
    raised = {"name": "HST 15 %", "components": [ComponentDraft("HST", Decimal(15))]}
    transact(lambda: edit_tax_code(code.pk, raised, by=ana, now=now))
    transact(lambda: start_repricing(code.pk, [planned[0].pk], by=ana, now=now))
    drain()


def add_trouble(company: Company, now: datetime) -> None:
    """Two mails that did not arrive and a task that was given up, as a real server and bad luck leave them."""
    lost, refused = Message.objects.order_by("created_at")[:2]
    for mail, state, answer in (
        (lost, State.UNKNOWN, ""),
        (refused, State.FAILED, "550 5.1.1 The address is not known here"),
    ):
        Message.objects.filter(pk=mail.pk).update(
            state=state, accepted_at=None, trouble_at=now, server_answer=answer
        )
    Job.objects.create(
        company=company,
        kind="invoices.make_pdf",
        state=JobState.SET_ASIDE,
        attempts=5,
        run_at=now,
        created_at=now,
        finished_at=now,
        last_error="OSError: [Errno 28] No space left on device",
    )
