"""Money, dates and counts in the reader's language: one wording for pages, mails and their subjects.

Money is integer minor units and an ISO 4217 code. The language is Django's active one; plain English writes its dates the
international way round ("3 March 2027") and its money the American way ("$1,234.50").
"""

from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from babel import Locale, dates, numbers
from django.utils import timezone, translation
from django.utils.translation import gettext, ngettext

from config import clock

MINUS = "\N{MINUS SIGN}"
SHORT_SPAN_DAYS = 90


@lru_cache(maxsize=32)
def _locale(language: str) -> Locale:
    return Locale.parse(translation.to_locale(language))


def locale() -> Locale:
    """Babel's locale for the active language."""
    return _locale(translation.get_language() or "en")


def date_locale() -> Locale:
    """As `locale`, but plain English puts the day before the month."""
    return _date_locale(translation.get_language() or "en")


@lru_cache(maxsize=32)
def _date_locale(language: str) -> Locale:
    found = _locale(language)
    return _locale("en-001") if found.language == "en" and found.territory is None else found


def money(amount_minor: int, currency: str, *, whole: bool = False, signed: bool = False) -> str:
    """Say an amount of minor units: 123450, "USD" is "$1,234.50"; 500, "JPY" is "¥500".

    `whole` drops the fraction where it is zero (prices); `signed` puts a plus before what is added (balances, differences).
    Raises ValueError for a currency that is no ISO 4217 code.
    """
    text = _amount(abs(amount_minor), currency, translation.get_language() or "en", whole=whole)
    sign = MINUS if amount_minor < 0 else "+" if signed and amount_minor > 0 else ""
    return f"{sign}{text}"


# Babel takes longer to write one amount or day than Postgres to find a row; pages write the same few again and again.
@lru_cache(maxsize=4096)
def _amount(minor: int, currency: str, language: str, *, whole: bool) -> str:
    code, spoken = currency.upper(), _locale(language)
    if code not in spoken.currencies:
        raise ValueError(f"{currency!r} is no ISO 4217 currency code, for example EUR")
    places = numbers.get_currency_precision(code)
    value = Decimal(minor).scaleb(-places)
    if whole and minor % 10**places == 0:
        pattern = spoken.currency_formats["standard"].pattern.replace("0.00", "0")
        return numbers.format_currency(value, code, format=pattern, locale=spoken, currency_digits=False)
    return numbers.format_currency(value, code, locale=spoken)


def money_parts(amount_minor: int, currency: str, *, whole: bool = True) -> tuple[str, str, str]:
    """The same wording in three parts: what comes before the fraction, the fraction with its mark, what comes after."""
    text = money(amount_minor, currency, whole=whole)
    places = numbers.get_currency_precision(currency.upper())
    at = text.rfind(numbers.get_decimal_symbol(locale())) if places else -1
    if at < 0 or not text[at + 1 : at + 1 + places].isdigit():
        return text, "", ""
    end = at + 1 + places
    return text[:at], text[at:end], text[end:]


def number(value: int) -> str:
    return _number(value, translation.get_language() or "en")


@lru_cache(maxsize=4096)
def _number(value: int, language: str) -> str:
    return numbers.format_decimal(value, locale=_locale(language))


def percent(bps: int) -> str:
    """Say basis points: 1950 is "19.5%"."""
    return numbers.format_percent(Decimal(bps) / 10000, locale=locale(), decimal_quantization=False)


def percent_of(written: str) -> str:
    """Say per cents as the catalog writes them: "8.1" is "8.1%"."""
    return numbers.format_percent(Decimal(written) / 100, locale=locale(), decimal_quantization=False)


def months(count: int) -> str:
    return ngettext("%(count)s month", "%(count)s months", count) % {"count": number(count)}


def seats(count: int) -> str:
    return ngettext("%(number)s seat", "%(number)s seats", count) % {"number": number(count)}


