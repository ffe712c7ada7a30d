"""W_E as word vectors: the rows of the embedding matrix and the tokens that they belong to, for a store."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from embcli.errors import BadFile
from embcli.store.read import Block
from embcli.transformer.checkpoint import Checkpoint
from embcli.transformer.gguf import GGUF_MAGIC
from embcli.transformer.tokenizer import Tokenizer, from_folder, from_gguf

# So many rows of W_E, and this share of them, may have no token: padding, which is at most 3 % in known models.
PADDING_ROWS, PADDING_SHARE = 1000, 0.1


def open_tokenizer(model: Checkpoint) -> Tokenizer:
    """The tokenizer of a checkpoint. Raises BadFile, and UsageProblem if the library tokenizers is missing."""
    tokenizer = from_gguf(model.files[0]) if model.is_gguf else from_folder(model.path)
    known = tokenizer.made.get_vocab_size(with_added_tokens=True)
    if not 0 <= model.vocabulary - known <= max(PADDING_ROWS, PADDING_SHARE * model.vocabulary):
        raise BadFile(
            f"{tokenizer.source} has {known:,} tokens, but W_E has {model.vocabulary:,} rows",
            "the tokenizer is that of another model; copy the right one",
        )
    if model.config.family == "bert" and not tokenizer.encode("").ids:
        raise BadFile(
            f"{tokenizer.source} puts no special tokens such as [CLS] and [SEP] around a text, as BERT needs",
            "the tokenizer is that of another model; copy the right one",
        )
    return tokenizer


def embedding_rows(model: Checkpoint, words: Sequence[bytes]) -> Iterator[Block]:
    """The rows of W_E with the words of `distinct_tokens`."""
    for start, rows in model.row_blocks("W_E"):
        yield words[start : start + len(rows)], rows


def distinct_tokens(tokens: Sequence[str]) -> list[bytes]:
    """Tokens as distinct words, so that the row of a store is the token's id.

    Rows without a token, with which W_E is often padded, are named [row 49152]; so is a token that is empty, or that
    stands twice.

        distinct_tokens(["a", "", "a"])  # [b'a', b'[row 1]', b'[row 2]']
    """
    seen: set[str] = set()
    words = []
    for number, token in enumerate(tokens):
        word = f"[row {number}]" if not token or token in seen or "\0" in token else token
        seen.add(word)
        words.append(word.encode("utf-8", "backslashreplace"))
    return words


def is_checkpoint(path: Path) -> bool:
    """Whether a path is that of a checkpoint: a folder with a config.json, or a GGUF file."""
    if path.is_dir():
        return (path / "config.json").is_file()
    if not path.is_file():  # a pipe, which reading would wait for
        return False
    try:
        with path.open("rb") as file:
            return file.read(len(GGUF_MAGIC)) == GGUF_MAGIC
    except OSError:
        return False
