"""Geometry of the small figures (slider ticks, meter, ring, sparkline). Plain numbers in, SVG attribute values out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

WIDTH = 240
HEIGHT = 48
PAD = 3


@dataclass(frozen=True, slots=True)
class Tick:
    """A stop of a slider: `at` is its place in percent of the track."""

    value: int
    label: str
    at: str
    anchor: str


def ticks(stops: Sequence[int | Mapping[str, Any]], low: int, high: int) -> list[Tick]:
    """Spread a slider's stops evenly, its ends included, so that ten seats and five hundred are equally easy to reach.

    A stop is a number of units or a mapping with `value` and `label`. Stops outside [low, high] are left out.
    """
    labels: dict[int, str] = {low: str(low), high: str(high)}
    for stop in stops:
        value, label = (stop, str(stop)) if isinstance(stop, int) else (stop["value"], str(stop["label"]))
        if low <= value <= high:
            labels[value] = label
    values = sorted(labels)
    last = max(len(values) - 1, 1)
    anchors = {0: "start", len(values) - 1: "end"}
    return [Tick(v, labels[v], f"{100 * i / last:g}%", anchors.get(i, "middle")) for i, v in enumerate(values)]


def share(part: int, whole: int) -> str:
    """`part` of `whole` in percent, between 0 and 100, with one decimal at most."""
    return f"{min(max(1000 * part // whole, 0), 1000) / 10:g}" if whole > 0 else "0"


@dataclass(frozen=True, slots=True)
class Line:
    """SVG path data of a sparkline and of the area below it, and its last point."""

    line: str
    area: str
    last_x: str
    last_y: str


def sparkline(values: Sequence[int]) -> Line | None:
    """Draw values from left to right in a box of WIDTH by HEIGHT. None when there are fewer than two."""
    if len(values) < 2:
        return None
    low, high = min(values), max(values)
    span = high - low
    xs = [PAD + (WIDTH - 2 * PAD) * i / (len(values) - 1) for i in range(len(values))]
    ys = [HEIGHT / 2 if span == 0 else HEIGHT - PAD - (HEIGHT - 2 * PAD) * (v - low) / span for v in values]
    points = " L".join(f"{x:.1f} {y:.1f}" for x, y in zip(xs, ys, strict=True))
    return Line(
        line=f"M{points}",
        area=f"M{points} L{xs[-1]:.1f} {HEIGHT} L{xs[0]:.1f} {HEIGHT} Z",
        last_x=f"{xs[-1]:.1f}",
        last_y=f"{ys[-1]:.1f}",
    )