def day_of(value: date | datetime) -> date:
    """The calendar day of an instant in the reader's time zone; a date is itself."""
    return timezone.localdate(value) if isinstance(value, datetime) else value


def day(value: date | datetime, *, today: date | None = None) -> str:
    """ "3 March", with its year when that is not the current one."""
    on = day_of(value)
    this_year = (today or timezone.localdate(clock.now())).year
    return _day(on, translation.get_language() or "en", has_year=on.year != this_year)


def full_day(value: date | datetime) -> str:
    """ "3 March 2027", whatever year it is: for documents, which are read for long."""
    return _day(day_of(value), translation.get_language() or "en", has_year=True)


@lru_cache(maxsize=4096)
def _day(on: date, language: str, *, has_year: bool) -> str:
    spoken = _date_locale(language)
    if has_year:
        return dates.format_date(on, "long", locale=spoken)
    return dates.format_skeleton("MMMMd", on, locale=spoken)


def distance(value: date | datetime, *, today: date | None = None) -> str:
    """ "today", "tomorrow", "in 12 days", "3 days ago", "in 5 months"."""
    days = (day_of(value) - (today or timezone.localdate(clock.now()))).days
    if days in (-1, 0, 1):
        return {-1: gettext("yesterday"), 0: gettext("today"), 1: gettext("tomorrow")}[days]
    if abs(days) > SHORT_SPAN_DAYS:
        months = round(abs(days) / 30.44)
        text = ngettext("in %(number)s month", "in %(number)s months", months)
        past = ngettext("%(number)s month ago", "%(number)s months ago", months)
        return (text if days > 0 else past) % {"number": number(months)}
    text = ngettext("in %(number)s day", "in %(number)s days", abs(days))
    past = ngettext("%(number)s day ago", "%(number)s days ago", abs(days))
    return (text if days > 0 else past) % {"number": number(abs(days))}


def on_day(value: date | datetime, *, today: date | None = None) -> str:
    """ "on 3 March"."""
    return gettext("on %(day)s") % {"day": day(value, today=today)}


def day_away(value: date | datetime, *, today: date | None = None) -> str:
    """ "3 March, in 12 days"."""
    return gettext("%(day)s, %(distance)s") % {"day": day(value, today=today), "distance": distance(value, today=today)}


def on_day_away(value: date | datetime, *, today: date | None = None) -> str:
    """ "on 3 March, in 12 days"."""
    return gettext("on %(day)s, %(distance)s") % {"day": day(value, today=today), "distance": distance(value, today=today)}


def clock_time(value: datetime) -> str:
    """The time of day in the reader's zone: "14:05"."""
    return dates.format_skeleton("Hm", timezone.localtime(value), tzinfo=timezone.get_current_timezone(), locale=date_locale())


def moment(value: datetime, *, today: date | None = None) -> str:
    """ "3 March at 14:05"."""
    return gettext("%(day)s at %(time)s") % {"day": day(value, today=today), "time": clock_time(value)}


def named_moment(value: datetime, *, today: date | None = None) -> str:
    """ "3 March at 14:05 (Berlin time)", or "(UTC)": the zone by its city, which needs no abbreviation looked up."""
    zone = timezone.get_current_timezone()
    city = dates.get_timezone_location(zone, locale=locale(), return_city=True)
    place = "UTC" if timezone.localtime(value).tzname() == "UTC" else gettext("%(city)s time") % {"city": city}
    return f"{moment(value, today=today)} ({place})"


def period(starts: date | datetime, ends: date | datetime) -> str:
    """A half-open period as people say it, last day included: [1 March, 1 April) ends on 31 March."""
    first = day_of(starts)
    last = date.fromordinal(max(day_of(ends).toordinal() - 1, first.toordinal()))
    return _days(first, last, translation.get_language() or "en")


@lru_cache(maxsize=4096)
def _days(first: date, last: date, language: str) -> str:
    return dates.format_interval(first, last, skeleton="yMMMd", locale=_date_locale(language))
