"""A customer's link opens one sent invoice, and nothing else opens it."""

import base64
import re
from collections.abc import Callable

import pytest
from django.test import Client

from bookbill.invoices.models import Invoice
from bookbill.lib.ids import new_link_token
from bookbill.portal import doors
from tests.attacks.world import World

MASKED = re.compile(rb'"[A-Za-z0-9]{64}"')  # the form token, another each time
PAGES = ("", "/pdf", "/logo", "/views")


def every_page(client: Client, token: str) -> list[int]:
    return [
        (client.post if page == "/views" else client.get)(f"/i/{token}{page}").status_code for page in PAGES
    ]


@pytest.fixture
def visitor() -> Client:
    """A customer's browser: not signed in."""
    return Client(raise_request_exception=False)


TAMPERED: list[Callable[[str], str]] = [
    lambda token: token[:-1],
    lambda token: token + "x",
    lambda token: token.swapcase(),
    lambda token: token[::-1],
    lambda token: token[:-1] + ("a" if token[-1] != "a" else "b"),
    lambda token: "%00" + token[1:],
    lambda token: token + "%00",
    lambda token: token + "%0A",
    lambda token: " " + token,
    lambda token: token + "%20",
    lambda token: token[:5] + "%25",
    lambda token: token[:26] + "%EF%BC%A1",
    lambda token: "_" * 27,
    lambda token: "%25" * 27,
    lambda token: "x" * 5_000,
    lambda token: "..%2F" + token,
    lambda token: "' OR '1'='1",
    lambda token: base64.b64encode(token.encode()).decode(),
    lambda token: new_link_token(),
]


def test_a_token_that_is_not_exactly_right_opens_nothing(
    make_invoice: Callable[..., Invoice], visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doors, "MOST_A_MINUTE", 1_000)
    token = make_invoice().link_token
    for tampered in TAMPERED:
        assert set(every_page(visitor, tampered(token))) <= {404}, tampered(token)


def test_a_slash_too_many_leads_back_whether_the_token_is_known_or_not(world: World, visitor: Client) -> None:
    for token in (world.token, new_link_token()):
        answer = visitor.get(f"/i/{token}/")
        assert (answer.status_code, answer.headers["Location"]) == (301, f"/i/{token}")


def test_a_draft_has_no_page_and_a_cancelled_one_no_way_to_pay(world: World, visitor: Client) -> None:
    assert set(every_page(visitor, world.draft.link_token)) == {404}
    page = visitor.get(f"/i/{world.cancelled.link_token}").content.decode()
    assert "Nothing to pay" in page
    assert "How to pay" not in page


def test_an_unknown_token_and_a_draft_s_answer_alike(world: World, visitor: Client) -> None:
    draft, unknown = (visitor.get(f"/i/{token}") for token in (world.draft.link_token, new_link_token()))

    assert MASKED.sub(b"", draft.content) == MASKED.sub(b"", unknown.content)
    assert draft.headers.keys() == unknown.headers.keys()


def test_ids_and_numbers_open_nothing_in_a_token_s_place(world: World, visitor: Client) -> None:
    for known in (
        world.sent.pk,
        world.sent.pk.hex,
        world.sent.number,
        world.sent.number_n,
        world.customer.pk,
    ):
        assert set(every_page(visitor, str(known))) == {404}


def test_a_token_opens_nothing_in_an_id_s_place(world: World, desk: Client, visitor: Client) -> None:
    for client in (desk, visitor):
        for address in ("payments/invoices", "customers", "bookings", "mailbox", "api/v1/invoices"):
            assert client.get(f"/{address}/{world.token}").status_code in (401, 404)
    assert visitor.get("/accounts/password/reset/key/1-" + world.token + "/", follow=True).status_code == 200
    assert visitor.get(f"/demo/sign-in/{world.token}").status_code == 404


def test_a_link_s_page_tells_nothing_of_the_rest(world: World, visitor: Client) -> None:
    page = visitor.get(f"/i/{world.token}").content.decode()

    for private in (
        str(world.company.pk),
        str(world.customer.pk),
        str(world.sent.pk),
        world.draft.link_token,
        world.cancelled.link_token,
        "/payments/",
        "csrftoken",
    ):
        assert private not in page
    assert not visitor.cookies
    assert visitor.get(f"/i/{world.token}").headers["Referrer-Policy"] == "no-referrer"
    assert "noindex" in visitor.get(f"/i/{world.token}").headers["X-Robots-Tag"]


@pytest.mark.parametrize("method", ["put", "patch", "delete", "post"])
def test_a_link_only_shows(world: World, visitor: Client, method: str) -> None:
    for page in PAGES[:3]:
        assert getattr(visitor, method)(f"/i/{world.token}{page}").status_code == 405


def test_tokens_are_long_and_never_alike() -> None:
    tokens = {new_link_token() for _ in range(2_000)}

    assert len(tokens) == 2_000
    assert {len(token) for token in tokens} == {27}
    assert len({token[:4] for token in tokens}) > 1_900  # no common beginning, no clock in it


def test_the_sixty_first_look_in_a_minute_is_one_too_many(world: World, visitor: Client) -> None:
    statuses = [visitor.get(f"/i/{new_link_token()}").status_code for _ in range(60)]
    late = visitor.get(f"/i/{world.token}", headers={"X-Forwarded-For": "203.0.113.9"})

    assert set(statuses) == {404}
    assert late.status_code == 429
    assert int(late.headers["Retry-After"]) <= 60
    assert b"100.00" not in late.content
