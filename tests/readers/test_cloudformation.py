"""Templates of CloudFormation: what functions come to, what is found in the shapes, and input that is broken."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

import ecsiam
from ecsiam.errors import Fault, ReadError
from ecsiam.model.text import Bindings, Ref, Text
from ecsiam.readers.cloudformation.syntax import DEEPEST, LARGEST, MOST_VALUES, read_template
from ecsiam.readers.cloudformation.templates import is_template, read_cloudformation
from ecsiam.readers.found import FoundPassing, FoundRole, FoundService, FoundTask, Root, Unread

from ..effort import cost
from .template_summary import summary

SHAPES = Path(__file__).parent / "shapes" / "cloudformation"
AT_ONCE = 10  # seconds of a processor that may be slow

TRUST = """
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: ecs-tasks.amazonaws.com}, Action: sts:AssumeRole}]"""
ROLE = f"""
Resources:
  Task:
    Type: AWS::IAM::Role
    Properties:{TRUST}
"""


def read(text: str | bytes, **given: str) -> Root:
    data = text.encode() if isinstance(text, str) else text
    (root,) = read_cloudformation({"t.yaml": data}, given)
    return root


def faults(data: str | bytes) -> list[str]:
    with pytest.raises(ReadError) as raised:
        read_template(data, "t.yaml")
    return [str(fault) for fault in raised.value.faults]


# ---------------------------------------------------------------- functions

PARAMETERS = """
Parameters:
  Known: {Type: String, Default: known}
  Open: {Type: String}
  Number: {Type: Number, Default: 7}
  List: {Type: CommaDelimitedList, Default: "a, b"}
  Empty: {Type: CommaDelimitedList, Default: ""}
  Unsaid: {Type: String, Default: ""}
  OpenList: {Type: List<String>}
  Looked: {Type: "AWS::SSM::Parameter::Value<String>", Default: /path}
  partition: {Type: String}
Conditions:
  Sure: !Equals [!Ref Known, known]
  Not: !Not [!Condition Sure]
  Given: !Not [!Equals [!Ref Unsaid, ""]]
  Maybe: !Equals [!Ref Open, x]
  Never: !And [!Condition Maybe, !Condition Not]
  Always: !Or [!Condition Maybe, !Condition Sure]
  Same: !Equals [!Ref Open, !Sub "${Open}"]
  Self: !Condition Self
  Strange: !Contains [[a], a]
Mappings:
  M: {one: {a: x, b: [p, q]}, two: {a: y, b: [p, q]}, us: {a: z}}
  N: {eu-west-1: {a: x}, us-east-1: {a: x}}
  Partitions: {eu-west-1: {name: aws}, cn-north-1: {name: aws-cn}}
Resources:
  Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: !Sub "${Known}-q"}}
  Topic: {Type: AWS::SNS::Topic}
  Logs: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: /app}}
  Secret: {Type: AWS::SecretsManager::Secret, Properties: {Name: db}}
  Parameter: {Type: AWS::SSM::Parameter, Properties: {Name: /app/url}}
  Bucket: {Type: AWS::S3::Bucket}
  Key: {Type: AWS::KMS::Key}
  Table: {Type: AWS::DynamoDB::Table, Properties: {TableName: t}}
  Repository: {Type: AWS::ECR::Repository, Properties: {RepositoryName: app}}
  Cluster: {Type: AWS::ECS::Cluster}
  Unnamed: {Type: AWS::IAM::Role}
  Repositories: {Type: AWS::ECR::Repository}
  Provider: {Type: AWS::IAM::OIDCProvider, Properties: {Url: "https://example.com/x"}}
  Role: {Type: AWS::IAM::Role, Properties: {RoleName: r, Path: /p/}}
  Policy: {Type: AWS::IAM::ManagedPolicy, Properties: {ManagedPolicyName: m}}
  Custom: {Type: "Custom::Thing"}
  Database: {Type: AWS::RDS::DBInstance}
  Loop: {Type: AWS::SQS::Queue, Properties: {QueueName: !GetAtt Loop.QueueName}}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions:
        - Name: c
          DockerLabels:
            x: %s
