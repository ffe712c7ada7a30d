"""Files for the Embedding Projector of TensorBoard: vectors.tsv, a vector a line, and metadata.tsv, its word."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from embcli.errors import InputOutputProblem, UsageProblem
from embcli.plot.points import Chosen

VECTORS, METADATA = "vectors.tsv", "metadata.tsv"


def write_projector(folder: Path, chosen: Chosen, *, force: bool = False) -> str:
    """Write the points of a picture to a folder, which is made if it is missing; returns what was written.

    Numbers are the shortest that read back as the same 32 bits. metadata.tsv has a line of names only if there are
    groups: the Projector requires one for several columns, and for one column would take it for a word. Both files are
    complete before either has its name. `force` replaces them. Raises UsageProblem for files that exist, and for a word
    that a line cannot hold; InputOutputProblem.

        write_projector(Path("f"), chosen)  # 'f/vectors.tsv and metadata.tsv: 30 by 50 numbers'
    """
    metadata = [*_metadata(chosen.words, chosen.groups)]
    vectors = ("\t".join(map(str, row)) for row in chosen.vectors.astype(np.float32))
    for name in (VECTORS, METADATA):
        if (folder / name).exists() and not force:
            raise UsageProblem(f"{folder / name} exists", "choose another folder, or replace the files with --force")
    written = {}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            for name, lines in ((VECTORS, vectors), (METADATA, metadata)):
                written[name] = folder / f".{name}.{os.getpid()}.tmp"
                with written[name].open("w", encoding="utf-8", newline="") as out:
                    out.writelines(f"{line}\n" for line in lines)
                    out.flush()
                    os.fsync(out.fileno())
            for name, temporary in written.items():
                temporary.replace(folder / name)
        finally:
            for temporary in written.values():
                temporary.unlink(missing_ok=True)
    except OSError as error:
        raise InputOutputProblem(f"cannot write to {folder}: {error.strerror or error}", "choose another") from error
    count, dim = chosen.vectors.shape
    return f"{folder / VECTORS} and {METADATA}: {count:,} by {dim} numbers"


def _metadata(words: Sequence[str], groups: Sequence[str | None]) -> Iterable[str]:
    columns: list[Sequence[str]] = [words]
    if any(group is not None for group in groups):
        columns.append([group or "" for group in groups])
        yield "word\tgroup"
    for cells in zip(*columns, strict=True):
        for cell in cells:
            if cell.splitlines() not in ([], [cell]) or "\t" in cell:
                raise UsageProblem(f"a line of {METADATA} cannot hold {cell!r}", "draw the other words")
        yield "\t".join(cells)
