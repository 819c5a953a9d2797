"""Every address of the product, asked with one's own ids, a stranger's and made-up ones.

Addresses come from the URL conf and the OpenAPI document, so a new one is crawled (or fails, when the crawl cannot tell
what its ids are) without being named here. Forms and links are read from the pages themselves.
"""

import json
import re
import secrets
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import product
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import UUID

from django.apps import apps
from django.db import connection, models, transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve
from django.urls.exceptions import Resolver404
from django.urls.resolvers import RoutePattern

from bookbill.config.api import api
from bookbill.delivery.models import Message
from bookbill.lib.tenancy import scopes_disabled

UUID_TEXT = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
PARAMETER = re.compile(r"<(?:(\w+):)?(\w+)>")

# Addresses that know no company's rows: signing in, the sample page of components, what is open to all.
NOT_OF_A_COMPANY = ("accounts/", "_components", "theme", "favicon.ico", "demo/sign-in/", "look/", "healthz", "readyz", "metrics", "providers/")  # fmt: skip
OPENED_BY_A_LINK = ("i/",)

# What an id in an address is, by the word before it; and in a body or a query, by its name.
BY_WORD = {
    "invoices": "invoices.Invoice",
    "transactions": "ledger.Payment",
    "bookings": "bookings.Booking",
    "customers": "customers.Customer",
    "members": "companies.Member",
    "keys": "companies.ApiKey",
    "mails": "delivery.Message",
    "emails": "delivery.Message",
    "jobs": "work.Job",
    "companies": "companies.Company",
    "services": "bookings.Service",
    "taxes": "bookings.TaxCode",
    "repricings": "bookings.Repricing",
    "mailbox": "delivery.MailboxItem",
}
BY_NAME = {
    "customer_id": "customers.Customer",
    "booking_id": "bookings.Booking",
    "booking_ids": "bookings.Booking",
    "invoice_id": "invoices.Invoice",
    "payment_id": "ledger.Payment",
    "provider_id": "companies.Member",
    "tax_code_id": "bookings.TaxCode",
    "default_tax_code_id": "bookings.TaxCode",
    "repricing_id": "bookings.Repricing",
    "service_id": "bookings.Service",
    "after": "activity.Entry",
    "cursor": "activity.Entry",
}
PLAIN_IDS = {"external_id", "tax_id", "tax_ids", "request_id", "message_id"}  # texts, not keys of rows
OTHERS = {"n": "1", "index": "0", "digest": "0" * 64, "kind": "receipt", "language": "en"}


# Addresses


@dataclass(frozen=True)
class Page:
    """An address of the URL conf: `invoices:version-pdf`, `payments/invoices/<uuid:pk>/versions/<int:n>/pdf`."""

    name: str
    route: str

    def kinds(self) -> list[str]:
        """The models of the ids in it, in order."""
        found = []
        for match in PARAMETER.finditer(self.route):
            if match[1] == "uuid":
                word = self.route[: match.start()].rstrip("/").rpartition("/")[2]
                assert word in BY_WORD, (
                    f"tests/support/crawling.py does not know what the id in {self.route} is"
                )
                found.append(BY_WORD[word])
        return found

    def url(self, *keys: object) -> str:
        left = list(keys)

        def filled(match: re.Match[str]) -> str:
            converter, name = match.groups()
            if converter == "uuid":
                return str(left.pop(0))
            assert name in OTHERS, f"tests/support/crawling.py does not know what <{name}> in {self.route} is"
            return OTHERS[name]

        return "/" + PARAMETER.sub(filled, self.route)

    def urls(self, rows: "Rows") -> list[str]:
        """With some of one's own rows in the places of its ids."""
        return [self.url(*keys) for keys in product(*(rows.some(kind) for kind in self.kinds()))]


def all_pages() -> list[Page]:
    """Every address of the URL conf that belongs to a company's pages."""
    found = [page for page in walk(get_resolver().url_patterns) if not page.route.startswith("api/v1/")]
    outside = (*NOT_OF_A_COMPANY, *OPENED_BY_A_LINK)
    return [page for page in found if not page.route.startswith(outside)]


def pages_by_link() -> list[Page]:
    return [page for page in walk(get_resolver().url_patterns) if page.route.startswith(OPENED_BY_A_LINK)]


