"""Text as tokens: the tokenizer of a checkpoint, built from its files with the library `tokenizers`.

A folder has `tokenizer.json`, or `vocab.txt` (BERT), or `vocab.json` and `merges.txt` (GPT-2). A GGUF file has the
tokens and the merges in its metadata, and the name of the regular expression that splits text before them.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from embcli.errors import BadFile, UsageProblem
from embcli.results.spelling import BYTES, PIECE_MARK, PIECES, SPACE_MARK, SPACES
from embcli.transformer.gguf import read_array
from embcli.transformer.safetensors import read_json_file
from embcli.transformer.tensor_file import TensorFile, shown

if TYPE_CHECKING:
    import tokenizers

INSTALL = "run: pip install 'embcli[transformer]'"

UNKNOWN_PIECE = "[UNK]"
# The types of tokens in GGUF files.
UNKNOWN, CONTROL, USER_DEFINED, BYTE = 2, 3, 4, 6

# Regular expressions that split text before its pieces are merged, by `tokenizer.ggml.pre`; those of llama.cpp
# (src/llama-vocab.cpp). They are applied one after the other.
CONTRACTIONS = "'s|'t|'re|'ve|'m|'ll|'d"
ANY_CASE = "(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])"
GPT2 = rf"{CONTRACTIONS}| ?\p{{L}}+| ?\p{{N}}+| ?[^\s\p{{L}}\p{{N}}]+|\s+(?!\S)"
LLAMA3 = (
    rf"{ANY_CASE}|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}{{1,3}}| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QWEN2 = LLAMA3.replace("{1,3}", "")
QWEN35 = (
    rf"{ANY_CASE}|[^\r\n\p{{L}}\p{{N}}]?[\p{{L}}\p{{M}}]+|\p{{N}}| ?[^\s\p{{L}}\p{{M}}\p{{N}}]+[\r\n]*|\s*[\r\n]+"
    r"|\s+(?!\S)|\s+"
)
CJK = "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+"
SPLITS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("gpt-2", "phi-2", "mpt", "olmo", "jina-es", "jina-de", "jina-v2-es", "jina-v2-de"), (GPT2,)),
    **dict.fromkeys(("smollm", "starcoder", "refact", "command-r", "codeshell", "exaone"), (r"\p{N}", GPT2)),
    **dict.fromkeys(("llama-bpe", "llama3", "llama-v3", "dbrx", "smaug-bpe"), (LLAMA3,)),
    **dict.fromkeys(("qwen2", "stablelm2", "deepseek-r1-qwen", "megrez"), (QWEN2,)),
    "qwen35": (QWEN35,),
    "falcon": (r"[\p{P}\$\+<=>\^~\|`]+", GPT2, "[0-9][0-9][0-9]"),
    "deepseek-llm": (
        r"[\r\n]", r"\s?[\p{Lu}\p{Ll}\p{Lt}]+", "\\s?[!-/:-~\uff01-\uff0f\uff1a-\uff5e\u2018-\u201f\u3000-\u3002]+",
        r"\s+$", CJK, r"\p{N}+",
    ),
    "deepseek-coder": (r"[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", CJK, r"\p{N}"),
}  # fmt: skip
# Those whose tokens are taken whole where a word is one, before any merge.
WHOLE_WORDS = {"llama-bpe", "llama3", "llama-v3"}
# Those that begin a text with their first special token, where the metadata do not say.
BEGIN = {"llama-bpe", "llama3", "llama-v3"}


class Encoded(NamedTuple):
    """A text as tokens: their ids and where each stands in the text, as (start, end); (0, 0) for special tokens."""

    ids: list[int]
    offsets: list[tuple[int, int]]


class Tokenizer:
    """The tokenizer of a model. spelling: BYTES, SPACES or PIECES. source: the file that it was made from."""

    def __init__(self, made: "tokenizers.Tokenizer", spelling: str, source: Path) -> None:
        made.no_padding()  # some tokenizer.json pad every text to a fixed length
        made.no_truncation()
        self.made = made
        self.spelling = spelling
        self.source = source

    def encode(self, text: str, *, special: bool = True) -> Encoded:
        """The tokens of a text, with the special ones that the model expects around it unless `special` is False."""
        try:
            text.encode()
        except UnicodeEncodeError:
            raise UsageProblem("the text is not UTF-8", "write it in UTF-8") from None
        found = self.made.encode(text, add_special_tokens=special)
        return Encoded(list(found.ids), list(found.offsets))

    def decode(self, ids: list[int]) -> str:
        """The text of tokens, without special ones."""
        return str(self.made.decode(ids))

    def token(self, number: int) -> str:
        """A token as the file spells it, such as Ġking; `[row 155]` for a row of W_E without a token."""
        return self.made.id_to_token(number) or f"[row {number}]"

    def id(self, token: str) -> int | None:
        """The id of a token as the file spells it; None if there is none."""
        found = self.made.token_to_id(token)
        return None if found is None else int(found)

    def tokens(self, count: int) -> list[str]:
        """The first `count` tokens, as the file spells them; empty texts for numbers without a token."""
        named: list[str] = [""] * count
        for token, number in self.made.get_vocab(with_added_tokens=True).items():
            if number < count:
                named[number] = token
        return named


def from_folder(folder: Path) -> Tokenizer:
    """The tokenizer of a Hugging Face folder. Raises BadFile, and UsageProblem if `tokenizers` is not installed."""
    library = _library()
    for name in ("tokenizer.json", "vocab.txt", "vocab.json"):
        path = folder / name
        if not path.exists():
            continue
        try:
            if name == "tokenizer.json":
                made = library.Tokenizer.from_file(str(path))
            elif name == "vocab.txt":
                made = _word_piece(library, _lines(path), lowercase=_lowercase(folder))
            else:
                model = library.models.BPE.from_file(str(path), str(folder / "merges.txt"))
                made = _byte_level(library, model, (GPT2,))
        except BadFile:
            raise
        except Exception as error:  # the library raises plain exceptions
            raise BadFile(f"{path}: {shown(str(error))}", "download or copy it again") from error
        return Tokenizer(made, _spelling(made), path)
    raise BadFile(f"{folder} has no tokenizer.json, vocab.txt or vocab.json", "copy the tokenizer's files into it")


def from_gguf(file: TensorFile) -> Tokenizer:
    """The tokenizer in the metadata of a GGUF file. Raises BadFile for one that is damaged or not supported."""
    library = _library()
    kind, split = file.metadata.get("tokenizer.ggml.model"), file.metadata.get("tokenizer.ggml.pre", "default")
    tokens = read_array(file, "tokenizer.ggml.tokens")
    if tokens is None or not all(isinstance(token, str) for token in tokens):
        raise BadFile(f"{file.path} has no tokens", "convert the model again with its tokenizer")
    types = read_array(file, "tokenizer.ggml.token_type") or [1] * len(tokens)
    if len(types) != len(tokens):
        raise BadFile(f"{file.path} has {len(tokens):,} tokens, but {len(types):,} types of them", "convert it again")
    try:
        if kind == "gpt2":
            made = _from_merges(library, file, tokens, split)
        elif kind == "llama":
            made = _from_scores(library, file, tokens)
        elif kind == "bert":
            made = _word_piece(library, as_word_pieces(tokens), lowercase=True)
        else:
            raise BadFile(f'{file.path}: the tokenizer "{shown(str(kind))}" is not supported', "give a folder instead")
        if kind != "bert":
            _add_special(library, made, file, tokens, types, split if kind == "gpt2" else kind)
    except BadFile:
        raise
    except Exception as error:
        raise BadFile(f"{file.path}: its tokenizer is damaged: {shown(str(error))}", "convert it again") from error
    return Tokenizer(made, {"gpt2": BYTES, "llama": SPACES, "bert": PIECES}[kind], file.path)


def as_word_pieces(tokens: list[str]) -> list[str]:
    """The tokens of a BERT GGUF file in BERT's own spelling: ▁king as king, ing as ##ing."""
    return [
        token.removeprefix(SPACE_MARK)
        if token.startswith(SPACE_MARK)
        else token
        if token.startswith("[") and token.endswith("]")
        else PIECE_MARK + token
        for token in tokens
    ]


