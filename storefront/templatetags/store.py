"""`{% load store %}`: money, dates and counts in words, icons, and the components that need arithmetic.

docs/design.md shows each with its parameters.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from zlib import crc32

from django import template
from django.conf import settings
from django.template import Context, engines
from django.utils.html import conditional_escape, escape, format_html
from django.utils.safestring import SafeString, mark_safe

from accounts.queries import places
from billing.queries import decline_words
from billing.queries import tax as tax_queries
from billing.rules.tax import TaxLine
from config import brand, clock, words
from storefront import figures, shells

register = template.Library()
ICONS = Path(settings.ROOT) / "static" / "img" / "icons"
AVATAR_TONES = 5

# --- Words ------------------------------------------------------------------------------------------------------------


@register.filter(name="money")
def money_filter(amount_minor: int | None, currency: str) -> str:
    """`{{ 123450|money:"USD" }}` is $1,234.50. Nothing for None."""
    return "" if amount_minor is None else words.money(amount_minor, currency)


@register.filter
def tax_label(tax: TaxLine | Mapping[str, Any]) -> str:
    """A tax, also as an invoice's row keeps it: "VAT 19%"."""
    return tax_queries.label(tax if isinstance(tax, TaxLine) else TaxLine(**tax))


@register.filter
def whole_money(amount_minor: int | None, currency: str) -> str:
    """As `money`, without a fraction of zero: `{{ 120000|whole_money:"USD" }}` is $1,200."""
    return "" if amount_minor is None else words.money(amount_minor, currency, whole=True)


@register.simple_tag(name="money")
def money_tag(amount_minor: int, currency: str, *, whole: bool = False, signed: bool = False) -> str:
    return words.money(amount_minor, currency, whole=whole, signed=signed)


@register.filter
def number(value: int) -> str:
    return words.number(value)


@register.filter
def percent_written(said: str) -> str:
    """A tax's per cent as the catalog writes it: `{{ "8.1"|percent_written }}` is 8.1%."""
    return words.percent_of(said) if said else ""


@register.filter
def absolute(number: int) -> int:
    """How many, whichever way: `{{ -2|absolute|seats }}` is 2 seats."""
    return abs(number)


@register.filter
def country(code: str) -> str:
    """A country's name in the reader's language: `{{ "DE"|country }}` is Germany."""
    return dict(places.countries()).get(code, code)


@register.filter
def percent(bps: int) -> str:
    """Basis points as a percentage: `{{ 1950|percent }}` is 19.5%."""
    return words.percent(bps)


@register.filter
def seats(count: int) -> str:
    """`{{ 3|seats }}` is "3 seats"."""
    return words.seats(count)


@register.filter
def bank_words(message: str) -> str:
    """What a bank said to a charge, in the reader's language."""
    return decline_words.said(message)


def _time(value: date | datetime, text: str) -> SafeString:
    # An instant in ISO 8601 holds nothing to escape.
    return mark_safe(f'<time datetime="{value.isoformat()}">{escape(text)}</time>')  # noqa: S308 - the text is escaped


@register.filter
def day(value: date | datetime | None) -> str:
    """ "3 March", in a <time>; with the year when it is another one."""
    return "" if value is None else _time(value, words.day(value))


@register.filter
def on_day(value: date | datetime | None) -> str:
    """ "on 3 March"."""
    return "" if value is None else _time(value, words.on_day(value))


@register.filter
def day_away(value: date | datetime | None) -> str:
    """ "3 March, in 12 days"."""
    return "" if value is None else _time(value, words.day_away(value))


@register.filter
def on_day_away(value: date | datetime | None) -> str:
    """ "on 3 March, in 12 days"."""
    return "" if value is None else _time(value, words.on_day_away(value))


@register.filter
def distance(value: date | datetime | None) -> str:
    """ "in 12 days"."""
    return "" if value is None else _time(value, words.distance(value))


@register.filter
def moment(value: datetime | None) -> str:
    """ "3 March at 14:05"."""
    return "" if value is None else _time(value, words.moment(value))


@register.filter
def named_moment(value: datetime | None) -> str:
    """ "3 March at 14:05 (Berlin time)": for a reader who may be in another time zone than the one that is meant."""
    return "" if value is None else _time(value, words.named_moment(value))


# For mails as plain text: the words without the element around them.
register.filter("plain_day", words.day)
register.filter("plain_on_day", words.on_day)
register.filter("plain_day_away", words.day_away)
register.filter("plain_on_day_away", words.on_day_away)
register.filter("plain_moment", words.moment)
register.filter("plain_named_moment", words.named_moment)


@register.simple_tag
def period(starts: date | datetime, ends: date | datetime) -> str:
    """A half-open period with its last day included."""
    return words.period(starts, ends)


