"""The offline Stripe: a stand-in for the API, its hosted pages and its webhooks, on 127.0.0.1 alone."""
