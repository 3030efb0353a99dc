import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics import f1_score, precision_score, recall_score
from seqeval.scheme import IOB2

from model.errors import LabelError
from model.labels import LabelScheme
from training.scores import Scores, conll_scores, strict_scores, strict_spans

LABELS = ("origin", "destination", "arrival_date")
SCHEME = LabelScheme(LABELS)
pairs = st.integers(0, 12).flatmap(
    lambda length: st.tuples(*[st.lists(st.sampled_from(SCHEME.tags), min_size=length, max_size=length)] * 2)
)
corpora = st.lists(pairs, min_size=1, max_size=8).map(lambda corpus: tuple(map(list, zip(*corpus, strict=True))))


@given(corpora)
def test_default_scores_equal_seqeval_on_legal_and_illegal_sequences(corpus: tuple[list[list[str]], list[list[str]]]) -> None:
    gold, predicted = corpus
    scores = conll_scores(gold, predicted)
    for mine, theirs in ((scores.precision, precision_score), (scores.recall, recall_score), (scores.f1, f1_score)):
        assert mine == pytest.approx(theirs(gold, predicted, zero_division=0), abs=1e-12)


@given(corpora)
def test_strict_scores_equal_seqeval_strict_on_legal_and_illegal_sequences(corpus: tuple[list[list[str]], list[list[str]]]) -> None:
    gold, predicted = corpus
    scores = strict_scores(gold, predicted)
    for mine, theirs in ((scores.precision, precision_score), (scores.recall, recall_score), (scores.f1, f1_score)):
        assert mine == pytest.approx(theirs(gold, predicted, mode="strict", scheme=IOB2, zero_division=0), abs=1e-12)


@given(corpora)
def test_precision_and_recall_change_places_when_gold_and_prediction_do(corpus: tuple[list[list[str]], list[list[str]]]) -> None:
    there, back = conll_scores(*corpus), conll_scores(*reversed(corpus))
    assert (there.precision, there.recall, there.f1) == (back.recall, back.precision, back.f1)


@given(st.lists(st.integers(0, len(SCHEME.tags) - 1), max_size=12))
def test_strict_spans_are_those_of_the_default_reading_that_begin_with_b(tags: list[int]) -> None:
    strict = strict_spans(tags, SCHEME)
    assert set(strict) <= set(SCHEME.decode(tags))
    assert [span.start for span in strict] == [index for index, tag in enumerate(tags) if tag % 2 == 1]


def test_a_span_with_a_wrong_border_counts_as_one_miss_and_one_false_find() -> None:
    scores = conll_scores([["B-origin", "I-origin", "O"]], [["B-origin", "O", "O"]])
    assert scores == Scores(gold=1, predicted=1, correct=0)


def test_equal_sequences_without_any_span_score_zero_as_in_conlleval() -> None:
    assert conll_scores([["O", "O"]], [["O", "O"]]).f1 == 0


@pytest.mark.parametrize("tag", ["origin", "S-origin", "B", "b-origin", ""])
def test_a_tag_that_is_not_bio_is_refused_by_name(tag: str) -> None:
    with pytest.raises(LabelError, match=f"tag {tag!r} is not BIO"):
        conll_scores([["O"]], [[tag]])


def test_sequences_of_different_lengths_are_refused() -> None:
    with pytest.raises(LabelError, match="differ in length"):
        conll_scores([["O", "O"]], [["O"]])
