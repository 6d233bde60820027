"""Django as WSGI: every page and the REST API."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pulseops.settings")
application = get_wsgi_application()
