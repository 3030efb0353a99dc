import dataclasses
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.config import FeatureConfig
from model.decode import RANKED, likeliest, rounded
from model.errors import ArtifactError, ReplayError, TextError
from model.features import FeatureBatch, Features, collate, encode_context
from model.labels import LabelScheme
from model.runtime import OnnxGraph
from model.tagger import Tagger
from tests.tiny import NAMES, SCHEME, random_weights, tiny_artifact
from training.config import NetworkConfig
from training.export import build_graph, verify

utterances = st.text(alphabet="abc ЯЖ 12:.é👍", min_size=1, max_size=40).filter(lambda text: any(letter.isalnum() for letter in text))


@settings(max_examples=40)
@given(st.lists(utterances, min_size=1, max_size=12))
def test_an_answer_does_not_depend_on_its_batch_neighbours(tagger: Tagger, texts: list[str]) -> None:
    together = tagger.annotate_batch([tagger.prepare(text) for text in texts])
    for text, answer in zip(texts, together, strict=True):
        alone = tagger.annotate(text)
        assert answer.text == text
        assert [(slot.name, slot.start, slot.end) for slot in answer.slots] == [(slot.name, slot.start, slot.end) for slot in alone.slots]
        np.testing.assert_allclose(answer.label_probabilities_TL, alone.label_probabilities_TL, atol=1e-6)
        np.testing.assert_allclose(answer.intent_probabilities_I, alone.intent_probabilities_I, atol=1e-6)


