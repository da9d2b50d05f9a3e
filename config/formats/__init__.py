"""Django's own date formats, in the wording of config.words: what the admin writes by itself reads like the rest."""