@register.filter
@lru_cache(maxsize=4096)
def initials(name: str) -> str:
    """ "Ada Example" is AE; "ada.example@acme.example" is AE too. Letters only: "<Script" is S, "007" a question mark."""
    said = name.split("@", maxsplit=1)[0].replace(".", " ").replace("_", " ").replace("-", " ").split()
    letters = [letter for part in said if (letter := next(filter(str.isalpha, part), ""))]
    return "".join(letters[:1] + letters[1:][-1:]).upper() or "?"


@register.filter
def tone(name: str) -> int:
    """A stable tint for an avatar, 0 to 4."""
    return crc32(name.encode()) % AVATAR_TONES


@register.simple_tag
def accent_hex(lightness: float) -> str:
    """The brand's accent as #rrggbb at a lightness from 0 to 1, for mails."""
    return brand.accent_hex(lightness)


# --- Icons ------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def _drawing(name: str) -> str:
    path = ICONS / f"{name}.svg"
    if not path.is_file():
        known = ", ".join(sorted(found.stem for found in ICONS.glob("*.svg")))
        raise template.TemplateSyntaxError(f"There is no icon {name!r} in static/img/icons; there are: {known}")
    text = path.read_text(encoding="utf-8")
    return text[text.index(">") + 1 : text.rindex("</svg>")].strip()


@register.simple_tag
@lru_cache(maxsize=1024)
def icon(name: str, label: str = "") -> SafeString:
    """Inline the drawing of static/img/icons/<name>.svg: decoration unless it has a label."""
    drawing = mark_safe(_drawing(name))  # noqa: S308 - a file of this repository
    if label:
        return format_html('<svg class="icon" viewBox="0 0 20 20" role="img" aria-label="{}">{}</svg>', label, drawing)
    return format_html('<svg class="icon" viewBox="0 0 20 20" aria-hidden="true">{}</svg>', drawing)


# --- Shells -----------------------------------------------------------------------------------------------------------

SHELLS = {
    "header": ("components/header.html", shells.header),
    "footer": ("components/footer.html", shells.language_switch),
    "sandbox": ("components/sandbox_bar.html", shells.sandbox_bar),
}
HEAD = {"start": "components/head_start.html", "end": "components/head_end.html"}


@register.simple_tag(takes_context=True)
def shell(context: Context, name: str) -> SafeString:
    """The header, footer or sandbox bar of a signed-in page, from memory (storefront.shells)."""
    template_name, facts = SHELLS[name]
    return shells.render(template_name, facts(context["request"]), str(context.get("csrf_token", "")))


@register.simple_tag
def head(part: str) -> SafeString:
    """What every page's <head> begins or ends with, from memory."""
    return shells.render(HEAD[part], shells.Facts())


# --- Components -------------------------------------------------------------------------------------------------------
# A tag instead of an include keeps the page's own variables (a `form`, a `name`) out of the component, and refuses a
# misspelt option.

COMPONENTS = {
    "banner": ("tone", "title", "text", "action_label", "action_url", "action_form", "second_label", "second_url"),
    "button": (
        *("label", "kind", "size", "url", "type", "name", "value", "form", "icon", "icon_end", "wide", "disabled", "busy"),
        *("dialog", "closes", "aria_label", "new_tab"),
    ),
    "chips": ("legend", "name", "options", "chosen"),
    "definitions": ("items",),
    "empty": ("icon", "title", "text", "action_label", "action_url"),
    "field": ("field", "label", "hint", "prefix", "suffix", "optional"),
    "menu": ("id", "label", "icon", "items", "side"),
    "segmented": ("legend", "options", "name", "chosen", "size"),
    "stat": ("label", "value", "of", "note"),
    "steps": ("steps", "current"),
    "timeline": ("events", "label"),
    "toast": ("text", "tone"),
}


# Of components whose parameters are texts, numbers and yes or no: a text that repeats is a text that need not be made again.
KEPT = {"button", "banner", "empty", "stat"}


def _component(name: str, known: tuple[str, ...]) -> None:
    def build(*values: Any, **options: Any) -> dict[str, Any]:
        given = dict(zip(known, values, strict=False)) | options
        if strange := given.keys() - set(known):
            raise template.TemplateSyntaxError(
                f"{{% {name} %}} does not take {', '.join(sorted(strange))}; it takes: {', '.join(known)}"
            )
        return given

    def kept(*values: Any, **options: Any) -> SafeString:
        # What is equal need not be written alike: a text that is safe and the same that is not, 1 and True.
        given = tuple((key, type(value), _plain(value)) for key, value in build(*values, **options).items())
        return _kept_component(name, given)

    if name in KEPT:
        register.simple_tag(kept, name=name)
    else:
        register.inclusion_tag(f"components/{name}.html", name=name)(build)


def _plain(value: Any) -> Any:
    """The value itself; the words of a lazy translation."""
    return value if value is None or isinstance(value, str | int) else str(value)


@lru_cache(maxsize=2048)
def _kept_component(name: str, given: tuple[tuple[str, type, Any], ...]) -> SafeString:
    found = engines["django"].engine.get_template(f"components/{name}.html")  # type: ignore[attr-defined] # Django's own has one
    return SafeString(found.render(Context({key: value for key, _type, value in given})))


