"""All there is of a kind, however it is spelled, is a wildcard; what is one's own, or a part, is none."""

import string
from typing import Any

import pytest

from ecsiam import Fails, Holds, Stack, Undecided
from ecsiam.invariants import INVARIANTS
from ecsiam.reference.actions import actions as actions_of
from ecsiam.reference.actions import date, evaluated_on, services

from .replayed import put_to_the_test, shown
from .test_invariants import ACCOUNT, IN, built, denied, granted

ask = INVARIANTS["wildcards"].ask
SECRETS = "secretsmanager:GetSecretValue"
PULL = "ecr:BatchGetImage"
ALNUM = string.ascii_lowercase + string.digits


def task(*statements: dict[str, Any], **keys: Any) -> Stack:
    return built(task_statements=list(statements), **keys)


# An action and the resources that together are all of a kind, each family with its relatives.
EVASIONS: dict[str, tuple[str, list[str]]] = {
    "an account of twelve characters": (SECRETS, ["arn:aws:secretsmanager:*:????????????:secret:*"]),
    "an account of eleven and a star": (SECRETS, ["arn:aws:secretsmanager:*:???????????*:secret:*"]),
    "accounts by their first digit": (SECRETS, [f"arn:aws:secretsmanager:*:{d}*:secret:*" for d in string.digits]),
    "accounts by their last digit": (SECRETS, [f"arn:aws:secretsmanager:*:*{d}:secret:*" for d in string.digits]),
    "the account of whatever is asked for": (SECRETS, ["arn:aws:secretsmanager:*:${aws:ResourceAccount}:secret:*"]),
    "an account that the request says": (SECRETS, ["arn:aws:secretsmanager:*:${aws:RequestTag/account}:secret:*"]),
    "the region that is asked for": (SECRETS, ["arn:aws:secretsmanager:${aws:RequestedRegion}:*:secret:*"]),
    "one region of all accounts": (SECRETS, ["arn:aws:secretsmanager:eu-west-2:*:secret:*"]),
    "another region of all accounts": (SECRETS, ["arn:aws:secretsmanager:us-east-1:*:secret:*"]),
    "regions of all accounts": (SECRETS, ["arn:aws:secretsmanager:us-*:*:secret:*"]),
    "any partition": (SECRETS, ["arn:*:secretsmanager:*:*:secret:*"]),
    "a partition with a letter open": (SECRETS, ["arn:aw?:secretsmanager:*:*:secret:*"]),
    "names with the suffix": (SECRETS, ["arn:aws:secretsmanager:*:*:secret:*-??????"]),
    "names of some length": (SECRETS, ["arn:aws:secretsmanager:*:*:secret:????????*"]),
    "a star on both sides": (SECRETS, ["arn:aws:secretsmanager:*:*:*secret*"]),
    "names that are not empty": (PULL, ["arn:aws:ecr:*:*:repository/?*"]),
    "the type cut short": (PULL, ["arn:aws:ecr:*:*:repo*"]),
    "the type open": (PULL, ["arn:aws:ecr:*:*:*/*"]),
    "objects in buckets": ("s3:GetObject", ["arn:aws:s3:::?*/?*"]),
    "objects of a default": ("s3:GetObject", ["arn:aws:s3:::${aws:PrincipalTag/none, ''}*/*"]),
    "an object key as the request has it": ("s3:GetObject", ["arn:aws:s3:::${s3:prefix}/*"]),
    "thirty-six first letters": ("s3:ListBucket", [f"arn:aws:s3:::{c}*" for c in ALNUM]),
    "thirty-six first letters of objects": ("s3:GetObject", [f"arn:aws:s3:::{c}*/*" for c in ALNUM]),
    "thirty-six last letters": ("s3:ListBucket", [f"arn:aws:s3:::*{c}" for c in ALNUM]),
    "all that begin with a letter": ("s3:ListBucket", [f"arn:aws:s3:::{c}*" for c in string.ascii_lowercase]),
    "every second letter in two": ("s3:ListBucket", [f"arn:aws:s3:::?{c}*" for c in ALNUM + "-"]),
    "some letter or other": ("s3:ListBucket", [f"arn:aws:s3:::*{c}*" for c in ALNUM]),
    "a star behind the colon": ("sqs:SendMessage", ["arn:aws:sqs:*:*:*:*", "arn:aws:sqs:*:*:*"]),
    "keys by their form": ("kms:Decrypt", ["arn:aws:kms:*:*:key/????????-????-????-????-????????????"]),
    "keys with a hyphen": ("kms:Decrypt", ["arn:aws:kms:*:*:key/*-*"]),
    "file systems": ("elasticfilesystem:ClientMount", ["arn:aws:elasticfilesystem:*:*:file-system/fs-*"]),
    "instances": ("ec2:TerminateInstances", ["arn:aws:ec2:*:*:instance/i-*"]),
    "log groups": ("logs:PutLogEvents", ["arn:aws:logs:*:*:log-group:?*:*"]),
    "a domain's paths": ("es:ESHttpGet", ["arn:aws:es:*:*:domain/*/*"]),
    "roles in a path or not": ("iam:GetRole", ["arn:aws:iam::????????????:role/*"]),
}


