"""Task definitions and services in the spellings of the CLI and of tools, with what is put in later as symbols."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import ecsiam
from ecsiam.errors import ReadError
from ecsiam.model.text import ACCOUNT_ID, AWS_REGION, Ref, Text
from ecsiam.readers import loading
from ecsiam.readers.found import as_map, is_list, is_map
from ecsiam.readers.needs.need import Known
from ecsiam.readers.reading import Reading
from ecsiam.readers.task_definition import camel
from ecsiam.readers.task_needs import needs_of

ROLE = "arn:aws:iam::111122223333:role"
SECRET = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf"
CONTAINER: dict[str, Any] = {
    "name": "web",
    "image": "111122223333.dkr.ecr.eu-west-1.amazonaws.com/api:1",
    "secrets": [{"name": "DB", "valueFrom": SECRET}],
    "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/ecs/api"}},
    "dockerLabels": {"Team-Name": "notes"},
}
TASK: dict[str, Any] = {
    "family": "api",
    "executionRoleArn": f"{ROLE}/exec",
    "taskRoleArn": f"{ROLE}/task",
    "networkMode": "awsvpc",
    "containerDefinitions": [CONTAINER],
    "volumes": [{"name": "data", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}}],
}
SERVICE: dict[str, Any] = {"serviceName": "web", "launchType": "FARGATE", "desiredCount": 2}
YAML = """\
family: api
executionRoleArn: arn:aws:iam::111122223333:role/exec
containerDefinitions:
  - name: web
    image: {{ must_env `IMAGE` }}
    secrets:
      - name: DB
        valueFrom: "{{ tfstate `aws_secretsmanager_secret.db.arn` }}"
