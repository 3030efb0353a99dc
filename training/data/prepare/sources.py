"""The table of public sets that we can prepare: files, licence and origin of each."""

from dataclasses import dataclass

from training.data.prepare import (
    chatbot_transport,
    clinc150,
    gazetteer,
    hwu64,
    massive,
    multidogo,
    nlupp,
    restaurants8k,
    sgd,
    snips_raw,
    tags,
)
from training.data.prepare.forms import Convert


@dataclass(frozen=True, slots=True)
class Source:
    """A public set. ``files``: names under the folder that the caller names; a name with ``*`` stands for one or more, in order.

    ``origin`` is the repository and the folder in it that holds the files, ``commit`` the one whose files are known to give
    our records ("" for none). ``suffix`` ends the names of the files that are written.
    """

    convert: Convert
    files: tuple[str, ...]
    origin: str
    licence: str
    attribution: str
    commit: str = ""
    suffix: str = ".jsonl"


_POLYAI = "PolyAI-LDN/task-specific-datasets"
_SGD = "google-research-datasets/dstc8-schema-guided-dialogue"
_SGD_AUTHORS = "Schema-Guided Dialogue (Rastogi et al. 2020), Google Research"
_MASSIVE_AUTHORS = "MASSIVE (FitzGerald et al. 2022), Amazon.com; English utterances from SLURP (Bastianelli et al. 2020)"
_SNIPS_AUTHORS = "SNIPS (Coucke et al. 2018), Sonos"
_FOLD = "CrossValidation/autoGeneFromRealAnno/autoGene_2018_03_22-13_01_25_169/CrossValidation/KFold_1/trainset"

SOURCES: dict[str, Source] = {
    "sgd": Source(sgd.converter(other=False), sgd.NAMES, _SGD, "CC BY-SA 4.0", _SGD_AUTHORS, suffix=".jsonl.gz"),
    "sgd_other": Source(sgd.converter(other=True), sgd.NAMES, _SGD, "CC BY-SA 4.0", _SGD_AUTHORS, suffix=".jsonl.gz"),
    "restaurants8k": Source(
        restaurants8k.convert,
        restaurants8k.NAMES,
        f"{_POLYAI}: span_extraction/restaurant8k",
        "CC BY 4.0",
        "RESTAURANTS-8K (Coope et al. 2020), PolyAI",
        "6942bb13c2ea7136519fb6bc92c3dd5bac062d74",
    ),
    "nlupp_hotels": Source(
        nlupp.converter("hotels"), nlupp.names("hotels"), f"{_POLYAI}: nlupp/data", "CC BY 4.0", "NLU++ (Casanueva et al. 2022), PolyAI"
    ),
    "nlupp_banking": Source(
        nlupp.converter("banking"), nlupp.names("banking"), f"{_POLYAI}: nlupp/data", "CC BY 4.0", "NLU++ (Casanueva et al. 2022), PolyAI"
    ),
    "multidogo_airline_sentence": Source(
        multidogo.convert,
        multidogo.NAMES,
        "awslabs/multi-domain-goal-oriented-dialogues-dataset: data/paper_splits/splits_annotated_at_sentence_level/airline",
        "CDLA-Permissive-1.0",
        "MultiDoGO (Peskov et al. 2019), Amazon Web Services",
        "286e8f05437382bd08b93cd6b66b6d25ed4a9a49",
    ),
    "clinc150": Source(clinc150.convert, clinc150.NAMES, "clinc/oos-eval: data", "CC BY 3.0", "CLINC150 (Larson et al. 2019), Clinc, Inc."),
    "snips_raw": Source(
        snips_raw.convert,
        snips_raw.NAMES,
        "sonos/nlu-benchmark: 2017-06-custom-intent-engines; valid and test from MiuLab/SlotGated-SLU: data/snips",
        "CC0 1.0",
        _SNIPS_AUTHORS,
    ),
    "chatbot_transport": Source(
        chatbot_transport.convert,
        chatbot_transport.NAMES,
        "sebischair/NLU-Evaluation-Corpora",
        "CC BY-SA 3.0",
        "NLU Evaluation Corpora (Braun et al. 2017), TU Munich",
    ),
    "massive_en": Source(
        massive.converter("en"), ("en-US.jsonl",), "alexa/massive: the archive that its README names", "CC BY 4.0", _MASSIVE_AUTHORS
    ),
    "massive_ru": Source(
        massive.converter("ru"), ("ru-RU.jsonl",), "alexa/massive: the archive that its README names", "CC BY 4.0", _MASSIVE_AUTHORS
    ),
    "hwu64": Source(
        hwu64.convert,
        hwu64.NAMES,
        f"xliuhw/NLU-Evaluation-Data: {_FOLD}; en-US.jsonl from alexa/massive",
        "CC BY 4.0",
        "NLU Evaluation Data (Liu et al. 2019), Heriot-Watt University",
        "4356cd6db2c7d8cb21789d6203e57c580a91de44",
    ),
    "gazetteer": Source(
        gazetteer.convert,
        gazetteer.NAMES,
        "datasets/world-cities: data; cities from dr5hn/countries-states-cities-database: contributions/cities",
        "CC BY 4.0 and ODbL 1.0",
        "GeoNames; dr5hn's countries-states-cities-database",
        suffix="",
    ),
    "cod_ru": Source(
        sgd.convert_cod,
        ("ru_dev.json",),
        "cambridgeltl/COD",
        "none stated: evaluation only",
        "COD (Majewska et al. 2023)",
    ),
    "snips": Source(tags.converter("snips"), tags.NAMES, "MiuLab/SlotGated-SLU: data/snips", "CC0 1.0", _SNIPS_AUTHORS),
    "atis": Source(
        tags.converter("atis"), tags.NAMES, "MiuLab/SlotGated-SLU: data/atis", "LDC: benchmark only", "ATIS (Hemphill et al. 1990), LDC"
    ),
}


def listing() -> str:
    """The table for a reader: a paragraph a set."""
    return "\n\n".join(
        f"{name}: {source.attribution}\n"
        f"  licence  {source.licence}\n"
        f"  from     {source.origin}\n"
        f"  commit   {source.commit or 'not pinned'}\n"
        f"  files    {_shown(source.files)}"
        for name, source in SOURCES.items()
    )


def _shown(files: tuple[str, ...]) -> str:
    return ", ".join(files) if len(files) <= 9 else f"{files[0]} ... {files[-1]}: {len(files)} files"
