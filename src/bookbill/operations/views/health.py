"""What watches the program from outside: is it up, is it ready, how do its queues stand."""

import ipaddress

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from bookbill.operations.metrics import metrics_text
from bookbill.operations.queues import read_all_queues
from bookbill.operations.readiness import read_readiness
from bookbill.web.problems import problem
from bookbill.work.clock import process_clock

FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-IP")


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers. Asks nobody else."""
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when the database is there, migrated, guarded and safe; else 503 with what is wrong."""
    found = read_readiness()
    answer = {"ready": not found.problems, "database": found.database, "problems": found.problems}
    if not found.problems:
        queues = read_all_queues(clock=process_clock())
        # A queue that stands still is for people to see; taking the pages away would not help.
        answer["queues"] = {
            "moving": not (queues.jobs_are_stuck or queues.mails_are_stuck or queues.held_because),
            "jobs": queues.jobs.depth,
            "mails": queues.mails.waiting,
            "oldest_age_seconds": round(max(queues.jobs.oldest_age_seconds, queues.mails.oldest_age_seconds)),
            "set_aside": queues.jobs.set_aside,
        }
    return JsonResponse(answer, status=503 if found.problems else 200, json_dumps_params={"indent": 2})


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """For Prometheus on the same machine; to everybody else there is nothing here."""
    if not is_from_this_machine(request):
        return problem(request, 404)
    return HttpResponse(metrics_text(), content_type="text/plain; version=0.0.4; charset=utf-8")


def is_from_this_machine(request: HttpRequest) -> bool:
    """Asked on loopback, and not by a proxy for somebody else."""
    if any(name in request.headers for name in FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
