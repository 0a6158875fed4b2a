"""Helping pages to hear each other: the servers through which their connections find a way."""

import base64
import hashlib
import hmac
import time

from django.conf import settings

from meetings.protocol.events import IceServer

CREDENTIAL_SECONDS = 12 * 3600


def ice_servers(participant_id: str) -> list[IceServer]:
    """The configured STUN servers, and TURN servers with credentials for this participant.

    The credentials are those of coturn's REST API: they expire, and the shared secret stays here.
    """
    servers = [IceServer(urls=settings.STUN_URLS)] if settings.STUN_URLS else []
    if settings.TURN_URLS:
        username = f"{int(time.time()) + CREDENTIAL_SECONDS}:{participant_id}"
        digest = hmac.new(settings.TURN_SECRET.encode(), username.encode(), hashlib.sha1).digest()
        credential = base64.b64encode(digest).decode()
        servers.append(IceServer(urls=settings.TURN_URLS, username=username, credential=credential))
    return servers
