"""`bookbill django export_openapi > openapi.json`: the document that programs outside build on."""

from typing import Any

from django.core.management import BaseCommand

from bookbill.config.api import openapi_json


class Command(BaseCommand):
    help = "Print the OpenAPI document of the HTTP API."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(openapi_json(), ending="")
