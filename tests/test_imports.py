"""Wings import in one direction only, and one module imports each heavy library (DESIGN.md, section 3)."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import embcli

PACKAGE = Path(embcli.__file__).parent
ANYTHING = {"*"}

# The imports of embcli allowed in each wing, besides its own modules and `errors` (DESIGN.md, section 3).
ARROWS = {
    "__init__": ANYTHING,  # only names what the API exports: see _HOMES
    "__main__": {"cli"},
    "errors": set[str](),
    "workers": set[str](),
    "results": set[str](),
    "vectors": set[str](),
    "search": {"vectors", "store", "workers"},
    "queries": {"vectors", "search", "results"},
    "evaluation": {"queries", "search", "vectors", "results", "workers"},
    "store": set[str](),
    "readers": {"store", "workers"},
    "models": {"store", "readers", "vectors", "search", "transformer", "results", "workers"},
    "transformer": {"vectors", "search", "queries", "results", "store", "workers"},
    "plot": {"results", "vectors", "queries"},
    "render": {"results", "plot"},
    "cli": ANYTHING,
}
FLAT = {"__init__", "__main__", "errors", "workers"}

# The modules that may import each third-party library. numpy may be imported anywhere.
HOMES = {
    "numpy": {"vectors", "search", "queries", "evaluation", "store", "readers", "models", "transformer", "plot"},
    "typer": {"cli"},
    "rich": {"render"},
    "gensim": {"readers.gensim", "vectors.gensim"},
    "scipy": {"evaluation.similarity", "transformer.forward"},
    "tokenizers": {"transformer.tokenizer"},
    "huggingface_hub": {"models.fetch_checkpoints"},
    "prompt_toolkit": {"cli.prompt"},
    "numkong": {"search.int8"},
    "pymilvus": {"models.milvus"},
    "sklearn": {"plot"},
    "vl_convert": {"plot"},
}


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts)


SOURCES = sorted(PACKAGE.rglob("*.py"))


def top_of(module: str) -> str:
    return module.split(".")[0]


class Imports(ast.NodeVisitor):
    """The names that a module imports at run time, without those for type checkers."""

    def __init__(self) -> None:
        self.names: list[tuple[str, bool]] = []  # the name, and whether a function imports it
        self.depth = 0

    def visit_If(self, node: ast.If) -> None:
        is_typing = isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for child in node.orelse if is_typing else [node.test, *node.body, *node.orelse]:
            self.visit(child)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self.depth += 1
        self.generic_visit(node)
        self.depth -= 1

    def visit_Import(self, node: ast.Import) -> None:
        self.names += [(alias.name, self.depth > 0) for alias in node.names]

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        assert node.level == 0, "relative imports are not checked"
        assert node.module is not None
        # `from embcli import readers` and `from embcli.readers import gensim` name a module last.
        self.names += [(f"{node.module}.{alias.name}", self.depth > 0) for alias in node.names]


def imports_of(path: Path) -> list[tuple[str, bool]]:
    visitor = Imports()
    visitor.visit(ast.parse(path.read_text(encoding="utf-8")))
    return visitor.names


@pytest.mark.parametrize("path", SOURCES, ids=module_of)
def test_a_module_imports_only_what_the_design_lets_it(path: Path) -> None:
    here = top_of(module_of(path))
    assert here in ARROWS, f"{here} is not in the table of the design: add it"
    allowed = ARROWS[here] | {here, "errors"}
    for name, _ in imports_of(path):
        package, _, rest = name.partition(".")
        if package == "embcli" and ARROWS[here] is not ANYTHING:
            target = top_of(rest)
            assert target in allowed or target.startswith("__"), f"{module_of(path)} imports {name}"


def test_four_files_stand_at_the_top_and_no_module_is_long() -> None:
    assert {module_of(path) for path in SOURCES if path.parent == PACKAGE} == FLAT
    assert {path.stem: n for path in SOURCES if (n := len(path.read_text().splitlines())) > 350} == {}


def test_no_wing_imports_what_imports_it() -> None:
    imported: dict[str, set[str]] = {}
    for path in SOURCES:
        here = top_of(module_of(path))
        targets = {top_of(name.partition(".")[2]) for name, _ in imports_of(path) if name.startswith("embcli.")}
        imported.setdefault(here, set()).update(targets & set(ARROWS) - {here, "__init__"})
    reached = {wing: set(targets) for wing, targets in imported.items()}
    for _ in reached:  # this number of steps reaches all wings
        reached = {wing: some.union(*(reached.get(one, set()) for one in some)) for wing, some in reached.items()}
    assert not [wing for wing, targets in reached.items() if wing in targets]


@pytest.mark.parametrize("path", SOURCES, ids=module_of)
def test_a_library_is_imported_in_its_home_only(path: Path) -> None:
    module = module_of(path)
    for name, in_function in imports_of(path):
        library = top_of(name)
        if library == "embcli" or library in sys.stdlib_module_names:
            continue
        assert library in HOMES, f"{module} imports {library}, which is not in HOMES"
        assert {module, top_of(module)} & HOMES[library], f"{module} imports {library}"
        if library in ("gensim", "scipy", "sklearn", "tokenizers", "huggingface_hub", "vl_convert"):
            assert in_function, f"{module} imports {library} before it is needed"


def loaded_after(code: str) -> set[str]:
    """The top-level names of the modules that a new interpreter has loaded after running code."""
    program = f"{code}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    command = [sys.executable, "-c", program]
    return set(subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ).stdout.split())


def test_importing_embcli_imports_nothing() -> None:
    assert not loaded_after("import embcli") & {"numpy", "typer", "rich", "gensim", "argparse", "json"}


def test_records_import_no_view_before_they_are_shown(home: Path) -> None:
    query = "import embcli\nrecord = embcli.find_neighbors(embcli.open_space('glove'), 'king')"
    assert "rich" not in loaded_after(query)
    assert "rich" not in loaded_after(f"{query}\nrecord._repr_html_()")
    assert "rich" in loaded_after(f"{query}\nrepr(record)")


def test_a_query_imports_numpy_and_nothing_else_heavy(home: Path) -> None:
    query = "import embcli\nembcli.solve_analogy(embcli.open_space('glove'), 'king - man + woman', expect='queen')"
    loaded = loaded_after(query)
    assert "numpy" in loaded
    assert not loaded & {"gensim", "scipy", "smart_open", "rich", "typer", "matplotlib", "importlib_metadata"}


def test_the_names_for_users_for_type_checkers_and_for_loading_are_the_same() -> None:
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    typed = {
        alias.name: node.module.removeprefix("embcli.")
        for block in tree.body
        if isinstance(block, ast.If)
        for node in block.body
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }
    assert typed == embcli._HOMES
    assert sorted(typed) == sorted(embcli.__all__)
    assert set(typed) <= set(dir(embcli))
    for name in typed:
        assert getattr(embcli, name).__name__ == name
    with pytest.raises(AttributeError):
        embcli.no_such_name  # noqa: B018


def test_a_constant_or_a_type_has_one_meaning() -> None:
    homes: dict[str, list[str]] = {}
    for path in SOURCES:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            names = [target.id for target in targets if isinstance(target, ast.Name)]
            names += [node.name] if isinstance(node, ast.ClassDef) else []
            for name in names:
                if name[0].isupper():
                    homes.setdefault(name, []).append(module_of(path))
    homes.pop("VIEWS")  # the tables of each kind of record, which render/__init__.py joins
    assert {name: modules for name, modules in homes.items() if len(modules) > 1} == {}
