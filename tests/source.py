"""The project's own files as the house rules read them."""

import ast
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "ikone_events"
TEMPLATES = ROOT / "templates"
NAME = PACKAGE.name


@dataclass(frozen=True, slots=True)
class Module:
    """One parsed file; `name` is dotted, without the package's own name ("store.db")."""

    name: str
    path: Path
    tree: ast.Module

    @property
    def part(self) -> str:
        """The layer or the top-level module: "store" for store.db, "app" for app."""
        return self.name.partition(".")[0]

    def at(self, node: ast.AST) -> str:
        """Where a node stands, for a message."""
        return f"{self.path.relative_to(ROOT)}:{getattr(node, 'lineno', 1)}"

    def nodes(self) -> tuple[ast.AST, ...]:
        """All nodes of the file."""
        return _nodes(self.tree)

    def imports(self) -> tuple[tuple[str, ast.AST], ...]:
        """Every imported module, absolute and dotted, wherever in the file it is imported."""
        return _imports(self.tree)

    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        """Every function and method."""
        for node in self.nodes():
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node

    def calls(self, name: str) -> Iterator[ast.Call]:
        """Every call of a function or method by its last name."""
        for node in self.nodes():
            if isinstance(node, ast.Call) and _last_name(node.func) == name:
                yield node

    def assignments(self, attribute: str) -> Iterator[ast.AST]:
        """Every place that sets `something.attribute`, as a statement or through setattr."""
        for node in self.nodes():
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                set_here = node.attr == attribute
            elif isinstance(node, ast.Call) and _last_name(node.func) == "setattr":
                set_here = attribute in {a.value for a in node.args if isinstance(a, ast.Constant)}
            else:
                continue
            if set_here:
                yield node

    def literals(self, name: ast.Name) -> Iterator[ast.expr]:
        """What a local name is given, in the function where it is used."""
        where = self.enclosing(name)
        for node in self.nodes():
            if isinstance(node, ast.Assign) and self.enclosing(node) == where:
                names = {target.id for target in node.targets if isinstance(target, ast.Name)}
                yield from [node.value] if name.id in names else []

    def enclosing(self, node: ast.AST) -> str:
        """The name of the innermost function around a node; empty at module level."""
        around = [f for f in self.functions() if any(child is node for child in ast.walk(f))]
        return max(around, key=lambda f: f.lineno).name if around else ""


@functools.cache
def _nodes(tree: ast.Module) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(tree))


@functools.cache
def _imports(tree: ast.Module) -> tuple[tuple[str, ast.AST], ...]:
    found: list[tuple[str, ast.AST]] = []
    for node in _nodes(tree):
        if isinstance(node, ast.Import):
            found += ((alias.name, node) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += ((name, node) for name in _imported_from(node))
    return tuple(found)


def _imported_from(node: ast.ImportFrom) -> Iterator[str]:
    """`from ikone_events.web import public` imports a module, not a name of a module."""
    base = "." * node.level + (node.module or "")
    for alias in node.names:
        yield f"{base}.{alias.name}" if _is_module(base, alias.name) else base


@functools.cache
def _is_module(base: str, name: str) -> bool:
    folder = ROOT.joinpath(*base.split("."), name)
    return folder.is_dir() or folder.with_suffix(".py").is_file()


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


@functools.cache
def modules() -> tuple[Module, ...]:
    """All modules of the package."""
    return tuple(
        Module(_dotted(path), path, ast.parse(path.read_text(encoding="utf-8")))
        for path in sorted(PACKAGE.rglob("*.py"))
    )


def _dotted(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def templates() -> list[Path]:
    """All templates, whatever they are written in."""
    return sorted(path for path in TEMPLATES.rglob("*") if path.is_file())


def own_files() -> Iterator[Path]:
    """Every text file a person of this project wrote or generated, for a look at its words."""
    yield from (
        p
        for p in ROOT.iterdir()
        if p.is_file() and p.suffix != ".lock" and p.name not in (".env", ".git")
    )
    for folder in (".ci", ".github", "docs", "ikone_events", "migrations", "templates", "tests"):
        yield from (path for path in ROOT.joinpath(folder).rglob("*") if _is_ours(path))


def _is_ours(path: Path) -> bool:
    built = {"__pycache__", "vendor"} & set(path.parts)
    return (
        path.is_file()
        and not built
        and path.suffix not in (".mo", ".png", ".webp", ".pdf", ".pptx")
    )
