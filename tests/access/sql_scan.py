"""Finds SQL that a function puts together from anything but constants of the code.

A guard, no proof: what it takes for a constant is a literal, a name in capitals, and what a local
name, or a parameter of a private function, is only ever given of these.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import chain
from typing import Final

_SQL: Final = re.compile(
    r"\b(SELECT|INSERT INTO|DELETE FROM|UPDATE|TRUNCATE|COPY|GRANT|REVOKE|SET|FROM|WHERE|JOIN"
    r"|VALUES|ORDER BY|UNION|AND|OR|(CREATE|ALTER|DROP) [A-Z]+)\s|\bEXISTS ?\("
)
_CONSTANT: Final = re.compile(r"_{0,2}[A-Z][A-Z0-9_]*")
_BUILDS: Final = frozenset({"format", "format_map", "join", "replace"})
_KEEPS: Final = _BUILDS | {"items", "keys", "values", "lower", "upper", "strip", "split"}
"""Methods that make of constants nothing else."""
_PASSES: Final = frozenset({"enumerate", "sorted", "text", "tuple", "zip"})
_MADE_OF_PARTS: Final = (
    *(ast.Constant, ast.JoinedStr, ast.FormattedValue, ast.BinOp, ast.BoolOp),
    *(ast.Tuple, ast.List, ast.Set, ast.Dict, ast.Starred),
)
_GATHERS: Final = frozenset({"append", "extend", "insert"})
_TAKES: Final = frozenset({"text", "direct", "SQL", "exec_driver_sql", "copy"})
"""Functions whose first value is SQL, whatever it looks like."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def built(source: str) -> Iterator[tuple[str, str]]:
    """Yield each function that builds SQL of what is no constant, with the expression."""
    module = _Module(ast.parse(source))
    for function in module.functions:
        for made in _sql_in(function):
            if not (
                _is_constant(made, set())
                or module.runs_at_import(function)
                or _is_constant(made, module.constants_in(function))
            ):
                yield function.name, ast.unparse(made)


def _sql_in(function: Function) -> Iterator[ast.expr]:
    """Yield what a function builds or executes as SQL; of nested expressions the whole ones."""
    nested: set[int] = set()
    for node in chain.from_iterable(map(ast.walk, function.body)):
        made = None
        if isinstance(node, ast.Call) and _named(node.func) in _TAKES and node.args:
            made = node.args[0]
        elif isinstance(node, ast.expr) and _is_built(node) and _SQL.search(_literals(node)):
            made = node
        if made is not None and id(made) not in nested:
            nested.update(map(id, ast.walk(made)))
            yield made


class _Module:
    def __init__(self, tree: ast.Module) -> None:
        self.functions: list[Function] = []
        self._inside: dict[int, Function] = {}
        self._mentions: dict[str, list[ast.Name]] = defaultdict(list)
        self._calls: dict[str, list[ast.Call]] = defaultdict(list)
        self._constants: dict[int, set[str]] = {}
        for node in ast.walk(tree):  # a function comes before those in it
            if isinstance(node, Function):
                self.functions.append(node)
                inside = chain.from_iterable(map(ast.walk, node.body))
                self._inside.update({id(one): node for one in inside})
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                self._mentions[node.id].append(node)
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                self._calls[node.func.id].append(node)

    def runs_at_import(self, function: Function, *below: Function) -> bool:
        """Say whether a private function is named only where the module is run, not a function."""
        places = [self._inside.get(id(one)) for one in self._mentions[function.name]]
        above = [one for one in places if one is not None]
        return (
            function.name.startswith("_")
            and len(places) > 0
            and function not in below
            and all(self.runs_at_import(one, function, *below) for one in above)
        )

    def constants_in(self, function: Function) -> set[str]:
        """Return the local names of a function that only ever hold constants."""
        if id(function) not in self._constants:
            self._constants[id(function)] = set()  # what calls itself is not followed
            given = _given(function)
            parameters = self._parameters(function)
            known = {name for name in parameters if name not in given}
            while more := {
                name
                for name, values in given.items()
                if name not in known
                and (name in parameters or name not in _arguments(function))
                and all(_is_constant(one, known) for one in values)
            }:
                known |= more
            self._constants[id(function)] = known
        return self._constants[id(function)]

    def _parameters(self, function: Function) -> set[str]:
        """Return the parameters of a private function that are only ever given constants."""
        calls = self._calls[function.name]
        if not function.name.startswith("_") or len(self._mentions[function.name]) != len(calls):
            return set()
        defaults = [*function.args.defaults, *filter(None, function.args.kw_defaults)]
        if not all(_is_constant(one, set()) for one in defaults):
            return set()
        return {
            name
            for number, name in enumerate(_arguments(function))
            if all(self._gives(call, number, name) for call in calls)
        }

    def _gives(self, call: ast.Call, number: int, name: str) -> bool:
        caller = self._inside.get(id(call))
        known = self.constants_in(caller) if caller else set()
        named = {one.arg: one.value for one in call.keywords}
        values = [*call.args[number : number + 1], *filter(None, [named.get(name)])]
        return None not in named and all(_is_constant(one, known) for one in values)