@pytest.mark.parametrize(("action", "resources"), EVASIONS.values(), ids=EVASIONS)
def test_all_of_a_kind_is_a_wildcard_however_it_is_spelled(action: str, resources: list[str]) -> None:
    stack = task(granted(action, resources))
    answer = ask(stack)
    assert isinstance(answer, Fails)
    assert {str(one.witness).split(" ")[0].lower() for one in shown(answer)} == {action.lower()}
    put_to_the_test(stack, "wildcards", answer)


@pytest.mark.parametrize("name", ["thirty-six first letters", "accounts by their first digit", "some letter or other"])
def test_statements_are_a_wildcard_together(name: str) -> None:
    action, resources = EVASIONS[name]
    one_each = [granted(action, r) for r in resources]
    own = granted(action, f"arn:aws:secretsmanager:{IN}:secret:memos-*" if action == SECRETS else "arn:aws:s3:::memos*")
    answer = ask(task(own, *one_each))
    assert isinstance(answer, Fails)
    assert len(list(shown(answer))) <= len(resources), "the own one takes no part"
    assert isinstance(ask(task(own, *one_each[1:])), Holds), "one of them is missing"


def test_two_roles_are_no_wildcard_together() -> None:
    action, resources = EVASIONS["thirty-six first letters"]
    some, others = granted(action, resources[:20]), granted(action, resources[20:])
    halves = {"task_statements": [some], "execution_statements": [others]}
    assert isinstance(ask(built(**halves)), Holds)


# What is a part of a kind, or one's own, in every spelling that looks like more.
NARROW: dict[str, tuple[str, list[str]]] = {
    "one's own account": (SECRETS, [f"arn:aws:secretsmanager:*:{ACCOUNT}:secret:*"]),
    "the session's own account": (SECRETS, ["arn:aws:secretsmanager:*:${aws:PrincipalAccount}:secret:*"]),
    "a name of every account": (SECRETS, ["arn:aws:secretsmanager:*:*:secret:memos-*"]),
    "a tag of the session": (SECRETS, ["arn:aws:secretsmanager:*:*:secret:${aws:PrincipalTag/team}/*"]),
    "a folder of every bucket": ("s3:GetObject", ["arn:aws:s3:::*/memos/*"]),
    "an ending of every bucket": ("s3:GetObject", ["arn:aws:s3:::*/*.jpg"]),
    "buckets of a prefix": ("s3:ListBucket", ["arn:aws:s3:::memos*"]),
    "buckets by a part": ("s3:ListBucket", ["arn:aws:s3:::*-memos-*"]),
    "thirty-five letters": ("s3:ListBucket", [f"arn:aws:s3:::{c}*" for c in ALNUM[1:]]),
    "nine digits of accounts": (SECRETS, [f"arn:aws:secretsmanager:*:{d}*:secret:*" for d in string.digits[1:]]),
    "images of every account": ("ec2:RunInstances", ["arn:aws:ec2:eu-west-2::image/ami-0123456789abcdef0"]),
    "models of one region": ("bedrock:InvokeModel", ["arn:aws:bedrock:eu-west-2::foundation-model/*"]),
    "documents of AWS": ("ssm:SendCommand", ["arn:aws:ssm:*::document/AWS-*"]),
    "groups under a slash": ("logs:PutLogEvents", ["arn:aws:logs:*:*:log-group:/aws/lambda/*"]),
    "too short for a name": (PULL, ["arn:aws:ecr:*:*:repository/???"]),
    "another partition": (SECRETS, ["arn:aws-cn:secretsmanager:*:*:secret:*"]),
}


