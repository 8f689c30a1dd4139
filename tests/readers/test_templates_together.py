"""Templates that belong together: what one hands to another, stacks in stacks, and loops that are written out."""

import pytest

from ecsiam.errors import ReadError
from ecsiam.readers.assemble import assemble
from ecsiam.readers.cloudformation.templates import read_cloudformation
from ecsiam.readers.found import FoundRole, FoundTask, Root
from ecsiam.readers.reading import Reading

TRUST = "{Statement: [{Effect: Allow, Principal: {Service: ecs-tasks.amazonaws.com}, Action: sts:AssumeRole}]}"
ROLE = f"Resources: {{Role: {{Type: AWS::IAM::Role, Properties: {{AssumeRolePolicyDocument: {TRUST}}}}}%s}}\n"
TASK = "Resources: {Task: {Type: AWS::ECS::TaskDefinition, Properties: {TaskRoleArn: %s}}}\n"
ARN = "arn:{partition}:iam::{account_id}:role/{Role.name}"


def reading(**files: str) -> Reading:
    named = {f"{name.replace('__', '/')}.yaml": text.encode() for name, text in files.items()}
    return assemble(read_cloudformation(named), ".")


def roots(**files: str) -> list[Root]:
    return list(read_cloudformation({f"{name.replace('__', '/')}.yaml": t.encode() for name, t in files.items()}))


# ---------------------------------------------------------------- what is handed on

EXPORT = "Outputs: {Arn: {Value: !GetAtt Role.Arn, Export: {Name: %s}}}\n"
HOLDS = ", P: {Type: AWS::SSM::Parameter, Properties: {Name: /shop/role, Value: !GetAtt Role.Arn}}"
HANDED = {
    "an export": (EXPORT % "role", "!ImportValue role"),
    "an export with the same parameter": (
        "Parameters: {Stage: {Type: String}}\n" + EXPORT % '!Sub "${Stage}-role"',
        '{"Fn::ImportValue": !Sub "${Stage}-role"}',
    ),
    "an export of a stack, by a parameter": (
        EXPORT % '!Sub "${AWS::StackName}-role"',
        '{"Fn::ImportValue": !Sub "${Stage}-role"}',
    ),
    "an export of a stack, by its name": (EXPORT % '!Sub "${AWS::StackName}:role"', "!ImportValue production:role"),
    "a parameter of SSM": (HOLDS, "'{{resolve:ssm:/shop/role}}'"),
    "a version of a parameter": (HOLDS, "'{{resolve:ssm:/shop/role:3}}'"),
    "a parameter of the type": (HOLDS, "!Ref Looked"),
}
PARAMETERS = (
    "Parameters: {Stage: {Type: String}, Looked: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /shop/role}}\n"
)


@pytest.mark.parametrize("how", HANDED)
def test_a_role_of_another_template_is_found_by_what_hands_it_on(how: str) -> None:
    """The role has no name of its own, as most: its ARN is known by the template that makes it."""
    by, named = HANDED[how]
    role = ROLE % (by if by.startswith(",") else "") + ("" if by.startswith(",") else by)
    found = reading(iam=role, service=PARAMETERS + TASK % named)
    (task,) = found.tasks
    assert (str(task.task_named), task.task) == (ARN, "iam.yaml:Role")
    # One that is called so in the template itself is not that one.
    own = PARAMETERS + TASK % named + "  Role: {Type: AWS::SNS::Topic}\n"
    (task,) = reading(iam=role, service=own.replace("{Task:", "\n  Task:").replace("}}}\n", "}}\n")).tasks
    assert task.task is None


def test_what_the_cdk_hands_to_another_region_is_found() -> None:
    name = "/cdk/exports/Service/RoleArn"
    exports = f"WriterProps: {{region: eu-west-1, exports: {{{name}: !GetAtt Role.Arn}}}}"
    writer = f", W: {{Type: 'Custom::CrossRegionExportWriter', Properties: {{{exports}}}}}"
    reader = "\n  R: {Type: 'Custom::CrossRegionExportReader'}\n"
    task = TASK.replace("{Task:", "\n  Task:").replace("}}}\n", "}}") % f"!GetAtt [R, {name}]"
    (task_,) = reading(iam=ROLE % writer, service=task + reader).tasks
    assert task_.task == "iam.yaml:Role"


def test_environments_that_export_the_same_are_told_apart_by_their_folders() -> None:
    role, task = ROLE % "" + EXPORT % "role", TASK % "!ImportValue role"
    found = reading(dev__iam=role, dev__service=task, prod__iam=role, prod__service=task)
    assert [(one.root, one.task) for one in found.tasks] == [
        (f"{env}/service.yaml", f"{env}/iam.yaml:Role") for env in ("dev", "prod")
    ]
    (task_,) = reading(dev__iam=role, prod__iam=role, service=task).tasks
    assert task_.task is None  # which of them, nobody knows


# ---------------------------------------------------------------- stacks in stacks

ADDRESSES = {
    "a path": "infra/iam.yaml",
    "an address": "https://s3.amazonaws.com/bucket/infra/iam.yaml",
    "a query": "https://s3.amazonaws.com/bucket/iam.yaml?versionId=1",
    "a bucket of the stack": '!Sub "https://${Bucket}.s3.${AWS::URLSuffix}/${Prefix}infra/iam.yaml"',
    "values of its own": '!Sub ["https://${B}/iam.yaml", {B: x}]',
    "pieces": "!Join [/, [https://s3.amazonaws.com, !Ref Bucket, infra, iam.yaml]]",
    "a parameter": "!Ref Url",
}


