"""spaCy's named entity recogniser, trained from a blank English pipeline on slots in place of entities."""

import random
from collections.abc import Sequence
from importlib.metadata import version

import spacy
from spacy.training import Example as Gold
from spacy.util import minibatch

from bench.peers.task import Annotate, Example, Slots, main

EPOCHS = 8
TRAINED_WITH, PIPED_WITH = 32, 64


def train(examples: list[Example]) -> Annotate:
    """Train on the examples whose slots lie on spaCy's own token borders."""
    spacy.util.fix_random_seed(0)
    pipeline = spacy.blank("en")
    pipeline.add_pipe("ner")
    gold = [Gold.from_dict(pipeline.make_doc(one.text), {"entities": one.slots}) for one in examples]
    optimizer = pipeline.initialize(lambda: gold)
    rng = random.Random(0)
    for _ in range(EPOCHS):
        rng.shuffle(gold)
        for batch in minibatch(gold, TRAINED_WITH):
            pipeline.update(batch, sgd=optimizer, drop=0.2)

    def annotate(texts: Sequence[str]) -> list[Slots]:
        documents = pipeline.pipe(texts, batch_size=PIPED_WITH)
        return [[(entity.start_char, entity.end_char, entity.label_) for entity in document.ents] for document in documents]

    return annotate


if __name__ == "__main__":
    main(
        f"spaCy {version('spacy')}",
        f"blank 'en' with ner, {EPOCHS} epochs, pipe(batch_size={PIPED_WITH}); entities without probabilities",
        train,
    )
