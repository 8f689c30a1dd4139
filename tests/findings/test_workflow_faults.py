"""Faults of workflows that deploy, planted into a root that has none: each is named at its line, the root is silent."""

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from ecsiam.findings import Checked, check
from ecsiam.readers.reader import read

ROOT = Path(__file__).parent / "roots" / "workflow"
FLOW = ".github/workflows/deploy.yml"
ROLES = "main.tf"
TASK = "deploy/task-definition.json"
BRANCH = '"repo:acme/shop:ref:refs/heads/main"'
PRODUCTION = '"repo:acme/shop:environment:production"'
STRANGE = '"arn:aws:ecr:eu-west-1:123456789012:repository/x"'


class Planted(NamedTuple):
    """A fault: in which file what is replaced by what, which rule finds it, on the line of which text."""

    file: str
    old: str
    new: str
    rule: str
    line: str
    says: str


PLANTED = {
    "the branch, and the job is in an environment": Planted(
        ROLES, PRODUCTION, BRANCH, "token-refused", "role-to-assume", "environment:production"
    ),
    "the environment, and the job is in none": Planted(
        FLOW, "    environment: production\n", "", "token-refused", "role-to-assume", "ref:refs/heads/main"
    ),
    "another environment": Planted(
        FLOW, "environment: production", "environment: staging", "token-refused", "role-to-assume", "staging"
    ),
    "a pull request's subject is no branch's": Planted(
        ROLES, PRODUCTION, '"repo:acme/shop:pull_request"', "token-refused", "role-to-assume", "pull_request"
    ),
    "the branch that its condition rules out": Planted(
        FLOW, "    environment: production\n", "    if: github.ref == 'refs/heads/next'\n", "token-refused",
        "role-to-assume", "refs/heads/next",
    ),
    "one job of a matrix": Planted(
        FLOW, "    environment: production\n",
        "    environment: ${{ matrix.e }}\n    strategy: {matrix: {e: [production, staging]}}\n", "token-refused",
        "role-to-assume", "where `e` is `staging`",
    ),
    "a wildcard where nothing is one": Planted(
        ROLES, PRODUCTION, '"repo:acme/shop:*"', "token-refused", "role-to-assume", "repo:acme/shop:*"
    ),
    "another audience": Planted(
        ROLES, '"sts.amazonaws.com"\n          "token', '"https://github.com/acme"\n          "token',
        "token-refused", "role-to-assume", "`aud`",
    ),
    "an audience that the provider doesn't take": Planted(
        ROLES, 'client_id_list = ["sts.amazonaws.com"]', 'client_id_list = ["https://github.com/acme"]',
        "token-refused", "role-to-assume", "audience",
    ),
    "the one branch that a filter keeps out": Planted(
        FLOW, "    environment: production\n", "    if: github.ref != 'refs/heads/main'\n", "token-refused",
        "role-to-assume", "production",
    ),
    "the region of a command": Planted(
        FLOW, "aws ecs wait tasks-stopped", "aws --region us-east-1 ecs wait tasks-stopped", "missing",
        "wait tasks-stopped", "arn:aws:ecs:us-east-1",
    ),
    "logs that nobody lets it read": Planted(
        FLOW, "          aws ecs wait", "          aws logs tail /ecs/migrate\n          aws ecs wait", "missing",
        "aws logs tail", "logs:FilterLogEvents",
    ),
    "no statement for tokens": Planted(
        ROLES, "sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML", "token-refused", "role-to-assume",
        "no statement",
    ),
    "no permission to ask for a token": Planted(
        FLOW, "  id-token: write\n", "", "no-token", "role-to-assume", "may not ask"
    ),
    "the job takes the permission away": Planted(
        FLOW, "    runs-on:", "    permissions: {contents: read}\n    runs-on:", "no-token", "role-to-assume",
        "may not ask",
    ),
    "no login": Planted(
        ROLES, '"ecr:GetAuthorizationToken"', '"ecr:DescribeRegistry"', "missing", "amazon-ecr-login",
        "ecr:GetAuthorizationToken",
    ),
    "half a push": Planted(ROLES, '          "ecr:PutImage",\n', "", "missing", "docker push", "ecr:PutImage"),
    "the push to another repository": Planted(
        ROLES, "Resource = aws_ecr_repository.web.arn", f"Resource = {STRANGE}", "missing", "docker push",
        "repository/shop/web",
    ),
    "no registering": Planted(
        ROLES, '"ecs:RegisterTaskDefinition", ', "", "missing", "steps.render.outputs", "ecs:RegisterTaskDefinition"
    ),
    "the service of another cluster": Planted(
        ROLES, "service/shop/web", "service/other/web", "missing", "service: web", "service/shop/web"
    ),
    "no waiting": Planted(
        ROLES, '"ecs:UpdateService", "ecs:DescribeServices"', '"ecs:UpdateService"', "missing", "service: web",
        "ecs:DescribeServices",
    ),
    "a role that isn't passed": Planted(
        ROLES, "[aws_iam_role.execution.arn, aws_iam_role.task.arn]", "[aws_iam_role.execution.arn]", "missing",
        "steps.render.outputs", "iam:PassRole on arn:{partition}:iam::123456789012:role/shop-task",
    ),
    "roles that are passed to something else": Planted(
        ROLES, '"iam:PassedToService" = "ecs-tasks', '"iam:PassedToService" = "ecs', "missing", "steps.render.outputs",
        "iam:PassRole",
    ),
    "one revision of the task": Planted(
        ROLES, "shop-migrate:*", "shop-migrate-2:*", "missing", "aws ecs run-task", "task-definition/shop-migrate:"
    ),
    "no look at the task": Planted(
        ROLES, '"ecs:DescribeTasks"', '"ecs:StopTask"', "missing", "wait tasks-stopped", "ecs:DescribeTasks"
    ),
    "another region": Planted(
        FLOW, "AWS_REGION: eu-west-1", "AWS_REGION: eu-west-2", "missing", "service: web", "arn:aws:ecs:eu-west-2"
    ),
}  # fmt: skip