def _library() -> Any:
    try:
        import tokenizers
    except ImportError:
        raise UsageProblem("the library tokenizers is not installed", INSTALL) from None
    return tokenizers


def _from_merges(library: Any, file: TensorFile, tokens: list[str], split: str) -> "tokenizers.Tokenizer":
    """Byte-level BPE, as in GPT-2 (Sennrich et al. 2016; Radford et al. 2019)."""
    if split not in SPLITS:
        raise BadFile(
            f'{file.path}: the tokenizer splits text as "{shown(str(split))}", which is not supported',
            f"supported: {', '.join(sorted(SPLITS))}",
        )
    merges = read_array(file, "tokenizer.ggml.merges") or []
    pairs = [tuple(merge.split(" ")) for merge in merges if isinstance(merge, str)]
    if len(pairs) < len(merges) or not all(len(pair) == 2 for pair in pairs):
        raise BadFile(f"{file.path} has damaged merges", "convert it again")
    vocabulary = {token: number for number, token in reversed([*enumerate(tokens)])}
    model = library.models.BPE(vocab=vocabulary, merges=pairs, ignore_merges=split in WHOLE_WORDS)
    return _byte_level(library, model, SPLITS[split])


def _byte_level(library: Any, model: Any, splits: tuple[str, ...]) -> "tokenizers.Tokenizer":
    made = library.Tokenizer(model)
    steps = [library.pre_tokenizers.Split(library.Regex(split), "isolated") for split in splits]
    steps.append(library.pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False))
    made.pre_tokenizer = library.pre_tokenizers.Sequence(steps)
    made.decoder = library.decoders.ByteLevel()
    return made  # type: ignore[no-any-return]


