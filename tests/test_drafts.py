"""`init --from`: the config that task definitions need, held against them again by the same decision."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import ecsiam
from ecsiam.builder import build
from ecsiam.config.many import Named, configs_of
from ecsiam.drafts import Draft, draft
from ecsiam.errors import ReadError
from ecsiam.findings.needed import judge
from ecsiam.findings.pipelines import deployed, logins
from ecsiam.keys.source import parse_source
from ecsiam.model.role import Role
from ecsiam.model.text import Bindings, Ref, Text, text
from ecsiam.readers.found import Place, as_list, as_map, is_list, is_map
from ecsiam.readers.needs.need import Asked, TaskNeed
from ecsiam.readers.reading import Reading, ReadRole
from ecsiam.readers.task_needs import known_to, needs_of
from tests.command_line import said

SHAPES = Path(__file__).parent / "readers" / "shapes"
ROOTS = Path(__file__).parent / "findings" / "roots"
ACCOUNT = "123456789012"
IN = f"eu-west-1:{ACCOUNT}"
ROLE = f"arn:aws:iam::{ACCOUNT}:role"
SECRET = f"arn:aws:secretsmanager:{IN}:secret"
ECR = f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com"
OWNER = "the file system's own policy, which may allow it"
CLUSTER = f"arn:aws:ecs:{IN}:cluster/main"


def task(*containers: dict[str, Any], family: str = "shop-prod", **more: Any) -> dict[str, Any]:
    """A task definition as `register-task-definition` takes it."""
    return {
        "family": family,
        "executionRoleArn": f"{ROLE}/{family}-execution",
        "taskRoleArn": f"{ROLE}/{family}-task",
        "requiresCompatibilities": ["FARGATE"],
        "containerDefinitions": [{"name": f"c{i}", "image": "nginx", **one} for i, one in enumerate(containers)],
        **more,
    }


def service(**more: Any) -> dict[str, Any]:
    return {"serviceName": "web", "taskDefinition": "shop-prod", "desiredCount": 1, "cluster": CLUSTER, **more}


def reading(at: Path, **files: object) -> Reading:
    for name, content in files.items():
        path = at / (name.replace("__", "/") + ".json")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content, indent=2), encoding="utf-8")
    return ecsiam.read(at)


def configs(drafted: Draft) -> tuple[Named, ...]:
    return configs_of(parse_source(drafted.text, "drafted.yaml")).configs


def only(drafted: Draft) -> dict[str, object]:
    """The keys of a draft of one service, as data."""
    return parse_source(drafted.text, "drafted.yaml").data


# ---------------------------------------------------------------- the law


def unmet(read: Reading, drafted: Draft, *, excused: bool) -> Iterator[TaskNeed]:
    """The needs that no config of a draft surely meets; `excused` without those of which it says what isn't known."""
    made = configs(drafted)
    for one in read.tasks:
        for need in needs_of(one.found, known_to(one, read)):
            place = f"{need.place.file}:{need.place.line}" if need.place.line else need.place.file
            told = excused and any(place in note and note.startswith("not known") for note in drafted.notes)
            if not told and not any(meets(config, need) for config in made):
                yield need


def meets(config: Named, need: TaskNeed) -> bool:
    stack = build(config.config)
    called = {one.description: name for name, one in config.config.parameters.items()}
    role = as_read(stack.roles[need.role])

    def put(value: Text) -> Text:
        """What the config calls a symbol in the symbol's place; account and region as the config has them."""
        parts = (
            Ref(called[p.name], parameter=True) if isinstance(p, Ref) and p.name in called else p for p in value.parts
        )
        return Text(tuple(parts)).bind(home(config))

    ways = [
        [evolve(a, resource=put(a.resource), context=tuple((k, put(v)) for k, v in a.context)) for a in way]
        for way in need.ways
    ]
    return any(judge(role, way).outcome == "allowed" or only_owner(role, way) for way in ways)


def home(config: Named) -> Bindings:
    own = config.config.home
    known = {"account_id": own.account_id, "aws_region": own.region, "partition": own.partition}
    return Bindings(deployment={name: text.literal for name, text in known.items() if text.literal})


def only_owner(role: ReadRole, way: Sequence[Any]) -> bool:
    """Whether all that is open is the account that owns a bucket, which no task definition says."""
    verdict = judge(role, way)
    return verdict.outcome == "undecided" and {*verdict.hangs} <= {"`aws:ResourceAccount`"}


def as_read(role: Role) -> ReadRole:
    return ReadRole(role.id, "", role.id, role, role.name, Place(""), {})