# What is written otherwise and means the same, or what may well be right.
TWINS = {
    "the branch and no environment": [(ROLES, PRODUCTION, BRANCH), (FLOW, "    environment: production\n", "")],
    "any subject, by a pattern": [
        (ROLES, PRODUCTION, '"repo:acme/shop:*"'),
        (ROLES, "StringEquals = {\n          \"token", "StringLike = {\n          \"token"),
    ],
    "with ids": [(ROLES, "repo:acme/shop:", "repo:acme@12/shop@34:")],
    "an environment of its own kind": [
        (FLOW, "environment: production", "environment: {name: production, url: 'https://shop.example'}")
    ],
    "one of two environments": [
        (FLOW, "environment: production", "environment: ${{ github.ref_type == 'tag' && 'production' || 'staging' }}")
    ],
    "permission of the job alone": [
        (FLOW, "  id-token: write\n", ""),
        (FLOW, "    runs-on:", "    permissions: {id-token: write}\n    runs-on:"),
    ],
    "the role by its name": [(FLOW, "arn:aws:iam::123456789012:role/shop-deploy", "shop-deploy")],
    "the account is a secret": [(FLOW, "iam::123456789012:role", "iam::${{ secrets.ACCOUNT }}:role")],
    "CodeDeploy rolls the service over": [
        (ROLES, '"ecs:UpdateService", ', ""),
        (ROLES, '"ecs:RegisterTaskDefinition", ', '"ecs:RegisterTaskDefinition", "codedeploy:CreateDeployment", '),
    ],
    "a step that never runs": [
        (ROLES, '"ecs:DescribeTasks"', '"ecs:StopTask"'),
        (FLOW, "      - run: |\n          task=", "      - if: false\n        run: |\n          task="),
    ],
    "keys of a user": [
        (ROLES, PRODUCTION, BRANCH),
        (FLOW, "          aws-region:", "          aws-access-key-id: ${{ secrets.ID }}\n          aws-region:"),
    ],
    "somebody else's credentials in a script": [
        (ROLES, '"ecs:DescribeTasks"', '"ecs:StopTask"'),
        (FLOW, "          task=", "          export AWS_PROFILE=other\n          task="),
    ],
}  # fmt: skip


