"""Every public name as a user writes it. Type checkers read this file; test_typing.py runs it.

Each function stands for itself; the working directory holds an `ecsiam.yaml`.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Literal, assert_never, assert_type

import ecsiam
from ecsiam import (
    Accept,
    Answer,
    Artifact,
    Change,
    Config,
    ConfigError,
    Decision,
    EmitError,
    Fails,
    Finding,
    Holds,
    Parameter,
    Policy,
    PolicyError,
    Principal,
    ReadError,
    Reading,
    Request,
    Role,
    Stack,
    Statement,
    Undecided,
    build,
    can,
    check,
    compare,
    contains,
    emit,
    equivalent,
    evaluate,
    load_config,
    load_configs,
    overlaps,
    parse_policy,
    prove,
    read,
)

Target = Literal["terraform", "cloudformation", "iam"]
TARGETS: tuple[Target, ...] = ("terraform", "cloudformation", "iam")
HERE = {"account_id": "123456789012", "aws_region": "eu-west-2"}


def from_a_file_to_a_directory() -> None:
    config = ecsiam.load_config("ecsiam.yaml")
    stack = ecsiam.build(config)
    artifact = ecsiam.emit(stack, target="terraform")
    artifact.write("infra/iam")
    assert artifact.diff("infra/iam") == ""


def a_config_in_a_few_lines() -> Config:
    return Config(project_name="memos", environment="dev")


def a_config_left_to_deployment() -> Stack:
    config = Config(
        project_name=Parameter("project_name", description="the project"),
        environment="dev",
        enable_s3_access=Parameter("enable_s3_access", default=False),
        s3_bucket_arns=Parameter("s3_bucket_arns", default=[]),
    )
    values = {"project_name": "memos", "enable_s3_access": True, "s3_bucket_arns": ["arn:aws:s3:::memos-uploads"]}
    assert build(config).bind(values) == build(config.bind(values))
    return build(config)


def a_config_with_a_key_of_each_kind() -> Config:
    buckets: list[str] = ["arn:aws:s3:::memos-uploads"]
    clusters: Sequence[str] = ("arn:aws:ecs:eu-west-2:123456789012:cluster/main",)
    tags: Mapping[str, str] = {"Team": "notes"}
    deny = Statement(effect="Deny", actions="s3:DeleteObject", resources="arn:aws:s3:::memos-uploads/*")
    config = Config(
        project_name="memos",
        environment="prod",
        account_id="123456789012",
        aws_region="eu-west-2",
        aws_regions=["eu-west-1"],
        enable_s3_access=True,
        s3_bucket_arns=buckets,
        enable_github_oidc=True,
        github_repo="octo-org/memos",
        github_branches=("main", "release/*"),
        github_subject_format="classic",
        ecs_cluster_arns=clusters,
        confused_deputy="both",
        max_session_duration=3600,
        tags=tags,
        role_names={"task": "memos-task"},
        permissions_boundary_arn=None,
        task_statements=[
            deny,
            {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:eu-west-2:123456789012:memos"},
        ],
    )
    assert_type(config.project_name, str | Parameter)
    assert_type(config.account_id, str | Parameter | None)
    assert_type(config.s3_bucket_arns, Sequence[str] | Parameter)
    assert_type(config.enable_s3_access, bool | Parameter)
    assert_type(config.tags, Mapping[str, str])
    assert config.s3_bucket_arns == ("arn:aws:s3:::memos-uploads",)
    return config


def a_config_from_a_path_or_with_values_bound() -> None:
    config = load_config(Path("ecsiam.yaml"))
    assert_type(config, Config)
    bound = config.bind(HERE)
    assert_type(bound, Config)
    assert build(bound) == build(config).bind(HERE)


def all_configs_of_a_file() -> tuple[Config, ...]:
    configs = load_configs("ecsiam.yaml")
    assert_type(configs, tuple[Config, ...])
    assert configs == load_configs(Path("ecsiam.yaml")) == (load_config("ecsiam.yaml"),)
    return configs


def what_a_stack_holds() -> None:
    stack = build(a_config_with_a_key_of_each_kind())
    assert_type(stack, Stack)
    role = stack.roles["task"]
    assert_type(role, Role)
    policy: Policy = role.policies["s3"].document
    for statement in policy.statements:
        assert_type(statement, Statement)
        assert statement.origin
        assert_type(statement.origin.reason, str)
    assert_type(role.trust, Policy)
    assert [f"{note.rule}: {note.message}" for note in stack.notes]
    assert Stack.from_dict(stack.to_dict()) == stack
    assert {stack: "a stack is hashable"}[stack]


def a_role_of_ones_own() -> Role:
    trust = parse_policy(
        {
            "Statement": {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"Service": "ecs-tasks.amazonaws.com"},
            }
        }
    )
    return Role(id="worker", name="memos-worker", trust=trust, path="/memos/", tags={"Team": "notes"})


def a_statement_and_a_policy_of_ones_own() -> Policy:
    read = Statement(
        effect="Allow",
        actions=["s3:GetObject", "s3:ListBucket"],
        resources=["arn:aws:s3:::memos-uploads", "arn:aws:s3:::memos-uploads/*"],
        conditions={"StringEquals": {"aws:PrincipalTag/Team": ["notes"]}},
        sid="Read",
    )
    return Policy([read])


def every_target() -> None:
    stack = build(load_config("ecsiam.yaml"))
    for target in TARGETS:
        artifact = emit(stack, target, bind=HERE)
        assert_type(artifact, Artifact)
        assert_type(artifact.files, Mapping[str, str])
        assert str(artifact).startswith("{\n")
        artifact.write(Path("build") / target, force=True)


def a_policy_as_text_or_as_data() -> None:
    policy = parse_policy('{"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}')
    assert_type(policy, Policy)
    assert policy.kind == "identity"
    assert policy == parse_policy({"Statement": [{"Effect": "Allow", "Action": ["s3:*"], "Resource": ["*"]}]})


def one_request() -> Decision:
    stack = build(a_config_with_a_key_of_each_kind())
    role = stack.roles["task"]
    request = Request(action="s3:GetObject", resource="arn:aws:s3:::memos-uploads/x", context={"aws:SourceIp": "::1"})
    decision = ecsiam.evaluate(role, request)
    assert_type(decision, Decision)
    assert decision.allowed
    assert decision.outcome == "allowed"
    assert [f"{s.policy}[{s.index}]: {miss.reason}" for s in decision.statements for miss in s.misses]
    policies = [policy.document for policy in role.policies.values()]
    deny = parse_policy({"Statement": {"Effect": "Deny", "Action": "s3:Get*", "Resource": "*"}})
    assert evaluate([*policies, deny], request).outcome == "explicitly denied"
    assert evaluate(policies, request, boundary=deny, session=[deny], scps=(deny,)).outcome == "explicitly denied"
    assert evaluate(policies, request, scps=[[deny], [deny]], rcps=[], managed={}).missing == ()
    assert not evaluate(role, Request("s3:GetObject", "arn:aws:s3:::memos/x")).allowed
    service = Principal("Service", "ecs-tasks.amazonaws.com")
    assert Request("sts:AssumeRole", principal="ecs-tasks.amazonaws.com").principal == service
    many: dict[str, str | int | bool | list[str]] = {
        "aws:TagKeys": ["a"],
        "s3:max-keys": 10,
        "aws:SecureTransport": True,
    }
    assert Request("s3:ListBucket", "arn:aws:s3:::b", "anonymous", many).context
    return evaluate(role.trust, Request("sts:AssumeRole", context={"aws:SourceAccount": ["123456789012"]}))


def two_policies_compared() -> None:
    narrow = parse_policy({"Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}})
    wide = parse_policy({"Statement": {"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::b/*"}})
    assert_type(contains(wide, narrow), Answer)
    assert isinstance(contains(wide, narrow), Holds)
    assert isinstance(contains(narrow, wide, universe="known"), Fails)
    assert isinstance(equivalent(narrow, wide), Fails)
    assert isinstance(overlaps(narrow, [wide]), Holds)
    change = compare(narrow, wide)
    assert_type(change, Change)
    assert not change.lost
    assert [str(difference.witness) for difference in change.gained]


def what_a_stack_may_do() -> list[str]:
    stack = build(a_config_with_a_key_of_each_kind())
    assert compare(stack, stack) == Change()
    match can(stack.roles["github_actions"], action="iam:PassRole"):
        case Holds(witness, when=when):
            assert witness
            assert when
        case Fails() | Undecided():
            raise AssertionError("it may pass the two roles")
    assert isinstance(can(stack.roles["task"], action=["s3:Put*"], resource="arn:aws:s3:::memos/*"), Fails)
    answers = prove(stack, only=("separation", "home"), skip="home", today=date(2027, 3, 31))
    assert_type(answers, dict[str, Answer])
    return [f"{invariant}: {answer}" for invariant, answer in answers.items() if isinstance(answer, Fails)]


def what_an_answer_says() -> list[str]:
    answers: list[Answer] = [Holds(), Fails(witness=Request("s3:GetObject")), Undecided("a boundary that wasn't read")]
    said: list[str] = []
    for answer in answers:
        match answer:
            case Holds():
                said.append("yes")
            case Fails(accepted=(Accept(why=why), *_)):
                said.append(f"no, and that is meant: {why}")
            case Fails(witness):
                said.append(f"no: {witness}")
            case Undecided(reason):
                said.append(reason)
            case _:
                assert_never(answer)
    return said


def your_config_is_wrong() -> list[str]:
    try:
        Config(project_name="memos", environment="dev", enable_s3_access=True, account_id="12")
    except ConfigError as error:
        return [f"{fault.path}: {fault.message}. {fault.remedy}" for fault in error.faults]
    raise AssertionError("two faults")


def your_policy_is_wrong() -> str:
    try:
        parse_policy('{"Statement": [{"Effect": "Allow", "Action": "s3", "Resource": "*"}]}')
    except PolicyError as error:
        return str(error)
    raise AssertionError("`s3` is not an action")


def that_target_can_not_say_it() -> int:
    try:
        emit(build(a_config_in_a_few_lines()), "iam")
    except EmitError as error:
        return len(error.faults)
    raise AssertionError("nothing is bound")


def what_a_checker_refuses_is_refused_at_run_time_too() -> str:
    try:
        Config(project_name="memos", environment="dev", enable_s3_access="yes")  # type: ignore[arg-type]
    except ConfigError as error:
        return str(error)
    raise AssertionError("`yes` is no flag")


def what_you_have_is_checked() -> list[str]:
    root = Path("infra")
    root.mkdir()
    (root / "main.tf").write_text(
        """
        resource "aws_ecs_task_definition" "web" {
          family                   = "web"
          requires_compatibilities = ["FARGATE"]
          container_definitions    = jsonencode([{ name = "web", secrets = [{ name = "A", valueFrom = "a" }] }])
        }
        """,
        encoding="utf-8",
    )
    reading: Reading = read(root)
    found: list[Finding] = list(check(reading).open)
    assert [finding.rule for finding in found] == ["missing"]
    return [f"{finding.place}: {finding.fact}. {finding.remedy}" for finding in found]


def what_you_have_can_not_be_read() -> str:
    try:
        read("no-such-directory")
    except ReadError as error:
        return str(error)
    raise AssertionError("it is not there")