CONTAINERS: dict[str, dict[str, Any]] = {
    "an image of ECR": {"image": f"{ECR}/shop/web:1"},
    "an image by digest": {"image": f"{ECR}/shop/web@sha256:{'0' * 64}"},
    "an image of another account": {"image": "444455556666.dkr.ecr.us-east-1.amazonaws.com/shared"},
    "an image of the other host": {"image": f"{ACCOUNT}.dkr-ecr.eu-west-1.on.aws/shop/web"},
    "an image through a cache": {"image": f"{ECR}/docker-hub/library/nginx:1"},
    "an image of another registry": {"image": "public.ecr.aws/nginx/nginx"},
    "a secret": {"secrets": [{"name": "A", "valueFrom": f"{SECRET}:shop/db-AbCdEf"}]},
    "a key of a secret": {"secrets": [{"name": "A", "valueFrom": f"{SECRET}:shop/db-AbCdEf:password::"}]},
    "a version of a secret": {"secrets": [{"name": "A", "valueFrom": f"{SECRET}:shop/db-AbCdEf::AWSPREVIOUS:"}]},
    "a secret without its letters": {"secrets": [{"name": "A", "valueFrom": f"{SECRET}:shop/other"}]},
    "a secret that may be either": {"secrets": [{"name": "A", "valueFrom": f"{SECRET}:shop/my-config"}]},
    "a secret of another account": {
        "secrets": [{"name": "A", "valueFrom": "arn:aws:secretsmanager:us-east-1:444455556666:secret:x-AbCdEf"}]
    },
    "a parameter": {"secrets": [{"name": "A", "valueFrom": f"arn:aws:ssm:{IN}:parameter/shop/db"}]},
    "a parameter's path": {"secrets": [{"name": "A", "valueFrom": "/shop/flags"}]},
    "a parameter's name": {"secrets": [{"name": "A", "valueFrom": "flags"}]},
    "a log group": {
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {"awslogs-group": "/ecs/shop", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "web"},
        }
    },
    "a log group of another region": {
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {"awslogs-group": "central", "awslogs-region": "us-east-1"},
        }
    },
    "a log group that is made": {
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {"awslogs-group": "/ecs/new", "awslogs-create-group": "true"},
        }
    },
    "a secret of the log driver": {
        "logConfiguration": {
            "logDriver": "splunk",
            "secretOptions": [{"name": "splunk-token", "valueFrom": f"{SECRET}:splunk-AbCdEf"}],
        }
    },
    "an environment file": {"environmentFiles": [{"type": "s3", "value": "arn:aws:s3:::shop-config/web.env"}]},
    "a private registry by name": {
        "image": "ghcr.io/x/y",
        "repositoryCredentials": {"credentialsParameter": "registry/ghcr"},
    },
    "a private registry by ARN": {
        "image": "registry.example.com/y",
        "repositoryCredentials": {"credentialsParameter": f"{SECRET}:registry-AbCdEf"},
    },
    "a private registry that may be either": {
        "image": "registry.example.com/y",
        "repositoryCredentials": {"credentialsParameter": f"{SECRET}:registry-docker"},
    },
    "the configuration of FireLens": {
        "firelensConfiguration": {
            "type": "fluentbit",
            "options": {"config-file-type": "s3", "config-file-value": "arn:aws:s3:::shop-config/extra.conf"},
        }
    },
    "FireLens to CloudWatch": {
        "logConfiguration": {
            "logDriver": "awsfirelens",
            "options": {"Name": "cloudwatch_logs", "log_group_name": "/ecs/router", "region": "eu-west-1"},
        }
    },
    "FireLens to Firehose": {
        "logConfiguration": {"logDriver": "awsfirelens", "options": {"Name": "firehose", "delivery_stream": "x"}}
    },
    "a mount that reads": {"mountPoints": [{"sourceVolume": "point", "readOnly": True}]},
    "a mount that writes": {"mountPoints": [{"sourceVolume": "point"}]},
    "a mount of all": {"mountPoints": [{"sourceVolume": "all"}]},
    "a mount of all that reads": {"mountPoints": [{"sourceVolume": "all", "readOnly": True}]},
    "nothing": {},
}


def efs(name: str, system: str = "fs-0123456789abcdef0", point: str = "") -> dict[str, Any]:
    authorization = {"iam": "ENABLED", **({"accessPointId": point} if point else {})}
    return {
        "name": name,
        "efsVolumeConfiguration": {
            "fileSystemId": system,
            "transitEncryption": "ENABLED",
            "authorizationConfig": authorization,
        },
    }


VOLUMES: dict[str, list[dict[str, Any]]] = {
    "none": [],
    "one": [efs("point", point="fsap-0123456789abcdef0")],
    "two ways in": [
        efs("point", point="fsap-0123456789abcdef0"),
        efs("other", point="fsap-0fedcba9876543210"),
    ],
    "all of one, and through a point": [efs("all"), efs("point", point="fsap-0123456789abcdef0")],
    "two systems": [efs("all"), efs("point", "fs-0fedcba9876543210")],
    "EBS": [{"name": "data", "configuredAtLaunch": True}],
    "no IAM": [{"name": "all", "efsVolumeConfiguration": {"fileSystemId": "fs-0123456789abcdef0"}}],
}
SERVICES: dict[str, dict[str, Any]] = {
    "plain": {},
    "Exec": {"enableExecuteCommand": True},
    "EBS": {
        "volumeConfigurations": [
            {
                "name": "data",
                "managedEBSVolume": {
                    "roleArn": f"{ROLE}/ecs-volumes",
                    "kmsKeyId": f"arn:aws:kms:{IN}:key/01234567-89ab-cdef-0123-456789abcdef",
                },
            }
        ]
    },
    "Service Connect": {
        "serviceConnectConfiguration": {
            "enabled": True,
            "services": [{"portName": "web", "tls": {"roleArn": f"{ROLE}/connect", "kmsKey": "01234567-89ab-cdef"}}],
        }
    },
    "blue and green": {
        "loadBalancers": [
            {
                "targetGroupArn": f"arn:aws:elasticloadbalancing:{IN}:targetgroup/blue/0123456789abcdef",
                "advancedConfiguration": {
                    "alternateTargetGroupArn": f"arn:aws:elasticloadbalancing:{IN}:targetgroup/green/0123456789abcdef",
                    "productionListenerRule": (
                        f"arn:aws:elasticloadbalancing:{IN}:listener-rule/app/web/0123456789abcdef/0123456789abcdef/0123456789abcdef"
                    ),
                    "roleArn": f"{ROLE}/switch",
                },
            }
        ]
    },
    "Lattice and a hook": {
        "vpcLatticeConfigurations": [{"roleArn": f"{ROLE}/lattice", "targetGroupArn": "x", "portName": "web"}],
        "deploymentConfiguration": {
            "lifecycleHooks": [
                {"hookTargetArn": f"arn:aws:lambda:{IN}:function:check", "roleArn": f"{ROLE}/hook"},
            ]
        },
    },
}


