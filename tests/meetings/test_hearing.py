"""The servers that help pages to hear each other."""

import base64
import hashlib
import hmac

from pytest_django import Settings

from meetings.services.hearing import ice_servers


def test_none_are_needed_on_one_network(settings: Settings) -> None:
    settings.STUN_URLS = settings.TURN_URLS = []
    assert ice_servers("somebody") == []


def test_turn_credentials_are_made_from_the_secret_and_expire(settings: Settings) -> None:
    settings.STUN_URLS, settings.TURN_URLS = ["stun:a:3478"], ["turn:b:3478"]
    settings.TURN_SECRET = "known to the relay"
    stun, turn = ice_servers("somebody")
    assert (stun.urls, turn.urls) == (["stun:a:3478"], ["turn:b:3478"])
    expires, _, name = turn.username.partition(":")
    assert name == "somebody"
    assert int(expires) > 1_700_000_000
    expected = hmac.new(b"known to the relay", turn.username.encode(), hashlib.sha1).digest()
    assert base64.b64decode(turn.credential) == expected
