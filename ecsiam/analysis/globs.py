"""Resources with wildcards, compared as whole texts or part by part as ARNs.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
"""

from functools import lru_cache
from typing import Literal, get_args

from ecsiam.analysis.variables import Escaped, Part
from ecsiam.model.globs import Glob, Piece, Pieces, as_glob, fits, glob

Reading = Literal["parts", "flat"]  # how resource ARNs are compared, "parts" is ours
READINGS: tuple[Reading, ...] = get_args(Reading)
STAR: Pieces = (("*", True),)
ARN_PARTS = 6


def _parts(pieces: Pieces) -> list[Pieces]:
    """The parts of an ARN; the sixth holds its colons.

    A value that is put in parts nothing, unless the whole ARN begins with it: what is written says where the parts are.
    """
    parts: list[list[Piece]] = [[]]
    for n, (text, live) in enumerate(pieces):
        between_colons = text.split(":", ARN_PARTS - len(parts)) if live or not n else [text]
        for i, between in enumerate(between_colons):
            if i:
                parts.append([])
            if between:
                parts[-1].append((between, live))
    return [tuple(part) for part in parts]


def _is_wild(pieces: Pieces) -> bool:
    return any(live and ("*" in text or "?" in text) for text, live in pieces)


def may_be_arn(parts: tuple[Part, ...]) -> bool:
    """Whether any ARN can be meant; `my-bucket` or `execute-api:/*` in a Resource names none, so it matches nothing."""
    first = parts[0] if parts else ""
    if not isinstance(first, str):
        return not isinstance(first, Escaped)
    head, colon, _ = first.partition(":")
    if not colon and len(parts) > 1:
        return any(glob(((head, True),), "arn"[:n]) for n in range(4))  # what is put in may go on to say so
    return (bool(colon) or "*" in head) and glob(((head, True),), "arn")


ArnGlob = tuple[Glob, ...]  # one for the whole, or one for each of the six parts


@lru_cache(maxsize=1 << 14)
def resource_globs(pieces: Pieces, reading: Reading, identity: bool) -> ArnGlob:
    """A pattern of the Resource element, read once.

    A lone `*` is every resource. In an identity policy an ARN that is cut short has `*` for each part that it lacks; in
    a resource policy it does so only if it holds a wildcard, else it is compared as it is, and no resource has it.
    """
    parts = _parts(pieces)
    short = len(parts) < ARN_PARTS
    if reading == "flat" or pieces == STAR or (short and not identity and not _is_wild(pieces)):
        return (as_glob(pieces),)
    return _by_part([*parts, *[STAR] * (ARN_PARTS - len(parts))])


@lru_cache(maxsize=1 << 14)
def arn_globs(pieces: Pieces) -> ArnGlob | None:
    """A value of an ARN operator, read once; None for what is neither an ARN nor a lone `*`: it matches nothing."""
    if pieces == STAR:
        return (as_glob(pieces),)
    parts = _parts(pieces)
    return _by_part(parts) if len(parts) == ARN_PARTS else None


def _by_part(parts: list[Pieces]) -> ArnGlob:
    if any(map(_is_wild, parts[:-1])) or any(":" in text for part in parts[:-1] for text, _ in part):
        return tuple(map(as_glob, parts))
    # Without a wildcard in the first five parts, comparing them one by one is comparing the whole.
    whole: list[Piece] = []
    for i, part in enumerate(parts):
        whole += ((":", False), *part) if i else part
    return (as_glob(_joined(whole)),)


def _joined(pieces: list[Piece]) -> Pieces:
    """Neighbours with nothing live in them as one text, so that they are compared at once."""
    joined: list[Piece] = []
    for text, live in pieces:
        plain = not live or not _is_wild(((text, live),))
        if joined and plain and not joined[-1][1]:
            joined[-1] = (joined[-1][0] + text, False)
        else:
            joined.append((text, not plain))
    return tuple(joined)


def fits_arn(globs: ArnGlob, value: str) -> bool:
    """Whether a pattern, as a whole or part by part, matches a value."""
    if len(globs) == 1:
        return fits(globs[0], value)
    parts = value.split(":", ARN_PARTS - 1)
    return len(parts) == ARN_PARTS and all(map(fits, globs, parts))
