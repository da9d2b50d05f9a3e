"""Exceptions from the catalog: proposed, decided by a second person, begun, announced, ended (docs/decisions/exceptions.md)."""
