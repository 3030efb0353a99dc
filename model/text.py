"""Text to tokens: where the words of an utterance stand, without altering one character of it."""

import re
from typing import NamedTuple

import regex

# The alternatives, first match wins:
#   number   12  7.15  7:30pm  3/4/26  1,000  2nd  2½   (letters may follow; separators stand between digits)
#   word     letters and digits with their combining marks; joiners (ZWJ, ZWNJ, soft hyphen) and
#            apostrophes only inside; a clitic ('s 'll ...) is left for the next alternative
#   clitic   's 'd 'll 're 've 'm behind a word
#   symbol   any other visible character as one grapheme cluster: punctuation, emoji with skin tone, flags
_TOKEN = regex.compile(
    r"""
    \p{Nd}+ (?: [.:,/] \p{Nd}+ )* (?: [\p{L}\p{N}] \p{M}* )*
  | [\p{L}\p{N}] \p{M}*
    (?: [\u200c\u200d\u00ad]? [\p{L}\p{N}] \p{M}*
      | (?! ['’] (?: s|d|ll|re|ve|m ) (?! [\p{L}\p{N}] ) ) ['’] [\p{L}\p{N}] \p{M}* )*
  | (?<= [\p{L}\p{N}\p{M}] ) ['’] (?: s|d|ll|re|ve|m ) (?! [\p{L}\p{N}] )
  | (?! [\s\p{C}] ) \X
    """,
    regex.VERBOSE | regex.IGNORECASE,
)


# The same for ASCII, where every class is a range: the standard library's matcher takes a fifth of the time.
_ASCII_TOKEN = re.compile(
    r"""
    [0-9]+ (?: [.:,/] [0-9]+ )* [A-Za-z0-9]*
  | [A-Za-z] (?: [A-Za-z0-9]+ | (?! ' (?: s|d|ll|re|ve|m ) (?! [A-Za-z0-9] ) ) ' [A-Za-z0-9] )*
  | (?<= [A-Za-z0-9] ) ' (?: s|d|ll|re|ve|m ) (?! [A-Za-z0-9] )
  | [!-~]
    """,
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)


class Token(NamedTuple):
    """One token and its place: ``utterance[start:end] == text``, offsets in code points."""

    text: str
    start: int
    end: int


def tokenize(text: str) -> tuple[Token, ...]:
    """Split ``text`` into tokens with character offsets.

    Words, numbers and times stay whole, punctuation stands apart, white space and control
    characters separate and are not tokens.

    >>> [token.text for token in tokenize("Arrive at 7.15pm, I'll wait.")]
    ['Arrive', 'at', '7.15pm', ',', 'I', "'ll", 'wait', '.']
    """
    if not text.isascii():
        return tuple([Token(match[0], *match.span()) for match in _TOKEN.finditer(text)])
    # Words without their places, and then the places: half the time of match objects. Between two tokens stands nothing but white
    # space and control characters, of which no token has any, so that the first place where a word is found is its own.
    tokens, end = [], 0
    for word in _ASCII_TOKEN.findall(text):
        start = text.index(word, end)
        end = start + len(word)
        tokens.append(_token(Token, (word, start, end)))
    return tuple(tokens)


_token = tuple.__new__  # Token's own constructor takes longer than the search
