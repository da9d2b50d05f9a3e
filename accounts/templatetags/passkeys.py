"""`{% load passkeys %}`: what the browser's passkey dialog is asked with, as an attribute of the form."""

import json
from typing import Any

from django import template
from django.core.serializers.json import DjangoJSONEncoder

register = template.Library()


@register.filter
def as_json(value: Any) -> str:
    """`{{ js_data.request_options|as_json }}` inside an attribute; escaped as any text is."""
    return json.dumps(value, cls=DjangoJSONEncoder)
