"""What ECS asks of the roles, field by field."""

from typing import Any

import pytest
from attrs import evolve

from ecsiam.analysis.unknown import Question, decide
from ecsiam.model.text import Ref, Text, text
from ecsiam.readers.forms import TERRAFORM, arn_of
from ecsiam.readers.found import FoundPassing, FoundService, FoundTask, Place, symbol
from ecsiam.readers.needs.need import Known, TaskNeed
from ecsiam.readers.needs.services import PATHS, assumed_by
from ecsiam.readers.task_needs import needs_of, passing_needs
from ecsiam.reference import actions
from ecsiam.reference.managed import managed_policy

PLACE = Place("task.json")
ECR = "111122223333.dkr.ecr.eu-west-1.amazonaws.com"
SECRET = "arn:aws:secretsmanager:eu-west-1:111122223333:secret"
IN = "arn:{partition}:{}:{aws_region}:{account_id}"
HERE = "{aws_region}:{account_id}"
FARGATE = {"family": "api", "requiresCompatibilities": ["FARGATE"], "executionRoleArn": "e", "taskRoleArn": "t"}


def task(*containers: dict[str, Any], **more: Any) -> FoundTask:
    named = [{"name": "web", **container} for container in containers]
    return FoundTask("api", PLACE, {**FARGATE, "containerDefinitions": named, **more})


def shown(text: Text) -> str:
    return "".join("?" if isinstance(p, Ref) and ".letter" in p.name else str(p) for p in text.parts)


def asked(found: FoundTask, known: Known | None = None) -> list[str]:
    return [line for need in needs_of(found, known or Known()) for line in lines(need)]


def lines(need: TaskNeed) -> list[str]:
    ways = [[f"{need.role}: {one.action} on {shown(one.resource)}" for one in way] for way in need.ways]
    return [line for i, way in enumerate(ways) for line in ([*(["or"] if i else []), *way])]


TOKEN = "execution: ecr:GetAuthorizationToken on *"


def pulls(arn: str) -> list[str]:
    return [TOKEN, f"execution: ecr:BatchGetImage on {arn}", f"execution: ecr:GetDownloadUrlForLayer on {arn}"]


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (f"{ECR}/a/b@sha256:{'0' * 64}", pulls("arn:{partition}:ecr:eu-west-1:111122223333:repository/a/b")),
        (f"{ECR}/a:1", pulls("arn:{partition}:ecr:eu-west-1:111122223333:repository/a")),
        ("111122223333.dkr-ecr.eu-west-1.on.aws/a", pulls("arn:{partition}:ecr:eu-west-1:111122223333:repository/a")),
        (
            "444455556666.dkr.ecr.cn-north-1.amazonaws.com.cn/a:1",
            pulls("arn:{partition}:ecr:cn-north-1:444455556666:repository/a"),
        ),
        ("public.ecr.aws/x/y", []),
        ("nginx", []),
        ("localhost:5000/x", []),
        ("ghcr.io/a/b:1", []),
        ("ghcr.io/a.dkr.ecr.b/c", []),
        (
            Text.of(Ref("account_id"), ".dkr.ecr.", Ref("aws_region"), ".amazonaws.com/a:", Ref("var.tag")),
            pulls("arn:{partition}:ecr:{aws_region}:{account_id}:repository/a"),
        ),
        (text(Ref("var.image")), []),
        (None, []),
    ],
)
def test_images(image: Any, expected: list[str]) -> None:
    assert asked(task({"image": image})) == expected


def test_an_image_of_a_repository_of_the_root() -> None:
    address = "aws_ecr_repository.app"
    arn = arn_of(TERRAFORM["aws_ecr_repository"], address, text("app"))
    image = Text.of(symbol(address, "repository_url"), ":", Ref("var.tag"))
    known = Known(arns={symbol(address, "arn"): arn})
    assert asked(task({"image": image}), known) == pulls("arn:{partition}:ecr:{aws_region}:{account_id}:repository/app")


def reading(*resources: str, action: str = "secretsmanager:GetSecretValue") -> list[str]:
    return [f"execution: {action} on {resource}" for resource in resources]


