"""The vendor whose store this is. A real vendor changes this block (or the variables named in it) and no template."""

from config.settings.environment import env

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
