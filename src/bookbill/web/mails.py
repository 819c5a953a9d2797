"""Showing a mail inside a page: in a frame that lets it look as its own styles say, and do nothing else."""

import base64
import re
from collections.abc import Callable, Iterable

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.clickjacking import xframe_options_sameorigin

HEAD = re.compile(r"<head\b[^>]*>", re.IGNORECASE)
# What a mail may do: nothing but look as its own styles say. Links open beside, and the sandbox keeps scripts out.
MAIL_POLICY = {
    "default-src": [NONE],
    "style-src": [UNSAFE_INLINE],
    "img-src": ["data:"],
    "base-uri": [NONE],
    "form-action": [NONE],
    "frame-ancestors": [SELF],
    "sandbox": ["allow-popups", "allow-popups-to-escape-sandbox"],
}

View = Callable[..., HttpResponseBase]


def mail_frame(view: View) -> View:
    """For a view whose whole answer is a mail's HTML, which a page of ours shows in a frame."""
    return csp(MAIL_POLICY)(xframe_options_sameorigin(view))


def framed(html: str, pictures: Iterable[tuple[str, str, bytes]] = ()) -> HttpResponse:
    """The HTML with its pictures (name, type, bytes) inside it."""
    for name, content_type, content in pictures:
        data = base64.b64encode(content).decode("ascii")
        html = html.replace(f"cid:{name}", f"data:{content_type};base64,{data}")
    response = HttpResponse(HEAD.sub(r'\g<0><base target="_blank">', html, count=1))
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
