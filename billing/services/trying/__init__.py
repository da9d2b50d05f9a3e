"""Trials and pilots that go on or end."""