"""
REGION, ACCOUNT = "{aws_region}", "{account_id}"
HERE = f"{REGION}:{ACCOUNT}"
FUNCTIONS = {
    "text": "text",
    "7": "7",
    "true": "true",
    "no": "false",
    "null": None,
    "!Ref Known": "known",
    "!Ref Number": "7",
    "!Ref Open": "{Open}",
    "!Ref Looked": "{Looked}",
    "!Ref partition": "{parameter partition}",  # which is not the deployment's
    "!Ref List": ["a", "b"],
    "!Ref Empty": "? a list that is not known: `{Empty}` split at `,`",
    '!Sub "arn:${Unsaid}"': "arn:{Unsaid}",  # nothing is given, so it may be anything that is
    "!If [Given, !Ref Unsaid, none]": "none",
    '!Join [":", [arn, !If [Maybe, aws-us-gov, aws], s3]]': "arn:{partition}:s3",
    '!Sub ["arn:${P}", {P: !FindInMap [Partitions, !Ref "AWS::Region", name]}]': "arn:{partition}",
    "!If [Maybe, aws, azure]": "? whether the condition `Maybe` holds is not known",
    "!Ref OpenList": "? a list that is not known: `{OpenList}` split at `,`",
    "!Ref AWS::AccountId": ACCOUNT,
    "!Ref AWS::Region": REGION,
    "!Ref AWS::URLSuffix": "{dns_suffix}",
    "!Ref AWS::StackName": "{AWS::StackName}",
    "!Ref AWS::NoValue": None,
    "!Ref Nobody": "? there is no parameter or resource `Nobody`",
    "{Ref: Known}": "known",
    "{Ref: Known, Other: x}": "? `Ref` stands beside other keys",
    "!Ref [Known]": "? `Ref` takes the name of a parameter or resource",
    # Sub
    "!Sub a-${Known}-${ AWS::Region }": f"a-known-{REGION}",
    "!Sub '${!aws:username}/$x/$${Known}'": "${aws:username}/$x/$known",
    "!Sub ['${x}-${Known}', {x: !Ref Number}]": "7-known",
    "!Sub ['${Known}', {Known: over}]": "over",
    "!Sub ${Queue}": "{Queue.url}",
    "!Sub ${Queue.Arn}": f"arn:{{partition}}:sqs:{HERE}:known-q",
    "!Sub ${Nobody.Arn}": "? `${Nobody.Arn}`: there is no parameter or resource `Nobody.Arn`",
    "!Sub ${List}": "? `${List}`: it takes other values",
    "!Sub [a]": "? `Fn::Sub` takes a text",
    # Join, Split, Select
    "!Join ['-', [a, !Ref Known, 1]]": "a-known-1",
    "!Join [',', !Ref List]": "a,b",
    "!Join ['/', []]": "",
    "!Join [',', !Ref OpenList]": "{OpenList}",
    "!Join ['/*,', !Ref OpenList]": "{Fn::Join '/*,' of {OpenList} split at ','}",
    "!Join ['-', a]": "? `Fn::Join`: it takes other values",
    "!Split ['-', a-b-c]": ["a", "b", "c"],
    "!Split [':', !GetAtt Queue.Arn]": ["arn", "{partition}", "sqs", REGION, ACCOUNT, "known-q"],
    "!Split [',', !Ref Open]": "? a list that is not known: `{Open}` split at `,`",
    "!Split ['', a]": "? `Fn::Split` takes a separator and a text",
    "!Select [1, [a, b]]": "b",
    "!Select ['0', !Ref List]": "a",
    "!Select [5, !Split [':', !GetAtt Queue.Arn]]": "known-q",
    "!Select [0, !Split ['/', !Sub 'x/${Open}']]": "x",
    "!Select [1, !Split ['/', !Sub 'x/${Open}']]": "{Fn::Select 1 of x/{Open} split at '/'}",
    "!Select [1, !Split ['/', !GetAtt Unnamed.Arn]]": "{Unnamed.name}",
    "!Select [1, !Split ['/', !Select [5, !Split [':', !GetAtt Unnamed.Arn]]]]": "{Unnamed.name}",
    "!Select [1, !Split ['/', !GetAtt Repositories.Arn]]": "{Fn::Select 1 of arn:{partition}:ecr:"
    f"{HERE}:repository/{{Repositories.name}} split at '/'}}",  # whose names have more of these
    "!Select [2, [a, b]]": "? `Fn::Select`: it takes other values",
    "!Select [!Ref Open, [a, b]]": "? `Fn::Select` takes a number that is known, and a list",
    # If, conditions
    "!If [Sure, a, b]": "a",
    "!If [Not, a, b]": "b",
    "!If [Never, a, b]": "b",
    "!If [Always, a, b]": "a",
    "!If [Same, a, b]": "a",
    "!If [Maybe, a, a]": "a",
    "!If [Maybe, a, b]": "? whether the condition `Maybe` holds is not known",
    "!If [Self, a, b]": "? whether the condition `Self` holds is not known",
    "!If [Strange, a, b]": "? whether the condition `Strange` holds is not known",
    "!If [Nobody, a, b]": "? whether the condition `Nobody` holds is not known",
    "!If [Not, a, !Ref AWS::NoValue]": None,
    "!If [Sure, a]": "? `Fn::If` takes a condition and two values",
    # FindInMap
    "!FindInMap [M, one, a]": "x",
    "!FindInMap [M, one, b]": ["p", "q"],
    "!FindInMap [N, !Ref AWS::Region, a]": "x",
    "!FindInMap [M, !Ref Open, a]": "{Fn::FindInMap M.{Open}.a}",
    "!FindInMap [M, !Ref Open, b]": "? which value of the map `M` counts is not known",
    "!FindInMap [M, three, a]": "? there is no `M.three.a`",
    "!FindInMap [M, three, a, {DefaultValue: d}]": "d",
    "!FindInMap [M, one]": "? `Fn::FindInMap` takes a map and two keys",
    # GetAtt and Ref of resources
    "!GetAtt Queue.Arn": f"arn:{{partition}}:sqs:{HERE}:known-q",
    "!GetAtt [Queue, Arn]": f"arn:{{partition}}:sqs:{HERE}:known-q",
    "!GetAtt Queue.QueueName": "known-q",
    "!GetAtt Loop.Arn": f"arn:{{partition}}:sqs:{HERE}:{{Loop.name}}",
    "!Ref Topic": f"arn:{{partition}}:sns:{HERE}:{{Topic.name}}",
    "!GetAtt Topic.TopicName": "{Topic.name}",
    "!Ref Logs": "/app",
    "!GetAtt Logs.Arn": f"arn:{{partition}}:logs:{HERE}:log-group:/app:*",
    "!Ref Parameter": "/app/url",
    "!Ref Bucket": "{Bucket.name}",
    "!Sub ${Bucket.Arn}/*": "arn:{partition}:s3:::{Bucket.name}/*",
    "!Ref Key": "{Key.id}",
    "!GetAtt Key.Arn": f"arn:{{partition}}:kms:{HERE}:key/{{Key.id}}",
    "!GetAtt Table.StreamArn": f"arn:{{partition}}:dynamodb:{HERE}:table/t/stream/{{Table.stream}}",
    "!GetAtt Repository.RepositoryUri": f"{ACCOUNT}.dkr.ecr.{REGION}.{{dns_suffix}}/app",
    "!Ref Cluster": "{Cluster.name}",
    "!GetAtt Provider.Arn": f"arn:{{partition}}:iam::{ACCOUNT}:oidc-provider/example.com/x",
    "!Ref Role": "r",
    "!GetAtt Role.Arn": f"arn:{{partition}}:iam::{ACCOUNT}:role/p/r",
    "!GetAtt Role.RoleId": "{Role.RoleId}",
    "!Ref Policy": f"arn:{{partition}}:iam::{ACCOUNT}:policy/m",
    "!Ref Task": "arn:{partition}:ecs:{aws_region}:{account_id}:task-definition/{Task.family}:{Task.revision}",
    "!GetAtt Custom.name": "{Custom.name of it}",  # not the name of a resource, in which no `:` can be
    "!GetAtt Custom": "? `Fn::GetAtt` takes a resource and an attribute",
    # What is looked up elsewhere, or not read
    "'a-{{resolve:ssm:/x}}-b'": "a-{{{resolve:ssm:/x}}}-b",
    "!Sub '{{resolve:ssm:/${Open}}}'": "{{{resolve:ssm:/{Open}}}}",
    "!ImportValue there": "{Fn::ImportValue there}",
    "!ImportValue {'Fn::Sub': '${Known}-x'}": "{Fn::ImportValue known-x}",
    "!GetAZs ''": "? `Fn::GetAZs` is not read",
    "!Base64 x": "? `Fn::Base64` is not read",
    "{'Fn::Transform': {Name: AWS::Include}}": "? `Fn::Transform` is not read",
    "0123": "? `0123` without quotes is an octal number in YAML",
    "'0123'": "0123",
    "012389": "012389",
}


def shown(value: object) -> object:
    match value:
        case Unread():
            return f"? {value.why}"
        case Text():
            return str(value)
        case list():
            return [shown(one) for one in cast("list[object]", value)]
        case _:
            return value


@pytest.mark.parametrize(("written", "means"), FUNCTIONS.items(), ids=list(FUNCTIONS))
def test_a_function_comes_to_its_value(written: str, means: object) -> None:
    root = read(PARAMETERS % written)
    task = next(one for one in root.found if isinstance(one, FoundTask))
    value = task.value["containerDefinitions"][0]["dockerLabels"].get("x")
    assert shown(value) == means
    is_gap = isinstance(value, Unread) and not value.why.startswith("a list that is not known")
    assert [gap.why.partition(": ")[2] for gap in root.gaps] == ([value.why] if is_gap else [])


def test_a_secret_is_known_by_its_arn_but_for_six_letters() -> None:
    (value,) = [
        one.value["containerDefinitions"][0]["dockerLabels"]["x"]
        for one in read(PARAMETERS % "!Sub '${Secret}:key::'").found
        if isinstance(one, FoundTask)
    ]
    known = {f"Secret.letter{i}": letter for i, letter in enumerate("AbCdEf")}
    assert str(value.bind(Bindings(known))) == f"arn:{{partition}}:secretsmanager:{HERE}:secret:db-AbCdEf:key::"


def test_a_given_value_comes_before_the_default() -> None:
    for written, means in {
        "!Ref Known": "given",
        "!Ref Open": "x",
        "!If [Maybe, a, b]": "a",
        "!Ref Looked": None,
    }.items():
        root = read(PARAMETERS % written, Known="given", Open="x", Looked="/other")
        task = next(one for one in root.found if isinstance(one, FoundTask))
        value = task.value["containerDefinitions"][0]["dockerLabels"]["x"]
        assert value == (means or Text((Ref("Looked"),)))


@pytest.mark.parametrize("name", ["true", "false"])
def test_cloudformation_makes_texts_of_numbers_and_the_other_way_round(name: str) -> None:
    root = read(
        f"""