def parameters(resource: str) -> list[str]:
    return reading(resource, action="ssm:GetParameters")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (f"{SECRET}:db-AbCdEf", reading(f"{SECRET}:db-AbCdEf")),
        (f"{SECRET}:db-AbCdEf:password::", reading(f"{SECRET}:db-AbCdEf")),
        (f"{SECRET}:db-AbCdEf::AWSPREVIOUS:", reading(f"{SECRET}:db-AbCdEf")),
        (f"{SECRET}:db-AbCdEf:::1f2e", reading(f"{SECRET}:db-AbCdEf")),
        (f"{SECRET}:db", reading(f"{SECRET}:db-??????")),
        (f"{SECRET}:db:password::", reading(f"{SECRET}:db-??????")),
        (f"{SECRET}:db-master", [*reading(f"{SECRET}:db-master"), "or", *reading(f"{SECRET}:db-master-??????")]),
        ("arn:aws:ssm:eu-west-1:1:parameter/prod/db", parameters("arn:aws:ssm:eu-west-1:1:parameter/prod/db")),
        ("/prod/db", parameters(f"arn:{{partition}}:ssm:{HERE}:parameter/prod/db")),
        ("db", parameters(f"arn:{{partition}}:ssm:{HERE}:parameter/db")),
        (Text.of(Ref("var.db"), ":password::"), reading("{var.db}")),
        (
            text(Ref("var.db")),
            [
                *reading("{var.db}"),
                "or",
                *parameters("{var.db}"),
                "or",
                *parameters(f"arn:{{partition}}:ssm:{HERE}:parameter/{{var.db}}"),
            ],
        ),
        (Text.of("/", Ref("var.env"), "/db"), parameters(f"arn:{{partition}}:ssm:{HERE}:parameter/{{var.env}}/db")),
        (None, []),
    ],
)
@pytest.mark.parametrize("field", ["secrets", "secretOptions"])
def test_what_is_read(value: Any, expected: list[str], field: str) -> None:
    secret = [{"name": "DB", "valueFrom": value}]
    container = {"secrets": secret} if field == "secrets" else {"logConfiguration": {"secretOptions": secret}}
    assert asked(task(container)) == expected


def test_a_secret_of_the_root_with_its_key() -> None:
    address = "aws_secretsmanager_secret.db"
    arn = arn_of(TERRAFORM["aws_secretsmanager_secret"], address, text("shop/db"))
    known = Known(arns={symbol(address, "arn"): arn}, keys={address: text("arn:aws:kms:r:1:key/k")})
    found = task({"secrets": [{"name": "DB", "valueFrom": Text.of(symbol(address, "arn"), ":password::")}]})
    assert asked(found, known) == [
        *reading(f"arn:{{partition}}:secretsmanager:{HERE}:secret:shop/db-??????"),
        "execution: kms:Decrypt on arn:aws:kms:r:1:key/k",
    ]
    [need] = needs_of(found, known)
    assert dict(need.ways[0][1].context)["kms:ViaService"] == Text.of(
        "secretsmanager.", Ref("aws_region"), ".amazonaws.com"
    )


def test_a_parameter_of_the_root_with_its_key() -> None:
    address = "aws_ssm_parameter.db"
    arn = arn_of(TERRAFORM["aws_ssm_parameter"], address, text("/shop/db"))
    known = Known(arns={symbol(address, "arn"): arn}, keys={address: text("arn:aws:kms:r:1:key/k")})
    for given in (symbol(address, "arn"), "/shop/db"):
        found = task({"secrets": [{"name": "DB", "valueFrom": text(given)}]})
        expected = parameters(f"arn:{{partition}}:ssm:{HERE}:parameter/shop/db")
        assert asked(found, known) == [*expected, "execution: kms:Decrypt on arn:aws:kms:r:1:key/k"]
    literal = arn_of(TERRAFORM["aws_ssm_parameter"], address, text("/shop/db"), text("eu-west-1"), text("1"))
    there = evolve(known, arns={symbol(address, "arn"): literal})
    named = evolve(task({"secrets": [{"valueFrom": "/shop/db"}]}), region=text("eu-west-1"), account=text("1"))
    assert "kms:Decrypt" in asked(named, there)[-1]


