"""The settings of a question, for the heading of its answer."""

from typing import Any

from embcli.results import queries
from embcli.results.transformer import Prediction

ANALOGY_SCHEMA = "embcli.analogy/1"


def question_facts(record: Any) -> tuple[str | None, ...]:
    """The settings of a question that are the same for all models, for its heading."""
    query = record.query
    if isinstance(record, queries.Ranking):
        return (
            _method(record) if len(query.terms) > 1 or query.method != "3cosadd" else None,
            None if query.method != "3cosadd" else "distance" if query.metric == "euclidean" else query.metric,
            "plain vectors" if query.raw else "unit vectors",
            f"first {query.top:,} words" if query.top else None,
            f"among {query.among:,} words" if query.among else None,
        )
    if isinstance(record, queries.Projections):
        return (f"first {query.top:,} words" if query.top else None,)
    if isinstance(record, Prediction):
        return ("token at [MASK]" if record.query.masked else "next token",)
    if isinstance(record, queries.Distribution):
        measure = {"dot": "softmax of dot products", "cosine": "softmax of cosines", None: "softmax"}[query.metric]
        return measure, f"{query.candidates:,} candidates"
    return ("cosine with the mean of the unit vectors",) if isinstance(record, queries.OddOneOut) else ("cosine",)


def _method(ranking: queries.Ranking) -> str:
    query = ranking.query
    if query.method == "3cosadd" and (ranking.schema != ANALOGY_SCHEMA or query.raw):
        return "vector sum"
    return {"3cosadd": "3CosAdd", "3cosmul": "3CosMul", "pairdirection": "PairDirection"}[query.method]