for _name, _known in COMPONENTS.items():
    _component(_name, _known)

# --- Components of rows -------------------------------------------------------------------------------------------------
# They stand in every row of every list, so they are written here: a template of their own costs ten times as much.


@register.simple_tag
def avatar(name: str, size: str = "", shape: str = "", label: bool = False) -> SafeString:  # noqa: FBT001, FBT002 - in templates
    """Initials on a tint that stays the same for a name. size: small, large; shape: square (organizations); label: says it."""
    said, looks = conditional_escape(name), _attributes(size=size, shape=shape)
    spoken = f' role="img" aria-label="{said}"' if label else ' aria-hidden="true"'
    text = f'<span class="avatar" data-tone="{tone(name)}"{looks}{spoken}>{conditional_escape(initials(name))}</span>'
    return mark_safe(text)  # noqa: S308 - every part is escaped above


@register.simple_tag
def person(name: str, detail: str = "", size: str = "") -> SafeString:
    """Face, name and one line."""
    line = f'<span class="person__detail">{conditional_escape(detail)}</span>' if detail else ""
    words_of = f'<span class="person__name">{conditional_escape(name)}</span>{line}'
    return mark_safe(f'<span class="person">{avatar(name, size)}<span>{words_of}</span></span>')  # noqa: S308 - as above


@register.simple_tag
def badge(label: str, tone: str = "", dot: bool = False) -> SafeString:  # noqa: FBT001, FBT002 - in templates
    """A word about a state. tone: neutral, good, warn, bad, accent."""
    looks = f"{_attributes(tone=tone)}{' data-dot' if dot else ''}"
    return mark_safe(f'<span class="badge"{looks}>{conditional_escape(label)}</span>')  # noqa: S308 - as above


def _attributes(**values: str) -> str:
    return "".join(f' data-{name}="{conditional_escape(value)}"' for name, value in values.items() if value)


# --- Components that need arithmetic ------------------------------------------------------------------------------------


@register.inclusion_tag("components/price.html")
def price(amount_minor: int, currency: str, **options: Any) -> dict[str, Any]:
    """Options: unit ("a seat, each month"), size (small, medium, large), was_minor, whole (default True)."""
    before, fraction, after = words.money_parts(amount_minor, currency, whole=options.pop("whole", True))
    was_minor = options.pop("was_minor", None)
    was = "" if was_minor is None else words.money(was_minor, currency, whole=True)
    return {"before": before, "fraction": fraction, "after": after, "was": was, **options}


@register.inclusion_tag("components/stepper.html")
def stepper(name: str, value: int, minimum: int, maximum: int, stops: Sequence[Any] = (), **options: Any) -> dict[str, Any]:
    """Options: label, hint, error, unit, id, slider (default True), form."""
    found = figures.ticks(stops, minimum, maximum)
    return {
        "name": name,
        "value": value,
        "minimum": minimum,
        "maximum": maximum,
        "ticks": found,
        "stops": ",".join(str(tick.value) for tick in found),
        "slider": maximum > minimum,
        "id": f"id_{name}",
        **options,
    }


@register.inclusion_tag("components/meter.html")
def meter(used: int, total: int, held: int = 0, **options: Any) -> dict[str, Any]:
    """Options: label, tone (warn, bad), legend (default True), used_label, held_label, free_label."""
    return {
        "used": used,
        "total": total,
        "held": held,
        "free": max(total - used - held, 0),
        "used_share": figures.share(used, total),
        "taken_share": figures.share(used + held, total),
        "legend": True,
        **options,
    }


@register.inclusion_tag("components/ring.html")
def ring(part: int, whole: int, **options: Any) -> dict[str, Any]:
    """Options: label (said to screen readers), text (inside; default the percentage), size (small, large)."""
    return {"share": figures.share(part, whole), "text": words.percent(10000 * part // whole if whole else 0), **options}


@register.inclusion_tag("components/countdown.html")
def countdown(until: datetime, seconds: int, **options: Any) -> dict[str, Any]:
    """Options: label, late (words once it is over), soon (seconds; default a third), size. `until` is an aware instant."""
    left = max(int((until - clock.now()).total_seconds()), 0)
    return {
        "until": until,
        "seconds": seconds,
        "left": left,
        "share": figures.share(left, seconds),
        "soon": seconds // 3,
        **options,
    }


@register.inclusion_tag("components/sparkline.html")
def sparkline(points: Sequence[tuple[Any, int]], title: str, **options: Any) -> dict[str, Any]:
    """`points` are (label, value) from old to new. Options: description, head (label column's name), unit, id."""
    return {
        "points": points,
        "title": title,
        "drawn": figures.sparkline([value for _, value in points]),
        "width": figures.WIDTH,
        "height": figures.HEIGHT,
        "id": f"spark-{crc32(title.encode()):x}",
        **options,
    }