@pytest.mark.parametrize("region", ["eu-west-1", "cn-north-1"])
def test_an_access_point_is_of_the_partition_of_the_region(region: str) -> None:
    authorization = {"iam": "ENABLED", "accessPointId": "fsap-1"}
    volume = {"name": "v", "efsVolumeConfiguration": {"fileSystemId": "fs-1", "authorizationConfig": authorization}}
    found = evolve(task({}, volumes=[volume]), region=text(region), account=text("1"))
    [need] = needs_of(found, Known())
    partition = {"eu-west-1": "aws", "cn-north-1": "aws-cn"}[region]
    point = dict(need.ways[0][0].context)["elasticfilesystem:AccessPointArn"]
    assert str(point) == f"arn:{partition}:elasticfilesystem:{region}:1:access-point/fsap-1"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"awslogs-group": "/ecs/a", "awslogs-region": "us-east-1"}, ["us-east-1"]),
        ({"awslogs-group": "/ecs/a"}, ["{aws_region}"]),
        ({"awslogs-group": "/ecs/a", "awslogs-create-group": "false"}, ["{aws_region}"]),
        ({}, []),
    ],
)
def test_logs(options: dict[str, str], expected: list[str]) -> None:
    found = asked(task({"logConfiguration": {"logDriver": "awslogs", "options": options}}))
    assert [line.split(" on ")[0] for line in found] == [
        f"execution: logs:{action}" for _ in expected for action in ("CreateLogStream", "PutLogEvents")
    ]
    for region, line in zip(expected * 2, found, strict=True):
        assert f":logs:{region}:{{account_id}}:log-group:/ecs/a:log-stream:" in line


def test_a_log_group_that_is_made() -> None:
    options = {"awslogs-group": "/ecs/a", "awslogs-create-group": "true"}
    found = asked(task({"logConfiguration": {"logDriver": "awslogs", "options": options}}))
    arn = f"arn:{{partition}}:logs:{HERE}:log-group:/ecs/a:log-stream:"
    assert found[0] == f"execution: logs:CreateLogGroup on {arn}"


@pytest.mark.parametrize("driver", ["splunk", "awsfirelens", "json-file"])
def test_other_drivers_ask_for_nothing(driver: str) -> None:
    assert not asked(task({"logConfiguration": {"logDriver": driver, "options": {"awslogs-group": "/ecs/a"}}}))


STREAM = "log-stream:{api ('containerDefinitions', 0, 'logConfiguration').stream}"
LOGS = f"arn:{{partition}}:logs:eu-west-1:{{account_id}}:log-group:/shop/web:{STREAM}"
BUCKET = "arn:{partition}:s3:::shop-logs/{api ('containerDefinitions', 0, 'logConfiguration').stream}"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (
            {"Name": "kinesis_firehose", "region": "eu-west-1", "delivery_stream": "shop"},
            ["firehose:PutRecordBatch on arn:{partition}:firehose:eu-west-1:{account_id}:deliverystream/shop"],
        ),
        (
            {"@type": "kinesis_firehose", "delivery_stream_name": "shop"},
            [f"firehose:PutRecordBatch on arn:{{partition}}:firehose:{HERE}:deliverystream/shop"],
        ),
        (
            {"name": "kinesis", "stream": "shop"},
            [f"kinesis:PutRecords on arn:{{partition}}:kinesis:{HERE}:stream/shop"],
        ),
        (
            {"Name": "cloudwatch_logs", "region": "eu-west-1", "log_group_name": "/shop/web"},
            [f"logs:CreateLogStream on {LOGS}", f"logs:PutLogEvents on {LOGS}"],
        ),
        ({"Name": "s3", "bucket": "shop-logs"}, [f"s3:PutObject on {BUCKET}"]),
        (
            {"Name": "s3", "bucket": "shop-logs", "role_arn": "arn:aws:iam::111122223333:role/logs"},
            ["sts:AssumeRole on arn:aws:iam::111122223333:role/logs"],
        ),
        # elsewhere, nowhere, or where each record says
        ({"Name": "opensearch", "Host": "search.example.com"}, []),
        ({"Name": "firehose"}, []),
        ({"Name": "firehose", "delivery_stream": "shop", "endpoint": "http://localhost"}, []),
        ({"Name": "cloudwatch_logs", "log_group_name": "/shop/$(container)"}, []),
        ({"Name": "cloudwatch_logs", "log_group_name": "/shop", "log_group_template": "/shop/$container"}, []),
        ({}, []),
    ],
)
def test_a_log_router_writes_with_the_task_role(options: dict[str, str], expected: list[str]) -> None:
    found = task({"logConfiguration": {"logDriver": "awsfirelens", "options": options}})
    assert asked(found) == [f"task: {line}" for line in expected]
    assert not any(need.unsure for need in needs_of(found, Known()))
    on_instances = evolve(found, value={**found.value, "requiresCompatibilities": ["EC2"], "taskRoleArn": None})
    assert all(need.unsure for need in needs_of(on_instances, Known()))