Parameters: {{Exec: {{Type: String, Default: "{name}"}}}}
Resources:
  Service:
    Type: AWS::ECS::Service
    Properties: {{EnableExecuteCommand: !Ref Exec, DesiredCount: "2", TaskDefinition: web:3}}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Cpu: 256
      ContainerDefinitions:
        - {{Name: web, Cpu: "10", Essential: "{name}", DockerLabels: {{Name: 5, IsOn: yes}}}}
"""
    )
    service, task = root.found
    assert isinstance(service, FoundService)
    assert isinstance(task, FoundTask)
    assert service.value == {"enableExecuteCommand": name == "true", "desiredCount": 2, "taskDefinition": "web:3"}
    assert str(service.task) == "web:3"
    assert task.value["cpu"] == "256"
    labels = {"Name": "5", "IsOn": "true"}
    assert task.value["containerDefinitions"] == [
        {"name": "web", "cpu": 10, "essential": name == "true", "dockerLabels": labels}
    ]
    assert str(task.at(("containerDefinitions", 0, "cpu"))) == "t.yaml:12"
    assert task.at(("cpu",)).path == ("Resources", "Task", "cpu")


# ---------------------------------------------------------------- shapes

ALL = sorted({path.relative_to(SHAPES).parts[0] for path in SHAPES.rglob("*") if path.suffix != ".txt"})


@pytest.mark.parametrize("shape", ALL)
def test_a_shape_is_read(shape: str, request: pytest.FixtureRequest) -> None:
    """What was read of each stands beside it; read it after `--update-goldens`."""
    at = SHAPES / shape
    paths = sorted(path for path in at.rglob("*") if path.is_file()) if at.is_dir() else [at]
    found = summary(read_cloudformation({p.relative_to(SHAPES).as_posix(): p.read_bytes() for p in paths}))
    golden = SHAPES / f"{shape}.txt"
    if request.config.getoption("--update-goldens"):
        golden.write_text(found, encoding="utf-8")
    assert found == golden.read_text(encoding="utf-8")


def test_the_same_in_yaml_and_in_json() -> None:
    """A JSON text is read by its own rules, on one line too: there the path tells things apart."""
    data = (SHAPES / "policies.json").read_bytes()
    one_line = json.dumps(json.loads(data)).encode()
    for written in (one_line, b"# YAML\n" + data, b"\xef\xbb\xbf" + data, data.replace(b"\n", b"\r\n")):
        for mine, other in zip(read(data).found, read(written).found, strict=True):
            assert type(mine) is type(other)
            if isinstance(mine, FoundRole) and isinstance(other, FoundRole):
                assert mine.trust is not None
                assert other.trust is not None
                assert (mine.name, mine.trust.value) == (other.name, other.trust.value)
                assert [place.path for place in mine.trust.places] == [place.path for place in other.trust.places]
    assert {one.place.line for one in read(one_line).found if isinstance(one, FoundRole)} == {1}


def test_a_stack_may_be_made_twice_of_one_template() -> None:
    child = f"Parameters: {{Name: {{Type: String}}}}{ROLE}      RoleName: !Ref Name\n"
    parent = """
