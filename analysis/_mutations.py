"""Small mistakes in a Python source: an operator, a constant, a comparison or a statement each."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Mutation", "mutations"]

_SWAPPED: dict[type[ast.AST], type[Any]] = {
    one: other
    for a, b in [
        (ast.Add, ast.Sub), (ast.Mult, ast.Div), (ast.BitAnd, ast.BitOr), (ast.And, ast.Or),
        (ast.Lt, ast.GtE), (ast.Gt, ast.LtE), (ast.Eq, ast.NotEq), (ast.Is, ast.IsNot),
        (ast.In, ast.NotIn),
    ]
    for one, other in ((a, b), (b, a))
} | {ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult, ast.Pow: ast.Mult}  # fmt: skip
_EDGE: dict[type[ast.AST], type[Any]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
}  # fmt: skip
_NAMES = {
    one: other
    for a, b in [
        ("min", "max"), ("minimum", "maximum"), ("any", "all"), ("floor", "ceil"),
        ("argmin", "argmax"), ("exp", "expm1"), ("log", "log1p"), ("sin", "cos"),
    ]
    for one, other in ((a, b), (b, a))
}  # fmt: skip
_SYMMETRIC = {
    "min",
    "max",
    "minimum",
    "maximum",
    "hypot",
    "logaddexp",
    "clip",
    "add",
    "multiply",
    "broadcast_shapes",
}
_LEFT_ALONE = {"annotation", "returns", "decorator_list", "exc", "cause", "type_comment"}


@dataclass(frozen=True)
class Mutation:
    """One mistake.

    Attributes
    ----------
    line : int
        Where it is.
    lines : range
        Those of its statement; the head alone of one with a body.
    function : str
        The qualified name of what it is in.
    on_import : bool
        Whether it runs on import, as a module's constants and a class's defaults do.
    change : str
        Both texts, ``before -> after``.
    """

    line: int
    lines: range
    function: str
    on_import: bool
    change: str
    _tree: ast.Module = field(repr=False)
    _place: tuple[ast.AST, str, int | None] = field(repr=False)
    _wrong: ast.AST = field(repr=False)

    @property
    def tree(self) -> ast.Module:
        """The module with the mistake in it, every line where it was."""
        parent, name, index = self._place
        right = getattr(parent, name)
        if index is None:
            setattr(parent, name, self._wrong)
        else:
            setattr(parent, name, [*right[:index], self._wrong, *right[index + 1 :]])
        wrong = copy.deepcopy(self._tree)
        setattr(parent, name, right)
        return ast.fix_missing_locations(wrong)


def mutations(source: str) -> Iterator[Mutation]:
    """Every mistake that can be made in a source.

    Docstrings and other texts, annotations, decorators, what is raised and ``__repr__`` are left
    alone.
    """
    tree = ast.parse(source)
    for place, node, names, on_import, lines in _nodes(tree, (), True, range(0)):
        for wrong in _mistakes(node):
            change = f"{_text(node)} -> {_text(wrong)}"
            line = getattr(node, "lineno", lines.start)
            yield Mutation(line, lines, ".".join(names), on_import, change, tree, place, wrong)


def _nodes(parent: Any, names: tuple[str, ...], on_import: bool, lines: range) -> Iterator[Any]:
    """The nodes below one that may be mistaken: place, node, names, whether on import, lines."""
    for name, value in ast.iter_fields(parent):
        if name in _LEFT_ALONE:
            continue
        inner, later = names, on_import
        if name == "body" and isinstance(parent, ast.FunctionDef | ast.Lambda):
            later = False
        if name == "body" and isinstance(parent, ast.FunctionDef | ast.ClassDef):
            inner = (*names, parent.name)
        for index, node in enumerate(value if isinstance(value, list) else [value]):
            if not isinstance(node, ast.AST) or isinstance(node, ast.JoinedStr):
                continue
            if getattr(node, "name", "") == "__repr__":
                continue
            if isinstance(node, ast.stmt):
                body = getattr(node, "body", None)
                end = body[0].lineno if body else (node.end_lineno or node.lineno) + 1
                lines = range(node.lineno, max(end, node.lineno + 1))
            place = parent, name, index if isinstance(value, list) else None
            yield place, node, inner, later, lines
            yield from _nodes(node, inner, later, lines)


def _mistakes(node: ast.AST) -> Iterator[ast.AST]:
    """What may stand in a node's place."""
    match node:
        case ast.BinOp(op=op) | ast.AugAssign(op=op) | ast.BoolOp(op=op) if type(op) in _SWAPPED:
            yield _with(node, op=_SWAPPED[type(op)]())
        case ast.Compare(ops=ops, comparators=others):
            for k, (sign, other) in enumerate(zip(ops, others, strict=True)):
                whole = isinstance(other, ast.Constant) and type(other.value) is int
                for table in (_SWAPPED, _EDGE) if whole else (_SWAPPED,):
                    if type(sign) in table:
                        yield _with(node, ops=[*ops[:k], table[type(sign)](), *ops[k + 1 :]])
        case ast.Constant(value=bool(value)):
            yield _with(node, value=not value)
        case ast.Constant(value=int(value)):
            yield _with(node, value=value + 1 if value < 10 else value // 2)
        case ast.Constant(value=float(value)) if not 0 < value < 1e-100:  # against 0/0
            yield _with(node, value=1.5 * value or 1.0)
        case ast.UnaryOp(op=ast.USub() | ast.Not(), operand=operand):
            yield operand
        case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test):
            yield _with(node, test=ast.UnaryOp(ast.Not(), test))
        case ast.Call(func=func, args=args):
            name = getattr(func, "attr", getattr(func, "id", ""))
            starred = any(isinstance(a, ast.Starred) for a in args)
            alike = name in _SYMMETRIC or len({ast.dump(a) for a in args[:2]}) < 2
            if not starred and not alike:
                yield _with(node, args=[args[1], args[0], *args[2:]])
            if name in _NAMES:
                key = "id" if isinstance(func, ast.Name) else "attr"
                yield _with(node, func=_with(func, **{key: _NAMES[name]}))
    match node:
        case ast.Expr(value=ast.Constant()):
            return
        case ast.Expr() | ast.AugAssign() | ast.Raise() | ast.Continue() | ast.Break():
            yield ast.Pass()
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
            yield ast.Pass()


def _with(node: ast.AST, **changed: Any) -> ast.AST:
    """A node with other fields."""
    other = copy.copy(node)
    for name, value in changed.items():
        setattr(other, name, value)
    return other


def _text(node: ast.AST) -> str:
    """What a node says; of a statement with a body, its condition."""
    shown = node.test if isinstance(node, ast.If | ast.While) else node
    return " ".join(ast.unparse(shown).split())
