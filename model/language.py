"""Which of a tagger's languages a text is in, told by its letters, which is enough where their scripts differ."""

from collections.abc import Sequence

import regex

# Of languages that are not written in Latin letters; one is added here when a model first reads it.
_SCRIPTS = {"ru": regex.compile(r"\p{Cyrillic}")}
_LATIN = regex.compile(r"\p{Latin}")


def language_of(text: str, languages: Sequence[str]) -> str:
    """The language of ``languages`` (ISO 639-1, at least one) in whose script most letters of the text are; the first for a draw.

    ASCII alone counts as Latin letters.

    >>> language_of("билет в Oslo", ("en", "ru"))
    'ru'
    """
    if len(languages) == 1 or text.isascii():
        return next((language for language in languages if language not in _SCRIPTS), languages[0])
    return max(languages, key=lambda language: len(_SCRIPTS.get(language, _LATIN).findall(text)))
