"""The web application for a WSGI server. Refuses to load with an environment that must not serve people."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bookbill.config.settings")

settings.ENVIRONMENT.refuse_unsafe()
application = get_wsgi_application()
