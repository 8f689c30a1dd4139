"""Random cases by seed, run and counted; a fault is shrunk."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from random import Random

from .checks import ROLE, Case, Outcome, check
from .generator import MODES, Document, World, bare, changed, policy, statement, turned, world
from .matcher import Json, listed
from .requests import request
from .shrink import shrunk

# Of each hundred cases, how many are of which question.
SHARES: Mapping[str, int] = {"evaluate": 70, "contains": 13, "overlaps": 6, "equivalent": 5, "can": 6}


def case(seed: int, shares: Mapping[str, int] = SHARES) -> Case:
    """The case of a seed: the same for the same code."""
    r = Random(seed)
    question = r.choices(list(shares), list(shares.values()))[0]
    mode = r.choice(MODES)
    of_roles = question != "equivalent" and r.random() < (0.1 if question == "evaluate" else 0.35)
    if of_roles or question == "can":
        mode = "identity"
    w = world(r, mode)
    sides = _sides(r, w, question, of_roles)
    query = _query(r, w) if question == "can" else None
    made = Case(question, sides, (), mode, of_roles, query)
    count = 1 if question == "evaluate" else 16
    asked = tuple(request(r, w, made.documents, ROLE if of_roles else "") for _ in range(count))
    if question == "evaluate" and asked[0].principal and r.random() < 0.5:
        some = {k: v for k, v in asked[0].context.items() if r.random() < 0.5 or k.lower() not in TIED}
        asked = (replace(asked[0], context=some),)
    return replace(made, asked=asked)


# What `evaluate` can fill in, so a request may leave it out.
TIED = ("aws:principalarn", "aws:principalaccount", "aws:principaltype", "aws:username", "aws:principalisawsservice")


def _sides(r: Random, w: World, question: str, of_roles: bool) -> tuple[tuple[Document, ...], ...]:
    if question not in ("evaluate", "can") and r.random() < 0.5:
        one = bare(r, w)
        two = turned(r, w, one)
        return ((one,), (two,)) if r.random() < 0.5 else ((two,), (one,))
    first = tuple(policy(r, w) for _ in range(r.choice((1, 2)) if of_roles else 1))
    if question in ("evaluate", "can"):
        return (first,)
    if r.random() < 0.3:
        return (first, tuple(policy(r, w) for _ in first))
    second = tuple(changed(r, w, document) for document in first)
    return (first, second) if r.random() < 0.5 else (second, first)


def _query(r: Random, w: World) -> Json:
    """What is asked of `can`: written as a statement with Action and Resource."""
    q: Document = {"Effect": "Allow", "Condition": {}, **statement(r, w)}
    given: Document = q["Condition"]
    conditions = {o: keys for o, keys in given.items() if o != "Null"} if r.random() < 0.4 else {}
    out: Document = {"Effect": "Allow", "Action": q.get("Action", w.actions[0]), "Resource": q.get("Resource", "*")}
    return out | ({"Condition": conditions} if conditions else {})


# ---------------------------------------------------------------- running


@dataclass
class Counts:
    """What ran: by question, by operator and by answer."""

    cases: Counter[str] = field(default_factory=Counter[str])
    answers: Counter[str] = field(default_factory=Counter[str])
    operators: Counter[str] = field(default_factory=Counter[str])
    faults: Counter[str] = field(default_factory=Counter[str])

    def add(self, case: Case, outcome: Outcome) -> None:
        level = f"{case.question} ({'roles' if case.of_roles else case.mode})"
        self.cases[level] += 1
        self.answers[f"{case.question}: {outcome.answer}"] += 1
        if outcome.answer != "refused":
            self.operators.update(set(operators(case)))
        if outcome.fault:
            self.faults[outcome.fault] += 1


def operators(case: Case) -> Iterator[str]:
    """The condition operators of a case, as they are written."""
    for document in case.documents:
        for s in listed(document["Statement"]):
            yield from s.get("Condition", {})


def small(case: Case, outcome: Outcome) -> tuple[Case, Outcome]:
    """The smallest case found with the same fault."""
    less = shrunk(case, lambda c: check(c).fault == outcome.fault)
    return less, check(less)


def shown(seed: int, case: Case, outcome: Outcome) -> str:
    """A case as one reads it."""
    lines = [f"seed {seed}: {outcome.fault}", f"  {outcome.detail}"]
    lines += [f"  {json.dumps(document, ensure_ascii=False)}" for document in case.documents]
    lines += [f"  asked: {asked}" for asked in case.asked[:1]]
    return "\n".join(lines)
