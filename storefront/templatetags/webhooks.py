"""`{% load webhooks %}`: how a try went, in words."""

from typing import Any

from django import template

from accounts.queries import webhook_words

register = template.Library()


@register.simple_tag
def answer_words(said: Any) -> str:
    """Of a delivery or one of its tries."""
    return webhook_words.failure(said.failure, said.status)