def walk(patterns: Sequence[URLPattern | URLResolver], prefix: str = "", space: str = "") -> Iterator[Page]:
    for pattern in patterns:
        part = pattern.pattern
        route = prefix + (str(part) if isinstance(part, RoutePattern) else regex_as_route(str(part)))
        if isinstance(pattern, URLResolver):
            yield from walk(
                pattern.url_patterns, route, f"{pattern.namespace}:" if pattern.namespace else space
            )
        else:
            yield Page(f"{space}{pattern.name}", route)


def regex_as_route(regex: str) -> str:
    return (
        re.sub(r"\(\?P<(\w+)>[^)]*\)", r"<\1>", regex).removeprefix("^").replace("\\Z", "").replace("\\", "")
    )


@dataclass(frozen=True)
class Operation:
    """One method of one address of the API, as the OpenAPI document describes it."""

    name: str
    method: str
    path: str
    body: Mapping[str, Any]
    queries: tuple[str, ...]

    def ids(self) -> list[str]:
        """The names of the rows' keys in the address."""
        return [name for name in re.findall(r"\{(\w+)\}", self.path) if name not in OTHERS]

    @property
    def wants_rows(self) -> bool:
        return bool(self.ids())

    def kind(self) -> str:
        """What the row is that it is about: the last one that its address names."""
        name = self.ids()[-1]
        return MESSAGE if name == "message_id" else BY_NAME[name]

    def url(self, pk: object = "") -> str:
        above = subject_of(pk) if self.wants_rows and self.kind() == MESSAGE else pk
        keys = {**OTHERS, "message_id": str(pk)}
        return re.sub(r"\{(\w+)\}", lambda match: keys.get(match[1], str(above)), self.path)


MESSAGE = "delivery.Message"


def subject_of(message_id: Any) -> Any:
    """The invoice that stands above a message in an address; the same unknown id where there is no such message."""
    with scopes_disabled():
        return (
            Message.objects.filter(pk=str(message_id)).values_list("subject_id", flat=True).first()
            or message_id
        )


def all_operations() -> list[Operation]:
    document: Any = api.get_openapi_schema()
    found = []
    for path, methods in document["paths"].items():
        for method, said in methods.items():
            content = said.get("requestBody", {}).get("content", {})
            body = resolved(content.get("application/json", {}).get("schema", {}), document)
            queries = tuple(each["name"] for each in said.get("parameters", ()) if each["in"] == "query")
            found.append(Operation(said["operationId"], method.upper(), path, body, queries))
    return found


