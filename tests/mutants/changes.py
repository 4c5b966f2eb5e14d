"""What is changed: each place of a module's code, one at a time.

Comparisons at their edge and turned around, signs, numbers, conditions, loops, returned values. A
change that leaves the same program, as one in an annotation does, is none.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

# Before Cosmic Ray, whose own order of imports fails with parso 0.8.7.
import parso.python.tree
from cosmic_ray.ast import is_number
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Operator
from cosmic_ray.operators.provider import OperatorProvider

DRIFT = (1.25, 0.75)  # how far a threshold moves

EDGES = ("Lt_LtE", "LtE_Lt", "Gt_GtE", "GtE_Gt", "Eq_NotEq", "NotEq_Eq", "Is_IsNot", "IsNot_Is")
SIGNS = (
    *("Add_Sub", "Sub_Add", "Mul_Div", "Div_Mul", "FloorDiv_Mul", "Mod_FloorDiv", "Pow_Mul"),
    *("BitAnd_BitOr", "BitOr_BitAnd", "BitXor_BitAnd", "LShift_RShift", "RShift_LShift"),
)
REST = (
    *("AddNot", "ReplaceAndWithOr", "ReplaceOrWithAnd", "ReplaceTrueWithFalse"),
    *("ReplaceFalseWithTrue", "ReplaceBreakWithContinue", "ReplaceContinueWithBreak"),
    *("ZeroIterationForLoop", "ReplaceUnaryOperator_Delete_Not", "ReplaceUnaryOperator_USub_UAdd"),
)


class Number(Operator):  # type: ignore[misc]
    """Moves a whole number by one, any other by a quarter."""

    def mutation_positions(self, node: Any) -> Iterator[Any]:
        """Return the place of a number twice: up and down."""
        if is_number(node):
            yield from [(node.start_pos, node.end_pos)] * 2

    def mutate(self, node: Any, index: int) -> Any:
        """Return the number moved."""
        value = ast.literal_eval(node.value)
        if isinstance(value, float) and value:
            moved = value * DRIFT[index]
        else:
            moved = value + (1, -1)[index]
        return parso.python.tree.Number(repr(moved), node.start_pos, node.prefix)

    @classmethod
    def examples(cls) -> tuple[()]:
        """Return nothing: the tests have them."""
        return ()


class Membership(Operator):  # type: ignore[misc]
    """Turns ``in`` around."""

    def mutation_positions(self, node: Any) -> Iterator[Any]:
        """Return the place of an ``in`` or ``not in``."""
        if node.type == "comparison":
            for sign in node.children[1::2]:
                if sign.get_code().split() in (["in"], ["not", "in"]):
                    yield (sign.start_pos, sign.end_pos)

    def mutate(self, node: Any, index: int) -> Any:
        """Return the comparison with the sign at ``index`` turned around."""
        at = [n for n in range(1, len(node.children), 2) if self._is_one(node.children[n])][index]
        turned = " not in" if node.children[at].get_code().split() == ["in"] else " in"
        node.children[at] = parso.parse(turned)
        return node

    @staticmethod
    def _is_one(sign: Any) -> bool:
        return sign.get_code().split() in (["in"], ["not", "in"])

    @classmethod
    def examples(cls) -> tuple[()]:
        """Return nothing: the tests have them."""
        return ()


class Returned(Operator):  # type: ignore[misc]
    """Returns None in the place of a value."""

    def mutation_positions(self, node: Any) -> Iterator[Any]:
        """Return the place of a returned value."""
        if node.type == "return_stmt" and len(node.children) == 2:
            yield (node.children[1].start_pos, node.children[1].end_pos)

    def mutate(self, node: Any, index: int) -> Any:
        """Return the statement without its value."""
        del index
        node.children[1] = parso.parse(" None")
        return node

    @classmethod
    def examples(cls) -> tuple[()]:
        """Return nothing: the tests have them."""
        return ()


@dataclass(frozen=True)
class Change:
    """One place changed."""

    line: int
    function: str  # its qualified name; "" at the module's top
    first_line: int  # of that function, decorators included; 0 at the module's top
    before: str  # the lines that changed, as they are
    after: str
    source: str  # the whole module, changed
    place: int = 1  # among the changes of its function that look the same

    @property
    def key(self) -> tuple[str, str, str, int]:
        """Return what names the change whatever stands above it."""
        return (self.function, self.before, self.after, self.place)

    def __str__(self) -> str:
        place = f", place = {self.place}" if self.place > 1 else ""
        where = f"{self.line}: {self.function or 'module'}{place}"
        return f"{where}\n    - {self.before}\n    + {self.after}"


def operators() -> list[Operator]:
    """Return what makes the changes."""
    provider = OperatorProvider()
    names = [f"ReplaceComparisonOperator_{name}" for name in EDGES]
    names += [f"ReplaceBinaryOperator_{name}" for name in SIGNS]
    names += REST
    return [provider[name]() for name in names] + [Number(), Membership(), Returned()]


def changes(source: str) -> list[Change]:
    """Return each change of a module that leaves another program, in the order of its lines."""
    tree = ast.parse(source)
    functions = list(_functions(tree))
    lines = source.splitlines(keepends=True)
    found = []
    for statement in tree.body:  # each alone, since the whole module takes long to parse
        start, end = _first_line(statement) - 1, statement.end_lineno or 0
        for changed in _changed("".join(lines[start:end])):
            whole = "".join([*lines[:start], changed, *lines[end:]])
            found.append(_change(source, whole, functions))
    found.sort(key=lambda change: (change.line, change.after))
    alike: Counter[tuple[str, str, str, int]] = Counter()
    for number, change in enumerate(found):
        alike[change.key] += 1
        found[number] = replace(change, place=alike[change.key])
    return found


def _changed(source: str) -> Iterator[str]:
    """Yield the statement with each change that leaves another program."""
    seen = {_program(ast.parse(source))}
    for operator in operators():
        occurrence = 0
        while (changed := mutate_code(source, operator, occurrence)) is not None:
            occurrence += 1
            try:
                program = _program(ast.parse(changed))
            except SyntaxError:
                continue
            if program not in seen:
                seen.add(program)
                yield changed


def _change(source: str, changed: str, functions: list[tuple[str, int, int]]) -> Change:
    before, after = source.splitlines(), changed.splitlines()
    first, last = _shared(before, after), _shared(before[::-1], after[::-1])
    inside = [one for one in functions if one[1] <= first + 1 <= one[2]]
    name, first_line, _ = max(inside, key=lambda one: one[1], default=("", 0, 0))
    return Change(
        line=first + 1,
        function=name,
        first_line=first_line,
        before=_joined(before[first : max(first + 1, len(before) - last)]),
        after=_joined(after[first : max(first + 1, len(after) - last)]),
        source=changed,
    )


def _shared(one: list[str], other: list[str]) -> int:
    """Return how many lines both begin with."""
    for number, pair in enumerate(zip(one, other, strict=False)):
        if pair[0] != pair[1]:
            return number
    return min(len(one), len(other))


def _joined(lines: list[str]) -> str:
    return " ".join(line.strip() for line in lines)


def _functions(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, int, int]]:
    """Yield the name, first and last line of each function, methods and inner ones too."""
    for node in ast.iter_child_nodes(tree):
        name = prefix
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            name = f"{prefix}.{node.name}" if prefix else node.name
            first = _first_line(node)
            if not isinstance(node, ast.ClassDef):
                yield (name, first, node.end_lineno or first)
        yield from _functions(node, name)


def _first_line(node: ast.stmt) -> int:
    """Return where a statement begins, its decorators included."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(mark.lineno for mark in decorators)])


class _WithoutAnnotations(ast.NodeTransformer):
    """Takes away what changes no program: annotations, and whether arguments may be named."""

    def visit_arguments(self, node: ast.arguments) -> ast.AST:
        node.args, node.posonlyargs = [*node.posonlyargs, *node.args], []
        if not node.vararg:
            node.defaults = [*node.defaults, *(one for one in node.kw_defaults if one is not None)]
            node.args, node.kwonlyargs, node.kw_defaults = [*node.args, *node.kwonlyargs], [], []
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        node.annotation = ast.Constant(None)
        return self.generic_visit(node)


def _program(tree: ast.AST) -> str:
    return ast.dump(_WithoutAnnotations().visit(tree))
