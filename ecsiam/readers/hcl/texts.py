"""Terraform's functions of texts and numbers, also of those that are known in part."""

import base64
import hashlib
import json
import math
import posixpath
import re
from collections.abc import Callable
from typing import Any, cast
from urllib.parse import quote

from ecsiam.model.text import Text
from ecsiam.readers.forms import is_letter
from ecsiam.readers.found import OF_DEPLOYMENT, Unread, Value, is_list
from ecsiam.readers.hcl.lists import has_rest, items_in
from ecsiam.readers.hcl.regex import matcher
from ecsiam.readers.json_lines import decode
from ecsiam.readers.values import (
    Encoded,
    Failed,
    List,
    Map,
    as_text,
    encode,
    is_of_aws,
    is_unknown,
    joined,
    lowered,
    named,
    number_in,
    truth,
    unknown,
)

Function = Callable[..., Value]


def _join(separator: Value, *lists: Value) -> Value:
    items = [i for value in lists for i in items_in(value)]
    if rest := has_rest(items):
        return rest
    if len(items) == 1:
        return items[0] if isinstance(items[0], Encoded) else as_text(items[0])
    return joined([part for i, item in enumerate(items) for part in ([separator] if i else []) + [item]])


def _is_made_of_words(text: Text) -> bool:
    """Whether what isn't known of it can hold no mark: a region, an account, letters."""
    return all(r.name in OF_DEPLOYMENT or is_letter(r) for r in text.refs)


def _text(value: Value) -> str | Text:
    found = as_text(value)
    if isinstance(found, Unread):
        raise Failed(found.why)
    return found


def _split(separator: Value, value: Value) -> Value:
    text = _text(value)
    if isinstance(separator, str) and isinstance(text, str):
        return List(text.split(separator) if separator else list(text))
    marked = isinstance(separator, str) and bool(re.search(r"[^A-Za-z0-9-]", separator))
    if isinstance(text, Text) and marked and _is_made_of_words(text):
        return [lowered(t) for t in text.split(cast("str", separator), 10_000)]
    return [Unread(f"it isn't known how `{named(text)}` is split"[:200])]


def _replace(value: Value, old: Value, new: Value) -> Value:
    text, by = _text(value), _text(new)
    if isinstance(old, str) and isinstance(text, str) and isinstance(by, str):
        if len(old) > 1 and old[0] == old[-1] == "/":
            return matcher(old[1:-1], text).sub(re.sub(r"\$\{?(\w+)\}?", r"\\g<\1>", by), text)
        return text.replace(old, by)
    marked = isinstance(old, str) and old[:1] != "/" and bool(re.search(r"[^A-Za-z0-9-]", old))
    if isinstance(text, Text) and marked and _is_made_of_words(text):
        pieces = text.split(cast("str", old), 10_000)
        return joined([p for i, piece in enumerate(pieces) for p in ([by] if i else []) + [piece]])
    if isinstance(text, str) and isinstance(old, str):
        return joined([p for i, piece in enumerate(text.split(old)) for p in ([by] if i else []) + [piece]])
    return unknown(f"replace({named(text)}, {named(old)}, {named(by)})")


def _trimprefix(value: Value, prefix: Value) -> Value:
    text = _text(value)
    if isinstance(text, str) and isinstance(prefix, str):
        return text.removeprefix(prefix)
    begins = _startswith(text, prefix)
    if isinstance(begins, bool) and isinstance(text, Text) and isinstance(prefix, str):
        return lowered(text.removeprefix(prefix))
    return unknown(f"trimprefix({named(text)}, {named(prefix)})")


def _trimsuffix(value: Value, suffix: Value) -> Value:
    text = _text(value)
    if isinstance(text, str) and isinstance(suffix, str):
        return text.removesuffix(suffix)
    last = text.parts[-1] if isinstance(text, Text) else ""
    if isinstance(text, Text) and isinstance(suffix, str) and isinstance(last, str) and len(last) >= len(suffix):
        return lowered(text.removesuffix(suffix))
    return unknown(f"trimsuffix({named(text)}, {named(suffix)})")


def _startswith(value: Value, prefix: Value) -> Value:
    text = _text(value)
    first = text if isinstance(text, str) else text.parts[0]
    if isinstance(prefix, str) and isinstance(first, str):
        if isinstance(text, str) or len(first) >= len(prefix):
            return first.startswith(prefix)
        if not prefix.startswith(first):
            return False
    return unknown(f"startswith({named(text)}, {named(prefix)})")


