"""The sandbox's pages, where Stripe's hosted ones would be: Checkout, the hosted invoice, 3-D Secure. Server-rendered HTML.

``pages.router.respond(sandbox, request)`` answers every address outside the API.
"""