def _from_scores(library: Any, file: TensorFile, tokens: list[str]) -> "tokenizers.Tokenizer":
    """BPE of SentencePiece (Kudo and Richardson 2018), whose merges follow from the scores of the tokens."""
    scores = read_array(file, "tokenizer.ggml.scores") or []
    if len(scores) != len(tokens):
        raise BadFile(f"{file.path} has {len(tokens):,} tokens, but {len(scores):,} scores of them", "convert it again")
    vocabulary = {token: number for number, token in reversed([*enumerate(tokens)])}
    found = [
        (-scores[number], number, cut, (token[:cut], token[cut:]))
        for number, token in enumerate(tokens)
        for cut in range(1, len(token))
        if token[:cut] in vocabulary and token[cut:] in vocabulary
    ]
    merges = [pair for *_, pair in sorted(found)]
    unknown = tokens[file.metadata.get("tokenizer.ggml.unknown_token_id", 0)]
    model = library.models.BPE(vocab=vocabulary, merges=merges, unk_token=unknown, fuse_unk=True, byte_fallback=True)
    made = library.Tokenizer(model)
    spaces = [library.normalizers.Replace(" ", SPACE_MARK)]
    if file.metadata.get("tokenizer.ggml.add_space_prefix", True):
        spaces.insert(0, library.normalizers.Prepend(SPACE_MARK))
    made.normalizer = library.normalizers.Sequence(spaces)
    decoders = library.decoders
    made.decoder = decoders.Sequence(
        [decoders.Replace(SPACE_MARK, " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    return made  # type: ignore[no-any-return]


def _word_piece(library: Any, tokens: list[str], *, lowercase: bool) -> "tokenizers.Tokenizer":
    """WordPiece, as in BERT (Devlin et al. 2019)."""
    vocabulary = {token: number for number, token in reversed([*enumerate(tokens)])}
    made = library.Tokenizer(
        library.models.WordPiece(vocab=vocabulary, unk_token=UNKNOWN_PIECE, max_input_chars_per_word=100)
    )
    made.normalizer = library.normalizers.BertNormalizer(lowercase=lowercase)
    made.pre_tokenizer = library.pre_tokenizers.BertPreTokenizer()
    made.decoder = library.decoders.WordPiece()
    made.add_special_tokens(
        [name for name in (UNKNOWN_PIECE, "[CLS]", "[SEP]", "[PAD]", "[MASK]") if name in vocabulary]
    )
    made.post_processor = library.processors.BertProcessing(
        ("[SEP]", vocabulary["[SEP]"]), ("[CLS]", vocabulary["[CLS]"])
    )
    return made  # type: ignore[no-any-return]


def _add_special(library: Any, made: Any, file: TensorFile, tokens: list[str], types: list[int], kind: str) -> None:
    """Add the tokens that are never merged, and those that the model expects around a text."""
    control = [token for token, number in zip(tokens, types, strict=True) if number == CONTROL and token]
    given = [token for token, number in zip(tokens, types, strict=True) if number == USER_DEFINED and token]
    made.add_special_tokens([library.AddedToken(token, normalized=False, special=True) for token in control])
    made.add_tokens([library.AddedToken(token, normalized=False) for token in given])
    around = {"bos": kind == "llama" or kind in BEGIN, "eos": False}
    template, special = ["$A"], []
    for name, usual in around.items():
        number = file.metadata.get(f"tokenizer.ggml.{name}_token_id")
        if file.metadata.get(f"tokenizer.ggml.add_{name}_token", usual) and isinstance(number, int):
            token = tokens[number]
            template = [token, *template] if name == "bos" else [*template, token]
            special.append((token, number))
    if special:
        made.post_processor = library.processors.TemplateProcessing(single=template, special_tokens=special)


def _spelling(made: Any) -> str:
    """How the tokens of a tokenizer are spelled."""
    if type(made.model).__name__ == "WordPiece":
        return PIECES
    vocabulary = made.get_vocab()
    marked = sum(token.startswith(SPACE_MARK) for token in vocabulary)
    return SPACES if marked > sum(token.startswith("\u0120") for token in vocabulary) else BYTES


def _lowercase(folder: Path) -> bool:
    path = folder / "tokenizer_config.json"
    return bool(read_json_file(path).get("do_lower_case", True)) if path.exists() else True


def _lines(path: Path) -> list[str]:
    try:
        lines = path.read_bytes().decode().split("\n")
    except UnicodeDecodeError:
        raise BadFile(f"{path} is not UTF-8", "download or copy it again") from None
    return [line.removesuffix("\r") for line in (lines[:-1] if lines[-1] == "" else lines)]
