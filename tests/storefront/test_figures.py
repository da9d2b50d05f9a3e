"""The geometry of sliders, meters and lines."""

import pytest

from storefront import figures


def test_ticks_are_spread_evenly_whatever_their_values():
    found = figures.ticks([10, {"value": 50, "label": "50+"}], 1, 200)
    assert [(t.value, t.label, t.at, t.anchor) for t in found] == [
        (1, "1", "0%", "start"),
        (10, "10", "33.3333%", "middle"),
        (50, "50+", "66.6667%", "middle"),
        (200, "200", "100%", "end"),
    ]


def test_ticks_leave_out_stops_beyond_the_ends():
    assert [t.value for t in figures.ticks([0, 5, 300], 1, 200)] == [1, 5, 200]


@pytest.mark.parametrize(
    ("part", "whole", "said"), [(8, 12, "66.6"), (0, 5, "0"), (12, 12, "100"), (13, 12, "100"), (-1, 5, "0"), (3, 0, "0")]
)
def test_share_stays_between_nothing_and_all(part, whole, said):
    assert figures.share(part, whole) == said


def test_a_line_needs_two_points_and_stays_in_its_box():
    assert figures.sparkline([4]) is None
    line = figures.sparkline([4, 12, 4])
    assert line is not None
    assert line.line == f"M3.0 {figures.HEIGHT - 3:.1f} L120.0 3.0 L237.0 {figures.HEIGHT - 3:.1f}"


def test_a_level_line_runs_through_the_middle():
    line = figures.sparkline([7, 7])
    assert line is not None
    assert line.line == "M3.0 24.0 L237.0 24.0"