def agrees(at: Path, definition: dict[str, Any], with_service: dict[str, Any] | None = None) -> Draft:
    """Draft, and hold the roles of it against what was read: by the needs, and as a user does with `check`."""
    files = {"in__task": definition, **({"in__service": service(**with_service)} if with_service is not None else {})}
    read = reading(at, **files)
    drafted = draft(read)
    assert list(unmet(read, drafted, excused=False)) == []
    assert not any(note.startswith("not granted") for note in drafted.notes)
    return drafted


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("volume", ["none", "all of one, and through a point"])
def test_roles_of_the_draft_meet_each_need(container: str, volume: str, tmp_path: Path) -> None:
    described = {"taskDefinitionArn": f"arn:aws:ecs:{IN}:task-definition/shop-prod:3"}
    drafted = agrees(tmp_path / "in", task(CONTAINERS[container], volumes=VOLUMES[volume], **described))
    [config] = configs(drafted)
    ecsiam.emit(build(config.config), "terraform").write(tmp_path / "roles")
    found = ecsiam.check(ecsiam.read(tmp_path / "roles", tmp_path / "in", root=tmp_path))
    assert (found.roles, found.tasks, found.findings) == (2, 1, ())
    assert {hang for one in found.undecided for hang in one.hangs} <= {"`aws:ResourceAccount`", OWNER}


@pytest.mark.parametrize("volume", VOLUMES)
@pytest.mark.parametrize("with_service", SERVICES)
def test_roles_of_the_draft_meet_each_need_of_volumes_and_services(
    volume: str, with_service: str, tmp_path: Path
) -> None:
    mounts = [CONTAINERS["a mount that reads"], CONTAINERS["a mount of all"]]
    agrees(tmp_path, task(*mounts, volumes=VOLUMES[volume]), SERVICES[with_service])


