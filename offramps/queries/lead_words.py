"""A lead in words, for a rep's mails: in the language and the time zone of the rep."""

from typing import Any

from django.conf import settings
from django.utils import translation

from offramps.models import Lead, LeadTopic, Rep


def company(lead: Lead) -> str:
    """The organization's name, else the domain of the mail address."""
    return lead.organization.name if lead.organization else lead.contact_email.partition("@")[2]


def for_rep(lead: Lead, rep: Rep) -> dict[str, Any]:
    """What every mail about a lead says of it."""
    with translation.override(rep.user.locale or settings.LANGUAGE_CODE):
        topic = str(LeadTopic(lead.topic).label)
    return {"company": company(lead), "who": lead.contact_name, "topic_label": topic, "reader_zone": rep.time_zone}
