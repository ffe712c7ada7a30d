"""`Transformer`: an open checkpoint with its tokenizer, its parameters by name, and the run of a text through it."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from embcli.errors import BadFile, UsageProblem
from embcli.transformer.checkpoint import Checkpoint
from embcli.transformer.configuration import Configuration
from embcli.transformer.embedding import open_tokenizer
from embcli.transformer.forward import BlockParameters, Step, forward, logits
from embcli.transformer.safetensors import read_json_file
from embcli.transformer.tokenizer import Tokenizer
from embcli.vectors.arithmetic import Float32Array

if TYPE_CHECKING:
    from embcli.results.attend import Attended
    from embcli.results.context import Contexts
    from embcli.results.predict import Prediction
    from embcli.results.tokens import Tokens


class Text(NamedTuple):
    """A text as the tokens that a model reads: their ids, and where each stands in the text (start, end).

    truncated: how many of the oldest tokens were dropped because they exceed the context size.
    """

    text: str
    ids: tuple[int, ...]
    offsets: tuple[tuple[int, int], ...]
    truncated: int = 0


class TextRun(NamedTuple):
    """A text on its way through a model of L blocks.

    residual: the residual stream at layers 0 … L, [n, d] each; layer 0 is the embedding, layer L is after the last
    block, before the final norm. pattern: of each block, what every head's queries read, [heads, n, n].
    """

    text: Text
    residual: tuple[Float32Array, ...]
    pattern: tuple[Float32Array, ...]


class Blocks(Sequence[BlockParameters]):
    """The blocks of a model; `blocks[10]["W_Q"]` is read from the file when it is asked for."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.checkpoint = checkpoint

    def __len__(self) -> int:
        return self.checkpoint.config.blocks

    def __getitem__(self, number: int) -> "Parameters":  # type: ignore[override]
        if not -len(self) <= number < len(self):
            raise IndexError(f"block {number}; there are {len(self)}")
        return Parameters(self.checkpoint, number % len(self))


class Parameters:
    """The parameters of a block as attributes: `W_Q` [heads · head_dim, d], `W_O` [d, heads · head_dim], …

    All names and their meaning stand in `parameters.py`; matrices are [out, in].
    """

    def __init__(self, checkpoint: Checkpoint, number: int) -> None:
        self._checkpoint, self._number = checkpoint, number

    def __dir__(self) -> list[str]:
        prefix = f"blocks.{self._number}."
        names = [name.removeprefix(prefix) for name in self._checkpoint.places if name.startswith(prefix)]
        split = ("W_Q", "W_K", "W_V", "b_Q", "b_K", "b_V") if "W_QKV" in names else ()
        return sorted([*names, *split])

    def __getattr__(self, name: str) -> Float32Array:
        if name.startswith("_") or name not in dir(self):
            raise AttributeError(f"a block has no {name}; it has {', '.join(dir(self))}")
        return self._checkpoint.block(self._number)[name]


