"""File systems that are mounted several times, each way once."""

from ecsiam.drafts.said import Said


def distinct(says: dict[str, Said]) -> None:
    """Of mounts of one file system, those that another gives anyway go, and access points come together."""
    said = says.get("efs_file_systems")
    if said is None or not isinstance(said.value, list):
        return
    kept: list[Said] = []
    for one in sorted(said.value, key=_reach):
        same = [other for other in kept if _arn(other) == _arn(one)]
        wider = next((other for other in same if not _points(other)), None)
        alike = next((other for other in same if _access(other) == _access(one) and _points(other)), None)
        if wider is not None and (_access(wider) == "write" or _access(one) == "read"):
            _tell(wider, one)
        elif alike is not None and _points(one):
            _tell(alike, one)
            alike.mapping["access_point_arns"].join(one.mapping["access_point_arns"])
        else:
            kept.append(one)
    said.value = [one for one in kept if not _given(one, kept)]


def _tell(one: Said, other: Said) -> None:
    one.comment(*other.comments)


def _given(one: Said, kept: list[Said]) -> bool:
    """Whether all points through which one reads are written through anyway; those of them that are go."""
    if _access(one) == "write" or not _points(one):
        return False
    written = [p for o in kept if _arn(o) == _arn(one) and _access(o) == "write" for p in _points(o)]
    points = one.mapping["access_point_arns"]
    if isinstance(points.value, list):
        points.value = [point for point in points.value if point.plain not in written]
    return not points.value


def _reach(one: Said) -> tuple[bool, bool]:
    return bool(_points(one)), _access(one) == "read"


def _arn(one: Said) -> object:
    return one.mapping["arn"].plain


def _access(one: Said) -> object:
    return one.mapping["access"].plain


def _points(one: Said) -> list[object]:
    points = one.mapping.get("access_point_arns")
    return [point.plain for point in points.value] if points and isinstance(points.value, list) else []
