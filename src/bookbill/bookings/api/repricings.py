"""The API of repricing: chosen bookings leave a replaced tax code for the one in force."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from django.http import HttpResponse
from ninja import Router
from pydantic import Field

from bookbill.bookings.actions.repricing_runs import CHOSEN_MAX, resume_repricing, start_repricing
from bookbill.bookings.models import Repricing
from bookbill.bookings.priced_with import progress_of
from bookbill.companies.clock import now
from bookbill.companies.doors.once import answer_once
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.rights import Right, require
from bookbill.web.api.rendering import answered
from bookbill.web.api.routes import find, id_in_route
from bookbill.web.api.schema import Answer, Body, Empty, Id

router = Router(tags=["Catalogue"])

NOTHING = Empty()


class RepricingIn(Body):
    """The bookings to reprice, and no others."""

    booking_ids: Annotated[list[Id], Field(min_length=1, max_length=CHOSEN_MAX)]


class RepricingCounts(Answer):
    chosen: int
    waiting: int
    repriced: int
    unchanged: int
    refused: int


class RepricedOut(Answer):
    """`outcome` is null while the booking waits; `reason` says why it was not repriced."""

    booking_id: UUID | None
    number: str
    outcome: str | None
    reason: str
    currency: str
    before_minor: int | None
    after_minor: int | None


class RepricingOut(Answer):
    """`state`: running, done, or stopped (then POST a resumption)."""

    id: UUID
    created_at: datetime
    tax_code_id: UUID
    state: str
    finished_at: datetime | None
    counts: RepricingCounts
    items: Sequence[RepricedOut]


def out(run: Repricing) -> RepricingOut:
    progress = progress_of(run)
    return RepricingOut(
        id=run.pk,
        created_at=run.created_at,
        tax_code_id=run.tax_code_id,
        state=progress.state,
        finished_at=run.finished_at,
        counts=RepricingCounts(
            chosen=run.chosen,
            waiting=progress.waiting,
            repriced=progress.repriced,
            unchanged=progress.unchanged,
            refused=progress.refused,
        ),
        items=[
            RepricedOut(
                booking_id=row.booking_id,
                number=row.number,
                outcome=row.outcome,
                reason=row.reason or "",
                currency=row.currency,
                before_minor=row.before_minor,
                after_minor=row.after_minor,
            )
            for row in run.rows.order_by("position")
        ],
    )


@router.post("/tax-codes/{tax_code_id}/repricings", response={202: RepricingOut})
def reprice(request: CompanyRequest, tax_code_id: str, body: RepricingIn) -> HttpResponse:
    """Reprice chosen bookings under the successor of a replaced tax code. The worker does it; ask for the run again."""
    pk = id_in_route(tax_code_id)
    return answer_once(
        request,
        lambda: out(start_repricing(pk, body.booking_ids, by=request.actor, now=now(request.company))),
        status=202,
    )


@router.get("/repricings/{repricing_id}", response=RepricingOut)
def read_repricing(request: CompanyRequest, repricing_id: str) -> HttpResponse:
    """A run with the outcome of every booking."""
    require(request.actor, Right.VIEW_PRICES)
    return answered(out(find(Repricing.objects.all(), repricing_id)))


@router.post("/repricings/{repricing_id}/resumption", response={202: RepricingOut})
def resume_repricing_(request: CompanyRequest, repricing_id: str, body: Empty = NOTHING) -> HttpResponse:
    """Go on with a run that stopped; what is done stays done."""
    pk = id_in_route(repricing_id)
    return answer_once(request, lambda: out(resume_repricing(pk, by=request.actor)), status=202)
