"""The web application for any WSGI server. Refuses to load with an environment that must not serve people."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bookbill.config.settings")

application = get_wsgi_application()
