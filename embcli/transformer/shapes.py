"""The matrices of a transformer: rows × columns, how many there are, and how many parameters that makes.

W_E has a column for each token, as in the lessons: 12,288 × 50,257 in GPT-3.
"""

from collections.abc import Mapping
from typing import NamedTuple

from embcli.results.model_card import ModelCard
from embcli.results.shapes import Matrix, Product, Shapes, ShapesQuery
from embcli.transformer.configuration import Configuration

# The published sizes of well-known models: family, blocks, d, heads, MLP, vocabulary, context.
KNOWN: dict[str, tuple[str, int, int, int, int, int, int]] = {
    "gpt-3": ("gpt2", 96, 12288, 96, 49152, 50257, 2048),
    "gpt-2": ("gpt2", 12, 768, 12, 3072, 50257, 1024),
    "gpt-2-medium": ("gpt2", 24, 1024, 16, 4096, 50257, 1024),
    "gpt-2-large": ("gpt2", 36, 1280, 20, 5120, 50257, 1024),
    "gpt-2-xl": ("gpt2", 48, 1600, 25, 6400, 50257, 1024),
    "bert-base": ("bert", 12, 768, 12, 3072, 30522, 512),
    "bert-large": ("bert", 24, 1024, 16, 4096, 30522, 512),
    "llama-2-7b": ("llama", 32, 4096, 32, 11008, 32000, 4096),
}
AS_IN_THE_FILM = "gpt-3"
LEFT_OUT = "positions, biases and norms, and that W_U is W_E (all of it: --all)"
EMBEDDING, ATTENTION, MLP, NORMS, OTHER = PARTS = ("embedding", "attention", "MLP", "norms", "other")
# The order of an opened model's parameters in each part.
ORDER = ("W_E", "W_pos", "W_type", "W_U", "W_Q", "W_K", "W_V", "W_O", "W_gate", "W_in", "W_out")


class ShapesQuestion(NamedTuple):
    """What to count: a known model, or the sizes of a configuration. all: also what the film leaves out of GPT-3."""

    name: str
    batch: int = 8
    sequence: int = 2048
    all: bool = False


def known(name: str) -> Configuration:
    """The configuration of a well-known model."""
    family, blocks, d, heads, mlp, vocabulary, context = KNOWN[name]
    return Configuration(
        family, family, blocks, d, heads, heads, d // heads, mlp, vocabulary, context, 1e-5, "gelu",
        10_000.0 if family == "llama" else None, family != "llama",
    )  # fmt: skip


def answer(
    question: ShapesQuestion,
    config: Configuration,
    card: ModelCard | None = None,
    present: Mapping[str, tuple[int, ...]] | None = None,
) -> Shapes:
    """The matrices of a model.

    present: the shapes of an opened model's parameters by name, which are counted instead of the family's. In the
    film's count of GPT-3, the value map is factored into value-down and value-up.

        answer(ShapesQuestion("gpt-3"), known("gpt-3")).parameters  # 175181291520
    """
    as_in_film = question.name == AS_IN_THE_FILM and not question.all and present is None
    matrices = _present(present) if present is not None else _film(config) if as_in_film else _family(config)
    total = sum(one.parameters for one in matrices)
    matrices = [one._replace(share=one.parameters / total) for one in matrices]
    attention = sum(one.parameters for one in matrices if one.part == ATTENTION)
    mlp = sum(one.parameters for one in matrices if one.part == MLP)
    query = ShapesQuery(
        question.name, config.family, question.batch, question.sequence, LEFT_OUT if as_in_film else None
    )
    return Shapes(
        "embcli.shapes/1", card, query, tuple(matrices), total, _per_head(config), (attention + mlp) // config.blocks,
        _products(config, question),
    )  # fmt: skip


def _film(c: Configuration) -> list[Matrix]:
    """The film's count: 2Vd + L(4d² + 8d²), without biases, norms and positions, and with a W_U of its own."""
    each = c.blocks * c.heads
    return [
        _matrix("W_E", c.d, c.vocabulary or 0, 1, EMBEDDING),
        _matrix("W_Q", c.head_dim, c.d, each, ATTENTION),
        _matrix("W_K", c.head_dim, c.d, each, ATTENTION),
        _matrix("value-down", c.head_dim, c.d, each, ATTENTION),
        _matrix("value-up", c.d, c.head_dim, each, ATTENTION),
        _matrix("W_in", c.mlp, c.d, c.blocks, MLP),
        _matrix("W_out", c.d, c.mlp, c.blocks, MLP),
        _matrix("W_U", c.vocabulary or 0, c.d, 1, EMBEDDING),
    ]


