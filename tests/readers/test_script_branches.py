"""Which commands of a script count: by conditions that are known, loops over words, and where a script ends."""

import pytest

from .test_who_calls import step
from .test_workflows import uses


def u(service: str) -> str:
    return f"aws ecs update-service --service {service}"


PUSHED, VAR, PRINTED = '"$GITHUB_EVENT_NAME"', '"${{ vars.X }}"', '"$(x)"'
SCRIPTS: dict[str, tuple[str, list[str]]] = {
    "a condition that holds": (f"if [ {PUSHED} = push ]; then\n{u('a')}\nelse\n{u('b')}\nfi\n{u('c')}", ["a", "c"]),
    "one that doesn't": (f"if [[ {PUSHED} != push ]]; then {u('a')}; else {u('b')}; fi", ["b"]),
    "the second": (f"if [ {PUSHED} = x ]; then {u('a')}; elif [ {PUSHED} = push ]; then {u('b')}; else {u('c')}; fi",
                   ["b"]),
    "one in one": (f"if [ {PUSHED} = x ]; then\nif [ a = a ]; then\n{u('a')}\nfi\nfi\n{u('b')}", ["b"]),
    "a pattern": (f"if [[ {PUSHED} == pu* ]]; then {u('a')}; else {u('b')}; fi", ["a"]),
    "a pattern of what is known in part": (
        f"if [[ \"v${{{{ vars.X }}}}\" == v* ]]; then {u('a')}; else {u('b')}; fi\n"
        f"if [[ \"v${{{{ vars.X }}}}\" == w* ]]; then {u('c')}; fi", ["a"],
    ),
    "something": (f"if [ -n {PUSHED} ]; then {u('a')}; fi\nif [ -z {PUSHED} ]; then {u('b')}; fi", ["a"]),
    "one that is turned around": (f"if ! [ {PUSHED} = push ]; then {u('a')}; else {u('b')}; fi", ["b"]),
    "what may go with the role": (f"if [ {VAR} = a ]; then {u('a')}; else {u('b')}; fi\n{u('c')}", ["c"]),
    "what turns out": (f"if [ {PRINTED} = a ]; then {u('a')}; else {u('b')}; fi", ["a", "b"]),
    "a file": (f"if [ -f x ]; then {u('a')}; fi", ["a"]),
    "a command": (f"if grep x y; then {u('a')}; fi", ["a"]),
    "two in one test": (
        f"if [[ {PUSHED} == push && a == b ]]; then {u('a')}; elif [[ {PUSHED} == x || a == a ]]; then {u('b')}; fi\n"
        f"if [ {PUSHED} = push -a a = b ]; then {u('c')}; fi", ["b"],
    ),
    "two of which one may go with the role": (
        f"if [[ {PUSHED} == push && {VAR} == b ]]; then {u('a')}; else {u('b')}; fi", []
    ),
    "two": (f"if [ {PUSHED} = push ] && [ {PUSHED} = x ]; then {u('a')}; else {u('b')}; fi", ["b"]),
    "one of two": (f"if [ {PUSHED} = push ] || [ {VAR} = x ]; then {u('a')}; fi", ["a"]),
    "and": (f"[ {PUSHED} = push ] && {u('a')}\n[ {PUSHED} = x ] && {u('b')}\n{u('c')}", ["a", "c"]),
    "or": (f"[ {PUSHED} = push ] || {u('a')}\n[ {PUSHED} = x ] || {u('b')}", ["b"]),
    "one or the other": (f"[ {PUSHED} = push ] && {u('a')} || {u('b')}", []),
    "perhaps": (f"[ {VAR} = x ] && {u('a')}", []),
    "in braces": (f"[ {PUSHED} = x ] && {{ echo; {u('a')}; }}\n{u('b')}", ["b"]),
    "case": (
        f"case {PUSHED} in\n  x|y) {u('a')} ;;\n  pull*|push)\n    {u('b')}\n    ;;\n  *) {u('c')} ;;\nesac", ["b"]
    ),
    "a branch of case with nothing in it": (f"case {PUSHED} in\n  x) ;;\n  push) {u('a')} ;;\nesac", ["a"]),
    "a branch of case that ends it": (f"case {PUSHED} in\n  push) ;;\n  *) {u('a')} ;;\nesac\n{u('b')}", ["b"]),
    "the rest of case": (f"case {PUSHED} in\n  x) {u('a')} ;;\n  *)\n    {u('b')}\nesac\n{u('c')}", ["b", "c"]),
    "case of what isn't known": (f"case {VAR} in\n  x) {u('a')} ;;\n  *) {u('b')} ;;\nesac", []),
    "case in a condition": (f"if [ a = a ]; then case {PUSHED} in\npush) {u('a')};;\nesac; fi", ["a"]),
    "a variable by a condition": (f"S=a\nif [ {PUSHED} = push ]; then S=b; fi\n{u('$S')}", ["b"]),
    "a variable by case": (f"case {PUSHED} in push) S=a ;; *) S=b ;; esac\n{u('$S')}", ["a"]),
    "a loop": (f"for s in a b; do\n  {u('$s')}\ndone", ["a", "b"]),
    "a loop over a variable": (f"L='a b'\nfor s in $L; do {u('$s')}; done", ["a", "b"]),
    "loops": (f"for s in a b; do for t in x y; do {u('$s$t')}; done; done", ["ax", "ay", "bx", "by"]),
    "a loop over what isn't known": (f"for s in $(x); do {u('$s')}; done", ["{$s}"]),
    "a loop over files": (f"for s in *.json; do {u('$s')}; done", ["{$s}"]),
    "a loop that asks": (f"until {u('a')}; do sleep 1; done\n{u('b')}", ["b"]),
    "a script that ends": (f"if [ {PUSHED} = push ]; then exit 0; fi\n{u('a')}", []),
    "one that doesn't end": (f"if [ {PUSHED} = x ]; then exit 0; fi\n{u('a')}", ["a"]),
    "one that may": (f"[ {VAR} = x ] || exit 0\n{u('a')}", []),
    "one as it turns out": (f"[ -n {PRINTED} ] || exit 0\n{u('a')}", ["a"]),
    "where it fails": (f"{u('a')} || exit 1\n{u('b')} || {{ echo no; exit 1; }}\n{u('c')} || {{\n  echo\n}}\n"
                       f"{u('d')} || exit 0\n{u('e')} || true", ["a", "b"]),
    "what goes on": (f"set +e\n{u('a')}\nset -e\n{u('b')}", ["b"]),
    "what goes on, and stops": (f"set +o errexit\n{u('a')}\nset -euo pipefail\n{u('b')}", ["b"]),
    "a branch without its name": ("REF=refs/heads/x\n" + u("${REF#refs/heads/}") + "\n" + u("${REF##*/}"), ["x", "x"]),
}  # fmt: skip


