"""Notices, price moves and expansions."""
