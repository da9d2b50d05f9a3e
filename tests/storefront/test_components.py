"""Components: they refuse what they do not know, keep the page's variables out, and need no inline style or script."""

import re
from pathlib import Path

import pytest
from django import template
from django.conf import settings
from django.http import Http404
from django.template import engines
from django.urls import reverse
from django.utils import translation
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy

from storefront.templatetags.store import COMPONENTS
from storefront.views import gallery

# The gallery shows the sample form in two states.
SHOWN_TWICE = {f"id_{name}{end}" for name in gallery.SampleForm.base_fields for end in ("", "_helptext", "_0", "_1")}
TEMPLATES = Path(settings.ROOT) / "templates"


def render(source: str, **context: object) -> str:
    return engines["django"].from_string("{% load store %}" + source).render(context)


def test_a_misspelt_option_is_refused_by_name():
    with pytest.raises(template.TemplateSyntaxError, match="does not take knd; it takes: label, kind"):
        render('{% button "Pay" knd="primary" %}')


def test_a_component_does_not_see_the_pages_variables():
    assert "form=" not in render('{% button "Pay" %}', form="page-form", disabled=True)
    assert "disabled" not in render('{% button "Pay" %}', form="page-form", disabled=True)


def test_a_label_is_escaped():
    assert "&lt;b&gt;" in render("{% button label %}", label="<b>")


@pytest.mark.parametrize("component", ["avatar", "badge", "person"])
def test_what_is_said_in_rows_is_escaped(component):
    said = render(f"{{% {component} name %}}", name='"><b>Ada</b>')
    assert "<b>" not in said
    assert '"">' not in said
    assert render("{% person name detail %}", name="Ada", detail="<i>").count("<i>") == 0


def test_a_kept_component_tells_apart_what_is_merely_equal():
    assert 'value="1"' in render('{% button "Go" value=value %}', value=1)
    assert 'value="True"' in render('{% button "Go" value=value %}', value=True)
    assert "<i>" in render("{% button label %}", label=mark_safe("<i>Go</i>"))
    assert "<i>" not in render("{% button label %}", label="<i>Go</i>")
    label = gettext_lazy("Search")
    with translation.override("de"):
        german = render("{% button label %}", label=label)
    assert german != render("{% button label %}", label=label)


def test_a_link_that_opens_a_new_tab_says_so():
    made = render('{% button "Pay" url="/pay/" new_tab=True %}')
    assert 'href="/pay/" target="_blank" rel="noopener"' in made
    assert "(opens in a new tab)" in made
    assert "target" not in render('{% button "Pay" url="/pay/" %}')


def test_an_icon_that_is_not_there_names_those_that_are():
    with pytest.raises(template.TemplateSyntaxError, match=r"no icon 'seet'.*seat"):
        render('{% icon "seet" %}')


def test_initials_and_tone_are_stable():
    assert render("{{ n|initials }}", n="Ada Beatrice Example") == "AE"
    assert render("{{ n|initials }}", n="ada.example@acme.example") == "AE"
    assert render("{{ n|initials }}", n="") == "?"
    assert render("{{ n|initials }}", n="<Sam> (Night) Shift") == "SS"
    assert render("{{ n|initials }}", n="007") == "?"
    assert render("{{ n|tone }}", n="Acme") == render("{{ n|tone }}", n="Acme")


def test_the_gallery_is_the_demos_alone(settings, rf):
    settings.DEMO = False
    with pytest.raises(Http404):
        gallery.components(rf.get("/demo/components/"))


def test_no_template_of_a_page_carries_an_inline_style_or_script():
    """The content security policy would drop them without a word. Mails are read elsewhere."""
    for path in TEMPLATES.rglob("*.html"):
        if "emails" in path.relative_to(TEMPLATES).parts:
            continue
        text = re.sub(r"{% comment %}.*?{% endcomment %}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert not re.search(r"<[^>{%]*\sstyle=", text), path
        assert not re.search(r"<[^>]*\son[a-z]+=", text), path
        assert not re.search(r"<script(?![^>]*\bsrc=)", text), path
        assert "hx-on" not in text, path


def test_fields_tie_their_hint_and_error_to_the_input():
    form = gallery.SampleForm(gallery.BAD)
    html = render("{% field form.name %}", form=form)
    assert 'aria-describedby="id_name_helptext id_name_error"' in html
    assert 'id="id_name_helptext"' in html
    assert 'id="id_name_error"' in html
    assert 'aria-invalid="true"' in html


@pytest.mark.django_db
def test_the_gallery_shows_every_component_within_the_policy(settings, rf):
    reverse("account_login")  # the addresses are read before the demo's own are asked for
    settings.DEMO = True
    html = gallery.components(rf.get("/demo/components/")).content.decode()
    for name in (
        *COMPONENTS,
        "avatar",
        "badge",
        "person",
        "price",
        "stepper",
        "meter",
        "ring",
        "countdown",
        "sparkline",
        "receipt",
        "dialog",
    ):
        assert re.search(rf'class="{name}[" ]', html), name
    assert re.findall(r"<[^>]+\sstyle=", html) == []
    assert re.findall(r"<script(?![^>]*\bsrc=)", html) == []
    assert re.findall(r"<[^>]+\son[a-z]+=", html) == []
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert sorted({i for i in ids if ids.count(i) > 1} - SHOWN_TWICE) == []
