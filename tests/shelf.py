"""A catalog on sale without Stripe: the rows that `catalog apply` writes, with made-up ids."""

from dataclasses import dataclass
from typing import Self

from django.conf import settings
from django.db import connection

from accounts.models import Journal
from billing.models import Addon, AddonPrice, CatalogVersion, Move, Pilot, PilotFee, Plan, Price, ProductLine, Promotion
from billing.queries import catalog as queries
from billing.rules import catalog_file
from billing.services.offering import catalog, catalog_stripe, pilot_rows, pilot_stripe, promotion_rows, promotion_stripe
from config import clock
from tests import snapshots

MODELS = (CatalogVersion, ProductLine, Plan, Price, Move, Addon, AddonPrice, Promotion, Pilot, PilotFee)
WRITTEN = {model._meta.db_table for model in MODELS}
APPLIED = "billing.catalog.applied"
ROWS = "SELECT json_agg(t ORDER BY {key})::text FROM {table} t"

TAXED = 'mode = "rates"'


def text():
    """catalog.toml without taxes, so that amounts are the price list's."""
    shipped = settings.CATALOG_FILE.read_text(encoding="utf-8")
    assert shipped.count(TAXED) == 1
    return shipped.replace(TAXED, 'mode = "none"')


def read(wanted=None):
    """That catalog, or another text, as rules know it."""
    return catalog_file.parse(wanted or text(), languages=[code for code, _name in settings.LANGUAGES])


@dataclass(frozen=True)
class Rows:
    """The rows of a catalog that is on sale, kept to be written again in one statement: far faster than applying."""

    statement: str
    rows: list[str]
    on_sale: queries.OnSale

    @classmethod
    def read(cls) -> Self:
        """Of the database as it is, by the keys it gave; the journal's entry is given a new one each time."""
        statements, kept = [], []
        with connection.cursor() as cursor:
            for table, columns, key in snapshots.tables():
                if table in WRITTEN:
                    given = columns
                    cursor.execute(snapshots.sql(ROWS, table=table, key=key))
                elif table == Journal._meta.db_table:
                    given = [column for column in columns if column != key]  # its place is given anew
                    cursor.execute(snapshots.sql(ROWS + " WHERE kind = %s", table=table, key=key), [APPLIED])
                else:
                    continue
                if rows := cursor.fetchone()[0]:
                    statements.append(snapshots.insert(table, given, key))
                    kept.append(rows)
        return cls(";".join(statements), kept, queries.on_sale())

    def write(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(self.statement, self.rows)
        queries.hold(self.on_sale)


_kept: dict[str | None, Rows] = {}


def put_on_sale(text=None):
    """Write the rows of a catalog as its next version; returns what is on sale then."""
    if CatalogVersion.objects.exists():
        _write(text)
    elif text in _kept:
        _kept[text].write()
    else:
        _write(text)
        _kept[text] = Rows.read()
    return queries.on_sale()


def _write(text):
    wanted, at = read(text), clock.now()
    number = CatalogVersion.objects.count() + 1
    version = CatalogVersion.objects.create(number=number, sha256=wanted.sha256, document=wanted.document, applied_at=at)
    sold = list(catalog_stripe._sold(wanted))
    projection = catalog_stripe.Projection(
        products={one.place: one.identity for one in sold},
        prices={
            (*one.place, price.interval, price.currency): f"price_{one.identity}_{price.fingerprint[:12]}"
            for one in sold
            for price in one.prices
        },
        repaired=(),
    )
    catalog._write(wanted, version, projection, at)
    promised = {
        one.code: promotion_stripe.AtStripe(promotion_stripe.coupon_id(one), f"promo_{one.code}") for one in wanted.promotions
    }
    promotion_rows.write(wanted.promotions, promised, version, at)
    pilots = {
        (line.code, pilot.code, fee.currency): pilot_stripe.AtStripe(
            f"{line.code}_pilot_{pilot.code}",
            f"price_{line.code}_{pilot.code}_{pilot.fingerprint(fee)[:12]}",
            pilot_stripe.coupon_id(line.code, pilot, fee) if pilot.credited else "",
        )
        for line in wanted.lines
        for pilot in line.pilots
        for fee in pilot.fees
    }
    pilot_rows.write(wanted, pilots, version, at)
    queries.refresh()