"""


def reading(at: Path, **files: object) -> Reading:
    for name, content in files.items():
        path = at / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content, indent=2), encoding="utf-8")
    return ecsiam.read(at)


def spelt(value: Any, spell: Callable[[str], str]) -> Any:
    """The same with other keys, but for those of options."""
    if is_list(value):
        return [spelt(one, spell) for one in value]
    return {k if "-" in k else spell(k): spelt(v, spell) for k, v in as_map(value).items()} if is_map(value) else value


def pascal(value: Any) -> Any:
    return spelt(value, lambda key: key[:1].upper() + key[1:])


def snake(value: Any) -> Any:
    return spelt(value, lambda key: "".join(f"_{c.lower()}" if c.isupper() else c for c in key))


DESCRIBED = {
    "taskDefinition": {**TASK, "taskDefinitionArn": "arn:aws:ecs:eu-west-1:111122223333:task-definition/api:3"}
}
SPELLINGS: dict[str, Any] = {
    "register": TASK,
    "describe": {**DESCRIBED, "tags": []},
    "several described": [DESCRIBED],
    "a marked one": {"ignored": 1, **TASK},
    "PascalCase": pascal(TASK),
    "snake_case": snake(TASK),
    "one after the other": f"{json.dumps(TASK)}\n",
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_spelling_is_one(tmp_path: Path, spelling: str) -> None:
    (task,) = reading(tmp_path, task_dot_json=SPELLINGS[spelling]).tasks
    value = task.found.value
    assert (task.family, task.execution_named, task.task_named) == (
        "api",
        Text((f"{ROLE}/exec",)),
        Text((f"{ROLE}/task",)),
    )
    (container,) = value["containerDefinitions"]
    assert container["dockerLabels"] == {"Team-Name": "notes"}
    assert container["logConfiguration"]["options"] == {"awslogs-group": "/ecs/api"}
    assert value["volumes"][0]["efsVolumeConfiguration"]["fileSystemId"] == "fs-1"
    assert len(list(needs_of(task.found, Known()))) == 4


def test_maps_keep_their_keys() -> None:
    given = {"LogConfiguration": {"Options": {"Name_Of": "x"}}, "docker_labels": {"com.Acme_Team": "y"}}
    expected = {"logConfiguration": {"options": {"Name_Of": "x"}}, "dockerLabels": {"com.Acme_Team": "y"}}
    assert camel(given) == expected
    assert camel(expected) == expected


def test_fields_have_their_lines(tmp_path: Path) -> None:
    (task,) = reading(tmp_path, task_dot_json=DESCRIBED).tasks
    content = (tmp_path / "task.json").read_text().splitlines()
    for path, part in {
        ("executionRoleArn",): '"executionRoleArn"',
        ("containerDefinitions", 0, "secrets", 0, "valueFrom"): '"valueFrom"',
        ("containerDefinitions", 0, "logConfiguration", "options", "awslogs-group"): '"awslogs-group"',
        ("containerDefinitions", 0, "image"): '"image"',
    }.items():
        assert part in content[(task.found.at(path).line or 0) - 1]


# What a tool puts in later, and the text that stands for it.
MARKS: dict[str, Text | str] = {
    "<IMAGE1_NAME>": Text((Ref("IMAGE1_NAME"),)),
    "repo:${TAG}": Text.of("repo:", Ref("TAG")),
    "repo:${TAG:-latest}": Text.of("repo:", Ref("TAG")),
    "repo:$TAG": Text.of("repo:", Ref("TAG")),
    "repo:__TAG__": Text.of("repo:", Ref("TAG")),
    "repo:#{Build.Tag}#": Text.of("repo:", Ref("Build.Tag")),
    "{{ must_env `TAG` }}": Text((Ref("TAG"),)),
    "{{must_env 'TAG'}}": Text((Ref("TAG"),)),
    '{{ env "TAG" "latest" }}': Text((Ref("TAG"),)),
    "{{ tfstate `aws_iam_role.x.arn` }}": Text((Ref("aws_iam_role.x.arn"),)),
    "{{ main_tfstate `aws_iam_role.x['a'].arn` }}": Text((Ref("aws_iam_role.x['a'].arn"),)),
    "{{ ssm `/path` }}": Text((Ref("ssm `/path`"),)),
    "${AWS_ACCOUNT_ID}.dkr.ecr.<AWS_REGION>.amazonaws.com/x": Text.of(
        ACCOUNT_ID, ".dkr.ecr.", AWS_REGION, ".amazonaws.com/x"
    ),
    "nginx:1": "nginx:1",
    "a < b > c": "a < b > c",
    "price $5": "price $5",
    "arn:aws:lambda:eu-west-1:1:function:x:$LATEST": "arn:aws:lambda:eu-west-1:1:function:x:$LATEST",
    "${aws:username}": "${aws:username}",
}


@pytest.mark.parametrize("written", MARKS)
def test_what_is_put_in_later_is_a_symbol(tmp_path: Path, written: str) -> None:
    # as people write it: quotes in a template are not escaped
    source = '{"family": "api", "containerDefinitions": [{"name": "web", "image": "IT"}]}'.replace("IT", written)
    (task,) = reading(tmp_path, task_dot_json=source).tasks
    assert task.found.value["containerDefinitions"][0]["image"] == MARKS[written]


UNQUOTED = ("{{ must_env `CPU` }}", '{{ must_env "CPU" }}', "${CPU}", "$CPU", "<CPU>", "{{- env `CPU` `1` -}}")


@pytest.mark.parametrize("mark", UNQUOTED)
def test_a_template_without_quotes_is_a_value(tmp_path: Path, mark: str) -> None:
    source = '{\n{{/* a\ncomment */}}"family": "api",\n"containerDefinitions": [],\n"cpu": IT, "memory": "$CPU"}'
    (task,) = reading(tmp_path, task_dot_json=source.replace("IT", mark)).tasks
    assert task.found.value["cpu"] == task.found.value["memory"] == Text((Ref("CPU"),))
    assert task.found.at(("cpu",)).line == 5


def test_a_secret_by_name_has_the_form_of_its_arn(tmp_path: Path) -> None:
    given = {
        **TASK,
        "containerDefinitions": [{"secrets": [{"name": "X", "valueFrom": "{{ secretsmanager_arn `db` }}"}]}],
    }
    (task,) = reading(tmp_path, task_dot_json=given).tasks
    arn = task.found.value["containerDefinitions"][0]["secrets"][0]["valueFrom"]
    assert str(arn).startswith("arn:{partition}:secretsmanager:{aws_region}:{account_id}:secret:db-")
    assert len(arn.refs) == 3 + 6


STEERED = '{"family": "api", {{ if eq `x` `y` }}"cpu": "1",{{ end }} "containerDefinitions": []}'


def test_templates_that_decide_are_not_guessed(tmp_path: Path) -> None:
    path = tmp_path / "ecs-task-def.json"
    path.write_text(STEERED, encoding="utf-8")
    with pytest.raises(ReadError, match=r"decides what is in the file. Render its templates"):
        ecsiam.read(path)
    found = reading(tmp_path, other_dot_json=TASK)
    assert [gap.why for gap in found.gaps] == [
        "the file can't be read: the template `{{ if eq `x` `y` }}` decides what is in the file"
    ]


def test_jsonnet_is_a_gap(tmp_path: Path) -> None:
    found = reading(tmp_path, task_dot_json=TASK, ecs_dot_jsonnet="{ containerDefinitions: [], }")
    assert [gap.why for gap in found.gaps] == [
        "the file can't be read: it is written in Jsonnet, which isn't evaluated"
    ]


def test_yaml_has_symbols_and_lines(tmp_path: Path) -> None:
    (task,) = reading(tmp_path, task_dot_yaml=YAML).tasks
    (container,) = task.found.value["containerDefinitions"]
    assert container["image"] == Text((Ref("IMAGE"),))
    assert container["secrets"][0]["valueFrom"] == Text((Ref("aws_secretsmanager_secret.db.arn"),))
    assert task.found.at(("containerDefinitions", 0, "secrets", 0, "valueFrom")).line == 8


def test_terraforms_attributes_lead_to_its_roles(tmp_path: Path) -> None:
    terraform = (
        'resource "aws_iam_role" "exec" {\n  name = "exec"\n  assume_role_policy = jsonencode({Statement = []})\n}\n'
    )
    given = {**TASK, "executionRoleArn": "{{ tfstate `aws_iam_role.exec.arn` }}"}
    (task,) = reading(tmp_path, main_dot_tf=terraform, ecs_dot_json=given).tasks
    assert task.execution == f"{tmp_path}:aws_iam_role.exec"


def test_a_very_large_file_is_read_without_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "LINED", 0)
    found = reading(tmp_path, task_dot_json=[DESCRIBED], service_dot_json={**SERVICE, "taskDefinition": "api"})
    (task,) = found.tasks
    assert len(task.services) == 1
    assert str(task.found.at(("executionRoleArn",))).endswith("task.json @ $[0].taskDefinition.executionRoleArn")


# ---------------------------------------------------------------- services

SERVICES: dict[str, Any] = {
    "create-service": {**SERVICE, "taskDefinition": "api"},
    "update-service": {"service": "web", "taskDefinition": "api:7", "forceNewDeployment": True},
    "describe-services": {
        "services": [{**SERVICE, "taskDefinition": "arn:aws:ecs:eu-west-1:111122223333:task-definition/api:7"}],
        "failures": [],
    },
    "create-service, printed": {"service": {**SERVICE, "taskDefinition": "api"}},
    "ecspresso's": SERVICE,
    "PascalCase": pascal({**SERVICE, "taskDefinition": "api"}),
}


@pytest.mark.parametrize("spelling", SERVICES)
def test_a_service_runs_its_task(tmp_path: Path, spelling: str) -> None:
    files = {"ecs-task-def_dot_json": TASK, "service_dot_json": SERVICES[spelling]}
    (task,) = reading(tmp_path, **files).tasks
    (service,) = task.services
    assert as_map(service.value).get("serviceName", "web") == "web"


def test_ecspressos_config_names_its_files(tmp_path: Path) -> None:
    config = "region: eu-north-1\ncluster: main\nservice_definition: sv.json\ntask_definition: td.json\n"
    other = {**TASK, "family": "other", "executionRoleArn": "exec", "taskRoleArn": "task"}
    mine = {**other, "family": "{{ must_env `FAMILY` }}"}
    found = reading(tmp_path, ecspresso_dot_yml=config, sv_dot_json=SERVICE, td_dot_json=mine, b_dot_json=other)
    runs = {task.family: ([s.address for s in task.services], str(task.found.region)) for task in found.tasks}
    assert runs == {"{FAMILY}": (["web"], "eu-north-1"), "other": ([], "None")}


def test_region_and_account_are_those_of_its_arns(tmp_path: Path) -> None:
    (task,) = reading(tmp_path, task_dot_json=DESCRIBED).tasks
    assert (str(task.found.region), str(task.found.account)) == ("eu-west-1", "111122223333")


# ---------------------------------------------------------------- Copilot

MANIFEST = """\
name: api
type: Backend Service
image:
  build: Dockerfile
