"""`secrets_arns` takes the name of an SSM parameter, as `valueFrom` does: of the task's own region and account.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Secret.html
"""

from typing import Any

import pytest

import ecsiam
from ecsiam import Holds, Parameter
from ecsiam.config.describe import config_schema
from ecsiam.errors import ConfigError
from ecsiam.invariants import prove

HOME = "123456789012"
BASE: dict[str, Any] = {"project_name": "memos", "environment": "dev", "enable_secrets_access": True}
KEY = f"arn:aws:kms:eu-west-2:{HOME}:key/01234567-89ab-cdef-0123-456789abcdef"


def config(**keys: Any) -> ecsiam.Config:
    return ecsiam.Config(**{**BASE, **keys})


def read(of: ecsiam.Stack) -> dict[str, list[str]]:
    """What the execution role may read, by action."""
    document = of.roles["execution"].policies["execution_secrets"].document
    return {
        action.pattern: [str(item) for item in statement.resources.items]
        for statement in document.statements
        for action in statement.actions.items
        if statement.resources
    }


# name: what its ARN ends in
NAMES = {
    "db-url": "parameter/db-url",
    "/memos/db-url": "parameter/memos/db-url",
    "/aws/reference/secretsmanager/memos": "parameter/aws/reference/secretsmanager/memos",
    "a": "parameter/a",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_the_arn_that_it_stands_for(name: str) -> None:
    arn = f"arn:aws:ssm:eu-west-2:{HOME}:{NAMES[name]}"
    home = {"account_id": HOME, "aws_region": "eu-west-2"}
    named, written = ecsiam.build(config(secrets_arns=[name], **home)), ecsiam.build(config(secrets_arns=[arn], **home))
    assert read(named) == {"ssm:GetParameters": [arn]}
    assert named.roles == written.roles
    assert named.intent == written.intent
    assert ecsiam.build(config(secrets_arns=[name])).bind(home).roles == written.roles
    assert ecsiam.build(config(secrets_arns=[name]).bind(home)) == ecsiam.build(config(secrets_arns=[name])).bind(home)


def test_in_every_region_that_the_service_runs_in() -> None:
    keys: dict[str, Any] = {"account_id": HOME, "aws_region": "eu-west-2", "aws_regions": ["eu-west-1"]}
    of = ecsiam.build(config(secrets_arns=["/memos/db"], secrets_kms_key_arns=[KEY], **keys))
    regions = ["eu-west-1", "eu-west-2"]
    assert read(of)["ssm:GetParameters"] == [f"arn:aws:ssm:{r}:{HOME}:parameter/memos/db" for r in regions]
    (through,) = [
        c
        for s in of.roles["execution"].policies["execution_secrets"].document.statements
        for c in s.conditions
        if c.key == "kms:ViaService"
    ]
    assert [str(v) for v in through.values] == [f"ssm.{r}.amazonaws.com" for r in regions]
    assert isinstance(prove(of)["works"], Holds)


@pytest.mark.parametrize("profile", ["default", "baseline"])
def test_what_is_open_is_a_reference(profile: str) -> None:
    of = ecsiam.build(config(secrets_arns=["/memos/db"], profile=profile, aws_region=Parameter("aws_region", "")))
    assert set(map(tuple, read(of).values())) == {("arn:{partition}:ssm:{aws_region}:{account_id}:parameter/memos/db",)}
    for target, wanted in (
        ("cloudformation", ":ssm:"),
        ("terraform", "${data.aws_caller_identity.current.account_id}:parameter/memos/db"),
    ):
        files = ecsiam.emit(of, target).files.values()  # type: ignore[arg-type]
        assert any(wanted in text and "parameter/memos/db" in text for text in files)


def test_a_name_is_of_the_roles_account_whichever_that_is() -> None:
    """So nothing about accounts is left open by it."""
    assert isinstance(prove(ecsiam.build(config(secrets_arns=["/memos/db"], aws_region="eu-west-2")))["works"], Holds)


def test_names_and_arns_together() -> None:
    secret = f"arn:aws:secretsmanager:eu-west-2:{HOME}:secret:db-AbCdEf"
    of = ecsiam.build(config(secrets_arns=[secret, "/memos/db"], account_id=HOME, aws_region="eu-west-2"))
    assert read(of) == {
        "secretsmanager:GetSecretValue": [secret],
        "ssm:GetParameters": [f"arn:aws:ssm:eu-west-2:{HOME}:parameter/memos/db"],
    }
    complete = config(secrets_arns=[secret, "db-url"], secrets_arns_complete=True)
    assert complete.secrets_arns == (secret, "db-url")  # which says of secrets how they end, not of parameters


def test_a_parameter_takes_arns_only() -> None:
    with pytest.raises(ConfigError, match="is a name"):
        config(secrets_arns=Parameter("secrets", ["/memos/db"]))
    with pytest.raises(ConfigError, match="is a name"):
        ecsiam.build(config(secrets_arns=Parameter("secrets"))).bind({"secrets": ["/memos/db"]})
    properties: Any = config_schema()["properties"]
    text = str(properties["secrets_arns"])
    assert text.count("967") == 1, "in the config's list, not in a parameter's default"


@pytest.mark.parametrize(
    ("name", "noted"),
    [("db-AbCdEf", True), ("/memos/db-0aB1cD", True), ("db-config", False), ("db-url", False), ("/memos/db", False)],
)
def test_a_name_that_ends_as_a_secrets_does_is_noted(name: str, noted: bool) -> None:
    rules = [n.rule for n in ecsiam.build(config(secrets_arns=[name])).notes]
    assert ("name-like-a-secret" in rules) == noted


def test_a_parameter_that_points_to_a_secret_is_noted_by_its_name_too() -> None:
    notes = ecsiam.build(config(secrets_arns=["/aws/reference/secretsmanager/memos"])).notes
    assert "parameter-points-to-secret" in [n.rule for n in notes]
