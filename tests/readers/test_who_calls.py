"""Who calls what the commands of scripts do: roles assumed there, keys, profiles, and what nobody can know."""

import pytest

from .test_workflows import HEAD, JOB, LOGIN, ROLE, found

SECOND = "arn:aws:iam::123456789012:role/second"
ASSUME = f"aws sts assume-role --role-arn {SECOND} --role-session-name ci"
STOP, DESCRIBE = "aws ecs stop-task --task t", "aws ecs describe-tasks --tasks t"
EXPORT = "export AWS_ACCESS_KEY_ID=$(echo $C | jq -r .Credentials.AccessKeyId)"
PRINT = "| jq -r '.Credentials | \"AWS_ACCESS_KEY_ID=\\(.AccessKeyId)\"'"
Done = dict[str, list[str]]


def step(script: str, more: str = "") -> str:
    return "      - run: |\n" + "".join(f"          {line}\n" for line in script.splitlines()) + more


def done(steps: str, login: str = LOGIN) -> tuple[Done, dict[str, list[str]]]:
    """What is done as which role, by its name, and which assumes which."""
    jobs, _ = found((".github/workflows/a.yml", f"on: push\n{HEAD}{JOB}{login}{steps}"))
    logins = [login for job in jobs for login in job.logins]
    by = {str(one.roles[0]).rpartition("/")[2]: [str(r).rpartition("/")[2] for r in one.by] for one in logins}
    return {str(one.roles[0]).rpartition("/")[2]: [use.step for use in one.uses] for one in logins}, by


AS_SECOND = {
    "a variable": f"C=$({ASSUME})\n{EXPORT}\n{STOP}",
    "of old": f"C=`{ASSUME}`\n{EXPORT}\n{STOP}",
    "a variable that is exported already": f"C=$({ASSUME})\nAWS_ACCESS_KEY_ID=$(jq .x <<< \"$C\")\n{STOP}",
    "a file": f"{ASSUME} > c.json\nexport AWS_ACCESS_KEY_ID=\"$(jq -r .Credentials.AccessKeyId c.json)\"\n{STOP}",
    "eval": f"eval $({ASSUME} {PRINT})\n{STOP}",
    "export of what is printed": f"export $(printf \"AWS_ACCESS_KEY_ID=%s\" $({ASSUME}))\n{STOP}",
    "read": f"read -r AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY <<< \"$({ASSUME})\"\n{STOP}",
    "before one command": f"C=$({ASSUME})\nAWS_ACCESS_KEY_ID=$(echo $C | jq .x) {STOP}",
    "a profile with its keys": f"C=$({ASSUME})\naws configure set aws_access_key_id $(echo $C) --profile p\n"
    f"{STOP} --profile p",
    "a profile": f"aws configure set profile.p.role_arn {SECOND}\n"
    f"aws configure set credential_source Environment --profile p\naws --profile p ecs stop-task --task t",
    "a profile in a file": f"cat > ~/.aws/config <<EOF\n[profile p]\nrole_arn = {SECOND}\n"
    f"credential_source=Environment\nEOF\n{STOP} --profile p",
    "for the next step": f"C=$({ASSUME})\necho \"AWS_ACCESS_KEY_ID=$(echo $C | jq .x)\" >> $GITHUB_ENV\n:::{STOP}",
    "printed for the next step": f"{ASSUME} {PRINT} >> \"$GITHUB_ENV\"\n:::{STOP}",
    "its own for the next step": f"C=$({ASSUME})\n{EXPORT}\necho AWS_ACCESS_KEY_ID=$AWS_ACCESS_KEY_ID >> $GITHUB_ENV\n"
    f":::{STOP}",
}  # fmt: skip


@pytest.mark.parametrize("name", AS_SECOND)
def test_a_role_that_a_script_assumes_calls_what_follows(name: str) -> None:
    as_role, by = done("".join(map(step, AS_SECOND[name].split(":::"))))
    assert as_role == {"deploy": [], "second": ["stop-task"]}
    assert by == {"deploy": [], "second": ["deploy"]}


AS_FIRST = {
    "before it has the keys": f"C=$({ASSUME})\n{STOP}",
    "after a shell of its own": f"(\n  C=$({ASSUME})\n  {EXPORT}\n)\n{STOP}",
    "after a shell in a word": f"X=$(export AWS_ACCESS_KEY_ID=$(x); {DESCRIBE})\n{STOP}",
    "in the next step": f"C=$({ASSUME})\n{EXPORT}\n:::{STOP}",
    "after one command": f"C=$({ASSUME})\nAWS_ACCESS_KEY_ID=$(echo $C | jq .x) true\n{STOP}",
    "an agent": f"eval $(ssh-agent -s)\n{STOP}",
    "the profile without a name": f"aws configure set aws_access_key_id x\n{STOP}",
    "a role by a file, where there are keys": f"export AWS_ROLE_ARN=x AWS_WEB_IDENTITY_TOKEN_FILE=y\n{STOP}",
}


@pytest.mark.parametrize("name", AS_FIRST)
def test_what_stays_in_a_script_stays_there(name: str) -> None:
    as_role, _ = done("".join(map(step, AS_FIRST[name].split(":::"))))
    assert as_role["deploy"] == ["stop-task"]


