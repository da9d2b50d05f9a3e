"""The brand's two colours as a stylesheet, and its web app manifest: settings served as cacheable files."""

import math
from functools import lru_cache
from hashlib import sha256

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.templatetags.static import static
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

HUE = (0.0, 360.0)
CHROMA = (0.0, 0.16)
ONE_YEAR = 31_536_000


@lru_cache(maxsize=8)
def stylesheet(hue: float, chroma: float) -> str:
    """The accent as custom properties. Chroma is capped where the palette's contrasts are tested to hold."""
    hue = hue % HUE[1]
    chroma = min(max(chroma, CHROMA[0]), CHROMA[1])
    return f":root{{--accent-hue:{hue:g};--accent-chroma:{chroma:g}}}\n"


def accent_hex(lightness: float) -> str:
    """The accent at a lightness (0 to 1) as #rrggbb, for mails, which rarely know OKLCH. Ottosson's matrices."""
    hue = math.radians(settings.BRAND["accent_hue"])
    chroma = min(max(settings.BRAND["accent_chroma"], CHROMA[0]), CHROMA[1])
    a, b = chroma * math.cos(hue), chroma * math.sin(hue)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3
    linear = (
        4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * middle + 1.707614701 * short,
    )
    return "#" + "".join(f"{_gamma(channel):02x}" for channel in linear)


def _gamma(linear: float) -> int:
    """A linear channel as an sRGB byte."""
    channel = min(max(linear, 0.0), 1.0)
    encoded = 12.92 * channel if channel <= 0.0031308 else 1.055 * channel ** (1 / 2.4) - 0.055
    return round(255 * encoded)


def _current() -> tuple[str, str]:
    text = stylesheet(settings.BRAND["accent_hue"], settings.BRAND["accent_chroma"])
    return text, sha256(text.encode()).hexdigest()[:12]


def stylesheet_url() -> str:
    """Address of the brand's stylesheet; it changes with the content, so that browsers may keep it for ever."""
    return reverse("brand_css", args=[_current()[1]])


@require_safe
def css(request: HttpRequest, digest: str) -> HttpResponse:
    """GET /brand.<digest>.css: kept for ever; an older address leads to the present one."""
    text, current = _current()
    if digest != current:
        return HttpResponseRedirect(stylesheet_url())
    response = HttpResponse(text, content_type="text/css; charset=utf-8")
    patch_cache_control(response, public=True, max_age=ONE_YEAR, immutable=True)
    return response


@require_safe
@cache_control(public=True, max_age=3600)
def manifest(request: HttpRequest) -> JsonResponse:
    """GET /manifest.webmanifest: name, mark and colours for a home screen."""
    brand = settings.BRAND
    return JsonResponse(
        {
            "name": brand["name"],
            "short_name": brand["name"],
            "description": brand["tagline"],
            "start_url": "/",
            "display": "browser",
            "background_color": "#fbfcfb",
            "theme_color": "#fbfcfb",
            "icons": [{"src": static(brand["mark"]), "sizes": "any", "type": "image/svg+xml"}],
        },
        content_type="application/manifest+json",
    )
