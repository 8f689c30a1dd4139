"""Filters of pushes: which refs they let through, and which refs nothing is ever of."""

import pytest

from ecsiam.readers.refs import Filter, Refs

FILTERS: dict[tuple[str, ...], tuple[list[str], list[str]]] = {
    ("main",): (["main"], ["main2", "a/main", "Main"]),
    ("*",): (["main"], ["a/b"]),
    ("**",): (["main", "a/b"], []),
    ("v*",): (["v", "v1.0"], ["v/1", "1v"]),
    ("releases/**-alpha",): (["releases/1-alpha", "releases/a/b-alpha"], ["releases/1", "releases"]),
    ("v[12].[0-9]+",): (["v1.0", "v2.10"], ["v3.0", "v1."]),
    ("dev?",): (["de", "dev"], ["devx"]),
    ("**", "!old"): (["main"], ["old"]),
    ("**", "!old/**", "old/kept"): (["old/kept"], ["old/x"]),
    ("a.b",): (["a.b"], ["axb"]),
    ("feature\\+x",): (["feature+x"], ["featureex"]),
}


@pytest.mark.parametrize("patterns", FILTERS)
def test_a_filter_lets_through_what_its_last_pattern_says(patterns: tuple[str, ...]) -> None:
    through, out = FILTERS[patterns]
    one, ignored = Filter("refs/heads/", patterns), Filter("refs/heads/", patterns, ignored=True)
    assert [name for name in (*through, *out) if one.passes(f"refs/heads/{name}")] == through
    assert [name for name in (*through, *out) if ignored.passes(f"refs/heads/{name}")] == out


def test_refs_are_those_that_some_filter_lets_through() -> None:
    both = Refs((Filter("refs/heads/", ("main",)), Filter("refs/tags/", ("v*",))))
    assert not both.never("refs/heads/main")
    assert not both.never("refs/tags/v1")
    assert both.never("refs/tags/main")
    assert both.but("refs/heads/main").never("refs/heads/main")


@pytest.mark.parametrize("ref", ["refs/heads/v*", "refs/heads/a b", "refs/heads/a..b", "refs/tags/x?"])
def test_no_ref_is_called_so(ref: str) -> None:
    assert Refs().never(ref)
