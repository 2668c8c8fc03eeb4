"""How strictly typed clients read JSON: what Go's decoder or a strict parser would refuse is a problem with its path."""

import re

NUMBER, TEXT, BOOL, LIST, DICT = "integer", "text", "boolean", "list", "object"
# Go's layout 2006-01-02 15:04:05.999999Z07:00 and Patroni's own ISO form in the history.
SPACED = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$")
ISO = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$")

TYPES = {NUMBER: lambda value: isinstance(value, int) and not isinstance(value, bool), TEXT: lambda value: isinstance(value, str),
         BOOL: lambda value: isinstance(value, bool), LIST: lambda value: isinstance(value, list), DICT: lambda value: isinstance(value, dict)}


def problems(document, shape, path=""):
    """What a typed client would not decode. A shape is a dict of key to type, to a nested shape, to a predicate or to a list with the shape of
    its elements; a key that ends in ! must be there. Unknown keys are skipped and null is no value, as in Go."""
    found = []
    if not isinstance(document, dict):
        return [f"{path or '.'} is no object"]
    for key, wanted in shape.items():
        name = key.rstrip("!")
        if name not in document or (document[name] is None and not key.endswith("!")):
            if key.endswith("!"):
                found.append(f"{path}{name} is missing")
            continue
        value = document[name]
        if isinstance(wanted, dict):
            found += problems(value, wanted, f"{path}{name}.")
        elif isinstance(wanted, list):
            if not isinstance(value, list):
                found.append(f"{path}{name} is no list")
            else:
                for i, each in enumerate(value):
                    found += problems(each, wanted[0], f"{path}{name}[{i}].")
        elif callable(wanted):
            if not wanted(value):
                found.append(f"{path}{name} = {value!r}")
        elif not TYPES[wanted](value):
            found.append(f"{path}{name} = {value!r} is no {wanted}")
    return found


def spaced(value):
    return isinstance(value, str) and (value in ("", "null") or bool(SPACED.match(value)))


def iso(value):
    return isinstance(value, str) and bool(ISO.match(value))


def lag(value):
    """Not negative, or a word."""
    return isinstance(value, str) or (TYPES[NUMBER](value) and value >= 0)


def one_of(*values):
    return lambda value: value in values
