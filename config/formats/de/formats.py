"""German, as config.words writes it."""

DATETIME_FORMAT = r"j. F Y \u\m H:i"
