"""Our own template of a list of choices says what Django's does."""

from django import forms
from django.forms import renderers
from django.test.html import parse_html
from django.utils.safestring import mark_safe

CHOICES = [
    ("", "Choose"),
    ("de", "Germany & Austria"),
    ("Europe", [("b", "<Berlin>"), ("p", mark_safe("<i>Paris</i>"))]),
    (7, "Seven"),
]


class Marked(forms.Select):
    """Options with marks of their own."""

    def create_option(self, *args, **kwargs):
        return super().create_option(*args, **kwargs) | {"attrs": {"data-x": 'a"b', "disabled": True, "hidden": False}}


class Drawn(forms.Select):
    option_template_name = "django/forms/widgets/radio_option.html"


def test_a_list_of_choices_is_djangos():
    for widget, value in (
        (forms.Select(attrs={"id": "x", "required": True}, choices=CHOICES), "p"),
        (forms.SelectMultiple(choices=CHOICES), ["b", 7]),
        (forms.NullBooleanSelect(), None),
        (Marked(choices=CHOICES), "de"),
        (Drawn(choices=CHOICES), "de"),
        (forms.Select(), None),
    ):
        ours, djangos = (
            widget.render("name", value, renderer=made()) for made in (renderers.TemplatesSetting, renderers.DjangoTemplates)
        )
        assert parse_html(ours) == parse_html(djangos)
        assert "<select" in ours
