"""What the sandbox of the browser tests has beyond the product's own: a French colleague, an API key, some trouble."""

import json
import sys
import threading
from datetime import datetime

from django.urls import reverse
from django.utils import timezone

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
