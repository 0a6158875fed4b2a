"""How captions are written: their own letters decide, not only the language that was recognised."""

import pytest

from meetings.languages import direction


@pytest.mark.parametrize(
    ("language", "text", "written"),
    [
        ("en", "Good morning", "ltr"),
        ("ar", "صباح الخير", "rtl"),
        ("en", "صباح الخير", "rtl"),
        ("ar", "Good morning", "ltr"),
        ("he", "Zoom: בוקר טוב לכולם", "rtl"),
        ("fa-IR", "12 + 3", "rtl"),
        ("", "12 + 3", "ltr"),
        ("ur", "", "rtl"),
    ],
)
def test_a_caption_is_written_as_most_of_its_letters_are(language: str, text: str, written: str) -> None:
    assert direction(language, text) == written