variables:
  LOG_LEVEL: info
secrets:
  DB: /copilot/${COPILOT_APPLICATION_NAME}/db
  KEY:
    secretsmanager: "api/key"
  SHARED:
    from_cfn: stack-Shared
sidecars:
  proxy:
    image: public.ecr.aws/nginx/nginx:1
environments:
  prod:
    count: 2
"""


def test_a_manifest_of_copilots_says_what_it_reads(tmp_path: Path) -> None:
    found = reading(tmp_path, copilot__api__manifest_dot_yml=MANIFEST)
    (task,) = found.tasks
    assert (task.execution, task.task) == (None, None)
    web, proxy = task.found.value["containerDefinitions"]
    assert {one["name"]: str(one["valueFrom"]) for one in web["secrets"]} == {
        "DB": "/copilot/{COPILOT_APPLICATION_NAME}/db",
        "KEY": "arn:{partition}:secretsmanager:{aws_region}:{account_id}:secret:api/key",
        "SHARED": "{export stack-Shared}",
    }
    assert proxy["image"] == "public.ecr.aws/nginx/nginx:1"
    assert task.found.at(("containerDefinitions", 0, "secrets", 1, "valueFrom")).line == 9
    assert [(gap.place.line, gap.why.partition(":")[0]) for gap in found.gaps] == [
        (1, "the roles that Copilot makes are not here"),
        (16, "what a manifest changes for an environment is not read"),
    ]
    assert ecsiam.check(found).findings == ()


APPSPEC = """\
version: 0.0
Resources:
  - TargetService:
      Type: AWS::ECS::Service
      Properties:
        TaskDefinition: <TASK_DEFINITION>
