"""Components: they refuse what they do not know, keep the page's variables out, and need no inline style or script."""

import re
from pathlib import Path

import pytest
from django import template
from django.conf import settings
from django.template import engines
from django.test import RequestFactory

from storefront.views import gallery

TEMPLATES = Path(settings.ROOT) / "templates"


def render(source: str, **context: object) -> str:
    return engines["django"].from_string("{% load store %}" + source).render(context)


@pytest.fixture
def page(settings, rf: RequestFactory) -> str:
    settings.DEMO = True
    request = rf.get("/demo/components/")
    return gallery.components(request).content.decode()


def test_a_misspelt_option_is_refused_by_name():
    with pytest.raises(template.TemplateSyntaxError, match="does not take knd; it takes: label, kind"):
        render('{% button "Pay" knd="primary" %}')


def test_a_component_does_not_see_the_pages_variables():
    assert "form=" not in render('{% button "Pay" %}', form="page-form", disabled=True)
    assert "disabled" not in render('{% button "Pay" %}', form="page-form", disabled=True)


def test_a_label_is_escaped():
    assert "&lt;b&gt;" in render("{% button label %}", label="<b>")


def test_an_icon_that_is_not_there_names_those_that_are():
    with pytest.raises(template.TemplateSyntaxError, match=r"no icon 'seet'.*seat"):
        render('{% icon "seet" %}')


def test_initials_and_tone_are_stable():
    assert render("{{ n|initials }}", n="Ada Beatrice Example") == "AE"
    assert render("{{ n|initials }}", n="ada.example@acme.example") == "AE"
    assert render("{{ n|initials }}", n="") == "?"
    assert render("{{ n|tone }}", n="Acme") == render("{{ n|tone }}", n="Acme")


def test_the_gallery_is_the_demos_alone(settings, rf):
    settings.DEMO = False
    with pytest.raises(Exception, match="") as refused:
        gallery.components(rf.get("/demo/components/"))
    assert type(refused.value).__name__ == "Http404"


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