def _family(c: Configuration) -> list[Matrix]:
    """All parameters of a family, as the published checkpoints have them."""
    heads, keys = c.blocks * c.heads, c.blocks * c.key_heads
    is_llama = c.family == "llama"
    found = [_matrix("W_E", c.d, c.vocabulary or 0, 1, EMBEDDING)]
    if not is_llama:
        found.append(_matrix("W_pos", c.d, c.context, 1, EMBEDDING))
    if c.family == "bert":
        found.append(_matrix("W_type", c.d, 2, 1, EMBEDDING))
    found += [
        _matrix("W_Q", c.head_dim, c.d, heads, ATTENTION),
        _matrix("W_K", c.head_dim, c.d, keys, ATTENTION),
        _matrix("W_V", c.head_dim, c.d, keys, ATTENTION),
        _matrix("W_O", c.d, c.head_dim, heads, ATTENTION),
    ]
    if not is_llama:
        found += [_matrix("b_Q b_K b_V b_O", 1, c.d, 4 * c.blocks, ATTENTION)]
    if is_llama:
        found.append(_matrix("W_gate", c.mlp, c.d, c.blocks, MLP))
    found += [_matrix("W_in", c.mlp, c.d, c.blocks, MLP), _matrix("W_out", c.d, c.mlp, c.blocks, MLP)]
    if not is_llama:
        found += [_matrix("b_in", 1, c.mlp, c.blocks, MLP), _matrix("b_out", 1, c.d, c.blocks, MLP)]
    norms = 2 * c.blocks + 1
    found.append(_matrix("norms", 1, c.d, norms if is_llama else 2 * norms, NORMS))
    if c.family == "bert":
        found += [_matrix("W_pooler", c.d, c.d, 1, OTHER), _matrix("b_pooler", 1, c.d, 1, OTHER)]
    if is_llama and c.is_tied is False:
        found.append(_matrix("W_U", c.vocabulary or 0, c.d, 1, EMBEDDING))
    return found


def _present(shapes: Mapping[str, tuple[int, ...]]) -> list[Matrix]:
    """The parameters of an opened model: those of the same name in several blocks as one row."""
    counts: dict[tuple[str, tuple[int, ...]], int] = {}
    for name, shape in shapes.items():
        short = name.rpartition(".")[2] if name.startswith("blocks.") else name
        counts[short, shape] = counts.get((short, shape), 0) + 1
    found = []
    for (name, shape), count in counts.items():
        rows, columns = (shape[0], shape[1]) if len(shape) == 2 else (1, shape[0])
        if name in ("W_E", "W_pos", "W_type"):  # a column for each token or position
            rows, columns = columns, rows
        found.append(_matrix(name, rows, columns, count, _part(name)))
    return sorted(found, key=lambda one: (PARTS.index(one.part), ORDER.index(one.name) if one.name in ORDER else 99))


def _part(name: str) -> str:
    if name in ("W_E", "W_U", "W_pos", "W_type", "b_U"):
        return EMBEDDING
    if name in ("W_in", "W_out", "W_gate", "b_in", "b_out"):
        return MLP
    if "norm" in name or name.startswith(("bias_", "final_bias")):
        return NORMS
    return ATTENTION if name[:2] in ("W_", "b_") and name[2:] in ("Q", "K", "V", "O") else OTHER


def _matrix(name: str, rows: int, columns: int, count: int, part: str) -> Matrix:
    return Matrix(name, rows, columns, count, rows * columns * count, 0.0, part)


def _per_head(c: Configuration) -> int:
    """Parameters of one attention head: W_Q, its columns of W_O, and its part of the W_K and W_V that heads share."""
    return 2 * c.d * c.head_dim * (c.heads + c.key_heads) // c.heads


def _products(c: Configuration, question: ShapesQuestion) -> tuple[Product, ...]:
    """The shapes of X W_Qᵀ and what follows, for one sequence of n tokens and for a batch."""
    n, b = question.sequence, question.batch
    rows = (
        ("X", (n, c.d)), ("X W_Qᵀ", (n, c.head_dim)), ("X W_Kᵀ", (n, c.head_dim)), ("X W_Vᵀ", (n, c.head_dim)),
        ("Q Kᵀ / √d_head", (n, n)), ("pattern V", (n, c.head_dim)), ("X W_Uᵀ", (n, c.vocabulary or 0)),
    )  # fmt: skip
    return tuple(Product(name, shape, (b, *shape)) for name, shape in rows)
