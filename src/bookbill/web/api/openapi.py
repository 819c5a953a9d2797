"""What the OpenAPI document says of every route alike: how it refuses, its idempotency key, its ETag."""

from collections.abc import Iterator
from typing import Any

from bookbill.web.api.problems import CONTENT_TYPE

TEXT = {"type": "string"}
TEXT_OR_NULL = {"type": ["string", "null"]}
PROBLEM = {
    "type": "object",
    "description": "An error. `message` is a sentence a person can act on; `code` stays the same between releases.",
    "required": ["type", "title", "status", "code", "message", "field", "request_id"],
    "properties": {
        "type": TEXT,
        "title": TEXT,
        "status": {"type": "integer"},
        "code": TEXT,
        "message": TEXT,
        "detail": TEXT,
        "field": TEXT_OR_NULL,
        "request_id": TEXT,
        "errors": {
            "type": "array",
            "description": "Each input at fault, where several are.",
            "items": {"type": "object", "properties": {"field": TEXT_OR_NULL, "code": TEXT, "message": TEXT}},
        },
    },
}
REFUSED = {
    "description": "Refused: nothing was changed",
    "content": {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
IDEMPOTENCY_KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": False,
    "description": "Act once, however often this is sent: the same key and body give the same answer for 72 hours.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
}
IF_MATCH = {
    "in": "header",
    "name": "If-Match",
    "required": False,
    "description": "The ETag of the state that was read; refused with 409 `stale` when it has changed since.",
    "schema": {"type": "string", "pattern": '^"[0-9]{1,9}"$'},
}


def complete(document: dict[str, Any]) -> None:
    """Add to each operation its refusals and its headers, and give the schemas their names."""
    _name_schemas(document)
    document["components"]["schemas"]["Problem"] = PROBLEM
    for operations in document["paths"].values():
        for method, operation in operations.items():
            operation["responses"]["default"] = REFUSED
            for parameter in operation["parameters"]:
                _tidy(parameter)
            header = {"post": IDEMPOTENCY_KEY, "patch": IF_MATCH, "put": IF_MATCH}.get(method)
            if header:
                operation["parameters"].append(header)


def _name_schemas(schema: dict[str, Any]) -> None:
    """`BookingPage` instead of `Page_Union_BookingOut__PlainBooking__`; and without what only made up a query."""
    schemas = schema["components"]["schemas"]
    names = {name: described.get("title", name) for name, described in schemas.items()}
    used = set()
    for reference in [*_references(schema["paths"]), *_references(schemas)]:
        name = reference["$ref"].rpartition("/")[2]
        used.add(name)
        reference["$ref"] = f"#/components/schemas/{names[name]}"
    schema["components"]["schemas"] = {
        names[name]: described for name, described in schemas.items() if name in used
    }


def _references(part: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part
        for inner in part.values():
            yield from _references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _references(inner)


def _tidy(parameter: dict[str, Any]) -> None:
    """A parameter is left out, never null; an id in an address is a UUID."""
    described = parameter["schema"]
    choices = [choice for choice in described.get("anyOf", ()) if choice != {"type": "null"}]
    if len(choices) == 1:
        parameter["schema"] = described = choices[0]
    described.pop("title", None)
    if parameter["in"] == "path" and parameter["name"].endswith("_id"):
        described["format"] = "uuid"
