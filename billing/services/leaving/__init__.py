"""Cancelling, ending now, pausing, going on."""
