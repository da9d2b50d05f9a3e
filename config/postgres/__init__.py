"""Django's own Postgres backend, with a cheaper look at a connection before it is lent out: settings.DATABASES names it."""
