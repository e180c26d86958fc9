"""YAML with the line of every part, for files of strangers: aliases are not multiplied, depth and size are limited."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from ..domain.errors import Malformed
from ..domain.names import shown

DEPTH_LIMIT = 40
NODES_LIMIT = 200_000
"""Of one file; an alias counts for all that it stands for, each time it is walked."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INDENT = re.compile(r"^[ \t]*(?:-[ \t]+)*", re.MULTILINE)


@dataclass(slots=True)
class Scalar:
    line: int
    text: str
    plain: bool = True

    @property
    def empty(self) -> bool:
        """Nothing, or YAML's null."""
        return self.plain and self.text in ("", "~", "null", "Null", "NULL")


@dataclass(slots=True)
class Sequence:
    line: int
    items: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class Mapping:
    line: int
    pairs: list[tuple[Node, Node]] = field(default_factory=list)


Node = Scalar | Sequence | Mapping


class _Walk:
    """Counts the nodes that are looked at, so that aliases of aliases end in a refusal."""

    def __init__(self) -> None:
        self.left = NODES_LIMIT

    def step(self, depth: int) -> None:
        self.left -= 1
        if self.left < 0:
            raise Malformed("The file holds too much: aliases of aliases, it seems.")
        if depth > DEPTH_LIMIT:
            raise Malformed(f"The file is nested more than {DEPTH_LIMIT} deep.")


def read_yaml(text: str) -> tuple[Node | None, bool]:
    """The first document, and whether tabs had to be taken for spaces. Raises Malformed, which says the line."""
    try:
        return _tree(text), False
    except yaml.YAMLError as error:
        if "\t" in text:
            for width in (2, 4, 8, 1):
                try:
                    return _tree(_without_tabs(text, width)), True
                except yaml.YAMLError:
                    continue
        raise Malformed(_explained(error, last=text.rstrip().count("\n") + 1)) from None


def scalars(node: Node) -> Iterator[Scalar]:
    """All texts below a node, in order, but for keys. Raises Malformed where there are too many."""
    yield from _scalars(node, _Walk(), 0)


def _scalars(node: Node, walk: _Walk, depth: int) -> Iterator[Scalar]:
    walk.step(depth)
    if isinstance(node, Scalar):
        yield node
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from _scalars(item, walk, depth + 1)
    else:
        for _, value in node.pairs:
            yield from _scalars(value, walk, depth + 1)


def items(node: Sequence) -> Iterator[Node]:
    """What a list holds; lists within it, as aliases make them, are taken as part of it. Raises Malformed."""
    yield from _items(node, _Walk(), 0)


def _items(node: Sequence, walk: _Walk, depth: int) -> Iterator[Node]:
    for item in node.items:
        walk.step(depth)
        if isinstance(item, Sequence):
            yield from _items(item, walk, depth + 1)
        else:
            yield item


def pairs(node: Mapping) -> list[tuple[Node, Node]]:
    """Keys and values, those of merged mappings (`<<`) after its own. Raises Malformed."""
    found: list[tuple[Node, Node]] = []
    _merge(node, found, set(), _Walk(), 0)
    return found


def _merge(node: Mapping, found: list[tuple[Node, Node]], held: set[str], walk: _Walk, depth: int) -> None:
    merged: list[Node] = []
    own: set[str] = set()
    for key, value in node.pairs:
        walk.step(depth)
        name = key.text if isinstance(key, Scalar) else None
        if name == "<<":
            merged += value.items if isinstance(value, Sequence) else [value]
        elif name is None or name not in held:
            found.append((key, value))
            if name is not None:
                own.add(name)
    for other in merged:
        if isinstance(other, Mapping):
            _merge(other, found, held | own, walk, depth + 1)
            own |= {key.text for key, _ in found if isinstance(key, Scalar)}


def plain(node: Node | None) -> Any:
    """As Python's own types, all scalars as text. Raises Malformed for too much or too deep."""
    return _plain(node, _Walk(), 0)


def _plain(node: Node | None, walk: _Walk, depth: int) -> Any:
    walk.step(depth)
    if node is None or (isinstance(node, Scalar) and node.empty):
        return None
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Sequence):
        return [_plain(item, walk, depth + 1) for item in node.items]
    return {k.text: _plain(v, walk, depth + 1) for k, v in node.pairs if isinstance(k, Scalar)}


def _tree(text: str) -> Node | None:
    """Made of the parser's events, not by its composer: that recurses as deep as the file says."""
    root: Node | None = None
    open_nodes: list[Sequence | Mapping] = []
    keys: list[Node | None] = []
    anchors: dict[str, Node] = {}
    count = 0
    for event in yaml.parse(text, Loader=_LOADER):
        node: Node
        if isinstance(event, yaml.DocumentStartEvent) and root is not None:
            break
        if isinstance(event, yaml.SequenceEndEvent | yaml.MappingEndEvent):
            open_nodes.pop()
            keys.pop()
            continue
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.AliasEvent):
            anchor = str(event.anchor)
            known = anchors.get(anchor)
            if known is None:
                raise Malformed(
                    f"Line {line}: there is no &{shown(anchor, 40)} above that *{shown(anchor, 40)} could be."
                )
            if any(known is node for node in open_nodes):
                raise Malformed(f"Line {line}: *{shown(anchor, 40)} is part of itself.")
            node = known
        elif isinstance(event, yaml.ScalarEvent):
            node = Scalar(line, event.value, not event.style)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = Sequence(line)
        elif isinstance(event, yaml.MappingStartEvent):
            node = Mapping(line)
        else:
            continue
        count += 1
        if count > NODES_LIMIT:
            raise Malformed(f"Line {line}: the file holds more than {NODES_LIMIT:,} parts.")
        if event.anchor and not isinstance(event, yaml.AliasEvent):
            anchors[event.anchor] = node
        _put(node, open_nodes, keys)
        if root is None:
            root = node
        if isinstance(event, yaml.SequenceStartEvent | yaml.MappingStartEvent):
            if len(open_nodes) >= DEPTH_LIMIT:
                raise Malformed(f"Line {line}: nested more than {DEPTH_LIMIT} deep.")
            open_nodes.append(node)  # type: ignore[arg-type]
            keys.append(None)
    return root


def _put(node: Node, open_nodes: list[Sequence | Mapping], keys: list[Node | None]) -> None:
    if not open_nodes:
        return
    parent = open_nodes[-1]
    if isinstance(parent, Sequence):
        parent.items.append(node)
        return
    key = keys[-1]
    if key is None:
        keys[-1] = node
    else:
        parent.pairs.append((key, node))
        keys[-1] = None


def _without_tabs(text: str, width: int) -> str:
    text = _INDENT.sub(lambda m: m[0].replace("\t", " " * width), text)
    return re.sub(r":\t+", ": ", text)


def _explained(error: yaml.YAMLError, last: int) -> str:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = str(getattr(error, "problem", None) or "it can't be read").splitlines()[0]
    where = f"Line {min(mark.line + 1, last)}: this" if mark is not None else "This"
    return f"{where} is no YAML: {shown(problem, 120)}."
