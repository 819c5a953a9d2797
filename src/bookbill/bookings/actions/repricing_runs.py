"""Repricing chosen bookings after a tax code was replaced: a saved run, done in small parts by the worker."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from bookbill.activity.actions import EntryDraft, record
from bookbill.bookings.actions.repricing import Became, reprice_bookings
from bookbill.bookings.models import Booking, Outcome, RepricedBooking, Repricing, TaxCode
from bookbill.companies.actors import on_behalf_of
from bookbill.companies.rights import Right, require
from bookbill.lib.actor import Actor
from bookbill.lib.errors import BadInput, NotFound, RuleBroken
from bookbill.lib.transactions import assert_in_transaction
from bookbill.work.actions import is_promised, promise

REPRICE_JOB = "bookings.reprice"
CHOSEN_MAX = 10_000
PART = 25
"""So many bookings in one transaction: about 50 ms, so that pages get their turn."""
REASON_MAX = 500


def start_repricing(code_id: UUID, booking_ids: Sequence[UUID], *, by: Actor, now: datetime) -> Repricing:
    """Promise to move these bookings, and no other, from a replaced tax code to the one in force.

    Raises BadInput for none or too many, RuleBroken ``tax_code_in_force`` where nothing replaced the code.
    """
    assert_in_transaction()
    require(by, Right.EDIT_BOOKINGS)
    code = TaxCode.objects.filter(pk=code_id).first()
    if code is None:
        raise NotFound("not_found", _("There is no such tax code."))
    if code.successor_id is None:
        raise RuleBroken(
            "tax_code_in_force", _("Nothing replaced this tax code, so there is nothing to reprice.")
        )
    wanted = list(dict.fromkeys(booking_ids))
    if not 0 < len(wanted) <= CHOSEN_MAX:
        raise BadInput(
            "bad_selection",
            _("Tick between 1 and %(max)d bookings first.") % {"max": CHOSEN_MAX},
            field="booking_ids",
        )
    bookings = list(Booking.objects.filter(pk__in=wanted).oldest_first().only("pk", "number", "currency"))
    if len(bookings) != len(wanted):
        raise NotFound("not_found", _("There is no such booking."))
    run = Repricing.objects.create(
        company_id=by.company_id, tax_code=code, by=by.as_json(), chosen=len(bookings), created_at=now
    )
    RepricedBooking.objects.bulk_create(
        [
            RepricedBooking(
                company_id=by.company_id,
                repricing=run,
                position=position,
                booking=booking,
                number=booking.number,
                currency=booking.currency,
            )
            for position, booking in enumerate(bookings)
        ],
        batch_size=1_000,
    )
    entry = EntryDraft(
        type="tax_code.repricing_started",
        subject_type="tax_code",
        subject_id=code.pk,
        subject_label=code.name,
        after={"repricing_id": run.pk, "bookings": run.chosen},
    )
    record(entry, by=by, now=now)
    _promise_next(run)
    return run


def resume_repricing(run_id: UUID, *, by: Actor) -> Repricing:
    """Go on with a run that stopped. One that is under way or done is left as it is."""
    assert_in_transaction()
    require(by, Right.EDIT_BOOKINGS)
    run = Repricing.objects.filter(pk=run_id).first()
    if run is None:
        raise NotFound("not_found", _("There is no such repricing."))
    if run.finished_at is None:
        _promise_next(run)
    return run


def reprice_next(run_id: UUID, *, now: datetime) -> None:
    """Do the next part of a run and promise the one after it. Called by the worker; exactly once for each booking."""
    assert_in_transaction()
    run = Repricing.objects.select_for_update(no_key=True).get(pk=run_id)
    rows = list(RepricedBooking.objects.waiting_in(run)[:PART])
    by = on_behalf_of(Actor.from_json(run.by))
    there = Booking.objects.filter(pk__in=[row.booking_id for row in rows]).values_list("pk", flat=True)
    became = reprice_bookings(
        list(there), old=run.tax_code_id, new=TaxCode.objects.in_force(run.tax_code_id).pk, by=by, now=now
    )
    gone = Became(Outcome.UNCHANGED, _("The booking was deleted."))
    for row in rows:
        what = became.get(row.booking_id, gone) if row.booking_id else gone
        row.outcome, row.reason = what.outcome, what.reason[:REASON_MAX]
        row.before_minor, row.after_minor = what.before_minor, what.after_minor
    RepricedBooking.objects.bulk_update(rows, ["outcome", "reason", "before_minor", "after_minor"])
    if not _promise_next(run):
        run.finished_at = now
        run.save(update_fields=["finished_at"])


def is_under_way(run: Repricing) -> bool:
    """Whether the next part is promised: else the run is done, or stopped and waits to be resumed."""
    following = RepricedBooking.objects.waiting_in(run).first()
    return following is not None and bool(is_promised(REPRICE_JOB, run.company_id, [_key(run, following)]))


def _promise_next(run: Repricing) -> bool:
    """Promise the part that begins with the next waiting row; False where none waits."""
    following = RepricedBooking.objects.waiting_in(run).first()
    if following is None:
        return False
    promise(
        REPRICE_JOB,
        company_id=run.company_id,
        args={"repricing_id": run.pk},
        unique_key=_key(run, following),
    )
    return True


def _key(run: Repricing, row: RepricedBooking) -> str:
    """Names the part, not the run: a running part counts as promised, and could not promise the next one."""
    return f"{run.pk} {row.position}"