def changed(tmp_path: Path, *changes: tuple[str, str, str]) -> Path:
    shutil.copytree(ROOT, tmp_path / "root")
    for file, old, new in changes:
        path = tmp_path / "root" / file
        before = path.read_text()
        assert before.count(old) == 1, f"the fault has a place in {file}"
        path.write_text(before.replace(old, new))
    return tmp_path / "root"


def checked(root: Path) -> Checked:
    return check(read(root, root=root))


def test_the_root_is_silent_and_all_of_it_was_judged(tmp_path: Path) -> None:
    found = checked(changed(tmp_path))
    assert not found.findings, [str(f) for f in found.findings]
    assert not found.undecided
    assert not found.gaps
    assert (found.needs, found.jobs) == (11, 1)


@pytest.mark.parametrize("name", PLANTED)
def test_a_fault_is_named_where_it_stands(name: str, tmp_path: Path) -> None:
    one = PLANTED[name]
    root = changed(tmp_path, (one.file, one.old, one.new))
    found = [f for f in checked(root).findings if f.rule == one.rule]
    lines = (root / FLOW).read_text().splitlines()
    at = [f for f in found if f.place.file.endswith(FLOW) and f.place.line and one.line in lines[f.place.line - 1]]
    assert at, [str(f) for f in checked(root).findings]
    assert any(one.says in f"{f.fact} {f.request} {f.remedy}" for f in at), [f"{f.fact} {f.request}" for f in at]
    assert all(f.page.startswith("https://") and f.because and f.remedy for f in at)


@pytest.mark.parametrize("name", PLANTED)
def test_nothing_else_is_found_with_it(name: str, tmp_path: Path) -> None:
    one = PLANTED[name]
    rules = {f.rule for f in checked(changed(tmp_path, (one.file, one.old, one.new))).findings}
    assert rules - {one.rule} <= {"void", "unattached", "odd", "idle"}


@pytest.mark.parametrize("name", TWINS)
def test_what_may_be_right_is_silent(name: str, tmp_path: Path) -> None:
    found = [f for f in checked(changed(tmp_path, *TWINS[name])).findings if f.rule not in ("any-branch", "idle")]
    assert not found, [str(f) for f in found]


# ---------------------------------------------------------------- workflows as people write them

FIELD = ROOT.parent / "field"
FIELD_ROLES = "infra/main.tf"
# A fault planted into all of them: what is replaced, and where it is found.
IN_THE_FIELD = {
    "no update": ('"ecs:UpdateService", ', "", {"01-deploy.yml", "deploy.sh", "02-environments.yml", "Makefile",
                                               "03-matrix.yml", "10-preview.yml"}, "missing"),
    "no look": (', "ecs:DescribeServices"]', "]", {"01-deploy.yml", "deploy.sh", "02-environments.yml",
                                                   "03-matrix.yml"}, "missing"),
    "no push": ('"ecr:PutImage", ', "", {"01-deploy.yml", "Makefile"}, "missing"),
    "no production": ("environment:production", "environment:prod", {"action.yml", "02-environments.yml",
                      "03-matrix.yml", "06-terraform.yml", "08-copilot-two.yml", "10-preview.yml"}, "token-refused"),
    "no pull requests": ("shop:pull_request", "shop:ref:refs/pull/*", {"06-terraform.yml", "10-preview.yml"},
                         "token-refused"),
    "other tags": ("refs/tags/v*", "refs/tags/release-*", {"03-matrix.yml", "09-make.yml"}, "token-refused"),
    "another branch": ("refs/heads/main", "refs/heads/master", {"01-deploy.yml", "07-cdk.yml"}, "token-refused"),
}  # fmt: skip