@pytest.mark.parametrize("name", SCRIPTS)
def test_commands_count_that_a_script_comes_to(name: str) -> None:
    script, services = SCRIPTS[name]
    assert [what["service"][0] for _, what in uses(step(script))] == services


def test_a_shell_that_goes_on() -> None:
    assert uses(step(u("a"), "        shell: bash -l {0}\n")) == []
    assert len(uses(step(u("a"), "        shell: bash -el {0}\n"))) == 1


HANDED: dict[str, tuple[str, str, str]] = {
    "an output": ('echo "s=web" >> $GITHUB_OUTPUT', "${{ steps.a.outputs.s }}", "web"),
    "a variable": ('echo "S=web" >> "${GITHUB_ENV}"', "$S", "web"),
    "by a condition": (
        f"if [ {PUSHED} = push ]; then\n  echo s=a >> $GITHUB_OUTPUT\nelse\n  echo s=b >> $GITHUB_OUTPUT\nfi",
        "${{ steps.a.outputs.s }}", "a",
    ),
    "known in part": ('echo "s=web-$(date)" >> $GITHUB_OUTPUT', "${{ steps.a.outputs.s }}", "web-{$()}"),
    "written otherwise too": (
        'echo s=a >> $GITHUB_OUTPUT\nprintf "s=%s" b >> $GITHUB_OUTPUT', "${{ steps.a.outputs.s }}",
        "{steps.a.outputs.s}",
    ),
    "in a document": ("cat <<E >> $GITHUB_OUTPUT\ns=a\nE", "${{ steps.a.outputs.s }}", "{steps.a.outputs.s}"),
    "in a function": ('f() {\n  echo "s=a" >> $GITHUB_OUTPUT\n}\necho "s=b" >> $GITHUB_OUTPUT',
                      "${{ steps.a.outputs.s }}", "{steps.a.outputs.s}"),
    "in a loop": ('for x in a b; do\n  echo "s=$x" >> $GITHUB_OUTPUT\ndone', "${{ steps.a.outputs.s }}", "b"),
}  # fmt: skip


@pytest.mark.parametrize("name", HANDED)
def test_what_a_script_hands_on_is_known(name: str) -> None:
    script, named, value = HANDED[name]
    first = step(script).replace("      - run", "      - id: a\n        run")
    assert [what["service"] for _, what in uses(first + step(u(f'"{named}"')))] == [[value]]


CALLS = {
    "logs get-log-events --log-group-name g": ["logs:GetLogEvents"],
    "logs tail g --follow": ["logs:FilterLogEvents"],
    "ssm put-parameter --name n": ["ssm:PutParameter"],
    "ecr describe-images --repository-name r": ["ecr:DescribeImages"],
    "elbv2 describe-target-health --target-group-arn a": ["elasticloadbalancing:DescribeTargetHealth"],
    "deploy wait deployment-successful --deployment-id i": ["codedeploy:GetDeployment"],
    "sts get-caller-identity": [],
    "s3 sync a b": [],
    "ecs no-such-command": [],
}


@pytest.mark.parametrize("command", CALLS)
def test_a_command_is_the_call_of_its_action(command: str) -> None:
    assert [what["action"] for _, what in uses(step(f"aws {command}"))] == [[one] for one in CALLS[command]]


def test_what_was_read_is_registered_from_a_variable() -> None:
    script = (
        "T=$(aws ecs describe-task-definition --task-definition f)\nN=$(echo $T | jq .taskDefinition)\n"
        'aws ecs register-task-definition --cli-input-json "$N"'
    )
    assert uses(step(script)) == [("read-definition", {}), ("register", {"definition": ["family f"]})]
