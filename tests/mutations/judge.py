"""What would find a bug: the project's own tests, asked about a warehouse built with it."""

import inspect
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from types import FunctionType, ModuleType

import duckdb

from tests.compiled import failing_checks


def first_objection(
    modules: Sequence[ModuleType], given: Mapping[str, object], *, about: str
) -> str | None:
    """Name of the first test that is red when its fixtures are `given`; None when all are green.

    Only tests that ask for fixture `about`, themselves or through a fixture of their module, are
    run.
    Raises: LookupError when no test does: a judge that asks nothing would let every bug pass.
    """
    asked = 0
    for module in modules:
        made = dict(given)
        for name, member in vars(module).items():
            if not (name.startswith("test_") and isinstance(member, FunctionType)):
                continue
            if about not in _fixtures_of(module, member):
                continue
            for arguments in _cases(member):
                asked += 1
                try:
                    member(**arguments, **_fill(module, member, arguments, made))
                except Exception as objection:  # noqa: BLE001 - a test may break in any way
                    return f"{name}: {type(objection).__name__}"
    if not asked:
        raise LookupError(f"no test of {[module.__name__ for module in modules]} asks for {about}")
    return None


def broken_check(warehouse: duckdb.DuckDBPyConnection) -> str | None:
    """Name of a data test of dbt that is red; None when all are green."""
    return next(iter(failing_checks(warehouse)), None)


def _parameters(function: object) -> list[str]:
    return list(inspect.signature(function).parameters)  # type: ignore[arg-type]


def _fixtures_of(module: ModuleType, test: FunctionType) -> set[str]:
    found: set[str] = set()
    waiting = _parameters(test)
    while waiting:
        name = waiting.pop()
        found.add(name)
        fixture = vars(module).get(name)
        if hasattr(fixture, "__wrapped__"):
            waiting += _parameters(fixture.__wrapped__)
    return found


def _cases(test: FunctionType) -> Iterator[dict[str, object]]:
    """Arguments of every case of a parametrized test; one without arguments for any other."""
    axes = []
    for mark in getattr(test, "pytestmark", []):
        if mark.name == "parametrize":
            names, values = mark.args
            listed = (
                names if isinstance(names, list | tuple) else [n.strip() for n in names.split(",")]
            )
            axes.append(
                [
                    dict(zip(listed, value if len(listed) > 1 else (value,), strict=True))
                    for value in values
                ]
            )
    for combination in product(*axes):
        yield {name: value for part in combination for name, value in part.items()}


def _fill(
    module: ModuleType, function: object, arguments: Mapping[str, object], made: dict[str, object]
) -> dict[str, object]:
    """Values of the fixtures a function asks for; those of the module are made once per judgement."""
    filled = {}
    for name in _parameters(function):
        if name in arguments:
            continue
        if name not in made:
            fixture = vars(module)[name].__wrapped__
            made[name] = fixture(**_fill(module, fixture, {}, made))
        filled[name] = made[name]
    return filled
