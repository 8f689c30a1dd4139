"""Questions that are hard by their size get their right answer, with a witness. `make bench` has their times."""

import pytest

from ecsiam.analysis.answers import Fails, Holds
from ecsiam.analysis.questions import contains, equivalent, overlaps, requests_of

from .shapes import FAMILIES, Shape


@pytest.mark.parametrize("family", FAMILIES)
def test_a_hard_question_has_its_right_answer(family: str) -> None:
    for shape in FAMILIES[family]():
        check(shape)


def check(shape: Shape) -> None:
    answer = shape.ask()
    assert type(answer).__name__ == shape.right, f"{shape.name}: {answer}"
    assert isinstance(answer, Holds | Fails)
    shown = [answer.witness in requests_of(subject) for subject in shape.subjects] if answer.witness else []
    if shape.question is contains and shape.right == "Fails":
        assert shown == [False, True], shape.name
    elif shape.question is equivalent and shape.right == "Fails":
        assert sorted(shown) == [False, True], shape.name
    elif shape.question is overlaps and shape.right == "Holds":
        assert shown == [True, True], shape.name
