"""Random policies and requests, ecsiam held against a matcher that shares nothing with it.

The long run of the same: `python -m tests.differential --minutes 15 --seed 1000000`.
"""

import pytest

from .differential.cases import Counts, case, operators, shown, small
from .differential.checks import QUESTIONS, Case, asked_by, check, requested
from .differential.found import FOUND
from .differential.possible import impossible

# How many seeds of each question the suite takes: the same ones for the same code, some fifteen seconds of one core.
SEEDS = {"evaluate": 4000, "contains": 500, "overlaps": 200, "equivalent": 120, "can": 200}


@pytest.mark.parametrize("question", QUESTIONS)
def test_nothing_disagrees_with_the_matcher(question: str) -> None:
    counts = Counts()
    for seed in range(SEEDS[question]):
        one = case(seed, {question: 1})
        outcome = check(one)
        counts.add(one, outcome)
        assert not outcome.fault, shown(seed, *small(one, outcome))
    decided = sum(n for answer, n in counts.answers.items() if not answer.endswith(("refused", "Undecided", "unclear")))
    assert decided > 0.75 * SEEDS[question], counts.answers  # else this test says little


def test_the_cases_have_every_operator() -> None:
    found = {operator for seed in range(2000) for operator in operators(case(seed, {"evaluate": 1}))}
    assert len({operator.rpartition(":")[2].removesuffix("IfExists") for operator in found}) == 27
    assert {operator.rpartition(":")[0] for operator in found} == {"", "ForAllValues", "ForAnyValue"}


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_requests_that_are_tried_can_be(question: str) -> None:
    """Or a Holds would be refuted by what nobody can ask."""
    for seed in range(100):
        one = case(seed, {question: 1})
        for asked in one.asked:
            assert asked_by(requested(asked)).resource == asked.resource
            assert not impossible(asked, ()), (seed, asked)


@pytest.mark.parametrize(("one", "wanted", "page"), [row[1:] for row in FOUND], ids=[row[0] for row in FOUND])
def test_what_was_found(one: Case, wanted: str, page: str) -> None:
    outcome = check(one)
    assert not outcome.fault, (outcome, page)
    assert outcome.answer in wanted.split(), (outcome, page)
