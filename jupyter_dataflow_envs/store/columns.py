"""Kinds of text that are kept, sorted and searched the same on SQLite and PostgreSQL.

SQLite sorts by bytes; PostgreSQL by the rules of a language, unless a column says otherwise: cursors of listings, and
what a database that moves holds in order, must not depend on where it lies.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BindParameter, Dialect, String, Text, TypeDecorator, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

BYTEWISE = "C"
"""PostgreSQL's collation that compares bytes, as SQLite does."""

ALL_LETTERS = "und-x-icu"
"""PostgreSQL's collation that knows the capitals of all alphabets; there in every build with ICU."""


class _Plain(TypeDecorator[str]):
    """PostgreSQL has no NUL in texts. Nothing that people enter may hold one; what they seek is then not there."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is not None and dialect.name == "postgresql":
            return value.replace("\x00", "\N{REPLACEMENT CHARACTER}")
        return value


class Words(_Plain):
    """A text of any length."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Text(collation=BYTEWISE) if dialect.name == "postgresql" else Text())


class Name(_Plain):
    """A text of at most `length` characters."""

    cache_ok = True

    def __init__(self, length: int) -> None:
        super().__init__(length)
        self.length = length

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        collation = BYTEWISE if dialect.name == "postgresql" else None
        return dialect.type_descriptor(String(self.length, collation=collation))


def given(name: str) -> BindParameter[str]:
    """A text that is given when a statement is executed; for statements that are built once."""
    return bindparam(name, type_=_Plain())


class lowered(FunctionElement[str]):  # noqa: N801  # stands in queries as func.lower does
    """In small letters, of whatever alphabet, to be searched in."""

    name = "lowered"
    type = _Plain()
    inherit_cache = True


@compiles(lowered)
def _lowered(element: Any, compiler: Any, **options: Any) -> str:
    return f"lower({compiler.process(element.clauses, **options)})"


@compiles(lowered, "postgresql")
def _lowered_by_icu(element: Any, compiler: Any, **options: Any) -> str:
    return f'lower(({compiler.process(element.clauses, **options)}) COLLATE "{ALL_LETTERS}")'
