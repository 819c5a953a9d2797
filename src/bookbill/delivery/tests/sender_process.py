"""A sender as a process of its own, to be killed: `python sender_process.py '{"database": {...}, "port": 2525}'`."""

import json
import os
import sys
import threading
from types import SimpleNamespace

import django
from django.conf import settings
from django.db import connections


def main(told: str) -> None:
    facts = json.loads(told)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bookbill.config.settings_test")
    django.setup()
    connections["default"].settings_dict.update(facts["database"])
    settings.SMTP = SimpleNamespace(
        host="127.0.0.1", port=facts["port"], user="", password="", tls="none", timeout=2
    )

    from bookbill.delivery.composing import register_composer
    from bookbill.delivery.mime import MailContent
    from bookbill.delivery.sender import run_once

    register_composer("version", lambda cause: MailContent(subject="Invoice", text="Hello"))

    def lane() -> None:
        while True:
            run_once()

    for _ in range(facts["lanes"]):
        threading.Thread(target=lane).start()


if __name__ == "__main__":
    main(sys.argv[1])