@pytest.mark.parametrize("enabled", [True, False])
def test_the_proxy_of_service_connect_writes_with_the_execution_role(enabled: bool) -> None:
    log = {
        "logDriver": "awslogs",
        "options": {"awslogs-group": "/ecs/proxy", "awslogs-region": "eu-west-1"},
        "secretOptions": [{"name": "token", "valueFrom": "/proxy/token"}],
    }
    connected = {"serviceConnectConfiguration": {"enabled": enabled, "logConfiguration": log}}
    found = asked(task({}), Known(services=(FoundService("s", PLACE, connected),)))
    assert [line.split(" on ")[0] for line in found] == [
        f"execution: {action}"
        for action in ("logs:CreateLogStream", "logs:PutLogEvents", "ssm:GetParameters")
        if enabled
    ]


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("credentialspec:arn:aws:s3:::specs/web.json", ["s3:GetObject", "s3:GetBucketLocation"]),
        ("credentialspecdomainless:arn:aws:ssm:eu-west-1:111122223333:parameter/web", ["ssm:GetParameters"]),
        ("credentialspec:file://web.json", ["ssm:GetParameters"]),
        ("web.json", []),
    ],
)
def test_credential_specs_are_never_judged_for_certain(spec: str, expected: list[str]) -> None:
    found = task({"credentialSpecs": [spec]})
    assert [line.split(" on ")[0] for line in asked(found)] == [f"execution: {action}" for action in expected]
    assert all(need.unsure for need in needs_of(found, Known()))


RULE = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:listener-rule/app/web/0123456789abcdef/0123456789abcdef/01"
LISTENER = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:listener/net/web/0123456789abcdef/0123456789abcdef"


SERVICES: list[tuple[dict[str, Any], list[str]]] = [
    (
        {"volumeConfigurations": [{"managedEBSVolume": {"roleArn": "r"}}]},
        ["ec2:CreateVolume", "ec2:AttachVolume", "ec2:DescribeVolumes"],
    ),
    (
        {
            "serviceConnectConfiguration": {
                "services": [
                    {"tls": {"roleArn": "r", "issuerCertificateAuthority": {"awsPcaAuthorityArn": "a"}}},
                    {"tls": {"issuerCertificateAuthority": {"awsPcaAuthorityArn": "a"}}},
                ]
            }
        },
        ["acm-pca:GetCertificate"],
    ),
    (
        {
            "loadBalancers": [
                {
                    "advancedConfiguration": {
                        "roleArn": "r",
                        "alternateTargetGroupArn": "g",
                        "productionListenerRule": RULE,
                        "testListenerRule": LISTENER,
                    }
                }
            ]
        },
        [
            f"elasticloadbalancing:{action}"
            for action in ("DescribeTargetGroups", "RegisterTargets", "ModifyRule", "ModifyListener")
        ],
    ),
    ({"vpcLatticeConfigurations": [{"roleArn": "r", "targetGroupArn": "g"}]}, ["vpc-lattice:RegisterTargets"]),
    (
        {"deploymentConfiguration": {"lifecycleHooks": [{"roleArn": "r", "hookTargetArn": "f"}]}},
        ["lambda:InvokeFunction"],
    ),
    ({"volumeConfigurations": [{"managedEBSVolume": {}}]}, []),
    ({}, []),
]