@given(
    containers=st.lists(st.sampled_from(sorted(CONTAINERS)), max_size=6),
    volume=st.sampled_from(sorted(VOLUMES)),
    with_service=st.sampled_from(sorted(SERVICES)),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
def test_any_of_these_together(
    containers: list[str], volume: str, with_service: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    definition = task(*(CONTAINERS[one] for one in containers), volumes=VOLUMES[volume])
    agrees(tmp_path_factory.mktemp("drafts"), definition, SERVICES[with_service])


# ---------------------------------------------------------------- odd values

ODD: list[Any] = [
    *(None, 0, True, "", [], {}, [[]], {"a": {}}, "a" * 3000),
    *("${X}", "{{ must_env `X` }}", "x y\n# z: {a}", "arn:aws:iam::1:role/", "arn:", "é*?${aws:x}", "- a: b", "yes"),
]
ALL = task(*CONTAINERS.values(), volumes=[one for some in VOLUMES.values() for one in some])
ALL_OF_SERVICE = service(**{key: value for one in SERVICES.values() for key, value in one.items()})


def paths(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all that is in a value."""
    for key, one in (*as_map(value).items(), *enumerate(as_list(value))):
        yield (*at, key)
        yield from paths(one, (*at, key))


def with_odd(value: Any, at: tuple[Any, ...], odd: Any) -> Any:
    """A value with another at a path."""
    if not at:
        return odd
    copied = value.copy()
    copied[at[0]] = with_odd(value[at[0]], at[1:], odd)
    return copied


@given(
    of_task=st.lists(st.tuples(st.sampled_from(list(paths(ALL))), st.sampled_from(ODD)), max_size=1),
    of_service=st.lists(st.tuples(st.sampled_from(list(paths(ALL_OF_SERVICE))), st.sampled_from(ODD)), max_size=1),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_odd_values_give_a_config_all_the_same(
    of_task: list[Any], of_service: list[Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    definition, beside = ALL, ALL_OF_SERVICE
    for at, odd in of_task:
        definition = with_odd(definition, at, odd)
    for at, odd in of_service:
        beside = with_odd(beside, at, odd)
    read = reading(tmp_path_factory.mktemp("odd"), task=definition, service=beside)
    if read.tasks:
        assert configs(draft(read))


def with_tasks() -> Iterator[Path]:
    """The shapes of other tests that have a task definition."""
    for shape in sorted([*SHAPES.glob("cloudformation/*"), *SHAPES.glob("terraform/*"), ROOTS]):
        if shape.suffix != ".txt" and ecsiam.read(shape).tasks:
            yield shape


@pytest.mark.parametrize("shape", list(with_tasks()), ids=lambda path: path.name)
def test_templates_and_roots(shape: Path) -> None:
    read = ecsiam.read(shape)
    drafted = draft(read)
    assert list(unmet(read, drafted, excused=True)) == []
    for config in configs(drafted):
        assert ecsiam.emit(build(config.config), "terraform").files


# ---------------------------------------------------------------- what is written

WHOLE = """\
# The roles that the task definitions in {at} need. What the application itself calls is not in
# them: `task_access` is for that. `ecsiam emit --target terraform` does the rest.

project_name: shop
environment: prod
account_id: "123456789012"
aws_region: eu-west-1
enable_efs_access: true
efs_file_systems:
  # {at}/task.json:54: volumes[0].efsVolumeConfiguration
  - arn: arn:aws:elasticfilesystem:eu-west-1:123456789012:file-system/fs-0123456789abcdef0
    access: read
    access_point_arns:
      - arn:aws:elasticfilesystem:eu-west-1:123456789012:access-point/fsap-0123456789abcdef0
enable_secrets_access: true
secrets_arns:
  # {at}/task.json:15: containerDefinitions[0].secrets[0].valueFrom
  - arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/db-AbCdEf
  # {at}/task.json:37: containerDefinitions[1].secrets[0].valueFrom
  - arn:aws:ssm:eu-west-1:123456789012:parameter/shop/flags
ecr_repository_arns:
  # {at}/task.json:11: containerDefinitions[0].image
  - arn:aws:ecr:eu-west-1:123456789012:repository/shop/web
log_group_arns:
  # {at}/task.json:26: containerDefinitions[0].logConfiguration.options.awslogs-group
  - arn:aws:logs:us-east-1:123456789012:log-group:/ecs/shop
# {at}/task.json:27: containerDefinitions[0].logConfiguration.options.awslogs-create-group
awslogs_create_group: true
registry_credentials_arns:
  # {at}/task.json:41: containerDefinitions[1].repositoryCredentials.credentialsParameter
  - arn:aws:secretsmanager:eu-west-1:123456789012:secret:ghcr-??????
role_names:
  # {at}/task.json:3: executionRoleArn
  execution: shop-prod-execution
  # {at}/task.json:4: taskRoleArn
  task: shop-prod-task
# not taken over: what the role `shop-prod-task` grants the application now, since it was not read
"""


def test_a_draft_has_the_keys_that_are_asked_and_says_by_what(tmp_path: Path) -> None:
    read = reading(
        tmp_path,
        task=task(
            {
                "image": f"{ECR}/shop/web:1",
                "secrets": [
                    {"name": "USER", "valueFrom": f"{SECRET}:shop/db-AbCdEf:user::"},
                    {"name": "PASSWORD", "valueFrom": f"{SECRET}:shop/db-AbCdEf:password::"},
                ],
                "logConfiguration": {
                    "logDriver": "awslogs",
                    "options": {
                        "awslogs-region": "us-east-1",
                        "awslogs-group": "/ecs/shop",
                        "awslogs-create-group": "true",
                    },
                },
            },
            {
                "image": "ghcr.io/shop/side",
                "secrets": [{"name": "FLAGS", "valueFrom": "/shop/flags"}],
                "repositoryCredentials": {"credentialsParameter": "ghcr"},
                "mountPoints": [{"sourceVolume": "data", "readOnly": True}],
            },
            volumes=[efs("data", point="fsap-0123456789abcdef0")],
            taskDefinitionArn=f"arn:aws:ecs:{IN}:task-definition/shop-prod:3",
        ),
    )
    assert draft(read).text == WHOLE.format(at=tmp_path)


def roles(read: Reading) -> object:
    return only(draft(read)).get("role_names")


def test_names_stay_where_roles_exist(tmp_path: Path) -> None:
    at = f"{ROLE}/services/shop/run"
    definition = task({}, executionRoleArn=f"{ROLE}/services/shop/start", taskRoleArn=at)
    found = only(draft(reading(tmp_path, task=definition)))
    assert (found["path"], found["role_names"]) == ("/services/shop/", {"execution": "start", "task": "run"})


def test_a_role_of_another_path_than_the_first_is_made_again(tmp_path: Path) -> None:
    drafted = draft(reading(tmp_path, task=task({}, taskRoleArn=f"{ROLE}/apps/run")))
    assert only(drafted)["role_names"] == {"execution": "shop-prod-execution"}
    assert "how to keep `/apps/run`, since all roles have one path, here `/`" in drafted.text


def test_one_role_for_both_becomes_two(tmp_path: Path) -> None:
    drafted = draft(reading(tmp_path, task=task({}, taskRoleArn=f"{ROLE}/shop-prod-execution")))
    assert only(drafted)["role_names"] == {"execution": "shop-prod-execution"}
    assert "which is the execution role and the task role; that gets a new one" in drafted.text
    [config] = configs(drafted)
    assert len({str(role.name) for role in build(config.config).roles.values()}) == 2


def test_a_role_of_several_services_is_parted(tmp_path: Path) -> None:
    shared = f"{ROLE}/ecsTaskExecutionRole"
    drafted = draft(
        reading(
            tmp_path,
            a=task({}, family="shop-prod", executionRoleArn=shared),
            b=task({}, family="api-prod", executionRoleArn=shared),
        )
    )
    assert [config.name for config in configs(drafted)] == ["shop/prod", "api/prod"]
    assert "who keeps the role `ecsTaskExecutionRole`, which `api` has too; each gets a new one" in drafted.text
    assert "  ecsTask" not in drafted.text


def test_an_account_has_a_role_of_the_name_of_anothers(tmp_path: Path) -> None:
    other = {
        "executionRoleArn": "arn:aws:iam::444455556666:role/start",
        "taskRoleArn": "arn:aws:iam::444455556666:role/x",
    }
    drafted = draft(
        reading(
            tmp_path,
            a=task({}, family="shop-prod", executionRoleArn=f"{ROLE}/start"),
            b=task({}, family="shop-dev", **other),
        )
    )
    assert [config.config.role_names["execution"] for config in configs(drafted)] == ["start", "start"]


def role_with(policy: str, *statements: dict[str, Any], name: str = "shop-prod-task", **more: Any) -> dict[str, Any]:
    """A role as `get-account-authorization-details` has it."""
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **one} for one in statements]}
    return {
        "RoleName": name,
        "Arn": f"{ROLE}/{name}",
        "Path": "/",
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
        "RolePolicyList": [{"PolicyName": policy, "PolicyDocument": document}],
        "AttachedManagedPolicies": [],
        **more,
    }


def dump(*found: dict[str, Any]) -> dict[str, Any]:
    return {
        "UserDetailList": [],
        "GroupDetailList": [],
        "RoleDetailList": [*found],
        "Policies": [],
        "IsTruncated": False,
    }


CHANNELS = {
    "Action": [f"ssmmessages:{v}{k}Channel" for v in ("Create", "Open") for k in ("Control", "Data")],
    "Resource": "*",
}
QUEUE = {"Action": "sqs:SendMessage", "Resource": f"arn:aws:sqs:{IN}:orders"}


def with_exec(at: Path, *statements: dict[str, Any], **more: Any) -> Draft:
    """A draft of a service with Exec, beside a task role as it is in the account."""
    files = {"task": task({}), "service": service(enableExecuteCommand=True)}
    return draft(reading(at, **files, dump=dump(role_with("shell", *statements, **more))))


def test_a_policy_that_grants_what_one_of_ours_does_keeps_its_name(tmp_path: Path) -> None:
    assert only(with_exec(tmp_path, CHANNELS))["policy_names"] == {"exec": "shell"}


def test_what_the_application_has_is_said_and_not_taken_over(tmp_path: Path) -> None:
    drafted = with_exec(tmp_path, CHANNELS, QUEUE)
    assert "policy_names" not in only(drafted)
    [note] = [note for note in drafted.notes if "not taken over" in note]
    assert note.startswith("not taken over: `sqs:SendMessage` of `shell` of the task role (")


def test_what_is_denied_and_who_else_gets_in_is_said(tmp_path: Path) -> None:
    found = role_with("shell", CHANNELS, {"Effect": "Deny", "Action": "s3:*", "Resource": "*"})
    me = f"{ROLE}/developer"
    found["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["AWS"] = me
    drafted = draft(reading(tmp_path, task=task({}), service=service(enableExecuteCommand=True), dump=dump(found)))
    notes = [note for note in drafted.notes if note.startswith("not taken over")]
    assert [note.partition(" (")[0] for note in notes] == [
        "not taken over: what `shell` of the task role denies",
        f"not taken over: who else may assume the task role: `AWS:{me}`",
    ]
    assert "policy_names" not in only(drafted)


def test_the_boundary_stays(tmp_path: Path) -> None:
    bound = f"arn:aws:iam::{ACCOUNT}:policy/bound"
    attached = {"PermissionsBoundary": {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": bound}}
    assert only(with_exec(tmp_path, CHANNELS, **attached))["permissions_boundary_arn"] == bound


ISSUER = "token.actions.githubusercontent.com"
DEPLOYS: list[dict[str, Any]] = [
    {"Action": "iam:PassRole", "Resource": [f"{ROLE}/shop-prod-execution", f"{ROLE}/shop-prod-task"]},
    {"Action": "ecs:RegisterTaskDefinition", "Resource": "*"},
]


def deployer(*subjects: str, **more: Any) -> dict[str, Any]:
    """A role that GitHub's tokens of some subjects get into, as it is in the account."""
    found = role_with("deploy", *DEPLOYS, name="shop-deploy", **more)
    found["AssumeRolePolicyDocument"]["Statement"] = [
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Principal": {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}"},
            "Condition": {
                "StringEquals": {f"{ISSUER}:aud": "sts.amazonaws.com"},
                "StringLike": {f"{ISSUER}:sub": [*subjects]},
            },
        }
    ]
    return found


def test_the_role_that_deploys_the_service_alone(tmp_path: Path) -> None:
    subjects = ["repo:octo-org/shop:ref:refs/heads/main", "repo:octo-org/shop:environment:prod"]
    drafted = draft(reading(tmp_path, task=task({}), service=service(), dump=dump(deployer(*subjects))))
    found = only(drafted)
    assert found["github_repo"] == "octo-org/shop"
    assert (found["github_branches"], found["github_environments"]) == (["main"], ["prod"])
    assert found["task_definition_families"] == ["shop-prod"]
    assert found["ecs_service_arns"] == [f"arn:aws:ecs:{IN}:service/main/web"]
    assert found["role_names"]["github_actions"] == "shop-deploy"  # type: ignore[index]
    [config] = configs(drafted)
    made = as_read(build(config.config).roles["github_actions"])
    to = (("iam:PassedToService", text("ecs-tasks.amazonaws.com")),)
    for role in ("shop-prod-execution", "shop-prod-task"):
        assert judge(made, [Asked("iam:PassRole", text(f"{ROLE}/{role}"), to)]).outcome == "allowed"
    assert all(subject in str(made.role.trust) for subject in subjects)


def test_the_role_that_a_workflow_assumes_may_do_what_its_steps_do() -> None:
    read = ecsiam.read(ROOTS / "workflow")
    drafted = draft(read)
    [config] = configs(drafted)
    found = only(drafted)
    assert found["ecs_service_arns"] == [f"arn:aws:ecs:{IN}:service/shop/web"]
    assert found["github_run_tasks"] == ["shop-migrate"]
    assert found["github_task_cluster_arns"] == [f"arn:aws:ecs:{IN}:cluster/shop"]
    assert found["github_ecr_repository_arns"] == [f"arn:aws:ecr:{IN}:repository/shop/web"]
    made = build(config.config).bind({"environment": "prod"}).roles["github_actions"]
    (key,) = (key for key, one in read.roles.items() if one.name == "shop-deploy")
    own = evolve(read.roles[key], role=made, gaps=(), unread=())
    again = evolve(read, roles={**read.roles, key: own})
    needs = list(deployed(again))
    assert needs
    assert {one.verdict.outcome for one in needs} == {"allowed"}
    assert not list(logins(again))


def test_a_role_that_deploys_several_services_is_said(tmp_path: Path) -> None:
    found = deployer("repo:octo-org/shop:ref:refs/heads/main")
    found["RolePolicyList"][0]["PolicyDocument"]["Statement"][0]["Resource"] = "*"
    drafted = draft(reading(tmp_path, a=task({}), b=task({}, family="api-prod"), dump=dump(found)))
    assert "enable_github_oidc: true" not in drafted.text
    assert drafted.text.count("which service `shop-deploy` deploys") == 2


@pytest.mark.parametrize(
    ("more", "unsaid"),
    [
        ({"StringEquals": {f"{ISSUER}:job_workflow_ref": "x"}}, f"`StringEquals` of `{ISSUER}:job_workflow_ref`"),
        ({"StringNotLike": {f"{ISSUER}:sub": "repo:octo-org/shop:pull_request"}}, f"of `{ISSUER}:sub`"),
        ({"StringEquals": {f"{ISSUER}:sub": "repo:octo-org/shop:ref:refs/heads/main"}}, f"of `{ISSUER}:sub`"),
        ({"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}, "`IpAddress` of `aws:SourceIp`"),
    ],
)
def test_a_trust_that_no_key_says_is_not_made_wider(more: dict[str, Any], unsaid: str, tmp_path: Path) -> None:
    found = deployer("repo:octo-org/shop:*")
    found["AssumeRolePolicyDocument"]["Statement"][0]["Condition"] |= more
    drafted = draft(reading(tmp_path, task=task({}), dump=dump(found)))
    assert "enable_github_oidc" not in only(drafted)
    assert any(
        note.startswith("not known: enable_github_oidc: how `shop-deploy`") and unsaid in note for note in drafted.notes
    )


def test_the_audience_stays(tmp_path: Path) -> None:
    found = deployer("repo:octo-org/shop:environment:prod")
    conditions = found["AssumeRolePolicyDocument"]["Statement"][0]["Condition"]
    conditions["StringEquals"][f"{ISSUER}:aud"] = "https://github.com/octo-org"
    found = only(draft(reading(tmp_path, task=task({}), dump=dump(found))))
    assert (found["github_audience"], found["github_environments"]) == ("https://github.com/octo-org", ["prod"])


def test_of_two_roles_that_deploy_the_first_counts(tmp_path: Path) -> None:
    other = deployer("repo:octo-org/other:ref:refs/heads/main") | {"RoleName": "second", "Arn": f"{ROLE}/second"}
    both = dump(deployer("repo:octo-org/shop:ref:refs/heads/main"), other)
    drafted = draft(reading(tmp_path, task=task({}), dump=both))
    assert only(drafted)["github_repo"] == "octo-org/shop"
    assert "role_names: whether `shop-deploy` or `second` deploys" in drafted.text


def test_subjects_that_are_of_no_repository_are_said(tmp_path: Path) -> None:
    subjects = [
        "repo:octo-org/shop:*",
        "repo:octo-org/shop:pull_request",
        "repo:octo-org/*",
        "repo:other/x:environment:e",
    ]
    drafted = draft(reading(tmp_path, task=task({}), dump=dump(deployer(*subjects))))
    found = only(drafted)
    assert (found["github_subjects"], found["github_pull_requests"]) == (["repo:octo-org/shop:*"], "true")
    assert drafted.text.count("github_subjects: how to let in the subject") == 2
    assert configs(drafted)


# ---------------------------------------------------------------- services and environments


def names(drafted: Draft) -> list[str]:
    return [config.name for config in configs(drafted)]


@pytest.mark.parametrize(
    ("family", "project", "environment"),
    [
        ("shop-prod", "shop", "prod"),
        ("prod-shop-web", "shop-web", "prod"),
        ("shop_Staging", "shop", "Staging"),
        ("test-prod", "test", "prod"),
        ("shop", "shop", ""),
        ("prod", "prod", ""),
        ("shop-production2", "shop-production2", ""),
        ("reproduction-shop", "reproduction-shop", ""),
        ("a" * 255, "a" * 64, ""),
    ],
)
def test_what_a_family_says(family: str, project: str, environment: str, tmp_path: Path) -> None:
    found = only(draft(reading(tmp_path, task=task({}, family=family))))
    assert found["project_name"] == project
    assert found["environment"] == (environment or {"parameter": "environment"})


def test_an_environment_that_nothing_says_is_left_to_deployment(tmp_path: Path) -> None:
    drafted = draft(reading(tmp_path, task=task({}, family="shop")))
    assert drafted.notes[0] == "not known: environment: which it is, so it is left to deployment"
    assert f"# {drafted.notes[0]}\nenvironment:\n  parameter: environment\n" in drafted.text


def test_a_family_in_several_environments_is_one_service(tmp_path: Path) -> None:
    definitions = {name: task(CONTAINERS["a secret"], family=f"shop-{name}") for name in ("dev", "prod")}
    drafted = draft(reading(tmp_path, **definitions))
    found = only(drafted)
    assert names(drafted) == ["shop/dev", "shop/prod"]
    assert found["environments"] == {"dev": {}, "prod": {}}
    shop = found["services"]["shop"]  # type: ignore[index]
    assert shop["secrets_arns"] == [f"{SECRET}:shop/db-AbCdEf"]
    assert drafted.text.count("secrets[0].valueFrom") == 2  # the one secret, and both that ask for it


def test_what_all_environments_have_is_written_once_with_who_asks(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(
        TERRAFORM.replace(
            'family                   = "shop-prod"', 'family = "shop-${each.key}"\n  for_each = toset(["dev", "prod"])'
        )
    )
    read = ecsiam.read(tmp_path)
    drafted = draft(read)
    assert names(drafted) == ["shop/dev", "shop/prod"]
    shop = as_map(as_map(only(drafted)["services"])["shop"])
    assert shop.keys() >= {"parameters", "secrets_arns", "secrets_kms_key_arns", "environment_file_arns"}
    assert "environments" not in shop
    assert list(unmet(read, drafted, excused=False)) == []


def test_an_environment_by_its_folder(tmp_path: Path) -> None:
    drafted = draft(
        reading(tmp_path, dev__task=task({}, family="shop"), prod__task=task(CONTAINERS["a secret"], family="shop"))
    )
    assert names(drafted) == ["shop/dev", "shop/prod"]
    assert [config.config.enable_secrets_access for config in configs(drafted)] == [False, True]


def test_folders_that_are_no_environments_are_one_service(tmp_path: Path) -> None:
    drafted = draft(
        reading(tmp_path, a__task=task({}, family="shop"), b__task=task(CONTAINERS["a secret"], family="shop"))
    )
    assert (only(drafted)["project_name"], only(drafted)["enable_secrets_access"]) == ("shop", "true")


def test_names_that_differ_in_case_are_one(tmp_path: Path) -> None:
    families = {"a": "shop-prod", "b": "Shop-dev", "c": "api-Prod"}
    drafted = draft(reading(tmp_path, **{name: task({}, family=family) for name, family in families.items()}))
    assert names(drafted) == ["shop/prod", "shop/dev", "api/prod"]


def test_several_services_of_an_account_share_what_they_have(tmp_path: Path) -> None:
    drafted = draft(
        reading(tmp_path, a=task(CONTAINERS["a parameter"], family="shop-prod"), b=task({}, family="api-prod"))
    )
    assert only(drafted)["defaults"] == {"account_id": ACCOUNT, "environment": "prod"}
    assert names(drafted) == ["shop/prod", "api/prod"]


def test_services_of_no_environment_have_the_starters(tmp_path: Path) -> None:
    drafted = draft(reading(tmp_path, a=task({}, family="shop"), b=task({}, family="api")))
    assert names(drafted) == ["shop/dev", "api/dev"]
    assert "not known: environment: which it is" in drafted.notes[0]


@pytest.mark.parametrize(
    ("valueFrom", "image", "account", "region"),
    [
        (f"arn:aws:ssm:{IN}:parameter/x", f"{ECR}/x", ACCOUNT, "eu-west-1"),
        (f"arn:aws:ssm:{IN}:parameter/x", "444455556666.dkr.ecr.us-east-1.amazonaws.com/x", ACCOUNT, None),
        ("arn:aws:secretsmanager:us-east-1:444455556666:secret:x-AbCdEf", "nginx", None, "us-east-1"),
        ("/x", "nginx", None, None),
    ],
)
def test_account_and_region_where_they_agree(
    valueFrom: str, image: str, account: str | None, region: str | None, tmp_path: Path
) -> None:
    one = {"image": image, "secrets": [{"name": "A", "valueFrom": valueFrom}]}
    named = {"executionRoleArn": "start", "taskRoleArn": "run"}
    found = only(draft(reading(tmp_path, task=task(one, **named))))
    assert (found.get("account_id"), found.get("aws_region")) == (account, region)
    assert found["role_names"] == {"execution": "start", "task": "run"}


# ---------------------------------------------------------------- spellings

SAME = {
    **CONTAINERS["an image of ECR"],
    **CONTAINERS["a key of a secret"],
    **CONTAINERS["a log group"],
    **CONTAINERS["an environment file"],
}
SPELT = task(SAME, volumes=VOLUMES["one"])


def pascal(value: Any, key: str = "") -> Any:
    """A value with CloudFormation's names for the keys."""
    if is_list(value):
        return [pascal(one, key) for one in value]
    if not is_map(value) or key == "options":
        return value
    own = {"efsVolumeConfiguration": "EFSVolumeConfiguration", "fileSystemId": "FilesystemId", "iam": "IAM"}
    return {own.get(name, name[:1].upper() + name[1:]): pascal(one, name) for name, one in value.items()}


HCL = """\
resource "aws_ecs_task_definition" "shop" {
  family                   = "shop-prod"
  requires_compatibilities = ["FARGATE"]
  execution_role_arn       = "arn:aws:iam::123456789012:role/shop-prod-execution"
  task_role_arn            = "arn:aws:iam::123456789012:role/shop-prod-task"
  container_definitions    = jsonencode(%s)
  volume {
    name = "point"
    efs_volume_configuration {
      file_system_id     = "fs-0123456789abcdef0"
      transit_encryption = "ENABLED"
      authorization_config {
        access_point_id = "fsap-0123456789abcdef0"
        iam             = "ENABLED"
      }
    }
  }
}
"""
SPELLINGS = {
    "register": ("task.json", json.dumps(SPELT)),
    "describe": ("task.json", json.dumps({"taskDefinition": SPELT, "tags": []})),
    "pascal": ("task.json", json.dumps(pascal(SPELT))),
    "cloudformation": (
        "template.json",
        json.dumps({"Resources": {"Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": pascal(SPELT)}}}),
    ),
    "terraform": ("main.tf", HCL % json.dumps(SPELT["containerDefinitions"], indent=2)),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_all_spellings_give_the_same_config(spelling: str, tmp_path: Path) -> None:
    name, content = SPELLINGS[spelling]
    (tmp_path / name).write_text(content)
    found = only(draft(ecsiam.read(tmp_path)))
    assert found == only(draft(reading(tmp_path / "plain", task=SPELT)))
    assert found.keys() >= {"efs_file_systems", "secrets_arns", "ecr_repository_arns", "log_group_arns", "role_names"}


# ---------------------------------------------------------------- what isn't known


YAML = """\
family: api
executionRoleArn: "arn:aws:iam::123456789012:role/api"
containerDefinitions:
  - name: web
    image: {{ must_env `IMAGE` }}
    secrets:
      - name: DB
        valueFrom: "{{ tfstate `aws_secretsmanager_secret.db.arn` }}"
      - name: KEY
        valueFrom: "arn:aws:ssm:eu-west-1:123456789012:parameter/{{ must_env `STAGE` }}/key"
"""


def test_what_is_put_in_later_is_a_parameter_or_a_comment(tmp_path: Path) -> None:
    (tmp_path / "ecs-task-def.yaml").write_text(YAML)
    drafted = draft(ecsiam.read(tmp_path))
    found = only(drafted)
    name = "stage"
    assert found["secrets_arns"] == [f"arn:aws:ssm:{IN}:parameter/{{{name}}}/key"]
    assert "ecr_repository_arns: where the image comes from" in drafted.text
    assert "what is meant where ECS reads" in drafted.text
    assert "enable_ecr_pull" not in found  # as it is, all of the account
    [config] = configs(drafted)
    assert [*config.config.parameters] == [name]


TERRAFORM = """\
provider "aws" {
  region = "eu-west-1"
}
variable "stage" {}
resource "aws_kms_key" "files" {}
resource "aws_ssm_parameter" "flags" {
  name   = "/shop/${var.stage}/flags"
  type   = "SecureString"
  key_id = aws_kms_key.files.arn
  value  = "{}"
}
resource "aws_s3_bucket" "config" {
  bucket = "shop-config"
}
resource "aws_s3_bucket_server_side_encryption_configuration" "config" {
  bucket = aws_s3_bucket.config.id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.files.arn
    }
  }
}
resource "aws_ecs_task_definition" "web" {
  family                   = "shop-prod"
  requires_compatibilities = ["FARGATE"]
  container_definitions = jsonencode([{
    name             = "web"
    image            = "nginx"
    secrets          = [{ name = "FLAGS", valueFrom = aws_ssm_parameter.flags.arn }]
    environmentFiles = [{ type = "s3", value = "${aws_s3_bucket.config.arn}/web.env" }]
  }])
}
"""


def test_what_terraform_makes_is_left_open_and_is_the_roles_own(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(TERRAFORM)
    read = ecsiam.read(tmp_path)
    drafted = draft(read)
    found = only(drafted)
    assert found["parameters"] == {
        "stage": {"description": "var.stage"},
        "kms_key_files_id": {"description": "aws_kms_key.files.id"},
    }
    key = "arn:aws:kms:eu-west-1:{account_id}:key/{kms_key_files_id}"
    assert found["secrets_arns"] == ["arn:aws:ssm:eu-west-1:{account_id}:parameter/shop/{stage}/flags"]
    assert (found["secrets_kms_key_arns"], found["environment_file_kms_key_arns"]) == ([key], [key])
    assert found["environment_file_arns"] == ["arn:aws:s3:::shop-config/web.env"]
    assert drafted.notes == ()
    assert list(unmet(read, drafted, excused=False)) == []


@pytest.mark.parametrize(
    ("container", "says"),
    [
        ({"secrets": [{"name": "A", "valueFrom": f"arn:aws:ssm:{IN}:parameter//x"}]}, "has a double slash"),
        ({"environmentFiles": [{"type": "s3", "value": "s3://shop/web.env"}]}, "is an address"),
        ({"credentialSpecs": ["credentialspec:arn:aws:s3:::x/y.json"]}, "no key is about"),
        (
            {"logConfiguration": {"logDriver": "awsfirelens", "options": {"Name": "opensearch"}}},
            "task_access: what the task role needs for FireLens's `opensearch`",
        ),
        (CONTAINERS["an image through a cache"], "ecr_pull_through_prefixes: whether `docker-hub` is the prefix"),
    ],
)
def test_what_no_key_takes_is_a_comment_and_a_note(container: dict[str, Any], says: str, tmp_path: Path) -> None:
    drafted = draft(reading(tmp_path, task=task(container)))
    notes = [note for note in drafted.notes if says in note]
    assert notes
    assert all(f"# {note}" in drafted.text for note in notes)
    assert configs(drafted)


@pytest.mark.parametrize("flag", ["enable_ecr_pull", "enable_container_logs"])
def test_what_no_container_uses_is_off(flag: str, tmp_path: Path) -> None:
    assert only(draft(reading(tmp_path, task=task({}))))[flag] == "false"


# ---------------------------------------------------------------- as a user does


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_init_from_writes_a_config_that_emit_takes_and_check_finds_nothing_against(here: Path) -> None:
    reading(here / "infra", task=task(CONTAINERS["an image of ECR"], CONTAINERS["a secret"], CONTAINERS["a log group"]))
    code, out, err = said("init", "--from", "infra")
    assert (code, out) == (0, "")
    wrote, *notes = err.splitlines()
    assert wrote == "wrote ecsiam.yaml and ecsiam.schema.json: edit the first, your editor checks it against the second"
    assert notes == [
        "note: not taken over: what the role `shop-prod-task` grants the application now, since it was not read"
    ]
    assert (here / "ecsiam.yaml").read_text().startswith("# yaml-language-server: $schema=./ecsiam.schema.json\n")
    assert said("emit", "-t", "terraform", "-o", "roles").code == 0
    code, out, err = said("check", "roles", "infra", "--root", ".")
    assert (code, "no findings" in out) == (0, True)


def test_init_from_prints_what_it_would_write(here: Path) -> None:
    reading(here, task=task({}))
    code, out, err = said("init", "-", "--from", "task.json")
    assert (code, out) == (0, draft(ecsiam.read("task.json")).text)
    assert "note: not taken over" in err
    assert not (here / "ecsiam.yaml").exists()


def test_init_from_several_paths(here: Path) -> None:
    reading(here, a=task({}, family="shop-dev"), b=task({}, family="api-dev"))
    code, out, _ = said("init", "-", "--from", "a.json", "--from", "b.json")
    assert (code, "  shop:\n" in out, "  api:\n" in out) == (0, True, True)


def test_init_from_folders_beside_each_other(here: Path) -> None:
    reading(here / "a", task=task({}, family="shop-dev"))
    reading(here / "b", task=task({}, family="api-dev"))
    code, out, err = said("init", "-", "--from", "a", "--from", "b")
    assert (code, "  api:\n" in out) == (0, False)
    assert "is outside of" in err
    code, out, _ = said("init", "-", "--from", "a", "--from", "b", "--root", ".")
    assert (code, "  shop:\n" in out, "  api:\n" in out) == (0, True, True)


def test_init_from_overwrites_by_force_alone(here: Path) -> None:
    reading(here, task=task({}))
    (here / "ecsiam.yaml").write_text("mine\n")
    remedy = "Name another file, or overwrite it with `--force`."
    assert said("init", "--from", ".") == (2, "", f"error: `ecsiam.yaml` is already there. {remedy}\n")
    assert (here / "ecsiam.yaml").read_text() == "mine\n"
    assert said("init", "--from", ".", "--force").code == 0
    assert "project_name: shop" in (here / "ecsiam.yaml").read_text()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "error: there is no `task.json`. Check the path."),
        ("", "error: `task.json` has no task definition. Name a task definition, a template or the folder of a "),
        ("{}", "error: `task.json` has no task definition."),
        ('{"family": "x", "containerDefinitions": [', "error: task.json:1: "),
        ('{"Version": "2012-10-17", "Statement": []}', "error: `task.json` has no task definition."),
    ],
)
def test_init_from_what_has_no_task_definition(content: str | None, says: str, here: Path) -> None:
    if content is not None:
        (here / "task.json").write_text(content)
    code, out, err = said("init", "--from", "task.json")
    assert (code, out) == (2, "")
    assert err.startswith(says)
    assert not (here / "ecsiam.yaml").exists()


def test_init_takes_a_module_or_what_was_read(here: Path) -> None:
    code, out, err = said("init", "--module", "--from", ".")
    assert (code, out) == (2, "")
    assert "a module is for any service" in err


def test_root_is_about_what_is_read(here: Path) -> None:
    code, out, err = said("init", "--root", ".")
    assert (code, out) == (2, "")
    assert "name that with --from" in err


def test_a_draft_needs_a_task_definition(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="has no task definition"):
        draft(reading(tmp_path, role=dump(role_with("shell", CHANNELS))))