"""


def test_other_files_are_none(tmp_path: Path) -> None:
    found = reading(
        tmp_path,
        compose_dot_yml="services:\n  web:\n    image: nginx\n",
        appspec_dot_yml=APPSPEC,
        site_dot_yml="name: x\ntype: Static Site\n",
        list_dot_json={"taskDefinitionArns": ["arn:aws:ecs:eu-west-1:111122223333:task-definition/api:1"]},
        skeleton_dot_json={"family": "", "containerDefinitions": [{"name": "", "image": ""}], "executionRoleArn": ""},
    )
    (skeleton,) = found.tasks
    assert (skeleton.found.address, skeleton.execution_named) == ("skeleton", None)
    assert (found.gaps, found.roles) == ((), {})


BROKEN = {
    "not a list": ({**TASK, "containerDefinitions": "${CONTAINERS}"}, "it isn't known which containers the task has"),
    "cut off": (json.dumps(TASK, indent=1)[:-40], "the file can't be read: not JSON"),
    "a key twice": ('{"containerDefinitions": [], "family": "a", "family": "b"}', "`family` stands twice"),
    "deep": ('{"containerDefinitions": ' + "[" * 100_000, "nested more than 60 deep"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_broken_is_a_gap(tmp_path: Path, case: str) -> None:
    content, expected = BROKEN[case]
    found = reading(tmp_path, broken_dot_json=content, good_dot_json={**TASK, "family": "good"})
    assert [expected in gap.why for gap in found.gaps] == [True]
    assert "good" in [task.family for task in found.tasks]


def test_one_family_in_two_folders_is_two_tasks_with_their_services(tmp_path: Path) -> None:
    found = reading(
        tmp_path,
        **{f"{env}__ecs-task-def_dot_json": TASK for env in ("dev", "prod")},
        **{f"{env}__ecs-service-def_dot_json": {**SERVICE, "serviceName": env} for env in ("dev", "prod")},
    )
    services = {Path(task.found.place.file).parent.name: [s.address for s in task.services] for task in found.tasks}
    assert services == {"dev": ["dev"], "prod": ["prod"]}


@pytest.mark.parametrize("strange", [7, 1.5, True, "x", [7], [[]], {"a": None}], ids=repr)
@pytest.mark.parametrize(
    "path",
    [
        ("containerDefinitions",),
        ("containerDefinitions", 0),
        ("containerDefinitions", 0, "image"),
        ("containerDefinitions", 0, "secrets"),
        ("containerDefinitions", 0, "secrets", 0),
        ("containerDefinitions", 0, "logConfiguration"),
        ("containerDefinitions", 0, "logConfiguration", "options"),
        ("volumes",),
        ("volumes", 0, "efsVolumeConfiguration"),
    ],
)
def test_what_is_of_another_kind_may_ask_for_anything(
    path: tuple[str | int, ...], strange: object, tmp_path: Path
) -> None:
    """It is a gap: nothing follows from that it asks for nothing, such as that a grant is idle."""
    changed: Any = json.loads(json.dumps(TASK))
    *above, last = path
    inner = changed
    for step in above:
        inner = inner[step]
    inner[last] = strange
    gaps = reading(tmp_path, task_dot_json=changed).gaps
    objects = (0, "logConfiguration", "options", "efsVolumeConfiguration")
    right = (isinstance(strange, str) and last == "image") or (isinstance(strange, dict) and last in objects)
    assert bool(gaps) is not right
    assert right or any(gap.why.startswith("it is no ") for gap in gaps)


@pytest.mark.parametrize("strange", [7, True, [1], {}])
def test_a_role_that_is_named_by_what_is_no_text_is_named(strange: object, tmp_path: Path) -> None:
    found = reading(tmp_path, task_dot_json={**TASK, "executionRoleArn": strange})
    (task,) = found.tasks
    assert task.execution_named is not None
    assert not [one for one in ecsiam.check(found).findings if one.rule == "missing"]