class Transformer:
    """A transformer whose files lie where they are; each parameter is read when it is used.

    name: of the model. checkpoint: its files. tokenizer: made at its first use.

        model = open_transformer("smollm2")
        model.W_E.shape, model.blocks[10].W_Q.shape  # ((49152, 576), (576, 576))
    """

    def __init__(self, path: Path, name: str = "") -> None:
        self.checkpoint = Checkpoint(path)
        self.name = name or path.name
        self.index = None  # its vectors are not on a server

    def __repr__(self) -> str:
        c = self.config
        return f"<Transformer {self.name!r}: {c.kind}, {c.blocks} blocks, {len(self):,} tokens × {c.d}>"

    def __len__(self) -> int:
        return self.checkpoint.vocabulary

    @property
    def dim(self) -> int:
        """The length of a vector of the residual stream."""
        return self.config.d

    @property
    def config(self) -> Configuration:
        """The sizes and settings."""
        return self.checkpoint.config

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """The tokenizer. Raises UsageProblem if the library `tokenizers` is not installed."""
        return open_tokenizer(self.checkpoint)

    @property
    def W_E(self) -> Float32Array:  # noqa: N802
        """The embedding matrix [vocabulary, d]: a row for each token."""
        return self.checkpoint.read("W_E")

    @property
    def W_U(self) -> Float32Array:  # noqa: N802
        """The unembedding matrix [vocabulary, d]: a row for each token; W_E itself where the two are tied."""
        return self.checkpoint.read("W_U" if "W_U" in self.checkpoint else "W_E")

    @property
    def blocks(self) -> Blocks:
        """The blocks, with their parameters as attributes."""
        return Blocks(self.checkpoint)

    @cached_property
    def is_tied(self) -> bool:
        """Whether W_U and W_E are the same numbers."""
        if "W_U" not in self.checkpoint:
            return True
        pairs = zip(self.checkpoint.row_blocks("W_E"), self.checkpoint.row_blocks("W_U"), strict=True)
        return all(np.array_equal(first, second) for (_, first), (_, second) in pairs)

    @property
    def spelling(self) -> str:
        """How the files spell tokens: `bytes`, `spaces` or `pieces` (`results/spelling.py`)."""
        return self.tokenizer.spelling

    @property
    def is_causal(self) -> bool:
        """Whether each token sees only itself and those before it."""
        return self.config.family != "bert"

    def read(self, text: str, *, truncate: bool = False) -> Text:
        """A text as tokens. Raises UsageProblem for an empty one, and for one that exceeds the context size.

        truncate: drop the oldest tokens of a text that is too long.

            open_transformer("smollm2").read("The capital of France is").ids  # (504, 3575, 282, 4649, 314)
        """
        found = self.tokenizer.encode(text)
        ids, offsets = tuple(found.ids), tuple(found.offsets)
        if not ids:
            raise UsageProblem("the text has no tokens", "give some text")
        more = len(ids) - self.config.context
        if more <= 0:
            return Text(text, ids, offsets)
        if not truncate:
            forgotten = text[: offsets[more][0]]
            shown = forgotten if len(forgotten) < 40 else f"{forgotten[:20]}...{forgotten[-17:]}"
            raise UsageProblem(
                f"the text has {len(ids):,} tokens, and {self.name} reads {self.config.context:,}: it would forget the "
                f"first {more:,}, {shown!r}",
                "shorten the text, or drop them with --truncate",
            )
        kept = self._without_oldest(ids, more)
        return Text(text, tuple(ids[i] for i in kept), tuple(offsets[i] for i in kept), more)

    def _without_oldest(self, ids: Sequence[int], more: int) -> list[int]:
        """The places of the tokens that stay: the special one at the beginning does, where the model has one."""
        first = self.tokenizer.encode("").ids
        kept = 1 if first and first[0] == ids[0] else 0
        return [*range(kept), *range(kept + more, len(ids))]

    def end_tokens(self) -> set[int]:
        """The ids of the tokens that end a text."""
        if self.checkpoint.is_gguf:
            found = self.checkpoint.files[0].metadata.get("tokenizer.ggml.eos_token_id")
        else:
            found = read_json_file(self.checkpoint.path / "config.json").get("eos_token_id")
        return set(found) if isinstance(found, list) else {found} if isinstance(found, int) else set()

    def steps(self, text: Text) -> Iterator[Step]:
        """The steps of the forward pass over a text, one a block. Raises BadFile for weights that overflow."""
        with np.errstate(over="ignore", invalid="ignore"):
            for number, step in enumerate(forward(self.checkpoint, np.array(text.ids))):
                if not np.isfinite(step.after).all():
                    raise BadFile(
                        f"{self.checkpoint.path}: the numbers of block {number} are not finite, or overflow",
                        "download or convert the model again",
                    )
                yield step

    def run(self, text: str, *, truncate: bool = False) -> TextRun:
        """A text on its way through the model; `truncate` as in `read`.

        open_transformer("smollm2").run("Take a biopsy of the mole").pattern[10][1].shape  # (7, 7)
        """
        read = self.read(text, truncate=truncate)
        steps = list(self.steps(read))
        residual = (*(step.before for step in steps), steps[-1].after)
        return TextRun(read, residual, tuple(step.attention.pattern for step in steps))

    def tokens(self, text: str) -> "Tokens":
        """The tokens of a text; see `tokens.answer`."""
        from embcli.transformer.tokens import TokensQuestion, answer

        return answer(self, TokensQuestion(text))

    def predict(self, text: str, **options: Any) -> "Prediction":
        """The most probable next tokens; the options are the fields of `PredictQuestion`, such as temperatures, k,
        lens.

        open_transformer("smollm2").predict("The capital of France is", k=1).results[0].token  # 'ĠParis'
        """
        from embcli.transformer.predict import PredictQuestion, answer

        return answer(self, PredictQuestion(text, **options))

    def context(self, *texts: str, focus: str, folder: Path | None = None, **options: Any) -> "Contexts":
        """What a word means in one text or several, at each layer; the options are the fields of `ContextQuestion`.

        folder: where the layer dictionary is kept; without one, the layers are not compared with words.
        """
        from embcli.transformer.context import ContextQuestion, answer

        if folder is None:
            options = {"dictionary": 0} | options
        return answer(self, ContextQuestion(texts, focus, **options), folder or Path())[0]

    def attend(self, text: str, focus: str, **options: Any) -> "Attended":
        """What a word reads from the others; the options are the fields of `AttendQuestion`, such as layer and head.

        open_transformer("smollm2").attend("Take a biopsy of the mole", "mole", layer=10, head=1).results[2].weight
        """
        from embcli.transformer.attend import AttendQuestion, answer

        return answer(self, AttendQuestion(text, focus, **options))

    def logits(self, x: Float32Array) -> Float32Array:
        """The logits [n, vocabulary] of final vectors [n, d]. Raises UsageProblem for a model that predicts nothing."""
        if not self.checkpoint.has_unembedding:
            raise UsageProblem(
                f"{self.name} has no unembedding (no language-model head), so it predicts nothing",
                "try embcli context, or a model such as smollm2",
            )
        return logits(self.checkpoint, x)
