"""A small product behind the store, as a vendor's engineer would write one: it knows the store by its API alone.

`python -m sample` serves it; bin/demo starts it. Nothing of the project is imported; beside the standard library it has the one
that verifies webhooks.
"""