@pytest.mark.parametrize(("action", "resources"), NARROW.values(), ids=NARROW)
def test_a_part_of_a_kind_is_no_wildcard(action: str, resources: list[str]) -> None:
    assert isinstance(ask(task(granted(action, resources))), Holds)


def test_a_denial_takes_it_away_again() -> None:
    action, resources = EVASIONS["an account of twelve characters"]
    assert isinstance(ask(task(granted(action, resources), denied("secretsmanager:*", "*"))), Holds)
    assert isinstance(ask(task(granted(action, resources), denied("secretsmanager:*", resources[0] + "x"))), Fails)


def not_on(action: str, *resources: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "NotResource": list(resources)}


def test_all_but_some_is_a_wildcard_where_it_leaves_any() -> None:
    assert isinstance(ask(task(not_on("sqs:SendMessage", f"arn:aws:sqs:{IN}:q"))), Fails)
    assert isinstance(ask(task(not_on("sqs:SendMessage", f"arn:aws:sqs:*:{ACCOUNT}:*"))), Fails)
    # Text messages are no topic: this is how one allows them, and nothing else.
    assert isinstance(ask(task(not_on("sns:Publish", "arn:aws:sns:*:*:*"))), Holds)
    assert isinstance(ask(task(not_on("sns:*", "arn:aws:sns:*:*:*"))), Holds)


# ---------------------------------------------------------------- what isn't known


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("s3:NotYetThere", "*"),
        ("s3:NotYetThere", "arn:*"),
        ("s3:NotYetThere", "arn:aws:*"),
        ("s3:NotYetThere", "arn:aws:s3:::?*"),
        ("s3:NotYet*", "arn:aws:s3:::*"),
        ("notyet:*", "*"),
        ("notyet:There", "arn:aws:notyet:*:*:*"),
        ("notyet:There", "arn:aws:notyet:*:????????????:*"),
        ("secretsmanager:NotYetThere", "arn:aws:secretsmanager:*:????????????:secret:*"),
    ],
)
def test_an_unknown_action_on_all_of_a_kind_is_undecided(action: str, resource: str) -> None:
    answer = ask(task(granted(action, resource)))
    assert isinstance(answer, Undecided)
    on = "`*`" if resource == "*" else "all resources of a kind"
    assert answer.reason == f"the service reference of {date()} does not know `{action}`, which is on {on}"


@pytest.mark.parametrize("resource", ["arn:aws:s3:::memos*", f"arn:aws:sqs:{IN}:*"])
def test_an_unknown_action_on_some_is_none(resource: str) -> None:
    assert isinstance(ask(task(granted("s3:NotYetThere", resource))), Holds)


# ---------------------------------------------------------------- laws


def test_the_format_of_every_kind_is_all_of_it() -> None:
    forms: dict[str, str] = {}
    for service in services():
        for known in actions_of(service).values():
            forms |= {arn: known.id for arn in evaluated_on(known) if not arn.startswith(("*", "arn:*:*:"))}
    assert len(forms) > 1000
    for arn in sorted(forms)[::29]:
        assert isinstance(ask(task(granted(forms[arn], arn))), Fails), arn


@pytest.mark.parametrize(
    "action",
    ["cloudwatch:ListMetrics", "cloudwatch:PutMetricData", "polly:SynthesizeSpeech", "translate:TranslateText"],
)
def test_what_may_name_no_resource_needs_a_star(action: str) -> None:
    """Metrics outside a dataset, speech without a lexicon, a translation without a terminology."""
    assert isinstance(ask(task(granted(action, "*"))), Holds)
