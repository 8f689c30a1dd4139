"""What is asked of roles that deploy by what is done as them: only where all of that is in sight and understood."""

import shutil
from pathlib import Path

import pytest

from ecsiam.findings import check
from ecsiam.findings.remedies import condition
from ecsiam.readers.found import Place
from ecsiam.readers.reader import read

from .planted import SHAPES

FLOW, ROLES = ".github/workflows/deploy.yml", "infra/roles.yml"
Change = tuple[str, str, str]
FIRST = "              - Effect: Allow\n                Action: iam:PassRole"


def granting(action: str, more: str = "Resource: '*'") -> Change:
    return ROLES, FIRST, f"              - {{Effect: Allow, Action: {action}, {more}}}\n{FIRST}"


S3, RULES_IAM = granting("'s3:PutObject'"), granting("['iam:CreateRole', 'iam:PutRolePolicy']")


def found(tmp_path: Path, *changes: Change) -> list[str]:
    root = tmp_path / "root"
    shutil.copytree(SHAPES / "gh_deploy", root)
    for file, old, new in changes:
        text = (root / file).read_text(encoding="utf-8") if (root / file).exists() else ""
        assert old in text, old
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    return [f.rule for f in check(read(root, root=root)).findings]


STEP = "      - run: |\n          aws sts"
LAST = '          echo "done"\n'
SUB = "token.actions.githubusercontent.com:sub: repo:acme/web:ref:refs/heads/main"


def step(written: str) -> Change:
    return FLOW, STEP, f"      - {written}\n{STEP}"


def command(written: str) -> Change:
    return FLOW, LAST, f"{LAST}          {written}\n"


def job(written: str, *, permissions: str = "") -> Change:
    return FLOW, "jobs:\n", f"jobs:\n  other:\n    runs-on: ubuntu-latest\n{permissions}    steps:\n      - {written}\n"


