"""The product's own programs over the database and files of the test that starts them."""

import os
import subprocess
import sys
from urllib.parse import quote

from django.conf import settings
from django.db import connection

from tests.support.smtp_server import SmtpServer


def start(command: str, *options: str, mails_to: SmtpServer) -> "subprocess.Popen[bytes]":
    """`bookbill COMMAND` as an operator starts it."""
    where = connection.settings_dict
    address = f"sqlite:///{where['NAME']}"
    if connection.vendor == "postgresql":
        address = f"postgresql://{where['USER']}@/{where['NAME']}?host={quote(str(where['HOST']))}"
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "DATA_DIR": str(settings.DATA_DIR),
        "DATABASE_URL": address,
        "SECRET_KEY": settings.SECRET_KEY,
        "SMTP_HOST": mails_to.host,
        "SMTP_PORT": str(mails_to.port),
    }
    return subprocess.Popen([sys.executable, "-m", "bookbill.config.cli", command, *options], env=environment)
