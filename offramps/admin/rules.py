"""Rules in the admin: what each says in words, its versions, and the acts that write, try, put live and retire one."""

import functools
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from config import clock
from config.admin import acts, pages
from offramps.admin import backtest_words, roster
from offramps.admin.roster_acts import Step
from offramps.admin.rule_forms import ConditionsForm, NewRuleForm, PeriodForm
from offramps.models import LeadTrigger, RuleState, TriggerRule, TriggerRuleVersion
from offramps.queries import backtests, rule_words
from offramps.rules import detecting
from offramps.services import trigger_rules

STATE_TONES = {"draft": "wait", "live": "good", "retired": ""}
MOST_TRIGGERS = 50


def _newest(rule: TriggerRule, *states: str) -> TriggerRuleVersion | None:
    rows = sorted(rule.versions.all(), key=lambda version: -version.number)
    return next((version for version in rows if version.state in states), None)


def _begins(rule: TriggerRule) -> dict[str, Any]:
    """The conditions that a change begins from: the draft's, else those that are live or were last."""
    found = _newest(rule, RuleState.DRAFT) or _newest(rule, RuleState.LIVE, RuleState.RETIRED)
    return ConditionsForm.of(found.conditions) if found else {}


def _in_words(_row: Any, form: Any) -> list[acts.Row]:
    return [acts.Row(label, said) for label, said in form.in_words]


def _tried(rule: TriggerRule, form: Any) -> list[acts.Row]:
    """What the draft, else the live version, would have done in the form's days."""
    found = _newest(rule, RuleState.DRAFT) or _newest(rule, RuleState.LIVE, RuleState.RETIRED)
    if found is None:
        return []
    since, until = form.span
    return backtest_words.rows(backtests.run(detecting.read(found.conditions), since=since, until=until, at=clock.now()))


def _last_quarter(rule: TriggerRule) -> list[acts.Row]:
    """The draft in words, and what it would have done in the ninety days before."""
    found = _newest(rule, RuleState.DRAFT)
    if found is None:
        return []
    now, conditions = clock.now(), detecting.read(found.conditions)
    since, until = backtests.last_quarter(now)
    said = [acts.Row(label, text) for label, text in rule_words.lines(conditions)]
    return [*said, *backtest_words.rows(backtests.run(conditions, since=since, until=until, at=now))]


NEW = Step(
    title=_("Write a rule"),
    lead=_("It begins as a draft, which watches nothing: try it on what was, then put it live."),
    button=_("Keep it as a draft"),
    done=_("Kept. It watches nothing until it is put live."),
    permission="offramps.add_triggerrule",
    form=lambda data, _row: NewRuleForm(data),
    do=lambda _row, form, who: trigger_rules.make(
        name=form.cleaned_data["name"], topic=form.cleaned_data["topic"], conditions=form.conditions, **who
    ),
    second=_("Say it in words"),
    preview=_in_words,
)
STEPS = {
    "conditions": Step(
        title=_("Change the conditions"),
        lead=_("They become a draft. What is live goes on as it is until the draft is put live."),
        button=_("Keep it as a draft"),
        done=_("Kept. It watches nothing until it is put live."),
        permission="offramps.change_triggerrule",
        form=lambda data, rule: ConditionsForm(data, initial=_begins(rule)),
        do=lambda rule, form, who: trigger_rules.revise(rule, conditions=form.conditions, **who),
        icon="tune",
        second=_("Say it in words"),
        preview=_in_words,
    ),
    "trial": Step(
        title=_("Try it on what was"),
        lead=_("The draft, else the version that is live, held against carts, payments, visits and requests of some days."),
        button="",
        done="",
        permission="offramps.change_triggerrule",
        form=lambda data, _rule: PeriodForm(data),
        do=lambda _rule, _form, _who: None,
        icon="history",
        second=_("Try it"),
        preview=_tried,
        caption=_("What it would have done"),
    ),
    "live": Step(
        title=_("Put the draft live"),
        lead=_("From now on the draft watches, in place of the version that did."),
        button=_("Put it live"),
        done=_("It is live."),
        permission="offramps.change_triggerrule",
        form=lambda data, _rule: forms.Form(data),
        do=lambda rule, _form, who: trigger_rules.go_live(rule, **who),
        icon="play_arrow",
        is_open=lambda rule: _newest(rule, RuleState.DRAFT) is not None,
        rows=_last_quarter,
        caption=_("What it says, and what it would have done in the last ninety days"),
    ),
    "retire": Step(
        title=_("Retire the rule"),
        lead=_("It watches no more. Leads that it opened stay, and so do its versions."),
        button=_("Retire it"),
        done=_("Retired."),
        permission="offramps.change_triggerrule",
        form=lambda data, _rule: forms.Form(data),
        do=lambda rule, _form, who: trigger_rules.retire(rule, **who),
        icon="stop",
        is_open=lambda rule: _newest(rule, RuleState.LIVE) is not None,
    ),
}


class VersionRows(pages.ReadOnlyRows):
    model = TriggerRuleVersion
    fields = ("number", "state", "says", "made_by", "made_at", "live_at", "retired_at")
    readonly_fields = ("says",)
    ordering = ("-number",)
    related = ("rule", "made_by", "live_by")
    badges = {"state": STATE_TONES}
    show_change_link = False

    @display(description=_("Conditions"))
    def says(self, row: TriggerRuleVersion) -> str:
        return rule_words.sentence(row.conditions)


class TriggeredRows(pages.ReadOnlyRows):
    model = LeadTrigger
    fk_name = "rule"
    fields = ("at", "lead", "why")
    readonly_fields = ("why",)
    ordering = ("-at",)
    related = ("lead__organization", "version__rule")
    show_change_link = False
    verbose_name_plural = _("triggers")

    @display(description=_("Saw"))
    def why(self, row: LeadTrigger) -> str:
        return rule_words.saw(row)


@admin.register(TriggerRule)
class TriggerRuleAdmin(roster.Acted):
    list_display = ("name", "topic", "standing", "says")
    list_filter = ("versions__state", "topic")
    search_fields = ("name",)
    ordering = ("name",)
    inlines = (VersionRows, TriggeredRows)
    fields: Any = (("name", "topic"), ("standing", "created_at"), "says")
    readonly_fields = ("standing", "says")
    begins_with = NEW
    steps = STEPS

    def get_queryset(self, request: HttpRequest) -> QuerySet[TriggerRule]:
        rows: QuerySet[TriggerRule] = super().get_queryset(request)
        return rows.prefetch_related(Prefetch("versions", TriggerRuleVersion.objects.order_by("-number")))

    @display(description=_("State"))
    def standing(self, row: TriggerRule) -> str:
        """ "Live: version 3, draft: version 4"."""
        text = gettext("%(state)s: version %(number)s")
        found = [_newest(row, RuleState.LIVE), _newest(row, RuleState.DRAFT)]
        said = [text % {"state": one.get_state_display(), "number": one.number} for one in found if one is not None]
        return ", ".join(said) or str(RuleState.RETIRED.label)

    @display(description=_("Conditions"))
    def says(self, row: TriggerRule) -> str:
        found = _newest(row, RuleState.LIVE) or _newest(row, RuleState.DRAFT, RuleState.RETIRED)
        return rule_words.sentence(found.conditions) if found else ""


for _verb, _step in STEPS.items():
    acts.offer_on(TriggerRule, functools.partial(roster.offer, _verb, _step))
