"""Which functions a changed file changes, and their exchange in a running process."""

import gc
from collections.abc import Iterator
from inspect import CO_OPTIMIZED
from types import CodeType, FunctionType

Change = tuple[CodeType, CodeType]


def changed_functions(path: str, old: str, new: str) -> list[Change] | None:
    """The functions that differ; None if the module or a class does, which run on import only."""
    before, after = (compile(text, path, "exec", dont_inherit=True) for text in (old, new))
    try:
        return list(_changes(before, after))
    except _ImportDiffersError:
        return None


def exchange(changes: list[Change]) -> None:
    """Let every function object that has the old code, wrapped or not, run the new one."""
    gc.unfreeze()  # serverless/handler.py, which a test imports, hides what there is from gc
    replacements = {_identity(old): new for old, new in changes}
    path = changes[0][0].co_filename
    for each in gc.get_objects():
        if type(each) is FunctionType and each.__code__.co_filename == path:
            each.__code__ = replacements.get(_identity(each.__code__), each.__code__)


class _ImportDiffersError(Exception):
    pass


def _changes(old: CodeType, new: CodeType) -> Iterator[Change]:
    olds, news = _inner(old), _inner(new)
    if old.co_flags & CO_OPTIMIZED:  # a function
        if _everything(old) != _everything(new):
            yield from _with_inner(old, new)
        return
    if _own(old) != _own(new) or len(olds) != len(news):
        raise _ImportDiffersError
    for pair in zip(olds, news, strict=True):
        yield from _changes(*pair)


def _with_inner(old: CodeType, new: CodeType) -> Iterator[Change]:
    """A function and the functions made in it, which may live longer than one call."""
    yield old, new
    for inner in zip(_inner(old), _inner(new), strict=False):
        if inner[0].co_qualname == inner[1].co_qualname:
            yield from _with_inner(*inner)


def _inner(code: CodeType) -> list[CodeType]:
    return [constant for constant in code.co_consts if isinstance(constant, CodeType)]


def _own(code: CodeType) -> tuple[object, ...]:
    """What a code object does, without the functions in it and without its place in the file."""
    constants = [repr(each) for each in code.co_consts if not isinstance(each, CodeType)]
    counts = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags)
    names = (code.co_qualname, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    return code.co_code, code.co_exceptiontable, tuple(constants), counts, names


def _everything(code: CodeType) -> tuple[object, ...]:
    return _own(code), tuple(_everything(each) for each in _inner(code))


def _identity(code: CodeType) -> tuple[object, ...]:
    return code.co_qualname, code.co_firstlineno, code.co_code