def _endswith(value: Value, suffix: Value) -> Value:
    text = _text(value)
    last = text if isinstance(text, str) else text.parts[-1]
    if isinstance(suffix, str) and isinstance(last, str):
        if isinstance(text, str) or len(last) >= len(suffix):
            return last.endswith(suffix)
        if not suffix.endswith(last):
            return False
    return unknown(f"endswith({named(text)}, {named(suffix)})")


_VERB = re.compile(r"%(?:\[(\d+)\])?([-+# 0]*\d*(?:\.\d+)?)([a-zA-Z%])")


def _format(spec: Value, *values: Value) -> Value:
    written = (spec,) if isinstance(spec, str) else spec.parts if isinstance(spec, Text) else ()
    # What isn't known of the format may hold verbs, but what AWS gives has none.
    if not written or any("%" in _VERB.sub("", p) if isinstance(p, str) else not is_of_aws(p) for p in written):
        return unknown(f"format({', '.join(map(named, (spec, *values)))})")
    parts: list[Value] = []
    used = 0
    for part in written:
        if not isinstance(part, str):
            parts.append(Text((part,)))
            continue
        at = 0
        for found in _VERB.finditer(part):
            parts.append(part[at : found.start()])
            at = found.end()
            if found[3] == "%":
                parts.append("%")
                continue
            used = int(found[1]) if found[1] else used + 1
            parts.append(_formatted(found[2], found[3], values[used - 1]))
        parts.append(part[at:])
    return joined(parts)


def _formatted(flags: str, verb: str, value: Value) -> Value:
    if isinstance(value, Unread):
        return value
    if len(flags) > 4:
        raise Failed("too wide a text")
    if verb in "sv" and not flags:
        return encode(value) if isinstance(value, list | dict) else "null" if value is None else as_text(value)
    if isinstance(value, Text):
        return unknown(f"format(%{flags}{verb}, {named(value)})")
    if verb == "t" and truth(value) is not None:
        return "true" if truth(value) else "false"
    if verb == "v" and flags == "#":
        return encode(value)
    if verb == "q":
        return json.dumps(as_text(value), ensure_ascii=False)
    if verb in "dxXob":
        return f"%{flags}{verb}" % int(value) if verb != "b" else f"{int(value):b}"
    return f"%{flags}{verb}" % (float(value) if verb in "eEfFgG" else str(as_text(value)))


def _formatlist(spec: Value, *values: Value) -> Value:
    sizes = {len(v) for v in values if is_list(v)}
    for value in values:
        if isinstance(value, Unread) or is_unknown(value):
            return items_in(value)
        if is_list(value) and (rest := has_rest(value)):
            return [rest]
    if len(sizes) > 1:
        raise Failed("`formatlist` of lists of different lengths")
    count = sizes.pop() if sizes else 1
    return [_format(spec, *(v[i] if is_list(v) else v for v in values)) for i in range(count)]


def _jsondecode(value: Value) -> Value:
    if isinstance(value, Encoded):
        return value.value
    text = as_text(value)
    if isinstance(text, Unread) or is_unknown(text):
        return text if isinstance(text, Unread) else unknown(f"jsondecode({named(text)})")
    return decode(text, "", 0)


def _tostring(value: Value) -> Value:
    return value if value is None or isinstance(value, Encoded) else as_text(value)


def tonumber(value: Value) -> Value:
    """A value as a number. Raises ValueError for what is none."""
    if value is None or isinstance(value, Text | Unread | int | float):
        return value
    return number_in(str(value))


def _tobool(value: Value) -> Value:
    found = None if value is None else truth(value)
    return value if found is None else found


def _title(text: str) -> str:
    return re.sub(r"\b[a-z]", lambda found: found[0].upper(), text)


def _substr(text: str, offset: int, length: int) -> str:
    start = offset if offset >= 0 else max(len(text) + offset, 0)
    return text[start:] if length < 0 else text[start : start + length]


def _regex(pattern: str, text: str) -> Value:
    found = matcher(pattern, text).search(text)
    if found is None:
        raise Failed("nothing matches")
    return _groups(found)


def _regexall(pattern: str, text: str) -> Value:
    return [_groups(found) for found in matcher(pattern, text).finditer(text)]


