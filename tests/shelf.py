"""A catalog on sale without Stripe: the rows that `catalog apply` writes, with made-up ids."""

from django.conf import settings

from billing.models import CatalogVersion
from billing.queries import catalog as queries
from billing.rules import catalog_file
from billing.services import catalog, catalog_stripe
from config import clock


def read(text=None):
    """catalog.toml, or another text, as rules know it."""
    text = text or settings.CATALOG_FILE.read_text(encoding="utf-8")
    return catalog_file.parse(text, languages=[code for code, _name in settings.LANGUAGES])


def put_on_sale(text=None):
    """Write the rows of a catalog as its next version; returns what is on sale then."""
    wanted, at = read(text), clock.now()
    number = CatalogVersion.objects.count() + 1
    version = CatalogVersion.objects.create(number=number, sha256=wanted.sha256, document=wanted.document, applied_at=at)
    plans = [(line.code, plan) for line in wanted.lines for plan in line.plans]
    projection = catalog_stripe.Projection(
        products={(line, plan.code): f"{line}_{plan.code}" for line, plan in plans},
        prices={
            (line, plan.code, price.interval, price.currency): f"price_{line}_{plan.code}_{price.fingerprint[:12]}"
            for line, plan in plans
            for price in plan.prices
        },
        repaired=(),
    )
    catalog._write(wanted, version, projection, at)
    queries.refresh()
    return queries.on_sale()