@pytest.mark.parametrize(("value", "expected"), SERVICES)
def test_roles_that_ecs_assumes_for_a_service(value: dict[str, Any], expected: list[str]) -> None:
    found = [*assumed_by(FoundService("s", PLACE, value))]
    asked = [one for role in found for need in role.needs for way in need.ways for one in way]
    assert [one.action for one in asked] == expected
    assert {str(role.role) for role in found} == ({"r"} if expected else set())
    for one in asked:
        assert actions.action(one.action)


@pytest.mark.parametrize("id", PATHS)
def test_the_policy_of_awss_own_meets_what_is_asked_of_a_role_of_a_service(id: str) -> None:
    policy = {
        "ebs_volumes": "service-role/AmazonECSInfrastructureRolePolicyForVolumes",
        "service_connect_tls": "service-role/AmazonECSInfrastructureRolePolicyForServiceConnectTransportLayerSecurity",
        "load_balancers": "AmazonECSInfrastructureRolePolicyForLoadBalancers",
        "vpc_lattice": "AmazonECSInfrastructureRolePolicyForVpcLattice",
    }.get(id)
    if policy is None:
        return  # of hooks there is none
    document = managed_policy(f"arn:aws:iam::aws:policy/{policy}")
    assert document is not None
    inside = {
        "roleArn": "r",
        "issuerCertificateAuthority": {
            "awsPcaAuthorityArn": "arn:aws:acm-pca:eu-west-1:111122223333:certificate-authority/0"
        },
        "alternateTargetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/green/01",
        "productionListenerRule": RULE,
        "testListenerRule": LISTENER,
        "targetGroupArn": "arn:aws:vpc-lattice:eu-west-1:111122223333:targetgroup/tg-0",
    }
    value: Any = inside
    for key in reversed(PATHS[id]):
        value = {key: [value]}
    [found] = assumed_by(FoundService("s", PLACE, value))
    for one in (one for need in found.needs for way in need.ways for one in way):
        context = {key.lower(): value for key, value in one.context}
        assert decide({"": document.document}, Question(one.action, one.resource, context)).outcome == "allowed"


FILE = "arn:aws:s3:::configs/web/app.env"
FIRELENS = {"config-file-type": "s3", "config-file-value": FILE}
READ = [
    "execution: s3:GetObject on arn:aws:s3:::configs/web/app.env",
    "execution: s3:GetBucketLocation on arn:aws:s3:::configs",
]


@pytest.mark.parametrize(
    ("container", "expected"),
    [
        ({"environmentFiles": [{"type": "s3", "value": FILE}]}, READ),
        ({"firelensConfiguration": {"options": FIRELENS}}, READ),
        ({"firelensConfiguration": {"options": {"config-file-type": "file", "config-file-value": "/x"}}}, []),
        (
            {"repositoryCredentials": {"credentialsParameter": f"{SECRET}:ghcr-AbCdEf"}},
            reading(f"{SECRET}:ghcr-AbCdEf"),
        ),
        (
            {"repositoryCredentials": {"credentialsParameter": "ghcr"}},
            reading(f"arn:{{partition}}:secretsmanager:{HERE}:secret:ghcr-??????"),
        ),
    ],
)
def test_other_fields_of_a_container(container: dict[str, Any], expected: list[str]) -> None:
    assert asked(task(container)) == expected


@pytest.mark.parametrize(
    ("mounts", "iam", "expected"),
    [
        ([{"sourceVolume": "v", "readOnly": True}], "ENABLED", ["ClientMount"]),
        ([{"sourceVolume": "v"}], "ENABLED", ["ClientMount", "ClientWrite"]),
        ([{"sourceVolume": "v", "readOnly": True}, {"sourceVolume": "v"}], "ENABLED", ["ClientMount", "ClientWrite"]),
        ([], "ENABLED", ["ClientMount"]),
        ([{"sourceVolume": "v"}], "DISABLED", []),
    ],
)
def test_file_systems(mounts: list[Any], iam: str, expected: list[str]) -> None:
    efs = {"fileSystemId": "fs-1", "authorizationConfig": {"iam": iam, "accessPointId": "fsap-1"}}
    found = task({"mountPoints": mounts}, volumes=[{"name": "v", "efsVolumeConfiguration": efs}])
    arn = f"arn:{{partition}}:elasticfilesystem:{HERE}:file-system/fs-1"
    assert asked(found) == [f"task: elasticfilesystem:{action} on {arn}" for action in expected]
    assert all(need.unsure for need in needs_of(found, Known()))


