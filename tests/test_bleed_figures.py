"""What the yardstick for copies of lines says of its counts."""

import pytest

from bench.bleed import Count, row


@pytest.mark.parametrize(
    ("count", "verdict"),
    [
        (Count(copies=10, hidden_copies=9, genuine=100, hidden_genuine=1), "held"),
        (Count(copies=10, hidden_copies=8, genuine=100, hidden_genuine=0), "missed"),
        (Count(copies=10, hidden_copies=10, genuine=99, hidden_genuine=1), "missed"),
        (Count(genuine=5), "held"),
    ],
)
def test_nine_copies_in_ten_are_hidden_and_one_genuine_line_in_a_hundred_at_most(count: Count, verdict: str) -> None:
    assert count.verdict == verdict


def test_a_row_says_the_counts_and_whether_the_goal_was_held() -> None:
    both = Count(copies=1, hidden_copies=1, genuine=2) + Count(copies=4, hidden_copies=3, genuine=5)
    assert row("all |", both) == "| all | | 5 | 4 | 7 | 0 | missed |"
