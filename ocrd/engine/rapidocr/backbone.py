"""The network that reads lines without its last layer, cut from the file in RapidOCR's wheel.

The last layer of that file knows all of its 18,710 characters and is a tenth of the work; ours, in
``heads``, knows those that the line has. ONNX files are protocol buffers, of which only the outer
fields are read here (field numbers: onnx.proto, IR version 10): a package for that would be as
large as the engine.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ocrd.errors import EngineError

_GRAPH = 7  # of a model
_NODE, _INITIALIZER, _OUTPUT = 1, 5, 12  # of a graph
_INPUTS, _OUTPUTS, _OP = 1, 2, 4  # of a node
_TENSOR = 8  # of an initializer: its name
_NAME = 1  # of a value
_LAYER = ("Softmax", "Identity", "Add", "MatMul")  # what a last layer is made of, the last first
_REALS = b"\x12\x04\x0a\x02\x08\x01"  # a value's type: a tensor of 32-bit numbers


@dataclass(frozen=True, slots=True)
class _Field:
    number: int
    start: int  # of the field,
    begin: int  # of what it holds,
    end: int  # and behind both


def without_head(model: bytes) -> bytes:
    """Return the network with what its last layer takes as its only output.

    Raises EngineError where it does not end in such a layer.
    """
    try:
        graph = next(field for field in _fields(model) if field.number == _GRAPH)
        cut = _cut(model[graph.begin : graph.end])
    except (IndexError, StopIteration, UnicodeDecodeError) as error:
        raise _unknown("it is no ONNX file") from error
    return model[: graph.start] + _written(_GRAPH, cut) + model[graph.end :]


def _cut(graph: bytes) -> bytes:
    fields = list(_fields(graph))
    by_output = {
        output: (field, _strings(graph, field, _OP)[0], _strings(graph, field, _INPUTS))
        for field in fields
        if field.number == _NODE
        for output in _strings(graph, field, _OUTPUTS)
    }
    output = next(field for field in fields if field.number == _OUTPUT)
    gone = {output}
    name, kind, unused = _strings(graph, output, _NAME)[0], "", set[str]()
    while kind != "MatMul":
        if name not in by_output:
            raise _unknown("it ends in no such layer")
        node, kind, inputs = by_output[name]
        if kind not in _LAYER:
            raise _unknown(f"it ends in {kind}")
        gone.add(node)
        name, unused = inputs[0], unused | set(inputs[1:])
    gone |= {
        field
        for field in fields
        if field.number == _INITIALIZER and unused & set(_strings(graph, field, _TENSOR))
    }
    kept = b"".join(graph[field.start : field.end] for field in fields if field not in gone)
    return kept + _written(_OUTPUT, _written(_NAME, name.encode()) + _REALS)


def _unknown(why: str) -> EngineError:
    return EngineError(
        f"The network that reads lines is not one that ocrd knows: {why}.",
        hint="Install ocrd again, with the version of rapidocr that it asks for.",
    )


def _strings(message: bytes, field: _Field, number: int) -> list[str]:
    """Return the strings with this number in a field that is a message itself."""
    part = message[field.begin : field.end]
    return [
        part[inner.begin : inner.end].decode() for inner in _fields(part) if inner.number == number
    ]


def _fields(message: bytes) -> Iterator[_Field]:
    """Yield a message's fields; raise IndexError where it is none."""
    at = 0
    while at < len(message):
        start = at
        key, at = _varint(message, at)
        begin = at
        match key & 7:
            case 2:
                length, begin = _varint(message, at)
                at = begin + length
            case 0:
                _, at = _varint(message, at)
            case 1:
                at += 8
            case 5:
                at += 4
            case _:
                raise IndexError(start)
        if at > len(message):
            raise IndexError(start)
        yield _Field(key >> 3, start, begin, at)


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """Return a number of variable length, and where what follows it begins."""
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def _written(number: int, content: bytes) -> bytes:
    """Return a field that holds this."""
    return _number(number << 3 | 2) + _number(len(content)) + content


def _number(value: int) -> bytes:
    digits = bytearray()
    while value > 127:
        digits.append(value & 127 | 128)
        value >>= 7
    return bytes((*digits, value))
