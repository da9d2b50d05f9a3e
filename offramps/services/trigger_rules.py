"""Rules that notice who needs a person: written as drafts, put live after a look at what they would have done, retired."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from accounts.origin import Origin
from accounts.services import journal
from offramps.models import RuleState, TriggerRule, TriggerRuleVersion
from offramps.queries import rule_words
from offramps.rules import detecting


def make(*, name: str, topic: str, conditions: object, at: datetime, origin: Origin) -> TriggerRule:
    """A rule with its first draft. Raises ValidationError, naming the field and the remedy."""
    checked = _checked(conditions)
    with transaction.atomic(durable=True):
        rule = TriggerRule(name=name.strip(), topic=topic, created_at=at)
        rule.full_clean()
        rule.save()
        _draft(rule, checked, at, origin)
    return rule


def revise(rule: TriggerRule, *, conditions: object, at: datetime, origin: Origin) -> TriggerRuleVersion:
    """Change the draft, or begin one. What is live goes on as it is. Raises ValidationError."""
    checked = _checked(conditions)
    with transaction.atomic(durable=True):
        held = _held(rule)
        draft = held.versions.filter(state=RuleState.DRAFT).first()
        if draft is None:
            return _draft(held, checked, at, origin)
        draft.conditions, draft.made_by, draft.made_at = checked.as_data(), origin.actor, at
        draft.save(update_fields=["conditions", "made_by", "made_at"])
        _tell("offramps.rule.drafted", draft, at, origin)
    return draft


def go_live(rule: TriggerRule, *, at: datetime, origin: Origin) -> TriggerRuleVersion:
    """Have the draft watch from now on, in place of what did. Raises ValidationError without a draft."""
    with transaction.atomic(durable=True):
        held = _held(rule)
        draft = held.versions.filter(state=RuleState.DRAFT).first()
        if draft is None:
            raise ValidationError(_("There is no draft: change the conditions first."))
        _checked(draft.conditions)
        _retire(held, at, origin)
        draft.state, draft.live_at, draft.live_by = RuleState.LIVE, at, origin.actor
        draft.save(update_fields=["state", "live_at", "live_by"])
        _tell("offramps.rule.went_live", draft, at, origin)
    return draft


def retire(rule: TriggerRule, *, at: datetime, origin: Origin) -> bool:
    """Have it watch no more. Leads that it opened stay. False: it did not."""
    with transaction.atomic(durable=True):
        return _retire(_held(rule), at, origin)


def _checked(conditions: object) -> detecting.Conditions:
    try:
        return detecting.read(conditions)
    except detecting.Unfit as error:
        place = error.place or "conditions"
        raise ValidationError({place: rule_words.problem(error)}) from None


def _held(rule: TriggerRule) -> TriggerRule:
    return TriggerRule.objects.select_for_update(no_key=True).get(pk=rule.pk)


def _draft(rule: TriggerRule, checked: detecting.Conditions, at: datetime, origin: Origin) -> TriggerRuleVersion:
    number = (rule.versions.aggregate(last=Max("number"))["last"] or 0) + 1
    values = {"number": number, "conditions": checked.as_data(), "made_by": origin.actor, "made_at": at}
    try:
        with transaction.atomic():
            made = TriggerRuleVersion.objects.create(rule=rule, **values)
    except IntegrityError:
        raise ValidationError(_("Somebody else has just begun a draft: reload the page.")) from None
    _tell("offramps.rule.drafted", made, at, origin)
    return made


def _retire(rule: TriggerRule, at: datetime, origin: Origin) -> bool:
    live = rule.versions.filter(state=RuleState.LIVE).first()
    if live is None:
        return False
    live.state, live.retired_at = RuleState.RETIRED, at
    live.save(update_fields=["state", "retired_at"])
    _tell("offramps.rule.retired", live, at, origin)
    return True


def _tell(kind: str, version: TriggerRuleVersion, at: datetime, origin: Origin) -> None:
    data = {"rule": version.rule.name, "version": version.number}
    journal.append(kind=kind, organization=None, at=at, origin=origin, data=data)
