"""The readable page of the API, drawn from its OpenAPI document."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import slugify

from bookbill.config.api import api

Part = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Type:
    """How a value is written: words, and the object it refers to, if any."""

    words: str
    object: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    type: Type
    required: bool
    description: SafeString


@dataclass(frozen=True, slots=True)
class Answer:
    status: str
    type: Type


@dataclass(frozen=True, slots=True)
class Operation:
    name: str
    method: str
    path: str
    description: SafeString
    parameters: tuple[Field, ...]
    body: Type | None
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class Group:
    title: str
    slug: str
    operations: tuple[Operation, ...]


@dataclass(frozen=True, slots=True)
class Object:
    name: str
    description: SafeString
    fields: tuple[Field, ...]
    values: str


@dataclass(frozen=True, slots=True)
class Reference:
    title: str
    introduction: SafeString
    groups: tuple[Group, ...]
    objects: tuple[Object, ...]


def reference_page(request: HttpRequest) -> HttpResponse:
    """`/api/v1/docs`."""
    return render(request, "config/api_reference.html", {"reference": reference()})


@cache
def reference() -> Reference:
    return read_reference(api.get_openapi_schema())


def read_reference(document: Part) -> Reference:
    """What the page shows of an OpenAPI document, grouped as it is tagged."""
    groups: dict[str, list[Operation]] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            groups.setdefault(operation["tags"][-1], []).append(_operation(path, method, operation))
    return Reference(
        title=document["info"]["title"],
        introduction=prose(document["info"]["description"]),
        groups=tuple(Group(tag, slugify(tag), tuple(found)) for tag, found in groups.items()),
        objects=tuple(_object(name, part) for name, part in document["components"]["schemas"].items()),
    )


def prose(text: str) -> SafeString:
    """What the source wraps runs on, a paragraph each; what stands in backticks is code."""
    pieces = re.split(r"`([^`]+)`", re.sub(r"(?<!\n)\n(?!\n)", " ", text))
    return format_html_join(
        "",
        "{}",
        ((format_html("<code>{}</code>", each) if at % 2 else each,) for at, each in enumerate(pieces)),
    )


def type_of(part: Part) -> Type:
    """A JSON schema in words: ``list of BookingOut``, ``text or null``, ``percent | amount``."""
    if "$ref" in part:
        name = part["$ref"].rpartition("/")[2]
        return Type(name, name)
    if "allOf" in part:  # a reference that has a default beside it
        return type_of(part["allOf"][0])
    if "anyOf" in part:
        types = [type_of(choice) for choice in part["anyOf"]]
        return Type(
            " or ".join(each.words for each in types), next((e.object for e in types if e.object), "")
        )
    if "enum" in part:
        return Type(" | ".join(str(value) for value in part["enum"]))
    if "const" in part:
        return Type(str(part["const"]))
    if part.get("type") == "array":
        inner = type_of(part.get("items", {}))
        return Type(f"list of {inner.words}", inner.object)
    return Type(_plain_words(part))


WORDS = {
    "uuid": "id",
    "date": "date",
    "date-time": "instant",
    "email": "email",
    "binary": "PDF",
    "string": "text",
    "integer": "whole number",
    "boolean": "true or false",
}


def _plain_words(part: Part) -> str:
    kind = part.get("type", "anything")
    if isinstance(kind, list):
        return " or ".join(_plain_words({**part, "type": each}) for each in kind)
    if kind == "string" and re.fullmatch(r"\^-\?\[0-9\].*", part.get("pattern", "")):
        return "decimal in text"
    words = WORDS.get(part.get("format", kind), str(kind))
    return f"{words}, at most {part['maxLength']} characters" if "maxLength" in part else words


def _operation(path: str, method: str, operation: Part) -> Operation:
    body = operation.get("requestBody")
    return Operation(
        name=operation["operationId"],
        method=method.upper(),
        path=path,
        description=prose(operation.get("description", "")),
        parameters=tuple(
            Field(each["name"], type_of(each["schema"]), each["required"], prose(each.get("description", "")))
            for each in operation["parameters"]
        ),
        body=_content_type(body) if body else None,
        answers=tuple(
            Answer(str(status), _content_type(answer))
            for status, answer in operation["responses"].items()
            if status != "default"
        ),
    )


def _content_type(part: Part) -> Type:
    contents: Iterable[Part] = part.get("content", {}).values()
    return next((type_of(content["schema"]) for content in contents), Type("nothing"))


def _object(name: str, part: Part) -> Object:
    required = set(part.get("required", ()))
    return Object(
        name=name,
        description=prose(part.get("description", "")),
        fields=tuple(
            Field(field, type_of(inner), field in required, prose(inner.get("description", "")))
            for field, inner in part.get("properties", {}).items()
        ),
        values=" | ".join(part.get("enum", ())),
    )