@pytest.mark.parametrize("enabled", [True, False, None])
def test_exec(enabled: bool | None) -> None:
    service = FoundService("s", PLACE, {"enableExecuteCommand": enabled})
    found = asked(task({}), Known((service,)))
    assert found == [
        "task: ssmmessages:" + a + " on *"
        for a in ("CreateControlChannel", "CreateDataChannel", "OpenControlChannel", "OpenDataChannel")
    ] * bool(enabled)


@pytest.mark.parametrize(
    ("compatible", "launch", "sure"),
    [
        (["FARGATE"], None, True),
        (["EC2"], None, False),
        (["EC2", "FARGATE"], None, True),
        (None, "FARGATE", True),
        (None, None, False),
    ],
)
def test_on_ec2_the_instance_may_pull(compatible: Any, launch: Any, sure: bool) -> None:
    found = task(
        {"image": f"{ECR}/a", "secrets": [{"name": "A", "valueFrom": "a"}]}, requiresCompatibilities=compatible
    )
    known = Known((FoundService("s", PLACE, {"launchType": launch}),))
    assert [not need.unsure for need in needs_of(found, known)] == [sure, sure, True]


def test_the_same_need_is_told_once_where_it_stands_first() -> None:
    container = {"image": f"{ECR}/a", "secrets": [{"name": "A", "valueFrom": "a"}, {"name": "B", "valueFrom": "a"}]}
    found = list(needs_of(task(container, container), Known()))
    assert len(found) == 3
    assert found[2].place.path == ("containerDefinitions", 0, "secrets", 0, "valueFrom")


def test_who_runs_a_task_passes_its_roles() -> None:
    one = FoundPassing("rule", PLACE, "events.amazonaws.com", text("r"), text("api"), text("arn:aws:ecs:r:1:cluster/c"))
    needs = passing_needs(task({}), one, [text("arn:aws:iam::1:role/e")], Known())
    found = [line for need in needs for line in lines(need)]
    assert found[0].startswith(f"passing: ecs:RunTask on arn:{{partition}}:ecs:{HERE}:task-definition/api:")
    assert found[1:] == ["passing: iam:PassRole on arn:aws:iam::1:role/e"]


def everything() -> FoundTask:
    secret = [{"name": "A", "valueFrom": f"{SECRET}:a-AbCdEf"}, {"name": "B", "valueFrom": "b"}]
    logs = {"logDriver": "awslogs", "options": {"awslogs-group": "/g", "awslogs-create-group": "true"}}
    efs = {"fileSystemId": "fs-1", "authorizationConfig": {"iam": "ENABLED", "accessPointId": "fsap-1"}}
    container = {
        "image": f"{ECR}/a",
        "secrets": secret,
        "logConfiguration": logs,
        "environmentFiles": [{"value": FILE}],
        "mountPoints": [{"sourceVolume": "v"}],
    }
    return task(container, volumes=[{"name": "v", "efsVolumeConfiguration": efs}])


def test_every_request_is_one_that_aws_knows() -> None:
    known = Known((FoundService("s", PLACE, {"enableExecuteCommand": True}),))
    found = list(needs_of(everything(), known))
    assert len(found) == 9
    for need in found:
        assert need.failure
        assert need.page.startswith("https://docs.aws.amazon.com/")
        for way in need.ways:
            for one in way:
                action = actions.action(one.action)
                assert action is not None, one.action
                assert (one.resource.literal == "*") is not actions.supports_resources(action)
                for key, _ in one.context:
                    assert actions.key_type(key) is not None
