"""The same question has the same answer in each process: of several right requests, the same one is shown."""

import os
import random
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from ecsiam import Policy, compare, contains, overlaps, parse_policy

PAIRS = 20
PLACES = ("arn:aws:s3:::", "arn:aws:sqs:eu-west-1:111122223333:", "arn:aws:dynamodb:*:*:table/")
NAMES = ("a", "b", "shop", "*", "x-*", "?y", "prod", "dev/*")
ACTIONS = ("s3:Get*", "s3:PutObject", "s3:*", "sqs:*", "sqs:SendMessage", "dynamodb:GetItem", "dynamodb:*", "*")


def _name(draw: random.Random, most: int = 4) -> str:
    return "".join(draw.choices(NAMES, k=draw.randint(1, most)))


def _statement(draw: random.Random, effect: str) -> dict[str, object]:
    resources = [draw.choice(PLACES) + _name(draw) for _ in range(draw.randint(1, 5))]
    tags = {"aws:PrincipalTag/team": [_name(draw, 2) for _ in range(draw.randint(1, 4))]}
    return {
        "Effect": effect,
        "Action": draw.sample(ACTIONS, draw.randint(1, 3)),
        draw.choice(("Resource", "Resource", "NotResource")): resources,
        **({"Condition": {"StringLike": tags}} if draw.random() < 0.5 else {}),
    }


def _policy(draw: random.Random) -> Policy:
    effects = ["Allow"] * draw.randint(1, 4) + ["Deny"] * draw.randint(0, 2)
    return parse_policy({"Version": "2012-10-17", "Statement": [_statement(draw, effect) for effect in effects]})


@cache
def answers() -> list[str]:
    draw = random.Random(5)
    pairs = [(_policy(draw), _policy(draw)) for _ in range(PAIRS)]
    return [str(ask(a, b)) for a, b in pairs for ask in (overlaps, contains, compare)]


@pytest.mark.parametrize("seed", ["0", "1"])
def test_another_process_gives_the_same_answers(seed: str) -> None:
    """Sets of texts stand in another order in each process, and so do objects in memory."""
    run = subprocess.run(
        (sys.executable, "-m", f"tests.{Path(__file__).stem}"),
        cwd=Path(__file__).parents[1],
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout == "\n".join(answers()) + "\n"


if __name__ == "__main__":
    sys.stdout.write("\n".join(answers()) + "\n")