def _groups(found: re.Match[str]) -> Value:
    if found.groupdict():
        return Map(found.groupdict())
    return list(found.groups()) if found.groups() else found[0]


def _basename(path: str) -> str:
    return "." if not path else "/" if not path.strip("/") else posixpath.basename(path.rstrip("/"))


def _dirname(path: str) -> str:
    return posixpath.normpath(posixpath.dirname(path) or ".")


def _digest(name: str) -> Callable[[str], str]:
    return lambda text: hashlib.new(name, text.encode(), usedforsecurity=False).hexdigest()


def _ceil(value: Any) -> int:
    return math.ceil(float(value))


def _floor(value: Any) -> int:
    return math.floor(float(value))


def _decoded(text: str) -> str:
    return base64.b64decode(text).decode()


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _base64_digest(name: str) -> Callable[[str], str]:
    return lambda text: base64.b64encode(hashlib.new(name, text.encode()).digest()).decode()


def _chomp(text: str) -> str:
    return text.rstrip("\r\n")


def _indent(spaces: int, text: str) -> str:
    return text.replace("\n", "\n" + " " * min(int(spaces), 100))


def _parseint(text: str, base: int) -> int:
    return int(text, int(base))


def _reversed(text: str) -> str:
    return text[::-1]


def _trim(text: str, marks: str) -> str:
    return text.strip(marks)


def _within(text: str, part: str) -> bool:
    return part in text


def _urlencode(text: str) -> str:
    return quote(text, safe="-_.~").replace("%20", "+")


def _numbers(*values: Any) -> list[Any]:
    return [tonumber(v) for v in values]


def _largest(*values: Any) -> Value:
    return max(_numbers(*values))


def _least(*values: Any) -> Value:
    return min(_numbers(*values))


def _abs(value: Any) -> Value:
    return abs(tonumber(value))


def _pow(base: Any, power: Any) -> Value:
    return _whole(float(tonumber(base)) ** float(tonumber(power)))


def _log(value: Any, base: Any) -> Value:
    return _whole(math.log(tonumber(value), tonumber(base)))


def _signum(value: Any) -> Value:
    return (tonumber(value) > 0) - (tonumber(value) < 0)


def _whole(value: float) -> int | float:
    """A whole number as one."""
    return int(value) if value.is_integer() else value


TEXTS: dict[str, Function] = {
    "endswith": _endswith,
    "format": _format,
    "formatlist": _formatlist,
    "join": _join,
    "jsondecode": _jsondecode,
    "jsonencode": Encoded,
    "replace": _replace,
    "split": _split,
    "startswith": _startswith,
    "tobool": _tobool,
    "tonumber": tonumber,
    "tostring": _tostring,
    "trimprefix": _trimprefix,
    "trimsuffix": _trimsuffix,
}
"""Functions of texts that may be known in part."""

OF_KNOWN_TEXTS: dict[str, tuple[Function, str]] = {
    "abs": (_abs, "text"),
    "basename": (_basename, "text"),
    "base64decode": (_decoded, "text"),
    "base64encode": (_base64, "text"),
    "base64sha256": (_base64_digest("sha256"), "text"),
    "base64sha512": (_base64_digest("sha512"), "text"),
    "ceil": (_ceil, "text"),
    "chomp": (_chomp, "text"),
    "dirname": (_dirname, "text"),
    "floor": (_floor, "text"),
    "indent": (_indent, "text"),
    "log": (_log, "text"),
    "lower": (str.lower, "text"),
    "max": (_largest, "text"),
    "md5": (_digest("md5"), "text"),
    "min": (_least, "text"),
    "parseint": (_parseint, "text"),
    "pow": (_pow, "text"),
    "regex": (_regex, "text"),
    "regexall": (_regexall, "list"),
    "sha1": (_digest("sha1"), "text"),
    "sha256": (_digest("sha256"), "text"),
    "sha512": (_digest("sha512"), "text"),
    "signum": (_signum, "text"),
    "strcontains": (_within, "text"),
    "strrev": (_reversed, "text"),
    "substr": (_substr, "text"),
    "title": (_title, "text"),
    "trim": (_trim, "text"),
    "trimspace": (str.strip, "text"),
    "upper": (str.upper, "text"),
    "urlencode": (_urlencode, "text"),
}
"""Functions that need to know everything, and what they give: a text or number, or a list."""