@pytest.mark.parametrize("how", ADDRESSES)
def test_a_stack_in_a_stack_is_found_by_the_end_of_its_address(how: str) -> None:
    url = ADDRESSES[how]
    parent = "Parameters: {Bucket: {Type: String}, Prefix: {Type: String}, Url: {Type: String, Default: x/iam.yaml}}\n"
    parent += f"Resources:\n  Iam: {{Type: AWS::CloudFormation::Stack, Properties: {{TemplateURL: {url}}}}}\n"
    (root,) = roots(main=parent, infra__iam=ROLE % "")
    assert [one.address for one in root.found if isinstance(one, FoundRole)] == ["Iam.Role"]
    assert not root.gaps
    # Two that end so are none, unless one is below.
    twice = roots(a__main=parent, infra__iam=ROLE % "", old__infra__iam=ROLE % "")
    assert [gap.why for root in twice for gap in root.gaps] == ["the template of a stack in it is not here"]


def test_a_template_that_no_stack_makes_is_read_by_itself() -> None:
    parent = (
        "Conditions: {Never: !Equals [a, b]}\nResources: {Iam: {Type: AWS::CloudFormation::Stack, Condition: Never, "
    )
    found = roots(main=parent + "Properties: {TemplateURL: iam.yaml}}}\n", iam=ROLE % "")
    assert [(root.name, len(root.found)) for root in found] == [("main.yaml", 0), ("iam.yaml", 1)]


# ---------------------------------------------------------------- loops

LOOP = """
Transform: AWS::LanguageExtensions
Parameters:
  Names: {Type: CommaDelimitedList, Default: "web, worker-1"}
  Open: {Type: CommaDelimitedList}
Mappings: {M: {Web: {Cpu: "256"}, Worker: {Cpu: "512"}}}
Resources:
  Fn::ForEach::Tasks:
    - Name
    - %s
    - Task%s:
        Type: AWS::ECS::TaskDefinition
        Properties: {Family: !Sub "${Name}-x", TaskRoleArn: !Ref Name%s}
"""
LOOPS = {
    "a list": (("[Web, Worker]", "${Name}", ""), [("TaskWeb", "Web-x", "Web"), ("TaskWorker", "Worker-x", "Worker")]),
    "a parameter": (
        ("!Ref Names", "&{Name}", ""),
        [("Taskweb", "web-x", "web"), ("Taskworker1", "worker-1-x", "worker-1")],
    ),
    "a map": (
        ("[Web]", "${Name}", ", Cpu: !FindInMap [M, !Ref Name, Cpu]"),
        [("TaskWeb", "Web-x", "Web")],
    ),
}


@pytest.mark.parametrize("over", LOOPS)
def test_a_loop_is_written_out(over: str) -> None:
    values, tasks = LOOPS[over]
    (root,) = roots(t=LOOP % values)
    found = [one for one in root.found if isinstance(one, FoundTask)]
    assert [(one.address, one.value["family"], one.value["taskRoleArn"]) for one in found] == tasks
    assert [one.value.get("cpu") for one in found] == (["256"] if over == "a map" else [None, None])
    assert {one.place.line for one in found} == {11}
    assert not root.gaps


def test_loops_in_loops_and_in_properties_are_written_out() -> None:
    (root,) = roots(t=LOOP % ("[Web]", "${Name}", ", 'Fn::ForEach::In': [S, [Cpu, Memory], {'${S}': '256'}]"))
    (task,) = [one for one in root.found if isinstance(one, FoundTask)]
    assert (task.value["cpu"], task.value["memory"]) == ("256", "256")
    body = "{'${E}${N}': {Type: AWS::ECS::TaskDefinition}}"
    outer = f"{{'Fn::ForEach::Out': [E, [Dev, Prod], {{'Fn::ForEach::Two': [N, [X, Y], {body}]}}]}}"
    (root,) = roots(t=f"Transform: [AWS::LanguageExtensions]\nResources: {outer}\n")
    assert [one.address for one in root.found if isinstance(one, FoundTask)] == ["DevX", "DevY", "ProdX", "ProdY"]


@pytest.mark.parametrize("over", ["!Ref Open", "!Ref Nobody", "[!Ref Open]", "7"])
def test_a_loop_over_what_is_not_known_is_a_gap_of_every_role(over: str) -> None:
    role = f"  Role: {{Type: AWS::IAM::Role, Properties: {{AssumeRolePolicyDocument: {TRUST}}}}}\n"
    (root,) = roots(t=LOOP % (over, "${Name}", "") + role)
    (gap,) = root.gaps
    assert str(gap) == "t.yaml:8: `Fn::ForEach::Tasks` makes resources that are not read"
    assert [one.gaps for one in root.found if isinstance(one, FoundRole)] == [(gap,)]


def test_loops_that_make_too_much_are_refused() -> None:
    inner = "{Type: AWS::ECS::TaskDefinition}"
    for depth in range(6):
        inner = f"{{'Fn::ForEach::L{depth}': [V{depth}, [{', '.join('abcdefghij')}], {{'X${{V{depth}}}': {inner}}}]}}"
    with pytest.raises(ReadError, match="its loops make more than 100,000 keys and values"):
        roots(t=f"Transform: AWS::LanguageExtensions\nResources: {inner}\n")
