"""`{% load devices %}`: a session's device in words."""

from django import template
from django.utils.translation import gettext as _

from accounts.rules import devices

register = template.Library()


@register.filter
def device(user_agent: str) -> str:
    """ "Firefox on Windows", or as much of it as the browser says."""
    said = devices.read(user_agent)
    if said.browser and said.system:
        return _("%(browser)s on %(system)s") % {"browser": said.browser, "system": said.system}
    return said.browser or said.system or _("A device that does not say what it is")
