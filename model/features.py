"""Tokens to integer arrays: word indices, hashed letter n-grams and lists of names, one utterance or a padded batch."""

import zlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from model.config import FeatureConfig
from model.labels import LabelScheme
from model.names import NO_NAME, NameLists
from model.text import Token
from model.vocabulary import OTHER, Vocabulary, fold_digits, normalize_word

CACHED_WORDS = 16_384  # about 8 MB; the words of a booking service are a few thousand
LONGEST_CACHED = 64  # characters; what is longer is no word that comes again


class Features(NamedTuple):
    """One utterance of T words: the bytes of ``word_ids_T`` and ``ngram_ids_TK`` (0 behind a word's last n-gram), both int32.

    ``context``: the bytes of its float32 ``encode_context`` vector; none for a tagger that reads words alone.
    ``name_ids``: those of int32 [T, max_lists], a word's numbers in the lists of names; none for a tagger without any.

    Bytes, because a batch is then made by joining them: an array for each utterance would cost more than all its words.
    """

    word_ids: bytes
    ngram_ids: bytes
    known_T: tuple[bool, ...]
    context: bytes = b""
    name_ids: bytes = b""

    @classmethod
    def of(
        cls, word_ids_T: np.ndarray, ngram_ids_TK: np.ndarray, known_T: tuple[bool, ...], context: bytes = b"", name_ids: bytes = b""
    ) -> "Features":
        """The features that the arrays hold."""
        return cls(word_ids_T.astype(np.int32).tobytes(), ngram_ids_TK.astype(np.int32).tobytes(), known_T, context, name_ids)

    @property
    def word_ids_T(self) -> np.ndarray:
        """Vocabulary indices."""
        return np.frombuffer(self.word_ids, dtype=np.int32)

    @property
    def ngram_ids_TK(self) -> np.ndarray:
        """Buckets of each word's n-grams."""
        words = len(self.known_T)
        return np.frombuffer(self.ngram_ids, dtype=np.int32).reshape(words, len(self.ngram_ids) // 4 // max(1, words))


@dataclass(frozen=True, slots=True)
class FeatureBatch:
    """B utterances padded with 0 to T words, K n-grams and M names: int32 [B, T], [B, T, K], ``lengths_B``, [B, T, M]; ``context_BX``:
    float32 [B, X]. K, M and X may be 0.
    """

    word_ids_BT: np.ndarray
    ngram_ids_BTK: np.ndarray
    lengths_B: np.ndarray
    context_BX: np.ndarray
    name_ids_BTM: np.ndarray


Encoded = tuple[bytes, bytes, bool]


class _Remembered(dict[str, Encoded]):
    """Words as they were encoded; once there are ``most``, all are forgotten, which bounds memory and costs a moment."""

    def __init__(self, encode: Callable[[str], Encoded], most: int) -> None:
        super().__init__()
        self._encode = encode
        self._most = most

    def __missing__(self, word: str) -> Encoded:
        encoded = self._encode(word)
        if len(word) <= LONGEST_CACHED:
            if len(self) >= self._most:
                self.clear()
            self[word] = encoded
        return encoded


class Featurizer:
    """The one path from words to numbers, for training and serving alike."""

    def __init__(self, config: FeatureConfig, vocabulary: Vocabulary, names: NameLists | None = None) -> None:
        """Fix the encoders; words are remembered per instance, at most CACHED_WORDS of them."""
        self.config = config
        self.vocabulary = vocabulary
        self.names = names if "names" in config.word_encoders else None
        self._words = _Remembered(self._encode_word, CACHED_WORDS)

    def features(self, tokens: Sequence[Token], context: bytes = b"", without: Collection[tuple[str, int]] = ()) -> Features:
        """One utterance's arrays; T may be 0. ``without``: see ``NameLists.match``."""
        words = self._words
        rows = [words[token[0]] for token in tokens]
        word_ids, ngram_ids, known_T = zip(*rows, strict=True) if rows else ((), (), ())
        name_ids = self._name_ids(tokens, without) if self.names else b""
        return Features(b"".join(word_ids), b"".join(ngram_ids), known_T, context, name_ids)

    def _name_ids(self, tokens: Sequence[Token], without: Collection[tuple[str, int]]) -> bytes:
        """The bytes of int32 [T, max_lists]."""
        assert self.names is not None
        most = self.config.max_lists
        matched = self.names.match([word_key(token[0], self.config) for token in tokens], without)
        return np.array([(numbers + [NO_NAME] * most)[:most] for numbers in matched], dtype=np.int32).tobytes()

    def _encode_word(self, text: str) -> Encoded:
        """(index, n-gram buckets padded to max_ngrams, whether it is known): the numbers as bytes of int32."""
        word = normalize_word(text)
        index = self.vocabulary.index(fold_digits(word) if self.config.fold_digits else word)
        buckets = ngram_buckets(word, self.config)
        padded = buckets + [0] * (self.config.max_ngrams - len(buckets))
        return np.int32(index).tobytes(), np.array(padded, dtype=np.int32).tobytes(), index != OTHER


def encode_context(config: FeatureConfig, labels: LabelScheme, expected_slots: Sequence[str], intent: str | None) -> bytes:
    """float32 [slots + intents], 1 at each slot that was asked for and at the intent so far; zeros where nothing is known.

    Empty for a tagger that reads words alone. Names that ``labels`` lacks are left out: whoever takes them from a caller refuses them.
    """
    if not config.context:
        return b""
    context_X = np.zeros(len(labels.slots) + len(labels.intents), dtype=np.float32)
    if "expected_slots" in config.context:
        context_X[[labels.slots.index(name) for name in expected_slots if name in labels.slots]] = 1
    if "intent" in config.context and intent in labels.intents:
        context_X[len(labels.slots) + labels.intents.index(intent)] = 1
    return context_X.tobytes()


def word_key(text: str, config: FeatureConfig) -> str:
    """The form of a word that the vocabulary counts."""
    word = normalize_word(text)
    return fold_digits(word) if config.fold_digits else word


def letter_ngrams(word: str, sizes: Sequence[int]) -> list[str]:
    """Letter n-grams with both borders marked (Huang et al. 2013, DSSM).

    >>> letter_ngrams("apple", [3])
    ['#ap', 'app', 'ppl', 'ple', 'le#']
    """
    marked = f"#{word}#"
    return [marked[i : i + size] for size in sizes for i in range(max(1, len(marked) - size + 1))]


def ngram_buckets(word: str, config: FeatureConfig) -> list[int]:
    """Bucket of every n-gram, 1 to ``ngram_buckets``; CRC-32 of UTF-8 is the same on every machine."""
    if "letter_ngrams" not in config.word_encoders:
        return []
    # A long word is cut before its n-grams are made, so that ten megabytes of one letter cost nothing.
    ngrams = letter_ngrams(word[: config.max_ngrams], config.ngram_sizes)[: config.max_ngrams]
    return [zlib.crc32(ngram.encode("utf-8", "surrogatepass")) % config.ngram_buckets + 1 for ngram in ngrams]


def collate(batch: Sequence[Features]) -> FeatureBatch:
    """Utterances side by side, padded with 0 to the longest; at least one utterance of at least one word."""
    lengths = [len(features.known_T) for features in batch]
    longest = max(lengths)
    # Always max_ngrams wide: a sum over fewer columns is added up in another order and differs in the last bit.
    width = len(batch[0].ngram_ids) // lengths[0]
    words = b"".join([features.word_ids.ljust(longest * 4, b"\0") for features in batch])
    ngrams = b"".join([features.ngram_ids.ljust(longest * width, b"\0") for features in batch])
    lists = len(batch[0].name_ids) // lengths[0]
    names = b"".join([features.name_ids.ljust(longest * lists, b"\0") for features in batch]) if lists else b""
    return FeatureBatch(
        np.frombuffer(words, dtype=np.int32).reshape(len(batch), longest),
        np.frombuffer(ngrams, dtype=np.int32).reshape(len(batch), longest, width // 4),
        np.array(lengths, dtype=np.int32),
        np.frombuffer(b"".join([features.context for features in batch]), dtype=np.float32).reshape(len(batch), -1),
        np.frombuffer(names, dtype=np.int32).reshape(len(batch), longest, lists // 4),
    )
