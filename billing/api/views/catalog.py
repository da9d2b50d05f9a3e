"""What is on sale."""

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope
from billing.api import catalog_outputs, examples, schema, words
from billing.api.views import base
from billing.queries import catalog


class Catalog(base.View):
    required_scopes = [Scope.CATALOG_READ]
    needs_organization = False

    @schema.read(
        "catalog",
        "What is on sale",
        schema.Answer(shape=catalog_outputs.CatalogOutput, example=examples.CATALOG, name="Catalog"),
        tag="Catalog",
        description="Lines, plans, features and prices, in the language of `Accept-Language`. Amounts are minor units a seat "
        "and interval.",
        organization=False,
    )
    def get(self, request: Request) -> Response:
        return base.answer(catalog_outputs.CatalogOutput, words.on_sale(catalog.on_sale()))
