"""The admin of every app: its place in the navigation, columns with names, no inline scripts, few queries."""

import pytest
from django.contrib import admin
from django.contrib.admin.utils import label_for_field
from django.urls import get_resolver, reverse
from django.utils.functional import Promise
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from accounts.models import Organization, OutgoingMail
from accounts.services import outbox
from config import clock
from config.admin import site
from tests import clean, factories, shelf

assert get_resolver().url_patterns  # reading config/urls.py takes some models out of the admin
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label_lower)
ELSEWHERE = [model for model in MODELS if model._meta.app_label != "billing"]
# Session, user, permissions (for staff), count, rows, and one for each filter with choices from a table, date hierarchy.
MOST_ON_A_LIST = 16
# Session and user, and one for each number.
MOST_ON_THE_OVERVIEW = 15


def address(model, page, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


@pytest.fixture
def rows(cast, client):
    """Some rows to look at, and an administrator who does."""
    shelf.put_on_sale()
    factories.InvitationFactory(organization=cast.acme)
    every = IntervalSchedule.objects.create(every=30, period="seconds")
    PeriodicTask.objects.create(name="inbox", task="billing.drain_inbox", interval=every)
    client.force_login(cast.admin)
    return cast


def test_every_model_has_its_place_in_the_navigation():
    placed = [label for _title, models in site.NAVIGATION for label, _icon in models]
    assert len(placed) == len(set(placed))
    assert set(placed) == {model._meta.label_lower for model in MODELS}


def test_somebody_is_only_led_where_they_may_look(cast, rf):
    request = rf.get("/admin/")
    request.user = cast.staff_member("marketing")
    titles = {item["title"] for group in site.navigation(request) for item in group["items"]}
    assert "Organizations" in titles
    assert not titles & {"Stripe commands", "Inbox", "Users"}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label_lower)
def test_every_column_has_a_name_that_can_be_translated(model, rf, cast):
    page, request = admin.site._registry[model], rf.get("/admin/")
    request.user = cast.admin
    for name in page.get_list_display(request):
        shown = getattr(page, name, name) if isinstance(name, str) else name
        own = getattr(shown, "short_description", None)
        label = own or model._meta.get_field(name).verbose_name
        assert isinstance(label, Promise), f"{model._meta.label}.{name} is called {label!r}: name it in config/admin/labels.py"
        assert str(label_for_field(name, model, page))


@pytest.mark.parametrize("model", ELSEWHERE, ids=lambda model: model._meta.label_lower)
def test_no_page_carries_an_inline_script_and_lists_take_few_queries(model, rows, client, django_assert_max_num_queries):
    """Billing's have rows to look at in tests/billing/test_admin.py."""
    client.get(address(model, "changelist"))
    with django_assert_max_num_queries(MOST_ON_A_LIST):
        answers = [client.get(address(model, "changelist"))]
    answers.append(client.get(address(model, "add")))
    row = model.objects.first()
    if row is not None:
        answers += [client.get(address(model, page, row.pk)) for page in ("change", "history")]
    for answer in answers:
        clean.check(answer)


def test_all_are_offered_only_where_some_are_hidden(rows, client):
    url = address(Organization, "changelist")
    assert "Show all" not in client.get(url).content.decode()
    for narrowed in ({"q": "globex"}, {"country": "DE"}):
        assert "Show all" in client.get(url, narrowed).content.decode()


def test_the_overview_counts_what_needs_a_look_in_few_queries(rows, client, django_assert_max_num_queries):
    outbox.write(kind="accounts/welcome", subject_row="x:1", to=rows.owner, organization=rows.acme, context={}, at=clock.now())
    OutgoingMail.objects.update(state="failed")
    client.get(reverse("admin:index"))
    with django_assert_max_num_queries(MOST_ON_THE_OVERVIEW):
        page = client.get(reverse("admin:index"))
    tile = next(tile for tile in page.context["tiles"] if tile["title"] == "Mails given up")
    assert (tile["count"], tile["is_bad"]) == ("1", True)
    assert [row.subject_row for row in client.get(tile["url"]).context["cl"].result_list] == ["x:1"]


def test_the_overview_counts_for_nobody_what_they_may_not_see(rows, client):
    client.force_login(rows.staff_member("marketing"))
    titles = {tile["title"] for tile in client.get(reverse("admin:index")).context["tiles"]}
    assert not titles & {"Mails given up", "Stripe commands in trouble", "Past due"}


def test_celerys_schedule_is_shown_and_not_edited(rows, client):
    task = PeriodicTask.objects.get()
    assert "every 30 seconds" in client.get(address(PeriodicTask, "changelist")).content.decode()
    assert client.get(address(PeriodicTask, "add")).status_code == 403
    assert client.post(address(PeriodicTask, "change", task.pk), {"enabled": ""}).status_code == 403
    assert not admin.site.is_registered(IntervalSchedule)
    task.refresh_from_db()
    assert task.enabled
