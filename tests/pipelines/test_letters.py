"""Letters say the same in every language, with dates and numbers as they are written there."""

from __future__ import annotations

import datetime as dt
import string

import pytest

from pipelines import letters
from pipelines.errors import ConfigurationError
from pipelines.letters import LANGUAGES, Delivery, sentence

AS_OF = dt.date(2025, 12, 1)
SOON, LATER, NEXT_YEAR = dt.date(2025, 12, 12), dt.date(2025, 12, 16), dt.date(2026, 1, 3)


def told(language: str, *deliveries: Delivery, ready: bool = False, ended: bool = False) -> str:
    return sentence(list(deliveries), AS_OF, language, ready=ready, ended=ended)


def test_every_language_has_every_sentence_with_the_same_fields() -> None:
    def fields(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    english = {name: fields(text) for name, text in letters._SENTENCES["en"].items()}
    for language in LANGUAGES:
        assert {name: fields(text) for name, text in letters._SENTENCES[language].items()} == english


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Expected December 12 to December 16; we will write again if this changes."),
        ("en_GB", "Expected 12 December to 16 December; we will write again if this changes."),
        ("de", "Voraussichtlich 12. Dezember bis 16. Dezember; wir schreiben Ihnen, falls sich das ändert."),
        ("fr", "Livraison prévue du 12 décembre au 16 décembre ; nous vous écrirons si cela change."),
        ("es-MX", "Entrega prevista del 12 de diciembre al 16 de diciembre; le escribiremos si cambia."),
    ],
)
def test_dates_are_written_as_the_customer_writes_them(language: str, words: str) -> None:
    assert told(language, Delivery(3, SOON, LATER)) == words


def test_a_date_of_another_year_is_told_with_it() -> None:
    assert told("en_GB", Delivery(3, NEXT_YEAR, NEXT_YEAR)).startswith("Expected on 3 January 2026;")


@pytest.mark.parametrize(("language", "large", "part"), [("en", "1,234,567", "2.5"), ("de", "1.234.567", "2,5")])
def test_numbers_are_written_out(language: str, large: str, part: str) -> None:
    found = told(language, Delivery(1234567.0, SOON, SOON), Delivery(2.5, LATER, LATER))
    assert (large + " " in found, part + " " in found) == (True, True)


def test_what_is_ready_unknown_and_ended() -> None:
    assert told("en_GB", Delivery(3, SOON, SOON), ready=True) == "Ready to leave on 12 December."
    assert "can't name a date yet" in told("en", Delivery(3, SOON, SOON), Delivery(1, None, None))
    assert told("en", Delivery(3, None, None), ended=True).startswith("No longer available")
    rest = told("de", Delivery(2, SOON, SOON), Delivery(1, LATER, LATER), Delivery(4, None, None), ended=True)
    assert rest.startswith("3 von 7 sind bis 16. Dezember lieferbar; der Rest ist nicht mehr lieferbar.")


@pytest.mark.parametrize("language", ["it", "nonsense", ""])
def test_a_language_without_sentences_is_refused(language: str) -> None:
    with pytest.raises(ConfigurationError, match="language = "):
        told(language, Delivery(1, SOON, SOON))
