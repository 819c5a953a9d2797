#!/usr/bin/env python3
"""Enter one agent's month of hotel bookings through the HTTP API and put it on one invoice.

    python3 docs/examples/hotel_bookings.py hotel-bookings.csv --agent 240 --month 2015-08 \
        --url http://127.0.0.1:8000 --key "$(bookbill create-api-key --company … --member …)"

The file is that of Antonio, de Almeida, Nunes, "Hotel booking demand datasets", Data in Brief 22 (2019). Only Python's own library
is used. The sum is worked out here a second time, in cents, and compared with what the invoice says. Running it again adds
nothing: customer and bookings are found by their external ids, which are those of `hotel-bookings.toml`, so stays that were
imported are billed, not entered twice; and every call that makes something carries an idempotency key.
"""

import argparse
import calendar
import csv
import json
import sys
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

MONTHS = {name: number for number, name in enumerate(calendar.month_name) if name}
PARKING_CENTS = 1_000


class Api:
    """The calls of the HTTP API, with one key."""

    def __init__(self, url: str, key: str) -> None:
        self.url, self.key = url.rstrip("/") + "/api/v1", key

    def call(
        self, method: str, path: str, body: dict[str, Any] | None = None, *, once: str = ""
    ) -> dict[str, Any]:
        request = urllib.request.Request(self.url + path, method=method)  # noqa: S310 - the address is the caller's own server
        request.add_header("Authorization", f"Bearer {self.key}")
        if once:
            request.add_header("Idempotency-Key", once)
        if body is not None:
            request.add_header("Content-Type", "application/json")
            request.data = json.dumps(body).encode()
        try:
            with urllib.request.urlopen(request) as answer:  # noqa: S310
                found: dict[str, Any] = json.loads(answer.read() or b"{}")
                return found
        except urllib.error.HTTPError as refused:
            raise SystemExit(f"{method} {path}: {refused.code} {refused.read().decode()}") from None

    def find_or_make(self, path: str, body: dict[str, Any], *, once: str) -> dict[str, Any]:
        query = urllib.parse.urlencode({"external_id": body["external_id"]})
        found: list[dict[str, Any]] = self.call("GET", f"{path}?{query}")["items"]
        return found[0] if found else self.call("POST", path, body, once=once)


def rows_of(path: str, agent: str, month: str) -> list[tuple[int, dict[str, str]]]:
    """(line of the file, row) of the bookings that were done in the month."""
    year, number = (int(part) for part in month.split("-"))
    with open(path, newline="", encoding="utf-8") as file:
        return [
            (line, row)
            for line, row in enumerate(csv.DictReader(file), start=2)
            if row["agent"] == agent
            and row["reservation_status"] == "Check-Out"
            and (int(row["arrival_date_year"]), MONTHS[row["arrival_date_month"]]) == (year, number)
        ]


def items_of(row: dict[str, str]) -> list[dict[str, str]]:
    items = [
        {
            "description": f"Nights, room {row['assigned_room_type']}, {row['meal'].strip()}, {row['adults']} adults",
            "quantity": str(nights(row)),
            "unit": "night",
            "unit_price": row["adr"],
        }
    ]
    if int(row["required_car_parking_spaces"]):
        items.append(
            {"description": "Parking", "quantity": row["required_car_parking_spaces"], "unit_price": "10.00"}
        )
    return items


def nights(row: dict[str, str]) -> int:
    return max(1, int(row["stays_in_weekend_nights"]) + int(row["stays_in_week_nights"]))


def cents(text: str) -> int:
    """ "75.5" as 7550, without decimals or floats."""
    whole, _, part = text.partition(".")
    return int(whole) * 100 + int(part.ljust(2, "0")[:2] or "0")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file")
    parser.add_argument("--agent", default="240")
    parser.add_argument("--month", default="2015-08")
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--key", required=True)
    said = parser.parse_args()
    api = Api(said.url, said.key)
    rows = rows_of(said.file, said.agent, said.month)
    customer = api.find_or_make(
        "/customers",
        {
            "name": f"Agent {said.agent}",
            "email": f"agent{said.agent}@hotel.example",
            "external_id": f"Agent {said.agent}",
        },
        once=f"customer-{said.agent}",
    )
    booking_ids = []
    for line, row in rows:
        date = f"{row['arrival_date_year']}-{MONTHS[row['arrival_date_month']]:02}-{int(row['arrival_date_day_of_month']):02}"
        booking = {
            "customer_id": customer["id"],
            "service_date": date,
            "items": items_of(row),
            "state": "completed",
            "external_id": f"hotel-{line}",
        }
        booking_ids.append(api.find_or_make("/bookings", booking, once=f"booking-{line}")["id"])
    invoice = api.call(
        "POST", "/invoices", {"booking_ids": booking_ids}, once=f"invoice-{said.agent}-{said.month}"
    )
    expected = sum(
        nights(row) * cents(row["adr"]) + int(row["required_car_parking_spaces"]) * PARKING_CENTS
        for _, row in rows
    )
    total = api.call("GET", f"/invoices/{invoice['id']}")["total_minor"]
    print(f"{len(rows)} bookings, invoice {invoice['id']}: {total} minor units; worked out here: {expected}")
    return 0 if total == expected else 1


if __name__ == "__main__":
    sys.exit(main())
