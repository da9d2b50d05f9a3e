"""The vendor whose store this is. A real vendor changes this block (or the variables named in it) and no template."""

from config.settings.environment import env

# Lightness (percent) and share of the chroma of each step of the admin's scale, light to dark.
ADMIN_STEPS = {
    "50": (98, 0.1),
    "100": (95, 0.25),
    "200": (90, 0.5),
    "300": (83, 0.75),
    "400": (72, 1.0),
    "500": (60, 1.0),
    "600": (48, 1.0),
    "700": (42, 0.95),
    "800": (36, 0.85),
    "900": (31, 0.7),
    "950": (22, 0.5),
}

BRAND = {
    # The company, its product and the one line that describes it; `tagline_<language>` where another language says it.
    "name": env.str("BRAND_NAME", default="Fieldnote"),
    "product": env.str("BRAND_PRODUCT", default="Fieldnote"),
    "legal_name": env.str("BRAND_LEGAL_NAME", default="Fieldnote Example GmbH"),
    "tagline": env.str("BRAND_TAGLINE", default="Notes and inspections for field teams"),
    "tagline_de": env.str(
        "BRAND_TAGLINE_DE",
        default="" if env.str("BRAND_TAGLINE", default="") else "Notizen und Prüfungen für Teams vor Ort",
    ),
    "address": env.str("BRAND_ADDRESS", default="Beispielweg 1, 10115 Berlin, Germany"),
    # Look: a static path of the mark, and the accent as an OKLCH hue in degrees (0-360) and a chroma (0-0.37).
    "mark": env.str("BRAND_MARK", default="img/mark.svg"),
    "accent_hue": env.float("BRAND_ACCENT_HUE", default=165.0),
    "accent_chroma": env.float("BRAND_ACCENT_CHROMA", default=0.105),
    # Where people are sent.
    "product_url": env.str("BRAND_PRODUCT_URL", default="https://product.example/"),
    "support_email": env.str("BRAND_SUPPORT_EMAIL", default="support@fieldnote.example"),
    "support_url": env.str("BRAND_SUPPORT_URL", default=""),
    "status_url": env.str("BRAND_STATUS_URL", default=""),
}


def admin_colours() -> dict[str, str]:
    """The accent as the admin's scale of eleven steps, in OKLCH."""
    hue, chroma = BRAND["accent_hue"], BRAND["accent_chroma"]
    return {step: f"oklch({light}% {chroma * share:.3f} {hue})" for step, (light, share) in ADMIN_STEPS.items()}