LOGIN = "uses: aws-actions/configure-aws-credentials@v4\n        with: {role-to-assume: %s, aws-region: eu-west-1}"
ROLE = "arn:aws:iam::123456789012:role/web-deploy"
MORE: dict[str, list[Change]] = {
    "an action that isn't known": [step("uses: acme/notify@v1")],
    "an action of the repository that is no list of steps": [step("uses: ./.github/actions/notify")],
    "a container": [step("uses: docker://acme/notify")],
    "another call": [command("aws s3 cp a s3://b")],
    "a call under a profile": [command("aws ecs describe-services --cluster main --services web --profile x")],
    "a call that may fail": [command("aws ecs stop-task --cluster main --task x || true")],
    "a command that isn't known": [command("npm run release")],
    "a script that isn't there": [command("bash -e scripts/release.sh")],
    "a script that may do anything": [
        command("bash -e scripts/release.sh"),
        ("scripts/release.sh", "", "set -e\nterraform apply\n"),
    ],
    "what is set by a file that isn't there": [command(". ./release.env")],
    "a Makefile that isn't there": [command("make release")],
    "a function": [command("release() { aws s3 ls; }; release")],
    "a container in a script": [command("docker run -e AWS_SESSION_TOKEN acme/release")],
    "an image that is given the credentials": [command("docker build --secret id=aws,src=$HOME/.aws/credentials .")],
    "another shell": [step("run: release()\n        shell: python")],
    "other credentials": [command("export AWS_PROFILE=x")],
    "credentials that are handed on": [
        (FLOW, "          aws-region:", "          output-credentials: true\n          aws-region:")
    ],
    "another job of the same role": [job(f"{LOGIN % ROLE}\n      - run: terraform apply")],
    "another job of a role that isn't known": [job(LOGIN % "${{ vars.ROLE }}")],
    "another job whose script logs in": [
        job("run: ./scripts/other.sh"),
        ("scripts/other.sh", "", "#!/bin/sh -e\naws sts assume-role-with-web-identity --role-arn x\n"),
    ],
    "another job that logs in otherwise": [job("uses: acme/aws-login@v1")],
    "another workflow that isn't here": [
        (FLOW, "jobs:\n", "jobs:\n  other:\n    uses: acme/flows/.github/workflows/x.yml@main\n")
    ],
    "another role as this one": [
        job(f"{LOGIN % ROLE}\n      - {LOGIN % 'web-other'}".replace("web-other,", "web-other, role-chaining: true,"))
    ],
    "another repository": [(ROLES, SUB, f"{SUB.rpartition(' ')[0]} [repo:acme/web:*, repo:acme/api:*]")],
    "any repository of theirs": [
        (ROLES, "StringEquals:\n                token.actions.githubusercontent.com:aud", "StringLike:\n"
         "                token.actions.githubusercontent.com:aud"),
        (ROLES, SUB, SUB.replace("acme/web", "acme/*")),
    ],
    "somebody else": [
        (ROLES, "          - Effect: Allow\n            Action: sts:AssumeRoleWithWebIdentity",
         "          - {Effect: Allow, Action: 'sts:AssumeRole', Principal: {AWS: '123456789012'}}\n"
         "          - Effect: Allow\n            Action: sts:AssumeRoleWithWebIdentity")
    ],
    "a push to a registry that isn't known": [
        (FLOW, "          docker push", '          docker push "$OTHER/web:1"\n          docker push')
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", MORE)
def test_who_may_need_more_is_told_nothing(name: str, tmp_path: Path) -> None:
    changed = found(tmp_path / "s3", S3, *MORE[name])
    assert "idle" not in changed, changed
    assert "no-escalation" not in found(tmp_path / "iam", RULES_IAM, *MORE[name])


def test_who_rolls_over_a_service_is_for_the_service_to_decide(tmp_path: Path) -> None:
    through = "          codedeploy-application: a\n          codedeploy-deployment-group: b\n"
    assert "idle" not in found(tmp_path, S3, (FLOW, "          service: web\n", f"          service: web\n{through}"))


LESS: dict[str, list[Change]] = {
    "as it is": [],
    "a step that may be left out": [step("if: github.actor == 'x'\n        run: aws sts get-caller-identity")],
    "a script that is there": [
        command("./scripts/release.sh web"),
        ("scripts/release.sh", "", "#!/bin/sh -e\naws ecs describe-services --cluster main --services $1\n"),
    ],
    "a Makefile that is there": [
        command("make look"),
        ("Makefile", "", "look:\n\taws ecs describe-services --cluster main --services web\n"),
    ],
    "another job of another role": [job(f"{LOGIN % 'arn:aws:iam::123456789012:role/other'}\n      - run: make all")],
    "another job without a token": [
        job("uses: acme/aws-login@v1", permissions="    permissions: {contents: read}\n")
    ],
    "another job that has nothing to do with AWS": [job("run: npm test")],
}  # fmt: skip


@pytest.mark.parametrize("name", LESS)
def test_what_nobody_needs_is_named(name: str, tmp_path: Path) -> None:
    assert found(tmp_path / "s3", S3, *LESS[name]) == ["idle"]
    assert found(tmp_path / "iam", RULES_IAM, *LESS[name]) == ["no-escalation"]


ALL = "Resource: '*', Condition: {ArnEquals: {'%s}}"
OWN = "'arn:aws:iam::123456789012:policy/web'"
# What a deploy role may have that gives it no more by itself, or where that isn't sure.
MEANT: dict[str, list[Change]] = {
    "roles of tasks that it passes to anything": [],
    "roles whose boundary is asked for": [
        granting("'iam:PutRolePolicy'", ALL % f"iam:PermissionsBoundary': {OWN}")
    ],
    "policies that it may attach": [
        granting("'iam:AttachRolePolicy'", ALL % f"iam:PolicyARN': {OWN}")
    ],
    "one other role": [granting("'iam:PutRolePolicy'", "Resource: !GetAtt ExecutionRole.Arn")],
    "what a Deny takes back": [
        granting("'iam:PutRolePolicy'"),
        (ROLES, FIRST, f"              - {{Effect: Deny, Action: 'iam:*', Resource: '*'}}\n{FIRST}"),
    ],
    "a boundary of its own": [
        granting("'iam:PutRolePolicy'"),
        (ROLES, "      RoleName: web-deploy\n",
         f"      RoleName: web-deploy\n      PermissionsBoundary: {OWN}\n"),
    ],
    "a policy that was not read": [
        granting("'iam:PutRolePolicy'"),
        (ROLES, "      RoleName: web-deploy\n",
         f"      RoleName: web-deploy\n      ManagedPolicyArns: [{OWN}]\n"),
    ],
    "other roles, whose trust decides": [granting("'sts:AssumeRole'")],
    "code of somebody else's": [granting("['lambda:UpdateFunctionCode', 'cloudformation:UpdateStack']")],
}  # fmt: skip


@pytest.mark.parametrize("name", MEANT)
def test_what_may_be_meant_is_no_way_up(name: str, tmp_path: Path) -> None:
    assert "no-escalation" not in found(tmp_path, *MEANT[name])


@pytest.mark.parametrize(
    ("file", "written"),
    [
        ("main.tf", 'condition { test = "StringEquals"; variable = "iam:PassedToService"; values = ["x"] }'),
        ("roles.yml", 'StringEquals: {"iam:PassedToService": "x"}'),
        ("policy.json", '"StringEquals": {"iam:PassedToService": "x"}'),
    ],
)
def test_a_condition_is_written_as_the_file_is(file: str, written: str) -> None:
    assert condition(Place(file, 1), "StringEquals", "iam:PassedToService", "x") == f"`{written}`"