Resources:
  A: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: child.yaml, Parameters: {Name: a}}}
  B: {Type: AWS::Serverless::Application, Properties: {Location: ./child.yaml, Parameters: {Name: b}}}
"""
    (root,) = read_cloudformation({"d/child.yaml": child.encode(), "d/parent.yaml": parent.encode()})
    roles = [one for one in root.found if isinstance(one, FoundRole)]
    assert [(role.address, str(role.name)) for role in roles] == [("A.Task", "a"), ("B.Task", "b")]
    assert root.files == ("d/parent.yaml", "d/child.yaml")


@pytest.mark.parametrize("templates", [{"a": "a"}, {"a": "b", "b": "a"}])
def test_stacks_in_circles_end(templates: dict[str, str]) -> None:
    text = """
Resources:
  Other:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: %s.yaml, Parameters: {X: !GetAtt Other.Outputs.X}}
Outputs: {X: {Value: !GetAtt Other.Outputs.X}}
"""
    files = {f"{name}.yaml": (text % other).encode() for name, other in templates.items()}
    assert all(isinstance(root, Root) for root in read_cloudformation(files))


def test_stacks_that_multiply_are_refused() -> None:
    stack = "  S%d: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: t%d.yaml}}\n"
    files = {f"t{i}.yaml": ("Resources:\n" + "".join(stack % (k, i + 1) for k in range(30))).encode() for i in range(4)}
    files["t4.yaml"] = ROLE.encode()
    with pytest.raises(ReadError, match=r"t\d.yaml:\d+: more than 500 stacks in stacks"):
        list(read_cloudformation(files))


def test_an_export_counts_where_it_means_the_same() -> None:
    out = "Outputs: {X: {Value: %s, Export: {Name: x}}}\n"
    use = "Resources: {T: {Type: AWS::ECS::TaskDefinition, Properties: {TaskRoleArn: !ImportValue x}}}\n"

    def imported(*exporting: str) -> str:
        files = {f"{i}.yaml": text.encode() for i, text in enumerate((*exporting, use))}
        (task,) = [one for root in read_cloudformation(files) for one in root.found if isinstance(one, FoundTask)]
        return str(task.value["taskRoleArn"])

    role = "Resources: {%s: {Type: AWS::IAM::Role}}\n"
    assert imported(role % "R" + out % "!GetAtt R.Arn") == "arn:{partition}:iam::{account_id}:role/{R.name}"
    assert imported(role % "T" + out % "!GetAtt T.Arn") == "{Fn::ImportValue x}"  # a T is here too
    assert imported(role % "R" + out % "a", role % "Q" + out % "b") == "{Fn::ImportValue x}"  # two accounts, perhaps
    assert imported(role % "R" + out % "!ImportValue x") == "{Fn::ImportValue x}"


def test_who_runs_a_task_is_found_where_the_target_says_so() -> None:
    root = read((SHAPES / "scheduled.yaml").read_bytes())
    found = [one for one in root.found if isinstance(one, FoundPassing)]
    report = "arn:{partition}:ecs:{aws_region}:{account_id}:task-definition/{Report.family}:{Report.revision}"
    assert [(one.address, str(one.task)) for one in found] == [
        (name, report) for name in ("Nightly", "Hourly", "Queued")
    ]


@pytest.mark.parametrize(
    ("template", "gap"),
    [
        (f"Transform: Own{ROLE}", "t.yaml:1: the macro `Own` may change what is written"),
        (
            f"Transform: [AWS::Serverless-2016-10-31, {{Name: AWS::Include}}]{ROLE}",
            "t.yaml:1: the macro `AWS::Include`",
        ),
        (f"{ROLE}  Fn::ForEach::R: [x, [a], {{}}]\n", "t.yaml:8: `Fn::ForEach::R` makes resources that are not read"),
        (f"{ROLE}  M: {{Type: A::B::C::MODULE}}\n", "t.yaml:8: a module makes resources that are not read"),
        (f"{ROLE}      Path: !Base64 x\n", ""),
        (f"{ROLE}      RoleName: !Base64 x\n", ""),
        (f"{ROLE}      PermissionsBoundary: !Base64 x\n", "t.yaml:8: `PermissionsBoundary` is not understood: `Fn::B"),
        (
            f"{ROLE}      ManagedPolicyArns: [!Base64 x]\n",
            "t.yaml:8: `ManagedPolicyArns` is not understood: `Fn::Base64` is not read",
        ),
    ],
)
def test_what_is_not_understood_is_a_gap(template: str, gap: str) -> None:
    root = read(template)
    assert [str(one)[: len(gap)] for one in root.gaps] == ([gap] if gap else [])
    (role,) = [one for one in root.found if isinstance(one, FoundRole)]
    assert role.trust is not None


# ---------------------------------------------------------------- broken input


@pytest.mark.parametrize(
    ("data", "first"),
    [
        ("", "t.yaml:1: not a template: a mapping is expected"),
        ("- a", "t.yaml:1: not a template"),
        ("Resources:\n  A: {Type: x", "t.yaml:2: expected `,` or `}`"),
        ("Resources:\n\tA: 1", "t.yaml:2: "),
        ('{"Resources": {', "t.yaml:1: not JSON"),
        ('{"Resources": {"A": 1, "A": 2}}', "t.yaml:1: duplicate key, first on line 1 @ $.Resources.A"),
        ("Resources:\n  A: 1\n  A: 2\n", "t.yaml:3: duplicate key, first on line 2 @ $.Resources.A"),
        ("a: 1\n---\nb: 1", "t.yaml:3: a second document starts here"),
        ("a: *b", "t.yaml:1: the alias `*b` stands for nothing that ends above it @ $.a"),
        ("a: &a [*a]", "t.yaml:1: the alias `*a` stands for nothing that ends above it @ $.a[0]"),
        ("<<: x\na: 1", "t.yaml:1: a merge key takes a mapping"),
        ("? [a]\n: 1", "t.yaml:1: a key is not a text"),
        ("a: \0", "t.yaml:1: invisible character `U+0000`"),
        ("a: b".encode("utf-16"), "t.yaml: the encoding is UTF-16 or UTF-32"),
        ("a: 1\nb: \xfc".encode("latin-1"), "t.yaml:2: byte `0xfc` is not UTF-8"),
        ("%TAG ! x\n---\na: 1", "t.yaml:1: line that starts with `%`"),
        ("a: " + "[" * 200, f"t.yaml:1: nested more than {DEEPEST} deep"),
        ('{"a": ' + "[" * 100_000, f"t.yaml:1: nested more than {DEEPEST} deep"),
        ("a: " + "!Sub " * 2 + "x", "t.yaml:1: "),
        (b"a: " + b"x" * 50 * 1024 * 1024, "t.yaml: larger than 1,024 KiB"),
        (
            "{" + ",".join(f'"{i}":[0,0,0,0,0,0,0,0]' for i in range(15_000)) + "}",
            f"t.yaml:1: more than {MOST_VALUES:,}",
        ),
    ],
)
def test_a_broken_file_is_refused_with_its_line(data: str | bytes, first: str) -> None:
    found: list[str] = []
    assert cost(lambda: found.extend(faults(data))) < AT_ONCE
    assert found[0].startswith(first)


def test_a_cut_template_is_refused_or_read() -> None:
    whole = (SHAPES / "service.yaml").read_bytes()
    found: list[Fault] = []
    for end in range(0, len(whole), 97):
        try:
            list(read_cloudformation({"t.yaml": whole[:end]}))
        except ReadError as e:
            found += e.faults
    assert found
    assert all(fault.file == "t.yaml" and fault.line for fault in found)


def bomb(start: str, step: str, levels: int, end: str) -> str:
    return "\n".join((start, *(step.format(i, i - 1) for i in range(1, levels)), end.format(levels - 1)))


BOMBS = {
    "aliases of lists": bomb("a0: &a0 [x, x]", "a{0}: &a{0} [*a{1}, *a{1}]", 40, ""),
    "aliases of mappings": bomb("a0: &a0 {x: y}", "a{0}: &a{0} {{p: *a{1}, q: *a{1}}}", 40, ""),
    "deep by aliases": bomb("a0: &a0 [x]", "a{0}: &a{0} [*a{1}]", 3_000, ""),
    "merge keys": bomb("a0: &a0 {x: y}", "a{0}: &a{0} {{<<: *a{1}, k{0}: *a{1}}}", 40, ""),
}


@pytest.mark.parametrize("name", BOMBS)
def test_aliases_multiply_within_bounds(name: str) -> None:
    found: list[str] = []
    assert cost(lambda: found.extend(faults(BOMBS[name]))) < AT_ONCE
    assert "more than 100,000 keys and values, aliases written out" in found[0] or "nested more than" in found[0]


def nested_subs(levels: int) -> str:
    value = "!Ref Open"
    for _ in range(levels):
        value = f"!Sub ['{'${a}' * 8}', {{a: {value}}}]"
    return value


HOSTILE = {
    "texts that double": nested_subs(15),
    "a long separator": f"!Join ['{'x' * 20_000}', [{', '.join('a' * 40_000)}]]",
    "lists that multiply": "[" + ", ".join(["!FindInMap [M, one, many]"] * 10_000) + "]",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_functions_multiply_within_bounds(name: str) -> None:
    many = f"many: [{', '.join('z' * 10_000)}]"
    text = (PARAMETERS % HOSTILE[name]).replace("b: [p, q]}, two", f"b: [p, q], {many}}}, two")
    assert len(text) < LARGEST

    def refused() -> None:
        with pytest.raises(ReadError, match=r"t.yaml:\d+: the functions come to more values than a template can have"):
            read(text)

    assert cost(refused) < 2 * AT_ONCE


def test_a_faulty_template_does_not_hide_the_others() -> None:
    files = {"a.yaml": b"Resources:\n  A: {Type: AWS::IAM::Role", "b.yaml": ROLE.encode(), "c.md": ROLE.encode()}
    found = read_cloudformation(files)
    assert next(found).name == "b.yaml"
    with pytest.raises(ReadError, match=r"^a.yaml:2: "):
        next(found)


STRANGE: list[Any] = [
    None,
    1,
    "x",
    [],
    {},
    [1],
    {"a": 1},
    {"Ref": 1},
    {"Fn::If": []},
    {"Fn::Sub": {}},
    {"Fn::GetAtt": [1, []]},
]


@pytest.mark.parametrize("value", STRANGE, ids=json.dumps)
def test_any_value_may_stand_anywhere(value: object) -> None:
    """Each value of two shapes in turn is another: nothing but ReadError comes of it."""
    nested = (SHAPES / "cdk.out" / "WebStackJobs7E1F2A3B.nested.template.json").read_bytes()
    for data in (json.loads(nested), json.loads((SHAPES / "policies.json").read_bytes())):
        for changed in changes(data, value):
            template = {"AWSTemplateFormatVersion": "", **cast("dict[str, object]", changed)}
            summary(read_cloudformation({"t.json": json.dumps(template).encode()}))


def changes(data: object, value: object) -> Iterator[object]:
    """The data again and again, each time with another of its values replaced."""
    inside = cast("dict[object, object]", data)  # of a list, by index
    keys = list(inside) if isinstance(data, dict) else list(range(len(inside))) if isinstance(data, list) else []
    for key in keys:
        kept = inside[key]
        inside[key] = value
        yield data
        inside[key] = kept
        for _ in changes(kept, value):
            yield data


# ---------------------------------------------------------------- what is a template


@pytest.mark.parametrize(
    ("name", "head", "expected"),
    [
        ("a.yaml", "AWSTemplateFormatVersion: 2010-09-09\n", True),
        ("a.json", '{\n  "AWSTemplateFormatVersion" : "2010-09-09"', True),
        ("a.json", '{"Resources":{"A":{"Type":"AWS::IAM::Role"', True),
        ("a.template", "Resources:\n  A:\n    Type: 'AWS::IAM::Role'\n", True),
        ("a.md", "AWSTemplateFormatVersion: 2010-09-09\n", False),
        ("tree.json", '{"tree": {"aws:cdk:cloudformation:type": "AWS::IAM::Role"}}', False),
        ("a.yaml", "Resources:\n  - x\n", False),
        ("ecsiam.yaml", "project_name: shop\n", False),
        ("manifest.yml", "name: api\ntype: Load Balanced Web Service\n", False),
    ],
)
def test_a_template_is_told_by_its_content(name: str, head: str, expected: bool) -> None:
    assert is_template(name, head) is expected


def test_a_condition_that_is_not_known_is_no_fault_of_the_document() -> None:
    """What stands for it in a statement is ours."""
    found = ecsiam.check(ecsiam.read(SHAPES / "conditions.yaml"))
    assert not [one for one in found.findings if one.rule in ("odd", "unknown-name", "refused")]
