"""The figures of the house in the text format of Prometheus."""

from collections.abc import Iterable, Mapping

from bookbill.delivery.rules import State
from bookbill.operations.queues import count_mails_by_state, read_all_queues
from bookbill.work.clock import process_clock

STATES = tuple(state for state in State if state != State.ACCEPTED)


def metrics_text() -> str:
    """Five queries, none over rows that only grow."""
    queues = read_all_queues(clock=process_clock())
    states = count_mails_by_state()
    jobs, mails = queues.jobs, queues.mails
    lines = [
        *gauge("bookbill_jobs_waiting", "Promised jobs that are due or running.", jobs.depth),
        *gauge("bookbill_jobs_oldest_age_seconds", "Age of the oldest of them.", jobs.oldest_age_seconds),
        *gauge("bookbill_jobs_set_aside", "Jobs that failed for good and wait for a person.", jobs.set_aside),
        *gauge("bookbill_mails_due", "Mails that could leave now.", mails.due),
        *gauge(
            "bookbill_mails_oldest_age_seconds",
            "How long the oldest of them is due.",
            mails.oldest_age_seconds,
        ),
        *gauge("bookbill_mails_waiting_for_pdf", "Mails that wait for their PDF.", mails.waiting_for_pdf),
        *gauge("bookbill_mail_is_held", "1 while no mail may leave.", int(bool(queues.held_because))),
        *gauges(
            "bookbill_mails",
            "Mails that are not delivered, by state.",
            {f'state="{state}"': states.get(state, 0) for state in STATES},
        ),
    ]
    return "\n".join([*lines, ""])


def gauge(name: str, meaning: str, value: float) -> list[str]:
    return list(gauges(name, meaning, {"": value}))


def gauges(name: str, meaning: str, values: Mapping[str, float]) -> Iterable[str]:
    yield f"# HELP {name} {meaning}"
    yield f"# TYPE {name} gauge"
    for labels, value in values.items():
        yield f"{name}{{{labels}}} {value:g}" if labels else f"{name} {value:g}"
