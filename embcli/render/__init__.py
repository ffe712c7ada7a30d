"""Output formats of records and errors: tables, words, JSON, CSV, TSV and Markdown. Only tables load rich."""

from typing import Any

from embcli.errors import UsageProblem


def render(record: Any, format_name: str, *, has_header: bool = True) -> str:
    """A record as text that ends in a newline.

    In a format of `--format`, as a `picture`, or as `slide`, which is a table for `slide.slide`.
    """
    if format_name in ("json", "jsonl"):
        from embcli.render.as_json import dumps

        return dumps(record)
    if format_name == "picture":
        return picture(record)
    if format_name in ("table", "plain", "slide"):
        return table(record, in_words=format_name == "plain", on_slide=format_name == "slide")
    if format_name == "words":
        return words(record)
    from embcli.render.delimited import delimited

    return delimited(record, format_name, has_header=has_header)


def words(record: Any) -> str:
    """The answering words of a record alone, or the names of models, one a line. UsageProblem if it has none."""
    from embcli.render.printable import printable
    from embcli.render.readable import readable

    if hasattr(record, "odd"):
        return f"{printable(record.odd)}\n"
    field = next(
        (name for name in ("word", "token", "name") if record.results and hasattr(record.results[0], name)), None
    )
    if field is None:
        raise UsageProblem("the answer has no words to list", "use another format: --format csv")
    texts = (getattr(result, field) for result in readable(record).results)
    are_tokens = getattr(record.model, "tokens", None) is not None
    return "".join(f"{printable(text.strip() if are_tokens else text)}\n" for text in texts)


def table(record: Any, *, coloured: bool = True, in_words: bool = False, on_slide: bool = False) -> str:
    """A record as text for the terminal; `in_words` for screen readers, without bars, rules and columns.

    on_slide: for `slide.slide`.

    The module in `render/` has the name of the record's module in `results/`.
    """
    from importlib import import_module

    from embcli.render.printing import print_parts
    from embcli.render.readable import readable

    record = readable(record)
    module = import_module(f"embcli.render.{type(record).__module__.rpartition('.')[2]}")
    view = module.VIEWS[type(record)]
    return print_parts(lambda pen: view(record, pen), coloured=coloured, in_words=in_words, on_slide=on_slide)


def picture(record: Any, *, on_slide: bool = False) -> str:
    """A record as a picture for the terminal; its table, if that is one. on_slide: for `slide.slide`."""
    from embcli.render.plot import PICTURES
    from embcli.render.printing import print_parts
    from embcli.render.readable import readable

    record = readable(record)
    if type(record) not in PICTURES:
        return table(record, on_slide=on_slide)
    return print_parts(lambda pen: PICTURES[type(record)](record, pen), on_slide=on_slide)
