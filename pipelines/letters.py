"""What customers are told: one sentence a line, in their language, with the dates as they write them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from pipelines.errors import ConfigurationError

if TYPE_CHECKING:
    from babel import Locale

__all__ = ["LANGUAGES", "Delivery", "sentence"]

_SENTENCES: Final = {
    "en": {
        "ready": "Ready to leave on {last}.",
        "one": "Expected {first} to {last}; we will write again if this changes.",
        "day": "Expected on {last}; we will write again if this changes.",
        "part": "{units} of {all} expected by {last}",
        "parts": "In parts: {parts}; we will write again if this changes.",
        "unknown": "We can't name a date yet and will write again as soon as we can.",
        "ended": "No longer available: we are sorry that we can't deliver this.",
        "rest": "{units} of {all} can be delivered, by {last}; the rest is no longer available: we are sorry.",
    },
    "de": {
        "ready": "Liegt bereit und geht am {last} ab.",
        "one": "Voraussichtlich {first} bis {last}; wir schreiben Ihnen, falls sich das ändert.",
        "day": "Voraussichtlich am {last}; wir schreiben Ihnen, falls sich das ändert.",
        "part": "{units} von {all} voraussichtlich bis {last}",
        "parts": "In Teilen: {parts}; wir schreiben Ihnen, falls sich das ändert.",
        "unknown": "Wir können noch keinen Termin nennen und schreiben Ihnen, sobald wir es können.",
        "ended": "Nicht mehr lieferbar: Das tut uns leid.",
        "rest": "{units} von {all} sind bis {last} lieferbar; der Rest ist nicht mehr lieferbar. Das tut uns leid.",
    },
    "fr": {
        "ready": "Prêt, départ le {last}.",
        "one": "Livraison prévue du {first} au {last} ; nous vous écrirons si cela change.",
        "day": "Livraison prévue le {last} ; nous vous écrirons si cela change.",
        "part": "{units} sur {all} d’ici le {last}",
        "parts": "En plusieurs livraisons : {parts} ; nous vous écrirons si cela change.",
        "unknown": "Nous ne pouvons pas encore donner de date et vous écrirons dès que possible.",
        "ended": "Article plus disponible : nous sommes désolés de ne pas pouvoir le livrer.",
        "rest": "{units} sur {all} livrables d’ici le {last} ; le reste n’est plus disponible, nous en sommes désolés.",
    },
    "es": {
        "ready": "Listo, sale el {last}.",
        "one": "Entrega prevista del {first} al {last}; le escribiremos si cambia.",
        "day": "Entrega prevista el {last}; le escribiremos si cambia.",
        "part": "{units} de {all} hasta el {last}",
        "parts": "En varias entregas: {parts}; le escribiremos si cambia.",
        "unknown": "Aún no podemos indicar una fecha; le escribiremos en cuanto podamos.",
        "ended": "Ya no está disponible: sentimos no poder entregarlo.",
        "rest": "Podemos entregar {units} de {all} hasta el {last}; el resto ya no está disponible, lo sentimos.",
    },
}
LANGUAGES: Final = tuple(_SENTENCES)


@dataclass(frozen=True)
class Delivery:
    """Units that come between a first and a last date; no dates: nobody can say when."""

    units: float
    first: dt.date | None
    last: dt.date | None


def sentence(deliveries: list[Delivery], as_of: dt.date, language: str, *, ready: bool, ended: bool) -> str:
    """Tell a customer when a line comes.

    Parameters
    ----------
    deliveries : the parts of the line, in the order in which they come.
    as_of : the day of the letter; dates of another year are told with theirs.
    language : a language, or language and country, such as en_GB; dates and numbers are written as there.
    ready : all of it is on hand. ended : what has no date never comes.

    Raises
    ------
    ConfigurationError
        A language in which there are no sentences.
    """
    locale = _locale(language)
    words = _SENTENCES[locale.language]
    total = sum(each.units for each in deliveries)
    if ended:
        come = [each for each in deliveries if each.last is not None]
        if not come:
            return words["ended"]
        units, last = sum(each.units for each in come), max(each.last for each in come if each.last is not None)
        return words["rest"].format(
            units=_number(units, locale), all=_number(total, locale), last=_date(last, as_of.year, locale)
        )
    if any(each.last is None for each in deliveries):
        return words["unknown"]
    told = [
        {"first": _date(d.first or d.last, as_of.year, locale), "last": _date(d.last, as_of.year, locale)}
        for d in deliveries
    ]
    if ready:
        return words["ready"].format(**told[0])
    if len(told) == 1:
        return words["one" if told[0]["first"] != told[0]["last"] else "day"].format(**told[0])
    parts = [
        words["part"].format(units=_number(each.units, locale), all=_number(total, locale), last=text["last"])
        for each, text in zip(deliveries, told, strict=True)
    ]
    return words["parts"].format(parts=", ".join(parts))


@cache
def _locale(language: str) -> Locale:
    from babel import Locale, UnknownLocaleError

    try:
        locale = Locale.parse(language.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        raise ConfigurationError(f'language = "{language}" is no language and country, such as en_GB') from None
    if locale.language not in _SENTENCES:
        raise ConfigurationError(f'language = "{language}": there are sentences only in {", ".join(LANGUAGES)}')
    return locale


def _number(units: float, locale: Locale) -> str:
    from babel.numbers import format_decimal

    return format_decimal(units, locale=locale)


@lru_cache(1000)
def _date(date: dt.date | None, year: int, locale: Locale) -> str:
    """A day in words, with its year where that is not ``year``; many letters name the same few."""
    from babel.dates import format_date, format_skeleton

    if date is None:
        raise ValueError("a delivery without a date has no words for it")
    if date.year != year:
        return format_date(date, "long", locale=locale)
    return format_skeleton("MMMMd", date, locale=locale)
