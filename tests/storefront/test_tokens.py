"""The palette's contrasts, computed from the stylesheet itself: WCAG 2.2 AA in both themes and for every brand hue."""

import math
import re
from functools import cache
from pathlib import Path

import pytest

from config import brand

CSS = Path(__file__).resolve().parents[2] / "static" / "css"
THEMES = {"light": 0, "dark": 1}
HUES = [*range(0, 360, 15), 165]
TEXT = 4.5
CONTROL = 3.0

# (what is written or drawn, on what, at least)
PAIRS = [
    *((ink, surface, TEXT) for ink in ("ink", "ink-soft") for surface in ("surface", "surface-raised", "surface-sunken")),
    *((word, surface, TEXT) for word in ("accent-ink", "good", "warn", "bad") for surface in ("surface", "surface-raised")),
    *((f"{word}", f"{word}-wash", TEXT) for word in ("good", "warn", "bad")),
    ("accent-ink", "accent-wash", TEXT),
    *(("ink", wash, TEXT) for wash in ("accent-wash", "good-wash", "warn-wash", "bad-wash")),
    *(("on-accent", fill, TEXT) for fill in ("accent", "accent-hover")),
    *(("on-bad", fill, TEXT) for fill in ("bad-fill", "bad-hover")),
    *(
        (line, surface, CONTROL)
        for line in ("line-strong", "accent")
        for surface in ("surface", "surface-raised", "surface-sunken")
    ),
    *((fill, surface, CONTROL) for fill in ("warn-fill", "bad") for surface in ("surface", "surface-raised")),
]


@cache
def declarations() -> dict[str, str]:
    text = re.sub(r"/\*.*?\*/", "", (CSS / "tokens.css").read_text(encoding="utf-8"), flags=re.DOTALL)
    root = text[text.index(":root {") : text.index("\n}")]
    return {name: " ".join(value.split()) for name, value in re.findall(r"--([\w-]+):\s*([^;]+);", root)}


def resolve(name: str, theme: int, hue: float, chroma: float) -> tuple[float, float, float]:
    """A token's lightness, chroma and hue."""
    value = declarations()[name]
    if pair := re.fullmatch(r"light-dark\((.+?),\s*(var\(.+\)|oklch\(.+\))\)", value):
        value = pair[theme + 1]
    if link := re.fullmatch(r"var\(--([\w-]+)\)", value):
        return resolve(link[1], theme, hue, chroma)
    value = value.replace("var(--accent-hue)", str(hue)).replace("var(--accent-chroma)", str(chroma))
    numbers = re.fullmatch(r"oklch\(([\d.]+) ([\d.]+) ([\d.]+)\)", value)
    assert numbers, f"--{name} is not a plain oklch() colour: {value}"
    return float(numbers[1]), float(numbers[2]), float(numbers[3])


def luminance(colour: tuple[float, float, float]) -> float:
    """Relative luminance (0 to 1) of an OKLCH colour, by Ottosson's matrices, its channels clipped to sRGB."""
    lightness, chroma, hue = colour
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3
    red = 4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short
    green = -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short
    blue = -0.0041960863 * long - 0.7034186147 * middle + 1.707614701 * short
    clipped = [min(max(channel, 0.0), 1.0) for channel in (red, green, blue)]
    return 0.2126 * clipped[0] + 0.7152 * clipped[1] + 0.0722 * clipped[2]


def contrast(one: tuple[float, float, float], other: tuple[float, float, float]) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_the_arithmetic_knows_black_and_white():
    assert contrast((1, 0, 0), (0, 0, 0)) == pytest.approx(21, abs=0.01)
    # #767676 on white is the well-known edge of 4.54.
    assert contrast((0.5681, 0, 0), (1, 0, 0)) == pytest.approx(4.54, abs=0.05)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("front", "back", "least"), PAIRS)
def test_contrast(front, back, least, theme):
    low = []
    for hue in HUES:
        for chroma in (0.0, 0.105, brand.CHROMA[1]):
            found = contrast(*(resolve(name, THEMES[theme], hue, chroma) for name in (front, back)))
            if found < least:
                low.append(f"hue {hue}, chroma {chroma}: {found:.2f}")
    assert not low, f"--{front} on --{back} needs {least} ({theme}): {low}"


def test_components_speak_in_meanings():
    """A component names no colour literal of its own apart from greys that carry the brand's hue, and no raw hex."""
    for path in sorted((CSS / "components").glob("*.css")):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"#[0-9a-f]{3,8}\b|\brgba?\(|\bhsla?\(", text, flags=re.IGNORECASE), path.name


def test_stylesheets_are_small_and_all_linked():
    index = (CSS / "store.css").read_text(encoding="utf-8")
    for path in CSS.rglob("*.css"):
        assert len(path.read_text(encoding="utf-8").splitlines()) < 200, path.name
        if path.parent.name == "components":
            assert f'url("components/{path.name}") layer(components)' in index, path.name


def test_every_custom_property_used_is_declared_or_has_a_fallback():
    declared = set(re.findall(r"--([\w-]+):", "".join(p.read_text(encoding="utf-8") for p in CSS.rglob("*.css"))))
    for path in CSS.rglob("*.css"):
        used = set(re.findall(r"var\(--([\w-]+)\)", path.read_text(encoding="utf-8")))
        assert used <= declared, (path.name, used - declared)