NOBODY = {
    "a secret": f"export AWS_ACCESS_KEY_ID=${{{{ secrets.K }}}}\n{STOP}",
    "one of two": f"C=$({ASSUME})\nD=$({ASSUME})\n{EXPORT}\n{STOP}",
    "perhaps": f'if [ -n "${{{{ vars.X }}}}" ]; then\n  C=$({ASSUME})\n  {EXPORT}\nfi\n{STOP}',
    "as it turns out": f'if [ -n "$(x)" ]; then\n  C=$({ASSUME})\n  {EXPORT}\nfi\n{STOP}',
    "in a function": f"f() {{\n  {EXPORT}\n}}\nf\n{STOP}",
    "keys of before": f"OLD=$AWS_ACCESS_KEY_ID\nC=$({ASSUME})\n{EXPORT}\nexport AWS_ACCESS_KEY_ID=$OLD\n{STOP}",
    "none": f"unset AWS_ACCESS_KEY_ID\n{STOP}",
    "a vault": f"eval $(aws-vault exec p -- env | grep AWS)\n{STOP}",
    "the keys of a profile": f'eval "$(aws configure export-credentials --profile p --format env)"\n{STOP}',
    "a profile that isn't known": f"{STOP} --profile p",
    "a profile by its variable": f"export AWS_PROFILE=p\n{STOP}",
    "a profile of another": f"aws configure set role_arn {SECOND} --profile p\n"
    f"aws configure set source_profile q --profile p\n{STOP} --profile p",
    "a file that isn't here": f". ./assume.sh\n{STOP}",
    "secrets for the next step": f"echo AWS_ACCESS_KEY_ID=${{{{ secrets.K }}}} >> $GITHUB_ENV\n:::{STOP}",
    "a document for the next step": f"cat <<EOF >> $GITHUB_ENV\nAWS_ACCESS_KEY_ID=x\nEOF\n:::{STOP}",
}


@pytest.mark.parametrize("name", NOBODY)
def test_where_it_is_not_known_who_calls_it_is_nobody(name: str) -> None:
    as_role, _ = done("".join(map(step, NOBODY[name].split(":::"))))
    assert not any(as_role.values())


TOKEN = 'T=$(curl "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=aud-1" | jq -r .value)\n'
BY_TOKEN = {
    "by the command": f"{TOKEN}C=$({ASSUME.replace('role ', 'role-with-web-identity ', 1)})\n{EXPORT}\n{STOP}",
    "by a file": f"export AWS_ROLE_ARN={SECOND}\nexport AWS_WEB_IDENTITY_TOKEN_FILE=t\n{TOKEN}{STOP}",
    "by a file for the next step": f"export AWS_ROLE_ARN={SECOND} AWS_WEB_IDENTITY_TOKEN_FILE=t\n{TOKEN}:::{STOP}",
}


@pytest.mark.parametrize("name", BY_TOKEN)
def test_a_script_may_bring_the_token_itself(name: str) -> None:
    steps = "".join(map(step, BY_TOKEN[name].split(":::")))
    (job,), _ = found((".github/workflows/a.yml", f"on: {{push: {{branches: [main]}}}}\n{HEAD}{JOB}{steps}"))
    (login,) = job.logins
    assert login.by_token
    assert [str(one) for one in (*login.roles, *login.audience)] == [SECOND, "aud-1"]
    assert [str(one.context) for one in login.subjects] == ["ref:refs/heads/main"]
    assert [use.step for use in login.uses] == ["stop-task"]


def test_a_token_of_somebody_else_is_none_of_the_job() -> None:
    steps = step(BY_TOKEN["by the command"].removeprefix(TOKEN))
    (job,), _ = found((".github/workflows/a.yml", f"on: push\n{HEAD}{JOB}{steps}"))
    assert [login.by_token for login in job.logins] == [False]


def test_keys_that_are_not_set_change_nobody() -> None:
    other = LOGIN.replace("role/deploy', ", "role/other', output-env-credentials: false, ")
    assert done(other + step(STOP))[0] == {"deploy": ["stop-task"], "other": []}
    assert done(step(STOP), other)[0] == {"other": []}
    assert ROLE in LOGIN


@pytest.mark.parametrize(
    ("script", "more", "region"),
    [
        (STOP, "", []),
        (f"{STOP} --region us-east-1", "", ["us-east-1"]),
        (f"{STOP} --region $AWS_REGION", "", ["eu-west-1"]),
        (f"export AWS_REGION=us-east-1\n{STOP}", "", ["us-east-1"]),
        (STOP, "        env: {AWS_REGION: us-east-1}\n", ["us-east-1"]),
        (f"AWS_DEFAULT_REGION=us-east-1 {STOP}", "", ["{region}"]),
        (f"echo AWS_REGION=us-east-1 >> $GITHUB_ENV\n:::{STOP}", "", ["us-east-1"]),
    ],
)
def test_a_command_has_the_region_that_is_said_for_it(script: str, more: str, region: list[str]) -> None:
    steps = "".join(map(step, script.split(":::"))) + more
    (job,), _ = found((".github/workflows/a.yml", f"on: push\n{HEAD}{JOB}{LOGIN}{steps}"))
    assert [[str(one) for one in use.of("region")] for use in job.logins[0].uses] == [region]
