"""A site without a transcriber, a host and a guest of theirs; a file that needs more brings its own."""

import secrets

import pytest

from tests.people import Person
from tests.stack import NewStack, Stack


@pytest.fixture(scope="module")
def site(new_stack: NewStack) -> Stack:
    stack = new_stack()
    stack.start_web()
    return stack


@pytest.fixture
def host(site: Stack) -> Person:
    person = Person(site.base_url)
    person.sign_up(f"Host {secrets.token_hex(4)}")
    return person


@pytest.fixture
def code(host: Person) -> str:
    return host.start_meeting("Weekly")


@pytest.fixture
def guest(site: Stack, code: str) -> Person:
    person = Person(site.base_url)
    person.join(code, "Grace")
    return person
