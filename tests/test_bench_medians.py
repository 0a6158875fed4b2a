"""Figures of several runs as one table."""

from bench.report import medians


def test_each_figure_is_the_median_of_its_row() -> None:
    runs = [
        [{"run": "1 talking", "seen_p50": 0.3, "speakers": 1}, {"run": "meeting", "seen_p50": 0.9, "speakers": 8}],
        [{"run": "1 talking", "seen_p50": 0.5, "speakers": 1}, {"run": "meeting", "seen_p50": 0.6, "speakers": 8}],
        [{"run": "1 talking", "seen_p50": 0.4, "speakers": 1}, {"run": "meeting", "seen_p50": 0.5, "speakers": 8}],
    ]
    assert medians(runs) == [
        {"run": "1 talking", "seen_p50": 0.4, "speakers": 1},
        {"run": "meeting", "seen_p50": 0.6, "speakers": 8},
    ]


def test_the_slowest_decode_is_that_of_all_runs() -> None:
    assert medians([[{"inference_max_ms": 500.0}], [{"inference_max_ms": 900.0}]]) == [{"inference_max_ms": 900.0}]