def field(tmp_path: Path, *change: str) -> Checked:
    shutil.copytree(FIELD, tmp_path / "field")
    roles = tmp_path / "field" / FIELD_ROLES
    if change:
        old, new = change
        assert old in roles.read_text()
        roles.write_text(roles.read_text().replace(old, new))
    return checked(tmp_path / "field")


def test_workflows_of_the_field_have_no_faults(tmp_path: Path) -> None:
    found = field(tmp_path)
    assert not found.findings, [str(f) for f in found.findings]
    assert not found.gaps
    assert [Path(one.place.file).name for one in found.undecided] == [
        "05-ecspresso.yml",  # the default branch
        "07-cdk.yml",  # a role that is a secret
        "08-copilot-two.yml",  # a role of another account
    ]
    assert (found.jobs, found.needs) == (15, 31)


@pytest.mark.parametrize("name", IN_THE_FIELD)
def test_a_fault_of_a_role_is_found_in_all_that_it_breaks_and_nowhere_else(name: str, tmp_path: Path) -> None:
    old, new, files, rule = IN_THE_FIELD[name]
    found = field(tmp_path, old, new).findings
    assert {Path(f.place.file).name for f in found if f.rule == rule} == files
    assert {f.rule for f in found} == {rule}


# ---------------------------------------------------------------- subjects that were customised

_OF = "github_actions_{}_oidc_subject_claim_customization_template"
OWN = f'\nresource "{_OF.format("repository")}" "x" {{\n  repository = "NAME"\n  use_default = DEFAULT\nKEYS}}\n'
ORGANISATION = f'\nresource "{_OF.format("organization")}" "x" {{\n  include_claim_keys = ["repo", "workflow"]\n}}\n'
WITH_WORKFLOW = PRODUCTION.replace('production"', 'production:workflow:Deploy"')


def template(keys: str = "", name: str = "shop", default: str = "false") -> str:
    given = f"  include_claim_keys = {keys}\n" if keys else ""
    return OWN.replace("NAME", name).replace("DEFAULT", default).replace("KEYS", given)


# What the files say of the subjects, what the trust asks for, and what comes of it.
TEMPLATES = {
    "GitHub's": (template(default="true"), PRODUCTION, "silent"),
    "GitHub's, and another is asked for": (template(default="true"), WITH_WORKFLOW, "token-refused"),
    "nothing, and another is asked for": ("", WITH_WORKFLOW, "undecided"),
    "another, and GitHub's is asked for": (
        template('["repo", "context", "workflow"]'), PRODUCTION, "token-refused"
    ),
    "another": (template('["repo", "context", "workflow"]'), WITH_WORKFLOW, "silent"),
    "by the repository's name": (template('["repository"]'), '"repository:acme/shop"', "silent"),
    "of the workflow alone": (template('["repo", "workflow"]'), '"repo:acme/shop:workflow:Other"', "token-refused"),
    "of what nobody knows": (template('["repo", "actor"]'), '"repo:acme/shop:actor:jo"', "undecided"),
    "of another repository": (template('["repo", "workflow"]', name="other"), PRODUCTION, "silent"),
    "of a repository that nobody knows": (template('["repo", "workflow"]', name="${var.x}"), PRODUCTION, "undecided"),
    "of an organisation that isn't here": (template(), PRODUCTION, "undecided"),
    "of the organisation": (template() + ORGANISATION.replace('"x"', '"y"'), '"repo:acme/shop:workflow:Deploy"',
                            "silent"),
    "of an organisation, not of this": (ORGANISATION, PRODUCTION, "silent"),
}  # fmt: skip


@pytest.mark.parametrize("name", TEMPLATES)
def test_subjects_are_made_as_the_files_say(name: str, tmp_path: Path) -> None:
    more, asked, expected = TEMPLATES[name]
    root = changed(tmp_path, (ROLES, PRODUCTION, asked))
    with (root / ROLES).open("a") as file:
        file.write(more)
    found = checked(root)
    assert [f.rule for f in found.findings] == ([expected] if expected == "token-refused" else [])
    assert bool(found.undecided) == (expected == "undecided")