def resolved(schema: Any, document: Any) -> Any:
    """The schema with every reference followed; of alternatives the first that is something."""
    if isinstance(schema, list):
        return [resolved(each, document) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return resolved(document["components"]["schemas"][schema["$ref"].rpartition("/")[2]], document)
    for several in ("anyOf", "allOf", "oneOf"):
        if several in schema:
            real = [each for each in schema[several] if each.get("type") != "null"]
            return resolved(real[0], document)
    return {name: resolved(value, document) for name, value in schema.items()}


# Rows


class Rows:
    """The keys of one company's rows by model, in the order they were made."""

    def __init__(self, company_id: UUID) -> None:
        self.by_model: dict[str, list[UUID]] = {"companies.Company": [company_id]}
        self.model_of: dict[UUID, str] = {company_id: "companies.Company"}
        for model in apps.get_models():
            names = {column.name for column in model._meta.concrete_fields}
            if "company" not in names or not isinstance(model._meta.pk, models.UUIDField):
                continue
            with scopes_disabled():
                keys = list(
                    model._base_manager.filter(company=company_id).order_by("pk").values_list("pk", flat=True)
                )
            self.by_model[model._meta.label] = keys
            self.model_of |= dict.fromkeys(keys, model._meta.label)

    def of(self, label: str) -> list[UUID]:
        assert self.by_model[label], f"the crawled company has no {label}: furnish one"
        return self.by_model[label]

    def some(self, label: str) -> list[UUID]:
        """The two oldest and the newest."""
        found = self.of(label)
        return list(dict.fromkeys([*found[:2], found[-1]]))


def counterpart(pk: UUID, mine: Rows, theirs: Rows) -> UUID:
    """The stranger's row that was made as this one was, for companies furnished alike."""
    label = mine.model_of[pk]
    return theirs.of(label)[mine.of(label).index(pk)]


def lookalike(pk: UUID) -> UUID:
    """A key that exists nowhere, made in the same millisecond."""
    return UUID(
        int=pk.int >> 80 << 80 | 0x7 << 76 | secrets.randbits(12) << 64 | 0b10 << 62 | secrets.randbits(62)
    )


# Asking


@dataclass(frozen=True)
class Answer:
    status: int
    body: str
    location: str
    wrote: tuple[str, ...]
    """Tables written to, apart from what every visit may write."""

    def masked(self, *keys: object) -> tuple[int, str, str]:
        """What must be alike for two ids, with the ids themselves and what is new in every answer taken out."""
        text = f"{self.location}\n{self.body}"
        for key in keys:
            text = text.replace(str(key), "ID").replace(str(key).replace("-", ""), "ID")
        for pattern in EVER_NEW:
            text = pattern.sub("", text)
        return self.status, text, ""


EVER_NEW = [
    re.compile(r"[A-Za-z0-9]{64}"),  # CSRF tokens
    re.compile(r'"request_id": ?"[^"]*"'),
    re.compile(r'name="operation_id"[^>]*value="[^"]*"'),
    re.compile(r'value="[^"]*"[^>]*name="operation_id"'),
]
WRITES = re.compile(r'^\s*(?:INSERT(?: OR \w+)? INTO|UPDATE|DELETE FROM)\s+"?(\w+)', re.IGNORECASE)
OF_EVERY_VISIT = {"django_session", "companies_ratecount", "companies_apikey", "usersessions_usersession"}


@dataclass
class Visitor:
    """A browser or a program whose every request is taken back afterwards, and whose statements are kept."""

    client: Client
    headers: Mapping[str, str] = field(default_factory=dict)
    statements: list[tuple[str, Any]] = field(default_factory=list)

    def ask(self, method: str, url: str, data: Any = None, **headers: str) -> Answer:
        """``data`` is a form's fields for a page, a JSON body for the API."""
        before: Any = self.client.cookies.copy()
        began = len(self.statements)
        with undone(), connection.execute_wrapper(self.note):
            if url.startswith("/api/"):
                body, kind = json.dumps(data) if data is not None else "", "application/json"
            elif method == "POST":
                body, kind = urlencode(data or {}, doseq=True), "application/x-www-form-urlencoded"
            else:
                body, kind = "", "application/octet-stream"
            response: Any = self.client.generic(
                method, url, body, content_type=kind, headers={**self.headers, **headers}
            )
            content = response.getvalue()
        self.client.cookies = before  # a message for the next page must not be shown there
        written = written_to(sql for sql, _params in self.statements[began:])
        return Answer(
            response.status_code,
            # An address is searched for whole, wherever a page lets it break.
            content.decode("utf-8", "replace").replace("<wbr>", ""),
            response.headers.get("Location", "") or response.headers.get("HX-Redirect", ""),
            tuple(sorted(written - OF_EVERY_VISIT)),
        )

    def note(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        self.statements.append((sql, params))
        return execute(sql, params, many, context)


def written_to(statements: Iterable[str]) -> set[str]:
    """The tables of all writes that were not taken back."""
    kept: list[str] = []
    for sql in statements:
        if sql.startswith("ROLLBACK TO "):
            del kept[kept.index(sql.removeprefix("ROLLBACK TO ")) :]
        else:
            kept.append(sql)
    return {match[1] for sql in kept if (match := WRITES.match(sql))}


def misdirected(visitor: Visitor, mine: Rows, theirs: Rows) -> list[str]:
    """Statements on tenants' tables that could have met a stranger's row.

    Each must name the company where it chooses rows, or choose them by keys none of which is a stranger's; and none
    may write a stranger's key.
    """
    tables = {
        model._meta.db_table
        for model in apps.get_models()
        if any(column.name == "company" for column in model._meta.concrete_fields)
    }
    strangers = {pk.hex for pk in theirs.model_of} - {pk.hex for pk in mine.model_of}
    found = []
    for sql, params in visitor.statements:
        touched = {name for name in TABLE.findall(sql) if name in tables}
        values = {str(value).replace("-", "") for value in flat(params)}
        chooses = sql.partition(" WHERE ")[2]
        writes = bool(WRITES.match(sql))
        meets = bool(values & strangers) and ("company_id" not in chooses or writes)
        if touched and (meets or not (chooses or writes)):
            found.append(sql)
    return found


TABLE = re.compile(r'(?:FROM|JOIN|UPDATE|INTO) "?(\w+)"?')


def flat(params: Any) -> Iterator[Any]:
    if isinstance(params, (list, tuple, set)):
        for each in params:
            yield from flat(each)
    elif isinstance(params, dict):
        yield from flat(list(params.values()))
    else:
        yield params


@contextmanager
def undone() -> Iterator[None]:
    """What happens inside did not happen."""
    block = transaction.atomic()
    block._from_testcase = True  # type: ignore[attr-defined]  # doors ask for a durable block, and this stands for the outermost
    with block:
        yield
        transaction.set_rollback(True)


# Reading pages


@dataclass(frozen=True)
class Form:
    """A form of a page as a browser would send it untouched, and the values each choice offers."""

    action: str
    fields: tuple[tuple[str, str], ...]
    choices: tuple[tuple[str, str], ...]

    def shape(self) -> frozenset[str]:
        return frozenset(UUID_TEXT.sub("", name) for name, _value in (*self.fields, *self.choices))


class PageReader(HTMLParser):
    """Links and forms of a page: htmx's too, buttons that send a form elsewhere, fields that stand outside their form."""

    def __init__(self, html: str, url: str) -> None:
        super().__init__()
        self.url = url
        self.links: set[str] = set()
        self.forms: list[Form] = []
        self.parts: dict[str, dict[str, list[tuple[str, str]]]] = defaultdict(lambda: defaultdict(list))
        self.inside = ""
        self.select: tuple[str, str] | None = None
        self.feed(html)
        for parts in self.parts.values():
            for _name, action in parts["actions"]:
                self.forms.append(Form(action, tuple(parts["fields"]), tuple(parts["choices"])))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        had = {name: value or "" for name, value in attrs}
        for name in ("href", "hx-get"):
            if had.get(name, "").startswith(("/", "?")):
                self.links.add(self.absolute(had[name]))
        if tag == "form":
            self.inside = had.get("id") or f"form {self.getpos()}"
            posts = had.get("hx-post") or (
                had.get("action") or self.url if had.get("method") == "post" else ""
            )
            if posts:
                self.parts[self.inside]["actions"].append(("", self.absolute(posts)))
            return
        form = had.get("form") or self.inside or f"alone {self.getpos()}"
        for name in ("hx-post", "formaction"):
            if had.get(name):
                self.parts[form]["actions"].append(("", self.absolute(had[name])))
        self.field(tag, had, self.parts[form])

    def field(self, tag: str, had: dict[str, str], parts: dict[str, list[tuple[str, str]]]) -> None:
        name, value = had.get("name", ""), had.get("value", "")
        if tag == "option" and self.select is not None:
            form, name = self.select
            parts = self.parts[form]
            parts["choices"].append((name, value))
            if "selected" in had:
                parts["fields"].append((name, value))
        elif not name or "disabled" in had:
            return
        elif tag == "select":
            self.select = (had.get("form") or self.inside, name)
        elif tag == "textarea":
            parts["fields"].append((name, ""))
        elif tag == "button" or had.get("type") in ("checkbox", "radio"):
            parts["choices"].append((name, value or "on"))
            if "checked" in had:
                parts["fields"].append((name, value or "on"))
        elif tag == "input":
            parts["fields"].append((name, value))

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self.select = None
        elif tag == "form":
            self.inside = ""

    def absolute(self, link: str) -> str:
        path = urlsplit(self.url).path
        return f"{path}{link}" if link.startswith("?") else link.partition("#")[0]


# What a person would type where a form leaves a field empty.
TYPED = {
    "reason": "because", "amount": "1.00", "received_on": "2026-06-30", "method": "cash", "way": "credit", "act": "send",
    "recipients": "a@b.example", "bookings": "again", "name": "Example", "email": "new@b.example", "service_date": "2026-06-30",
    "role": "office", "unit_price": "1.00", "description": "Work", "quantity": "1", "price": "1.00", "currency": "CAD",
}  # fmt: skip


def filled(form: Form) -> dict[str, list[str]]:
    """The fields of a form with something sensible where it is empty."""
    data: dict[str, list[str]] = defaultdict(list)
    for name, value in form.fields:
        if name not in ("csrfmiddlewaretoken", "operation_id"):
            data[name].append(value or TYPED.get(name.rpartition("-")[2], ""))
    for name, value in form.choices:
        if value:
            data.setdefault(name, [value])
    return dict(data)


def name_of(url: str) -> str:
    """The name of the address, as `Page.name` says it; empty where there is none."""
    try:
        match = resolve(urlsplit(url).path)
    except Resolver404:
        return ""
    return match.view_name


@dataclass
class Site:
    """What a walk through all pages found: an example of each link that carries ids, and the forms of each address."""

    pages: dict[str, list[Answer]] = field(default_factory=lambda: defaultdict(list))
    links: dict[tuple[str, str], str] = field(default_factory=dict)
    forms: dict[str, list[Form]] = field(default_factory=lambda: defaultdict(list))

    def learn(self, answer: Answer, url: str) -> list[str]:
        """Keep the forms of a page that are of a new shape; the answer is the links of a new shape."""
        reader, found = PageReader(answer.body, url), []
        for form in reader.forms:
            known = self.forms[name_of(form.action)]
            if form.shape() not in {other.shape() for other in known}:
                known.append(form)
        for link in sorted(reader.links):
            query = urlsplit(link).query
            shape = (name_of(link), ",".join(sorted(name for name, _value in parse_qsl(query))))
            if shape[0] and UUID_TEXT.search(query) and shape not in self.links:
                self.links[shape] = link
                found.append(link)
        return found


def explore(visitor: Visitor, rows: Rows) -> Site:
    """Get every page with some of one's own rows, then every kind of link found on them, until nothing new comes."""
    site = Site()
    waiting = [url for page in all_pages() if "<digest>" not in page.route for url in page.urls(rows)]
    seen: set[str] = set()
    while waiting:
        url = waiting.pop(0)
        if url in seen:
            continue
        seen.add(url)
        name = name_of(url)
        for headers in ({}, {"HX-Request": "true"}) if name not in site.pages else ({},):
            answer = visitor.ask("GET", url, **headers)
            assert answer.status < 500, (url, headers, answer.body)
            site.pages[name].append(answer)
            if answer.status == 200:
                waiting += site.learn(answer, url)
    for page in all_pages():
        if not site.forms[page.name] and all(answer.status == 405 for answer in site.pages[page.name]):
            # Sent only by a button that is not there now (Undo); what such a form says is what to do it to.
            words = [word for word in page.route.split("/") if word in BY_WORD]
            ids = [("ids", str(pk)) for word in words[-1:] for pk in rows.some(BY_WORD[word])[-1:]]
            site.forms[page.name] = [Form(page.urls(rows)[0], tuple(ids), ())]
    return site


# Bodies of the API

EXAMPLES: dict[str, Any] = {
    "name": "Example", "reason": "because", "amount_minor": 1, "due_minor": 1, "method": "cash", "service_date": "2026-06-30", "unit_price": "1.00",
    "description": "Work", "rate": "5", "kind": "amount", "value": "1", "allocations": None, "items": None,
    "components": None, "subject": "From {company}", "body": "Hello {customer}",
}  # fmt: skip

SAID_ANYWAY = {"description", "unit_price"}  # else a service must be named, which says them


def example_of(schema: Mapping[str, Any], ids: Mapping[str, Any]) -> dict[str, Any]:
    """A body with what must be said, and with these ``ids`` wherever the schema has a place for them."""
    body: dict[str, Any] = {}
    required = schema.get("required", ())
    for name, said in schema.get("properties", {}).items():
        if name in ids:
            body[name] = [ids[name]] if said.get("type") == "array" else ids[name]
        elif said.get("type") == "array" and "properties" in said.get("items", {}):
            if name in required or id_names(said["items"]) & ids.keys():
                body[name] = [example_of(said["items"], ids)]
        elif "properties" in said:
            if name in required or id_names(said) & ids.keys():
                body[name] = example_of(said, ids)
        elif name in required or name in SAID_ANYWAY:
            assert name in EXAMPLES, f"tests/support/crawling.py has no example of {name}"
            body[name] = EXAMPLES[name]
    return body


def needed_ids(schema: Mapping[str, Any]) -> set[str]:
    """The names of the ids that a body must carry."""
    found = set()
    for name in schema.get("required", ()):
        said = schema["properties"][name]
        found |= ({name} & BY_NAME.keys()) | needed_ids(said.get("items", said))
    return found


def id_names(schema: Mapping[str, Any]) -> set[str]:
    """The names of the ids a body may carry, however deep."""
    found = set()
    for name, said in schema.get("properties", {}).items():
        if name.endswith(("_id", "_ids")) and name not in PLAIN_IDS:
            assert name in BY_NAME, f"tests/support/crawling.py does not know what {name} is"
            found.add(name)
        inner = said.get("items", said)
        if isinstance(inner, dict):
            found |= id_names(inner)
    return found
