"""Sets of strings, exactly: is there a string that matches all of these patterns and none of those?

Everything that is asked of strings is asked through `example`: union, intersection, difference and complement are a
choice of what to match and what not, inclusion is an empty difference.

The search walks the patterns to match position by position, and all of the others at once as a set of positions; of two
states that differ in that set only, the smaller one is enough (an antichain). Nothing is ever made deterministic, so
twenty patterns with inner stars take milliseconds. In the worst case the question is exponential; `BUDGET` bounds it.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import product

from attrs import frozen

from ecsiam.analysis.budget import check_time
from ecsiam.analysis.patterns import (
    ANY,
    EVERYTHING,
    READABLE,
    Chars,
    Clause,
    Hole,
    Letter,
    One,
    Other,
    Pattern,
    Run,
    Token,
    Unclear,
    Word,
    literal,
    ordered,
    rank,
)

BUDGET = 100_000
MOST_CELLS = 512
MOST_SPLITS = 4 * MOST_CELLS


class OutOfBudget(Unclear):
    """The question needs more states than `BUDGET`."""

    def __init__(self) -> None:
        super().__init__(f"the search was given up after {BUDGET:,} states")


@frozen
class Found:
    """A word that matches all and none. With `sure`, it is a string, and it really does; else holes stand in the way.

    Without a word that is sure, there may still be none: a hole was read as any text in what has to match, and as no
    text in what must not.
    """

    word: Word
    sure: bool

    @property
    def text(self) -> str:
        """The word as a string; raises for one with holes."""
        return "".join(letter if isinstance(letter, str) else _no_text(letter) for letter in self.word)


def _no_text(hole: Hole) -> str:
    raise ValueError(f"`{hole.name}` is not known")


def example(clauses: Iterable[Clause], none: Clause = frozenset()) -> Found | None:
    """A shortest word that matches a pattern of each clause and no pattern of `none`; None if there is none.

    Raises OutOfBudget.
    """
    wanted = frozenset(c for c in clauses if EVERYTHING not in c)
    return None if EVERYTHING in none else _example(wanted, none)


def at_hand(clauses: Iterable[Clause], none: Clause = frozenset()) -> bool:
    """Whether a word that is quickly made is an example. False says nothing: there may be others."""
    wanted = [c for c in clauses if EVERYTHING not in c]
    if any(p.holes for clause in (*wanted, none) for p in clause):
        return False
    words = (p.filled(of) for of in AT_HAND for clause in wanted for p in ordered(clause)[:MANY])
    return any(
        all(any(p.matches(word) for p in clause) for clause in wanted) and not any(n.matches(word) for n in none)
        for word in words
    )


@lru_cache(maxsize=1 << 16)
def _example(clauses: frozenset[Clause], none: Clause) -> Found | None:
    unsure: Found | None = None
    for chosen in _choices(tuple(sorted(map(ordered, clauses), key=lambda ps: (len(ps), *map(rank, ps)))), ()):
        check_time()
        found = _search(chosen or (EVERYTHING,), none)
        if found is not None and found.sure:
            return found
        unsure = unsure or found
    return unsure


def _choices(clauses: tuple[tuple[Pattern, ...], ...], chosen: tuple[Pattern, ...]) -> Iterator[tuple[Pattern, ...]]:
    """The ways to take a pattern of each clause that may share a word; one that says nothing new is left out."""
    if not clauses:
        yield chosen
    elif any(wide.covers(narrow) for narrow in chosen for wide in clauses[0]):
        yield from _choices(clauses[1:], chosen)
    else:
        for one in clauses[0]:
            if not chosen or _heads_agree((*chosen, one)):
                yield from _choices(clauses[1:], (*chosen, one))


def _heads_agree(chosen: tuple[Pattern, ...]) -> bool:
    longest = max((p.fold for p in chosen), key=len)
    return all(longest.startswith(p.fold) for p in chosen)


@lru_cache(maxsize=1 << 16)
def _search(chosen: tuple[Pattern, ...], none: Clause) -> Found | None:
    if len(chosen) > 1:  # one that takes all of another says nothing
        kept = list(dict.fromkeys(chosen))
        for p in chosen:
            if any(p.covers(q) for q in kept if q is not p):
                kept.remove(p)
        chosen = tuple(kept)
    if not none.isdisjoint(chosen):
        return None
    texts, others = _parted(none)
    against = tuple(n for n in others if all(_may_meet(n, p) for p in chosen))
    string = next((p.literal for p in chosen if p.literal is not None), None)
    if any(p.holes for p in (*chosen, *against)):
        if any(n.covers(p) for n in against for p in chosen):
            return None
        return _Walk(chosen, (*against, *_agreeing(texts, chosen))).shortest()

    def is_one(word: str) -> bool:
        return all(p.matches(word) for p in chosen) and word not in texts and not any(n.matches(word) for n in against)

    if string is not None:
        return Found(tuple(string), sure=True) if is_one(string) else None
    if any(n.covers(p) for n in against for p in chosen):
        return None
    word = next(filter(is_one, _likely(chosen, against, len(none) >= MANY)), None)
    if word is not None:
        return Found(tuple(word), sure=True)
    if len(chosen) > 1 and none:
        # Of most sets the shortest word that matches all is in none of the others.
        found = _search(chosen, NOTHING)
        if found is None or is_one(found.text):
            return found
    return _Walk(chosen, (*against, *_agreeing(texts, chosen))).shortest()


@lru_cache(maxsize=1 << 12)
def _parted(clause: Clause) -> tuple[dict[str, Pattern], tuple[Pattern, ...]]:
    """The single strings of a clause, and its other patterns."""
    of = ordered(clause)
    return {p.literal: p for p in of if p.literal is not None}, tuple(p for p in of if p.literal is None)


def _may_meet(p: Pattern, q: Pattern) -> bool:
    return p.fold.startswith(q.fold) or q.fold.startswith(p.fold)


def _agreeing(texts: dict[str, Pattern], chosen: tuple[Pattern, ...]) -> Iterator[Pattern]:
    return (n for text, n in texts.items() if all(p.matches(text) if not p.holes else _may_meet(n, p) for p in chosen))


NOTHING: Clause = frozenset()
MANY = 8  # from so many patterns on, a word that is not the shortest is good enough


def _likely(chosen: tuple[Pattern, ...], against: tuple[Pattern, ...], many: bool) -> Iterator[str]:
    """Words to try before the search for a shortest one: it grows with the product of the patterns."""
    yield from (p.shortest for p in chosen)
    if not many and len(chosen) < MANY and all(len(p.tokens) < LONG for p in (*chosen, *against)):
        return
    fresh = (*FRESH, _unlike(against))
    filled = [[p.filled(text) for p in chosen] for text in fresh]
    yield from (word for words in filled for word in words)
    if len(chosen) > 1:
        # What stands between the first and the last star of each, one behind the other.
        head = max((p.head for p in chosen), key=len)
        tail = max((p.tail for p in chosen), key=len)
        middles = [[p.filled(text)[len(p.head) :].removesuffix(p.tail) for p in chosen] for text in ("", *fresh)]
        yield from (f"{head}{between.join(of)}{tail}" for between in ("", *fresh) for of in middles)


LONG = 1_000
FRESH = ("x", "other", "0")
AT_HAND = ("x", "eu-west-1")  # the second stands where a region has to


def _unlike(against: tuple[Pattern, ...]) -> str:
    """A text that hardly stands in any of the patterns."""
    letters = {c for p in against for c in p.need}
    return next((c for c in READABLE if c not in letters and c not in ":/"), "~") * 3


_State = tuple[tuple[int, ...], int]  # a position in each pattern to match, and a set of positions in the others


class _Walk:
    """One search. The positions of what must not match are bits of one integer, each pattern a block of its own."""

    def __init__(self, chosen: tuple[Pattern, ...], against: tuple[Pattern, ...]) -> None:
        self.chosen = chosen
        # The word is cut into letters along this one; the others read its holes as any text that they may be.
        with_holes = (i for i, p in enumerate(chosen) if p.holes)
        self.carrier = min(with_holes, key=lambda i: any(isinstance(h, Other) for h in chosen[i].holes), default=-1)
        self.sure = not any(p.holes for p in (*chosen, *against))
        self.letters: list[Letter] = [*_letters((*chosen, *against))]
        self.letters += dict.fromkeys(t for t in chosen[self.carrier].tokens if isinstance(t, Hole))
        self.bits = {letter: 1 << k for k, letter in enumerate(self.letters) if isinstance(letter, str)}
        self.every = sum(self.bits.values())
        self.loops = self.sinks = self.ends = start = offset = 0
        self.steps: list[tuple[int, int]] = [(0, 0)] * len(self.letters)
        for p in against:
            start |= 1 << offset
            for i, token in p.wild:
                if isinstance(token, Run):
                    self.loops |= 1 << i + offset
                    if token.of == ANY and i == len(p.tokens) - 1:
                        self.sinks |= 1 << i + offset  # from here on it matches whatever comes
            for k, letter in enumerate(self.letters):
                on, stay = p.step(letter) if isinstance(letter, str) else _through_hole(p, letter)
                self.steps[k] = (self.steps[k][0] | on << offset, self.steps[k][1] | stay << offset)
            offset += len(p.tokens)
            self.ends |= 1 << offset
            offset += 1
        self.start = self._closed(start)
        self._next: list[dict[tuple[int, int], tuple[int, ...]]] = [{} for _ in chosen]
        self._likely: list[dict[int, int]] = [{} for _ in chosen]
        self._of: dict[Chars, int] = {}

    def _closed(self, at: int) -> int:
        while (wider := at | (at & self.loops) << 1) != at:
            at = wider
        return at

    def shortest(self) -> Found | None:
        if self.start & self.sinks:
            return None
        first: _State = tuple(0 for _ in self.chosen), self.start
        came: dict[_State, tuple[_State, Letter] | None] = {first: None}
        least = {first[0]: [self.start]}
        waiting = deque([first])
        while waiting:
            state = waiting.popleft()
            if not len(came) % 64:
                check_time()
            at, outside = state
            if not outside & self.ends and all(map(self._ends, range(len(at)), at)):
                return Found(self._word(came, state), self.sure)
            for k, letter in self._worth(at):
                on, stay = self.steps[k]
                others = self._closed((outside & on) << 1 | outside & stay)
                if others & self.sinks:
                    continue
                for positions in product(*(self._after(i, p, k) for i, p in enumerate(at))):
                    known = least.setdefault(positions, [])
                    if any(smaller & others == smaller for smaller in known):
                        continue
                    known[:] = [larger for larger in known if others & larger != others]
                    known.append(others)
                    came[positions, others] = (state, letter)
                    waiting.append((positions, others))
            if len(came) > BUDGET:
                raise OutOfBudget
        return None

    def _word(
        self,
        came: dict[_State, tuple[_State, Letter] | None],
        state: _State,
    ) -> Word:
        word: list[Letter] = []
        while (step := came[state]) is not None:
            state, letter = step
            word.append(letter)
        return tuple(reversed(word))

    def _closure(self, which: int, at: int) -> Iterator[int]:
        """The positions that a pattern to match may be at without reading on."""
        tokens = self.chosen[which].tokens
        yield at
        while at < len(tokens) and self._skips(which, tokens[at]):
            at += 1
            yield at

    def _skips(self, which: int, token: Token) -> bool:
        return isinstance(token, Run) or (isinstance(token, Hole) and token.empty and which != self.carrier)

    def _ends(self, which: int, at: int) -> bool:
        return len(self.chosen[which].tokens) in self._closure(which, at)

    def _worth(self, at: tuple[int, ...]) -> Iterator[tuple[int, Letter]]:
        """The letters that every pattern to match can read."""
        bits = -1
        for which, position in enumerate(at):
            likely = self._likely[which].get(position)
            if likely is None:
                likely = 0
                tokens = self.chosen[which].tokens
                for p in self._closure(which, position):
                    token = tokens[p] if p < len(tokens) else None
                    likely |= self._letters_of(token.of) if isinstance(token, One | Run) else -1 if token else 0
                self._likely[which][position] = likely
            bits &= likely
        for k, letter in enumerate(self.letters):
            if bits >> k & 1 or not isinstance(letter, str):
                yield k, letter

    def _letters_of(self, of: Chars) -> int:
        known = self._of.get(of)
        if known is None:
            known = sum(self.bits.get(c, 0) for c in of.chars)
            known = self._of[of] = self.every & ~known if of.inverse else known
        return known

    def _after(self, which: int, at: int, k: int) -> tuple[int, ...]:
        """Where a pattern to match may be after a letter."""
        table = self._next[which]
        known = table.get((at, k))
        if known is None:
            letter = self.letters[k]
            found = dict.fromkeys(n for p in self._closure(which, at) for n in self._reads(which, p, letter))
            known = table[at, k] = tuple(found)
        return known

    def _reads(self, which: int, at: int, letter: Letter) -> Iterator[int]:
        tokens = self.chosen[which].tokens
        token = tokens[at] if at < len(tokens) else None
        if token is None:
            return
        if isinstance(letter, str):
            match token:
                case One(of):
                    yield from (at + 1,) if letter in of else ()
                case Run(of):
                    yield from (at,) if letter in of else ()
                case Hole(of=of):
                    # Along the carrier a hole is a letter of its own; elsewhere it may be these characters.
                    yield from (at, at + 1) if which != self.carrier and letter in of else ()
                case Other(hole):
                    yield from (at, at + 1) if letter in hole.of else ()
            return
        if which == self.carrier:
            yield from (at + 1,) if token == letter else ()
            return
        if token == letter:
            yield at + 1
            if letter.exact:
                return
        if token == Other(letter):
            # The other text differs: it goes on where this one ends, or it is this one's beginning.
            yield at
            yield from self._through(which, at + 1, letter.of)
            return
        if letter.empty:
            yield at
        yield from self._through(which, at, letter.of)

    def _through(self, which: int, at: int, of: Chars) -> Iterator[int]:
        """Where a pattern may be after some text of characters of a set, from a position on."""
        tokens = self.chosen[which].tokens
        seen: dict[int, None] = {}
        waiting = [at]
        while waiting:
            for p in self._closure(which, waiting.pop()):
                if p >= len(tokens):
                    continue
                token = tokens[p]
                if _chars(token).meets(of):
                    stays = () if isinstance(token, One) else (p,)
                    goes = () if isinstance(token, Run) else (p + 1,)
                    new = [n for n in (*stays, *goes) if n not in seen]
                    seen.update(dict.fromkeys(new))
                    waiting += new
        yield from seen


def _chars(token: Token) -> Chars:
    return token.hole.of if isinstance(token, Other) else token.of


def _through_hole(p: Pattern, letter: Hole) -> tuple[int, int]:
    """`Pattern.step` for a hole: on over one that takes it, and it stays in runs of all that may stand there."""
    on = sum(1 << i for i, t in p.wild if isinstance(t, Hole) and t.takes(letter))
    return on, sum(1 << i for i, t in p.wild if isinstance(t, Run) and t.of.covers(letter.of))


def _letters(patterns: tuple[Pattern, ...]) -> Iterator[str]:
    """One character for each way of being in the sets that the patterns speak of."""
    sets = list(dict.fromkeys(t.of for p in patterns for t in p.tokens if not isinstance(t, Other)))
    named = sorted({c for s in sets for c in s.chars}, key=lambda c: (c not in READABLE, c))
    other = next((c for c in READABLE if c not in named), None) or next(
        chr(c) for c in range(0x100, 0x110000) if chr(c) not in named
    )
    alone = {c for s in sets if len(s.chars) == 1 and not s.inverse for c in s.chars}  # each in a way of its own
    shared = [s for s in sets if len(s.chars) != 1 or s.inverse]
    seen: set[tuple[bool, ...]] = set()
    for c in (*_first(named, other), other):
        if c in alone:
            yield c
            continue
        ways = tuple(c in s for s in shared)
        if ways not in seen:
            seen.add(ways)
            yield c


def _first(named: list[str], other: str) -> list[str]:
    return [c for c in named if c != other]


# ---------------------------------------------------------------- cells

Vector = tuple[int, Found]


def vectors(unions: tuple[Clause, ...], tries: Iterable[str], base: tuple[Clause, ...] = ()) -> list[Vector]:
    """For each choice of being in or out of `unions` that some string of `base` makes: its bits, and such a string.

    `tries` are taken first, since they are nicer to read. Raises OutOfBudget for more than MOST_CELLS, beside those of
    the strings that are written out.
    """
    found: dict[int, Found] = {}
    known: dict[str, int] = {}
    wild = unions
    if not any(p.holes for union in unions for p in union):
        wild = tuple(frozenset(p for p in union if p.literal is None) for union in unions)
        known = _known(unions)
        some = {i: union for i, union in enumerate(wild) if union}
        for string in dict.fromkeys((*tries, *known)):
            if all(any(p.matches(string) for p in clause) for clause in base):
                bits = known.get(string, 0) | sum(1 << i for i, u in some.items() if any(p.matches(string) for p in u))
                found.setdefault(bits, Found(tuple(string), sure=True))
    written = frozenset(map(literal, known))
    tried = tuple(bits for bits, shown in found.items() if shown.text not in known) if known else tuple(found)
    start = found[tried[0]] if tried else example(base, written)
    waiting = [(0, 0, base, written, start)] if start is not None else []
    splits = 0
    while waiting:
        i, bits, within, without, shown = waiting.pop()
        while i < len(wild) and not wild[i]:
            i += 1
        splits += 1
        check_time()
        if splits > MOST_SPLITS:
            raise OutOfBudget
        if i == len(wild):
            found.setdefault(bits, shown)
            if splits > MOST_CELLS and len(found) > MOST_CELLS + len(known):
                raise OutOfBudget
            continue
        mask = (1 << i) - 1
        for wanted in (0, 1):
            inside = (*within, wild[i]) if wanted else within
            outside = without if wanted else without | wild[i]
            one = next((found[t] for t in tried if t & mask == bits and t >> i & 1 == wanted), None)
            one = one or example(inside, outside)
            if one is not None:
                waiting.append((i + 1, bits | wanted << i, inside, outside, one))
    return list(found.items())


def _known(unions: tuple[Clause, ...]) -> dict[str, int]:
    """The strings that are written out, and which unions name them, as bits."""
    known: dict[str, int] = {}
    for i, union in enumerate(unions):
        for p in ordered(union):
            if p.literal is not None:
                known[p.literal] = known.get(p.literal, 0) | 1 << i
    return known
