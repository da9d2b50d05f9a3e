"""The catalog file becomes prices and codes, here and at Stripe."""
