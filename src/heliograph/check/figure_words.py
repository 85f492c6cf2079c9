"""How people write figures in English, German, Spanish and French: patterns, all to be read without regard to case.

They are made for the words of support replies. What is not understood is not found, and so not refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final


def _any(*choices: str | Iterable[str]) -> str:
    """Match any of several words, the longest first."""
    words = [one for choice in choices for one in ((choice,) if isinstance(choice, str) else choice)]
    return f"(?:{'|'.join(sorted(words, key=len, reverse=True))})"


# Numbers

NUMBER: Final = r"(?<![\w.,:])(?:\d{1,3}(?:[.,'\u2019\u00a0\u202f ]\d{3})+(?![\d])|\d+(?:[.,]\d+)?)(?![\d])"
GROUPED: Final = re.compile(r"\d{1,3}(?:[.,'\u2019\u00a0\u202f ]\d{3})+")
NUMBERS: Final = {
    **dict.fromkeys(("two", "zwei", "dos", "deux"), 2),
    **dict.fromkeys(("three", "drei", "tres", "trois"), 3),
    **dict.fromkeys(("four", "vier", "cuatro", "quatre"), 4),
    **dict.fromkeys(("five", "fünf", "cinco", "cinq"), 5),
    **dict.fromkeys(("six", "sechs", "seis"), 6),
    **dict.fromkeys(("seven", "sieben", "siete", "sept"), 7),
    **dict.fromkeys(("eight", "acht", "ocho", "huit"), 8),
    **dict.fromkeys(("nine", "neun", "nueve", "neuf"), 9),
    **dict.fromkeys(("ten", "zehn", "diez", "dix"), 10),
    **dict.fromkeys(("eleven", "elf", "onze"), 11),
    **dict.fromkeys(("twelve", "zwölf", "doce", "douze"), 12),
    **dict.fromkeys(("fifteen", "fünfzehn", "quince", "quinze"), 15),
    **dict.fromkeys(("twenty", "zwanzig", "veinte", "vingt"), 20),
    **dict.fromkeys(("thirty", "dreißig", "treinta", "trente"), 30),
    **dict.fromkeys(("forty", "vierzig", "cuarenta", "quarante"), 40),
    **dict.fromkeys(("forty-five", "fünfundvierzig", "cuarenta y cinco", "quarante-cinq"), 45),
    **dict.fromkeys(("sixty", "sechzig", "sesenta", "soixante"), 60),
    **dict.fromkeys(("ninety", "neunzig", "noventa"), 90),
    **dict.fromkeys(("a couple of", "ein paar"), 2),
}
_SAID: Final = rf"(?:{NUMBER}|\b{_any(NUMBERS)}\b)"
_TO: Final = _any("-", "\u2013", "to", "or", "and", "bis", "oder", "a", "o", "à", "ou")

# Times of day

AFTERNOON: Final = ("p", "de la tarde", "de la noche", "du soir", "de l", "in the evening", "in the afternoon")
_HALF: Final = (
    r"(?P<half>a\.?m\b\.?|p\.?m\b\.?|de la mañana|de la tarde|de la noche|du matin|du soir|de l[\u2019']après-midi|"
    r"in the (?:morning|afternoon|evening))"
)
_HOUR: Final = r"(?P<hour>[01]?\d|2[0-4])"
_AT: Final = r"\b(?:by|until|till|before|not later than|o[\u2019']clock at)\s+"
CLOCKS: Final = (
    rf"(?<![\d:.,/]){_HOUR}:(?P<minute>[0-5]\d)(?::[0-5]\d)?(?![\d:])(?:\s*{_HALF})?",
    rf"(?<![\d:.,/]){_HOUR}(?:[.:](?P<minute>[0-5]\d))?\s*{_HALF}",
    rf"(?<![\d:.,/]){_HOUR}(?:[.:](?P<minute>[0-5]\d))?\s+(?:Uhr\b|o[\u2019']clock\b)",
    rf"\ba las?\s+{_HOUR}(?:[.:](?P<minute>[0-5]\d))?(?![\d:.,]*\d)(?:\s*{_HALF})?",
    rf"{_AT}{_HOUR}(?P<minute>)(?=\s*(?:[,;!?)]|\.(?!\d)|$|UTC|GMT|CET|CEST))",
)
CLOCK_WITH_H: Final = r"(?<![\d:.,/])(?P<hour>[01]?\d|2[0-4])\s?h\s?(?P<minute>[0-5]\d)?(?![\w])"
MIDNIGHT: Final = ("mid", "mitternacht", "medianoche", "minuit")
NOON: Final = r"\b(?:noon|midday|midnight|mittags?|Mitternacht|mediod[ií]a|medianoche|midi|minuit)\b"

# Days

_NAMES_OF_MONTHS: Final = (
    ("january", "jan", "januar", "jänner", "enero", "janvier"),
    ("february", "feb", "februar", "febrero", "février"),
    ("march", "mar", "märz", "marzo", "mars"),
    ("april", "apr", "abril", "avril"),
    ("may", "mai", "mayo"),
    ("june", "jun", "juni", "junio", "juin"),
    ("july", "jul", "juli", "julio", "juillet"),
    ("august", "aug", "agosto", "août"),
    ("september", "sept", "sep", "septiembre", "septembre"),
    ("october", "oct", "oktober", "okt", "octubre", "octobre"),
    ("november", "nov", "noviembre", "novembre"),
    ("december", "dec", "dezember", "dez", "diciembre", "décembre"),
)
MONTHS: Final = {name: number for number, names in enumerate(_NAMES_OF_MONTHS, 1) for name in names}
_MODAL: Final = ("may", "march", "mar")
_MONTH: Final = rf"(?P<month>{_any(one for one in MONTHS if one not in _MODAL)}|(?-i:May|MAY|March|Mar))\b\.?"
_ORDINAL: Final = r"(?:st|nd|rd|th|\.|º|er|ª)?"
_DAY: Final = rf"(?:0?[1-9]|[12]\d|3[01]){_ORDINAL}"
_SEVERAL: Final = rf"{_DAY}(?:\s*(?:,|and|or|to|-|\u2013|und|bis|oder|y|o|al?|et|ou|au)\s*{_DAY})*"
NAMED_DAYS: Final = (
    rf"(?<![\w.,:])(?P<days>{_SEVERAL})\s*(?:of\s+|de\s+)?{_MONTH}",
    rf"\b{_MONTH}\s+(?:the\s+)?(?P<days>{_DAY})(?![\d:%]|\s*(?:%|h\b|min|hours|days))",
)
ISO_DAY: Final = r"(?<!\d)\d{4}-(?P<month>\d\d)-(?P<day>\d\d)(?!\d)"
GERMAN_DAY: Final = (
    r"(?:(?<=\bam )|(?<=\bbis )|(?<=\bvom )|(?<=\bab )|(?<=\bzum )|(?<=\bden )|(?<=\bdem )|(?<=\bseit )|"
    r"(?=[\d.]+\.\d{4}))"
    r"(?<![\w.])(?P<day>0?[1-9]|[12]\d|3[01])\.\s?(?P<month>0?[1-9]|1[0-2])\.(?:\d{4}|\d\d)?(?!\d)"
)
SLASHED_DAY: Final = r"(?<![\d/])(0?[1-9]|[12]\d|3[01])/(0?[1-9]|[12]\d|3[01])/(?:\d{4}|\d\d)(?![\d/])"
MONTH_ALONE: Final = (
    r"\b(?:in|by|until|till|during|early|late|mid|end of|im|bis|ab|Ende|Anfang|Mitte|en|fin|début|finales de|hasta|"
    rf"principios de|d[\u2019']ici)[ -]+(?:the\s+)?{_MONTH}(?!\s*\d)"
)
_NAMES_OF_WEEKDAYS: Final = (
    ("monday", "montag", "lunes", "lundi"),
    ("tuesday", "dienstag", "martes", "mardi"),
    ("wednesday", "mittwoch", "miércoles", "mercredi"),
    ("thursday", "donnerstag", "jueves", "jeudi"),
    ("friday", "freitag", "viernes", "vendredi"),
    ("saturday", "samstag", "sonnabend", "sábado", "samedi"),
    ("sunday", "sonntag", "domingo", "dimanche"),
)
_SHORT_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WEEKDAYS: Final = {
    **{name: number for number, names in enumerate(_NAMES_OF_WEEKDAYS) for name in names},
    **{name: number for number, name in enumerate(_SHORT_WEEKDAYS)},
}
_FULL: Final = _any(name for names in _NAMES_OF_WEEKDAYS for name in names)
NAMED_WEEKDAYS: Final = (
    rf"\b(?P<weekday>{_FULL})s?\b",
    rf"\b(?:by|on|until|till|before)\s+(?P<weekday>{_any(_SHORT_WEEKDAYS)})\b(?!\w)",
)
_SENTENCE: Final = r"[^.!?\n]*"
NEAR_DAYS: Final = (
    ("tomorrow", r"(?<!after )\btomorrow\b"),
    ("tomorrow", r"(?<!heute )(?<!gestern )(?<!jeden )(?<!am )\b(?-i:morgen)\b"),
    ("tomorrow", r"(?:(?<=[.!?]\s)|^)(?-i:Morgen)\s+(?:früh|wird|werden|ist|sind|können|kommt|geht|gehen|haben|um)\b"),
    ("tomorrow", r"(?<!la )(?<!esta )(?<!cada )(?<!una )(?<!pasado )\bmañana\b"),
    ("tomorrow", r"(?<!après-)\bdemain\b"),
    ("day after", r"\b(?:day after tomorrow|übermorgen|pasado mañana|après-demain)\b"),
    ("tonight", r"\b(?:tonight|overnight|heute Nacht|heute Abend|esta noche|ce soir|cette nuit)\b"),
    ("afternoon", r"\b(?:this afternoon|heute Nachmittag|esta tarde|cet après-midi)\b"),
    ("evening", r"\bthis evening\b"),
    ("week", r"\b(?:later this week|by the weekend|this weekend|noch diese Woche|fin de semana|ce week-end)\b"),
    ("next week", r"\b(?:next week|nächste[rn]? Woche|kommende[rn]? Woche|la semaine prochaine)\b"),
    ("next week", r"\b(?:la próxima semana|la semana que viene)\b"),
    ("next month", r"\b(?:next month|nächsten Monat|el próximo mes|le mois prochain)\b"),
    ("end of day", r"\b(?:end of (?:the |this )?(?:business )?day|close of business|EOD|COB|Ende des Tages)\b"),
    ("end of day", r"\b(?:final del día|fin de la journée)\b"),
    ("end of week", r"\b(?:end of (?:the |this )?week|Ende (?:der|dieser) Woche|final de (?:la )?semana)\b"),
    ("end of week", r"\bfin de (?:la )?semaine\b"),
    ("end of month", r"\b(?:end of (?:the |this )?month|Ende des Monats|Monatsende|final(?:es)? de mes|fin du mois)\b"),
    (
        "today",
        rf"\b(?:will|shall|going to|expect\w*|by|before|until|later|[\u2019']ll)\b{_SENTENCE}\btoday\b(?![\u2019']s)",
    ),
    ("today", rf"\btoday\b(?![\u2019']s){_SENTENCE}\bwill\b"),
    ("today", rf"\b(?:noch heute|bis heute|(?:wird|werden)\b{_SENTENCE}\bheute)\b"),
    ("today", rf"\b(?:hoy mismo|\w{{3,}}r(?:á|án|emos)\b{_SENTENCE}\bhoy)\b"),
    ("today", rf"\b(?:sera|seront|aura|auront|arrivera|arriveront)\b{_SENTENCE}\baujourd[\u2019']hui\b"),
)
"""Days told by what day it is, which is another one for whoever reads it later."""

# Lengths of time

_UNITS: Final = (
    (1, ("seconds?", "secs?", "Sekunden?", "segundos?", "secondes?")),
    (60, ("minutes?", "mins?", "Minuten?", "minutos?")),
    (3600, ("hours?", "hrs?", "h", "Stunden?", "Std", "horas?", "heures?")),
    (86400, ("days?", "Tage?n?", "Werktage?n?", "Arbeitstage?n?", "días?", "dias?", "jours?")),
    (604800, ("weeks?", "Wochen?", "semanas?", "semaines?")),
    (2592000, ("months?", "Monate?n?", "mes", "meses", "mois")),
)
_UNIT: Final = rf"(?P<unit>{_any(form for _, forms in _UNITS for form in forms)})\b"
_SORT: Final = r"(?:(?:more|further|full|additional|whole|business|working|weiteren?|ganzen?|volle[nr]?)[\s-]+)?"
_ONE: Final = _any("an?", "one", "eine[rmns]?", "un", "una", "une")
_ABOUT: Final = _any(
    *("in", "within", "about", "around", "after", "for", "under", "over", "than", "least", "most", "takes?", "took"),
    *("another", "nearly", "almost", "roughly", "up to", "lasts?", "innerhalb", "binnen", "nach", "seit", "etwa"),
    *("rund", "ca\\.?", "für", "als", "dauert", "en", "dentro de", "durante", "tras", "de", "que", "hace", "dans"),
    *("pendant", "environ", "d[\u2019']ici", "sous", "après", "depuis", "hasta", "jusqu[\u2019']à", "bis zu"),
)
SPAN: Final = rf"(?P<number>{_SAID})[\s-]*{_SORT}{_UNIT}"
SPAN_FROM: Final = rf"(?P<number>{_SAID})(?=\s*{_TO}\s*{_SAID}[\s-]*{_SORT}{_UNIT})"
SPAN_OF_ONE: Final = (
    rf"\b{_ABOUT}\s+(?:about\s+|around\s+|etwa\s+|environ\s+)?{_ONE}\s+{_SORT}{_UNIT}(?!(?<=second)\s+\w)"
)
QUARTER: Final = re.compile(r"quarter|Viertel|cuarto|quart", re.IGNORECASE)
PART_OF_HOUR: Final = (
    r"\b(?:half[\s-]+an?[\s-]+hour|(?:einer )?halben? Stunde|halbstündig|media hora|demi-heure|"
    r"quarter of an hour|Viertelstunde|cuarto de hora|quart d[\u2019']heure)\b"
)
_FEW: Final = _any(
    *("a few", "few", "several", "some", "the next", "the coming", "wenigen?", "einigen?", "den nächsten", "unos"),
    *("unas", "pocos", "pocas", "algunos", "algunas", "las próximas", "los próximos", "quelques", "les prochaines"),
    *("the next few", "den nächsten paar", "les prochains", "a matter of", "weniger", "einiger", "a couple of"),
)
_WITHIN: Final = r"(?:within|innerhalb|binnen|dentro de|d[\u2019']ici|sous)"
VAGUE_SPANS: Final = (
    rf"\b{_WITHIN}\s+(?:von\s+)?(?:(?:{_FEW}|the|la|el|une?|der|des)\s+)?{_UNIT}",
    rf"\b(?:in|en|dans)\s+{_FEW}\s+{_UNIT}",
    r"\b(?:in|en)\s+(?P<unit>seconds|minutes|hours|days|weeks|Sekunden|Minuten|Stunden|Tagen|Wochen|minutos|horas)\b",
)


def seconds_of(unit: str) -> int:
    """Give the length of a unit of time as it is written; a month has 30 days."""
    return next(length for length, forms in _UNITS if re.fullmatch(_any(forms), unit, re.IGNORECASE))


# Shares, amounts, numbers

SHARE: Final = rf"(?P<number>{NUMBER})\s*(?:%|\uff05|(?:per ?cent|Prozent|por ciento|pour ?cent)\b)"
FRACTION: Final = (
    r"\b(?:half|a third|one third|two[ -]thirds|a quarter|three[ -]quarters)\s+of\s+(?:all|our|the|your)\b|"
    r"\b(?:die Hälfte|ein Drittel|zwei Drittel|ein Viertel)\s+(?:der|aller|unserer|von)\b|"
    r"\b(?:la mitad|un tercio|dos tercios|un cuarto)\s+de\b|\b(?:la moitié|un tiers|deux tiers|un quart)\s+(?:de|des)\b"
)
_FRACTIONS: Final = (
    ("1/2", r"half|hälfte|mitad|moitié"),
    ("2/3", r"two.thirds|zwei drittel|dos tercios|deux tiers"),
    ("1/3", r"third|drittel|tercio|tiers"),
    ("3/4", r"three.quarters"),
    ("1/4", r"quarter|viertel|cuarto|quart"),
)


def fraction_of(said: str) -> str:
    """Write a fraction in figures: `1/2`."""
    return next(figure for figure, pattern in _FRACTIONS if re.search(pattern, said, re.IGNORECASE))


CURRENCIES: Final = {
    **dict.fromkeys(("€", "eur", "euro", "euros"), "EUR"),
    **dict.fromkeys(("$", "usd", "dollar", "dollars", "dólares"), "USD"),
    **dict.fromkeys(("£", "gbp", "pound", "pounds", "libras", "livres"), "GBP"),
    **dict.fromkeys(("chf", "francs", "franken"), "CHF"),
    **dict.fromkeys(("¥", "jpy", "yen"), "JPY"),
}
_SIGN: Final = r"[€$£¥]|\b(?:EUR|USD|GBP|CHF|JPY)"
_CURRENCY: Final = r"[€$£¥]|(?:EUR|USD|GBP|CHF|JPY|euros?|dollars?|dólares|pounds|libras|livres|francs|Franken|yen)\b"
_PLAIN: Final = r"(?:\d{1,3}(?:[.,'\u2019\u00a0\u202f ]\d{3})+(?!\d)|\d+(?:[.,]\d+)?)"
AMOUNT: Final = rf"(?P<before>{_SIGN})\s?(?P<first>{_PLAIN})|(?<![\w.,])(?P<second>{_PLAIN})\s?(?P<after>{_CURRENCY})"
MEASURE: Final = rf"(?P<number>{NUMBER})\s?(?P<unit>[KMGT]i?B|ms|[kMG]bit/s|km|kg)\b"
_THINGS: Final = _any(
    *("customers?", "accounts?", "users?", "people", "shops?", "merchants?", "companies", "clients?", "payments?"),
    *(
        "orders?",
        "transactions?",
        "requests?",
        "e-?mails?",
        "payouts?",
        "invoices?",
        "refunds?",
        "servers?",
        "records?",
    ),
    *("Kunden", "Konten", "Nutzern?", "Nutzerinnen", "Personen", "Zahlungen", "Bestellungen", "Firmen", "Anfragen"),
    *("clientes", "cuentas", "usuarios", "personas", "pagos", "pedidos", "empresas", "comptes", "utilisateurs"),
    *("personnes", "paiements", "commandes", "entreprises", "boutiques", "tiendas"),
)
_KIND: Final = r"(?:(?:of|von|de|der|the|our|your|unserer|nuestros|nos|other|more|such|[^\W\d_]{3,})\s+){0,2}?"
COUNT: Final = rf"(?P<number>{_SAID})\s+{_KIND}{_THINGS}\b"
COUNT_OF: Final = rf"(?P<number>{_SAID})(?=\s+(?:of|out of|von|de|sur)\s+{_SAID}\s+{_KIND}{_THINGS}\b)"

# What is only supposed, or asked of the customer

CONDITION: Final = re.compile(
    r"\b(?:if|in case|whenever|when|unless|should you|wenn|falls|sofern|sollten? Sie|si|cuando|en caso de|quand|"
    r"lorsque)\b|"
    r"\b(?:s|lorsqu)[\u2019'](?=ils?\b|elles?\b|on\b)",
    re.IGNORECASE,
)
REQUEST: Final = re.compile(
    r"(?:^|[.!?:\n]\s*|\b(?:please|then|and|bitte|dann|und|puis|et|luego|y)\s+)"
    r"(?:wait|warten Sie|espere|attendez|patientez)\s+(?:for\s+)?(?:about\s+|at least\s+|etwa\s+|environ\s+|unos\s+)?$",
    re.IGNORECASE,
)
