"""The search for the model in a folder."""

import json
import logging
from pathlib import Path

from faster_whisper.tokenizer import Tokenizer

from transcription.engines.decoder.model_file import UnknownFormat
from transcription.engines.decoder.network import Network
from transcription.engines.decoder.rules import Rules, Vocabulary
from transcription.engines.decoder.search import Search

logger = logging.getLogger(__name__)


def make_search(folder: Path, tokenizer: Tokenizer, threads: int) -> Search | None:
    """None, and a warning, for a model file that cannot be read here: CTranslate2 reads it, and is slower."""
    try:
        network = Network(folder, threads)
    except UnknownFormat as error:
        logger.warning("decoding with CTranslate2, which is slower: %s", error)
        return None
    configured = json.loads((folder / "config.json").read_text())
    vocabulary = Vocabulary(
        size=network.vocabulary,
        end=tokenizer.eot,
        first_timestamp=tokenizer.timestamp_begin,
        never=frozenset([*configured.get("suppress_ids", ()), tokenizer.no_timestamps]),
        not_first=frozenset(configured.get("suppress_ids_begin", ())),
    )
    ids = {"end": tokenizer.eot, "start": tokenizer.sot, "no_speech": tokenizer.no_speech}
    return Search(network, Rules(vocabulary), **ids)