@given(utterances)
def test_probabilities_of_every_word_sum_to_one_and_slots_lie_on_words(tagger: Tagger, text: str) -> None:
    answer = tagger.annotate(text)
    assert answer.label_probabilities_TL.shape == (len(answer.tokens), len(tagger.labels.labels))
    np.testing.assert_allclose(answer.label_probabilities_TL.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(answer.intent_probabilities_I.sum(), 1, atol=1e-5)
    starts, ends = {token.start for token in answer.tokens}, {token.end for token in answer.tokens}
    assert all(slot.start in starts and slot.end in ends and 0 < slot.confidence <= 1 for slot in answer.slots)


@given(utterances)
def test_the_graph_ranks_the_labels_that_it_gives(tagger: Tagger, text: str) -> None:
    outputs = tagger.run(tagger.collate([tagger.prepare(text)]))
    (tags_TC,), (labels_TL,) = outputs["tag_probabilities"], outputs["label_probabilities"]
    np.testing.assert_array_equal(labels_TL[:, 0], tags_TC[:, 0])
    np.testing.assert_array_equal(labels_TL[:, 1:], tags_TC[:, 1::2] + tags_TC[:, 2::2])
    columns_TK, found_TK = likeliest(labels_TL, RANKED)
    np.testing.assert_array_equal(outputs["likeliest_labels"][0], columns_TK)
    np.testing.assert_array_equal(outputs["likeliest_probabilities"][0], rounded(found_TK))
    np.testing.assert_array_equal(outputs["likeliest_tags"][0], tags_TC.argmax(axis=1))
    (intents_I,) = outputs["intent_probabilities"]
    assert outputs["likeliest_intent"].tolist() == [[intents_I.argmax()]]
    assert outputs["likeliest_intent_probability"].tolist() == [[rounded(intents_I.max())]]


@pytest.mark.parametrize("text", ["", "   ", "\u200b\x00"])
def test_a_text_without_words_is_refused(tagger: Tagger, text: str) -> None:
    with pytest.raises(TextError, match="no words"):
        tagger.prepare(text)


def test_a_text_of_too_many_words_is_refused_with_both_numbers(tagger: Tagger) -> None:
    with pytest.raises(TextError, match="65 words; send at most 64"):
        tagger.prepare("a " * 65)


CONTEXT = FeatureConfig(ngram_buckets=8, max_ngrams=4, context=("expected_slots", "intent"))


@given(st.sets(st.sampled_from(SCHEME.slots)), st.sampled_from([None, *SCHEME.intents]))
def test_a_context_has_a_one_for_each_slot_that_was_asked_for_and_for_the_intent(asked: set[str], intent: str | None) -> None:
    context_X = np.frombuffer(encode_context(CONTEXT, SCHEME, sorted(asked), intent), np.float32)
    names = [*SCHEME.slots, *SCHEME.intents]
    assert {name for name, value in zip(names, context_X, strict=True) if value} == asked | ({intent} if intent else set())
    for read in CONTEXT.context:  # what the features do not name is not read
        one = np.frombuffer(encode_context(replace(CONTEXT, context=(read,)), SCHEME, sorted(asked), intent), np.float32)
        kept = slice(len(SCHEME.slots)) if read == "expected_slots" else slice(len(SCHEME.slots), None)
        assert one.sum() == context_X[kept].sum()
        np.testing.assert_array_equal(one[kept], context_X[kept])
    assert encode_context(FeatureConfig(), SCHEME, sorted(asked), intent) == b""


def test_a_tagger_that_reads_the_context_answers_by_it_and_each_by_its_own() -> None:
    artifact = tiny_artifact(context=CONTEXT.context)
    tagger = Tagger(artifact)
    asked = [((), None), (("origin",), None), (("destination",), None), (("origin", "destination"), "book_train"), ((), "book_flight")]
    batch = [tagger.prepare("Tuzla", *context) for context in asked]
    together = [annotation.label_probabilities_TL for annotation in tagger.annotate_batch(batch)]
    for prepared, probabilities_TL in zip(batch, together, strict=True):
        np.testing.assert_allclose(tagger.annotate_batch([prepared])[0].label_probabilities_TL, probabilities_TL, atol=1e-6)
    assert len({tuple(probabilities_TL.ravel().tolist()) for probabilities_TL in together}) == len(asked)


def test_a_tagger_that_reads_words_alone_gives_one_answer_whatever_the_context(tagger: Tagger) -> None:
    with_context, without = tagger.prepare("to Tuzla", ("origin",), "book_train"), tagger.prepare("to Tuzla")
    assert with_context == without


def test_no_utterances_give_no_answers(tagger: Tagger) -> None:
    assert tagger.annotate_batch([]) == []


def test_an_empty_batch_never_reaches_onnxruntime_which_would_abort() -> None:
    graph = OnnxGraph(tiny_artifact().graph)
    for words in (np.zeros((0, 3), np.int32), np.zeros((2, 0), np.int32)):
        with pytest.raises(ValueError, match="at least one"):
            graph.run(
                FeatureBatch(
                    words,
                    np.zeros((*words.shape, 1), np.int32),
                    np.zeros(len(words), np.int32),
                    NOTHING,
                    np.zeros((*words.shape, 0), np.int32),
                )
            )


def test_bytes_that_are_no_graph_are_refused() -> None:
    with pytest.raises(ArtifactError, match="onnxruntime cannot load the graph"):
        OnnxGraph(b"not a graph")


def test_replay_passes_on_the_recorded_answers_and_fails_on_others(tagger: Tagger) -> None:
    tagger.replay()
    other = tiny_artifact(seed=2)
    with pytest.raises(ReplayError, match="answers 'I want"):
        Tagger(type(other)(**{**vars(other), "samples": tagger.artifact.samples})).replay()


SHAPES = [
    pytest.param(
        encoders,
        NetworkConfig(4, 4, window, 5, layers, direction, 3),
        intents,
        id=f"{'+'.join(encoders)}-{window}-{layers}-{direction}-{len(intents)}",
    )
    for encoders in (("vocabulary",), ("letter_ngrams",), ("vocabulary", "letter_ngrams"), ("vocabulary", "letter_ngrams", "names"))
    for window in (0, 2)
    for layers, direction in ((1, "both"), (2, "both"), (2, "forward"))
    for intents in ((), ("one", "two"))
]


@pytest.mark.parametrize(("encoders", "network", "intents"), SHAPES)
def test_a_graph_of_any_shape_equals_itself_batched_single_and_padded(
    encoders: tuple[str, ...], network: NetworkConfig, intents: tuple[str, ...]
) -> None:
    features = FeatureConfig(word_encoders=encoders, ngram_buckets=20, max_ngrams=6)
    weights = random_weights(3, network, features, LabelScheme(("a", "b"), intents), words=9)
    serialized = build_graph(weights, network)
    graph = OnnxGraph(serialized)
    random = np.random.default_rng(5)

    def alone(utterance: FeatureBatch) -> tuple[np.ndarray, np.ndarray]:
        outputs = graph.run(utterance)
        return outputs["tag_probabilities"], outputs.get("intent_probabilities", np.zeros((1, 0)))

    verify(serialized, alone, [_random_features(random, length) for length in (1, 7, 3, 12, 2)], network)


def test_padding_changes_no_bit_of_a_graph_of_the_shipped_size() -> None:
    """Sums in onnxruntime change their order with the number of words, but only in graphs that are wide enough."""
    features = FeatureConfig(ngram_buckets=20, max_ngrams=6)
    network = NetworkConfig(64, 64, 1, 144, 1, "both", 64)
    graph = OnnxGraph(build_graph(random_weights(3, network, features, LabelScheme(tuple("abcdefgh"), ("x", "y", "z")), words=9), network))
    random = np.random.default_rng(5)
    for _ in range(20):
        batch = collate([_random_features(random, int(length)) for length in random.integers(1, 60, 12)])
        padding = int(random.integers(1, 20))
        words, ngrams = np.pad(batch.word_ids_BT, ((0, 0), (0, padding))), np.pad(batch.ngram_ids_BTK, ((0, 0), (0, padding), (0, 0)))
        less, more = graph.run(batch), graph.run(dataclasses.replace(batch, word_ids_BT=words, ngram_ids_BTK=ngrams))
        np.testing.assert_array_equal(less["intent_probabilities"], more["intent_probabilities"])
        for row, length in enumerate(batch.lengths_B):
            np.testing.assert_array_equal(less["tag_probabilities"][row, :length], more["tag_probabilities"][row, :length])


NOTHING = np.zeros((0, 0), np.float32)


def _random_features(random: np.random.Generator, length: int) -> Features:
    ngrams = np.sort(random.integers(0, 21, (length, 6)), axis=1)[:, ::-1].astype(np.int32)
    names = random.integers(0, NAMES, (length, 3)).astype(np.int32)
    ids = random.integers(1, 9, length).astype(np.int32), np.ascontiguousarray(ngrams)
    return Features.of(*ids, (True,) * length, name_ids=names.tobytes())
