"""What Daphne serves: pages, and the two sockets of a room for pages of our own origins."""

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import OriginValidator
from channels.sessions import CookieMiddleware
from django.core.asgi import get_asgi_application
from django.urls import re_path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from django.conf import settings

from config.observing import observe

observe(settings.ENVIRONMENT, "web")
_pages = get_asgi_application()

from config.handshakes import limit_handshakes  # noqa: E402
from config.reporting import report_while_running  # noqa: E402
from config.stopping import stop_gently  # noqa: E402
from meetings.routing import program_urlpatterns, websocket_urlpatterns  # noqa: E402

_rooms = OriginValidator(CookieMiddleware(URLRouter(websocket_urlpatterns)), settings.ALLOWED_ORIGINS)
application = ProtocolTypeRouter(
    {
        "http": _pages,
        "websocket": URLRouter([*program_urlpatterns, re_path("", _rooms)]),
    },
)
limit_handshakes()
stop_gently()
report_while_running()