def _arguments(function: Function) -> list[str]:
    given = function.args
    return [one.arg for one in (*given.posonlyargs, *given.args, *given.kwonlyargs)]


def _given(function: Function) -> dict[str, list[ast.expr]]:
    """Return what each local name is given, also a part or an element at a time."""
    found: dict[str, list[ast.expr]] = defaultdict(list)
    for node in ast.walk(function):
        for target, value in _gifts(node):
            for one in ast.walk(target):
                if isinstance(one, ast.Name):
                    found[one.id].append(value)
    return found


def _gifts(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Yield what a node gives a value to, with the value."""
    match node:
        case ast.Assign(targets=targets, value=value):
            yield from ((target, value) for target in targets)
        case (
            ast.AugAssign(target=target, value=ast.expr() as value)
            | ast.AnnAssign(target=target, value=ast.expr() as value)
            | ast.NamedExpr(target=target, value=value)
            | ast.For(target=target, iter=value)
            | ast.AsyncFor(target=target, iter=value)
            | ast.comprehension(target=target, iter=value)
            | ast.withitem(optional_vars=ast.expr() as target, context_expr=value)
        ):
            yield target, value
        case ast.Call(func=ast.Attribute(value=target, attr=name), args=values):
            yield from ((target, value) for value in values if name in _GATHERS)


def _named(called: ast.expr) -> str:
    if isinstance(called, ast.Name):
        return called.id
    return called.attr if isinstance(called, ast.Attribute) else ""


def _is_built(node: ast.expr) -> bool:
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Add | ast.Mod)
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Attribute) and node.func.attr in _BUILDS
    return isinstance(node, ast.JoinedStr)


def _literals(node: ast.expr) -> str:
    """Return the literal text in an expression."""
    return " ".join(
        one.value
        for one in ast.walk(node)
        if isinstance(one, ast.Constant) and isinstance(one.value, str)
    )


def _is_constant(node: ast.expr, known: set[str]) -> bool:
    match node:
        case ast.Name(id=name):
            return bool(_CONSTANT.fullmatch(name)) or name in known
        case ast.Attribute(attr=name) if _CONSTANT.fullmatch(name):
            return True
        case ast.Call(func=ast.Name(id=name), args=values) if name in _PASSES:
            parts = values
        case ast.Call(func=ast.Attribute(value=of, attr=name), args=values) if name in _KEEPS:
            parts = [of, *values, *(one.value for one in node.keywords)]
        case ast.GeneratorExp(elt=element) | ast.ListComp(elt=element):
            parts = [element]
        case ast.IfExp(body=one, orelse=other):
            parts = [one, other]
        case ast.Attribute(value=of) | ast.Subscript(value=of):
            parts = [of]
        case _ if isinstance(node, _MADE_OF_PARTS):
            parts = [one for one in ast.iter_child_nodes(node) if isinstance(one, ast.expr)]
        case _:
            return False
    return all(_is_constant(one, known) for one in parts)
