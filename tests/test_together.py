"""Several services in one place say what each says alone, at addresses that depend on no other service."""

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st

from ecsiam import Artifact, Config, ConfigError, EmitError, Parameter, Stack, build, emit
from ecsiam.config.describe import module
from ecsiam.config.load import config_of
from ecsiam.emitters.placing import Load, place, placement_of
from ecsiam.emitters.takes import MOST
from ecsiam.keys.source import parse_source
from ecsiam.model.several import label_of, service_of
from ecsiam.targets import WRITTEN, TargetName, emit_together, placement

from . import meaning, strategies
from .batch import batch
from .cases import TARGETS
from .cases import config_of as config_of_case
from .meaning import HERE, Known, Roles
from .terraform.rig import VERSIONS, Rig, actions
from .test_cloudformation import findings
from .test_terraform import planned, providers, root

Json = Any
HOME: dict[str, Any] = {"account_id": HERE["account_id"], "aws_region": HERE["aws_region"]}
EFS = f"arn:aws:elasticfilesystem:{HERE['aws_region']}:{HERE['account_id']}:file-system/fs-0a1b2c3d4e5f60718"
NAMES = ("memos", "memos-api", "Worker_2", "1st.app")


def stack(name: str | Parameter, environment: str = "dev", **keys: Any) -> Stack:
    given: dict[str, Any] = {**HOME, "project_name": name, "environment": environment, **keys}
    return build(Config(**given))


def rich(name: str) -> Stack:
    """A service with three roles and policies of its own."""
    return stack(
        name,
        enable_efs_access=True,
        efs_arn=EFS,
        enable_github_oidc=True,
        github_repo="acme/memos",
        github_environments=["dev"],
        ecr_repository_arns=[f"arn:aws:ecr:{HOME['aws_region']}:{HOME['account_id']}:repository/{name.lower()}"],
        task_managed_policy_arns=["arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess"],
    )


def terraform_roles(artifact: Artifact, known: Known) -> Roles:
    """The roles of each service's file, read with what the module shares and with no other service."""
    one_module(artifact)  # no two of one name
    services = [path for path in artifact.files if path.endswith(".service.tf.json")]
    shared = {path: text for path, text in artifact.files.items() if re.fullmatch(r"\w+\.tf\.json", path)}
    roles: Roles = {}
    for path in services:
        files = {**shared, path: artifact.files[path]}
        roles |= meaning.of_terraform(one_module(Artifact(target="terraform", files=files, document="")), known)
    return roles


def one_module(artifact: Artifact) -> Artifact:
    """The directory as Terraform reads it: what all files say of a kind is one."""
    whole: dict[str, dict[str, Json]] = {}
    for path, text in artifact.files.items():
        for block, inside in json.loads(text).items() if path.endswith(".tf.json") else ():
            if block != "//":
                there = whole.setdefault(block, {})
                for kind, of in inside.items():
                    if block in ("resource", "data"):
                        assert not set(there.get(kind, {})) & set(of)
                        there.setdefault(kind, {}).update(of)
                    else:
                        assert kind not in there, "Terraform refuses two of one name"
                        there[kind] = of
    outputs = {"output": whole.pop("output", {})}
    files = {"main.tf.json": json.dumps(whole), "outputs.tf.json": json.dumps(outputs)}
    return Artifact(target="terraform", files=files, document="")


def templates(artifact: Artifact) -> dict[str, Artifact]:
    found = {p: t for p, t in artifact.files.items() if re.fullmatch(r"template-\d+\.json", p)}
    return {p: Artifact(target="cloudformation", files={p: text}, document=text) for p, text in found.items()}


def cloudformation_roles(artifact: Artifact, known: Known) -> Roles:
    roles: Roles = {}
    for one in templates(artifact).values():
        roles |= meaning.of_cloudformation(one, known)
    return roles


def iam_roles(artifact: Artifact) -> Roles:
    folders: dict[str, dict[str, str]] = {}
    for path, text in artifact.files.items():
        service, inside = path.split("/", 1)
        folders.setdefault(service, {})[inside] = text
    roles: Roles = {}
    for files in folders.values():
        roles |= meaning.of_iam(Artifact(target="iam", files=files, document=""))
    return roles


def of_all(stacks: Sequence[Stack], known: Known) -> Roles:
    return {name: role for one in stacks for name, role in meaning.of_stack(one, known).items()}


# ---------------------------------------------------------------- what it means


@st.composite
def environments(draw: st.DrawFn) -> list[Stack]:
    """Some services of one environment: any configs, at one home that is known only at deployment."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True))
    found: list[Stack] = []
    for name in names:
        drawn = draw(strategies.configs(raw=False))
        keys = {
            key: value for key, value in drawn.items() if not key.endswith("_trusted_arns")
        }  # see E3530 of cfn-lint
        keys |= {"project_name": name, "environment": "dev", "role_names": {}, "policy_names": {}}
        keys |= {"account_id": None, "aws_region": None, "partition": None, "aws_regions": ()}
        try:
            stack = build(Config(**keys))
        except ConfigError:  # a text with a lone brace
            reject()
        assume(strategies.fits(stack))
        found.append(stack)
    return found


@cache
def generated() -> list[list[Stack]]:
    return batch(environments(), 25)


@pytest.mark.parametrize("target", ["terraform", "cloudformation"])
def test_together_they_make_the_roles_that_each_makes_alone(target: TargetName) -> None:
    read = {"terraform": terraform_roles, "cloudformation": cloudformation_roles}[target]
    for stacks in generated():
        assert read(emit_together(stacks, target), HERE) == of_all(stacks, HERE)


def test_raw_json_has_a_folder_for_each_service() -> None:
    stacks = [rich(name) for name in NAMES]
    artifact = emit_together(stacks, "iam")
    assert iam_roles(artifact) == of_all(stacks, HERE)
    assert {path.split("/")[0] for path in artifact.files} == {*NAMES}


def test_outputs_are_those_of_each_behind_the_services_name() -> None:
    stacks = [rich(name) for name in NAMES]
    there = meaning.outputs_of_terraform(one_module(emit_together(stacks, "terraform")), HERE)
    summary, flags = there.pop("role_summary"), there.pop("enabled_features")
    wanted = {
        f"{id_}_{name}": value
        for id_, one in zip(("memos", "memos_api", "Worker_2", "service_1st_app"), stacks, strict=True)
        for name, value in meaning.outputs_of_stack(one, HERE).items()
    }
    assert there == wanted
    assert [*summary] == [*flags] == [*NAMES]
    assert flags["memos"] == dict(stacks[0].intent.flags)
    assert summary["memos-api"]["task"]["arn"] == wanted["memos_api_task_role_arn"]
    found = [
        meaning.outputs_of_cloudformation(t, HERE) for t in templates(emit_together(stacks, "cloudformation")).values()
    ]
    assert sorted(str(value) for outputs in found for value in outputs.values()) == sorted(map(str, wanted.values()))


@pytest.mark.parametrize("name", ["enable", "task", "role"])
def test_a_service_may_be_called_as_a_part_of_an_address(name: str) -> None:
    outputs = meaning.outputs_of_terraform(one_module(emit_together([rich(name)], "terraform")), HERE)
    assert outputs["enabled_features"] == {name: dict(rich(name).intent.flags)}
    assert outputs["role_summary"][name].keys() == {"execution", "task", "github_actions"}


CREATING: dict[str, Any] = {"enable_github_oidc": True, "github_repo": "acme/memos", "create_oidc_provider": True}


def test_a_service_may_make_the_provider_that_all_trust(terraform: Rig, tmp_path: Path) -> None:
    stacks = [rich("api"), stack("memos", **CREATING)]
    artifact = emit_together(stacks, "terraform")
    work = root(terraform, artifact)
    assert work.validate()["diagnostics"] == []
    main = json.loads(one_module(artifact).files["main.tf.json"])
    assert [*main["resource"]["aws_iam_openid_connect_provider"]] == ["memos_github_actions"]
    assert main["resource"]["aws_iam_role"]["memos_github_actions"]["depends_on"] == [
        "aws_iam_openid_connect_provider.memos_github_actions"
    ]
    versions = [
        json.loads(emit_together(some, "terraform").files["versions.tf.json"]) for some in (stacks, stacks[::-1])
    ]
    alone = json.loads(emit(stacks[1], "terraform").files["versions.tf.json"])
    assert [v["terraform"] for v in versions] == [alone["terraform"]] * 2
    for target in TARGETS:
        emit_together(stacks, target).write(tmp_path / target)
        assert not emit_together(stacks, target).write(tmp_path / target).files
    with pytest.raises(EmitError, match=r"`memos` and `api` both make the OIDC provider of `https://token\.actions"):
        emit_together([stack("memos", **CREATING), stack("api", **CREATING)], "terraform")


def test_what_is_divided_is_divided_as_it_is_alone() -> None:
    buckets = [f"arn:aws:s3:::a-bucket-with-a-rather-long-name-{i:03}" for i in range(120)]
    keys: dict[str, Any] = {"enable_s3_access": True, "s3_bucket_arns": buckets, "policies": "managed"}
    together = emit_together([stack("memos", **keys), stack("api", **keys)], "terraform")
    policies = json.loads(together.files["memos.service.tf.json"])["resource"]["aws_iam_policy"]
    alone = json.loads(emit(stack("memos", **keys), "terraform").files["main.tf.json"])["resource"]["aws_iam_policy"]
    assert len(alone) > 2
    assert {f"memos_{id_}": policy["name"] for id_, policy in alone.items()} == {
        id_: policy["name"] for id_, policy in policies.items()
    }


def test_one_service_is_emitted_together_with_none() -> None:
    assert terraform_roles(emit_together([rich("memos")], "terraform"), HERE) == meaning.of_stack(rich("memos"), HERE)


# ---------------------------------------------------------------- the real programs


def opened(*names: str) -> list[Stack]:
    """Services of a module whose every key is a parameter, the names of project and environment given."""
    config = config_of(parse_source(module(), "module.yaml"))
    return [build(config.bind({"project_name": name, "environment": "dev"})) for name in names]


def of_case(case: str, name: str, **keys: Any) -> Stack:
    """A case as a service of that name, in `dev`."""
    config = config_of_case(case)
    given: dict[str, Any] = {key: getattr(config, key) for key in config.model_fields_set}
    given |= {"project_name": name, "environment": "dev", "policy_names": {}, **keys}
    return build(Config(**given))


def test_all_that_a_stack_has_stands_beside_anothers(terraform: Rig) -> None:
    """Instance profiles, managed policies, exclusive ownership, a provider, and what others have to allow."""
    stacks = [
        of_case("roles", "memos", policies="managed", exclusive=True),
        of_case("roles", "api"),
        stack("jobs", **CREATING, exclusive=True, aws_region="eu-west-2"),
    ]
    artifact = emit_together(stacks, "terraform")
    work = root(terraform, artifact)
    assert work.validate()["diagnostics"] == []
    plan = work.plan()
    assert planned(plan, exclusive={"memos", "jobs"}) == of_all(stacks, HERE)
    assert providers(plan) == meaning.providers_of_stack(stacks[2], HERE)
    profiles = [c["change"]["after"]["name"] for c in plan["resource_changes"] if c["type"].endswith("profile")]
    assert sorted(profiles) == ["api-dev-instance-role", "memos-dev-instance-role"]
    for target in TARGETS:
        files = emit_together(stacks, target).files
        alone = {one: emit(one, target).files for one in stacks}
        for one in stacks:
            name = str(service_of(one))
            own = {f"{name}/{path}": text for path, text in alone[one].items() if path.startswith("companions/")}
            assert own.items() <= files.items()
            assert bool(own) == (name != "jobs")
        assert all(re.fullmatch(WRITTEN, f"{target}/{path}") for path in files)
    for template in templates(emit_together(stacks, "cloudformation")).values():
        assert findings(str(template)) == {}


@pytest.mark.parametrize("version", VERSIONS)
def test_terraform_makes_them_all(terraform: Rig, version: str) -> None:
    stacks = [rich(name) for name in NAMES]
    work = root(terraform, emit_together(stacks, "terraform"), version=version)
    assert work.validate()["diagnostics"] == []
    assert planned(work.plan()) == of_all(stacks, HERE)
    work.apply()
    assert work.outputs()["role_summary"]["memos"]["task"]["name"] == "memos-dev-task-role"


def test_a_service_that_comes_or_goes_touches_no_other(terraform: Rig) -> None:
    stacks = [rich(name) for name in NAMES]
    work = root(terraform, emit_together(stacks[:2], "terraform"))
    work.apply()
    work.write(emit_together(stacks, "terraform").files)
    done = actions(work.plan())
    assert {address for address, what in done.items() if what == ("create",)}
    assert {address for address, what in done.items() if what not in (("create",), ("no-op",))} == set()


def test_terraform_takes_parameters_that_services_share(terraform: Rig) -> None:
    stacks = opened("memos", "memos-api")
    work = root(terraform, emit_together(stacks, "terraform"))
    assert work.validate()["diagnostics"] == []
    values: dict[str, Json] = {}
    for v in stacks[0].deployment.variables.values():
        assert v == stacks[1].deployment.variables[v.id]
        text = "" if v.empty or v.form is None else v.form.good[0]
        values[v.id] = {"flag": False, "list": [], "number": v.bounds[0], "text": text}[v.type]
    plan = work.plan(values)
    names = {e["change"]["after"]["name"] for e in plan["resource_changes"] if e["type"] == "aws_iam_role"}
    assert names == {f"{name}-dev-{kind}-role" for name in ("memos", "memos-api") for kind in ("execution", "task")}


def test_the_linter_finds_nothing() -> None:
    for stacks in [[rich(name) for name in NAMES], opened("memos", "memos-api"), *generated()[:8]]:
        for path, template in templates(emit_together(stacks, "cloudformation")).items():
            assert findings(str(template)) == {}, path


# ---------------------------------------------------------------- addresses that stay


@pytest.mark.parametrize("target", TARGETS)
def test_what_a_service_says_depends_on_no_other(target: TargetName) -> None:
    stacks = [rich(name) for name in NAMES]

    def own(given: Sequence[Stack]) -> dict[str, Json]:
        files = {p: json.loads(t) for p, t in emit_together(given, target).files.items()}
        if target == "cloudformation":
            return {i: r for p, t in files.items() if p != "templates.json" for i, r in t["Resources"].items()}
        return {p: f for p, f in files.items() if re.search(r"\.service\.|/", p)}

    everything = own(stacks)
    for some in permutations(stacks, 2):
        assert own(some).items() <= everything.items()


def crowd(size: int) -> list[Stack]:
    return [stack(f"svc-{i}") for i in range(size)]


def test_templates_are_as_many_as_are_needed_and_no_larger_than_is_taken() -> None:
    artifact = emit_together(crowd(60), "cloudformation")
    found = {path: json.loads(str(one)) for path, one in templates(artifact).items()}
    assert [*found] == ["template-1.json", "template-2.json"]
    for template in found.values():
        assert all(len(template.get(section, ())) <= most for section, most in MOST.items())
    assert json.loads(artifact.files["templates.json"]) == {
        "template-1.json": [f"svc-{i}" for i in range(33)],
        "template-2.json": [f"svc-{i}" for i in range(33, 60)],
    }


def test_a_service_stays_in_its_template(tmp_path: Path) -> None:
    stacks = crowd(40)
    emit_together(stacks, "cloudformation").write(tmp_path)
    before = placement(tmp_path)
    more = [stack("a-first"), *reversed(stacks[1:]), stack("z-last")]
    emit_together(more, "cloudformation", before=before).write(tmp_path)
    after = placement(tmp_path)
    assert {name: after[name] for name in before if name != "svc-0"} == {
        n: t for n, t in before.items() if n != "svc-0"
    }
    assert after["a-first"] == 1, "the first that has room takes what is new"
    assert after["z-last"] == 2


def loads(size: int = 1000) -> st.SearchStrategy[dict[str, Load]]:
    load = st.builds(
        Load,
        st.frozensets(st.integers(0, 300).map(str), max_size=120),
        st.integers(1, 300),
        st.integers(0, 150),
        st.integers(1, size * 900),
    )
    return st.dictionaries(st.integers(0, 99).map(str), load, max_size=12)


@given(loads(), st.dictionaries(st.integers(0, 99).map(str), st.integers(1, 4), max_size=12))
@settings(deadline=None)
def test_no_template_is_over_a_limit_and_what_fits_stays(given_: dict[str, Load], before: dict[str, int]) -> None:
    found = place(given_, before)
    assert found.keys() == given_.keys()
    for number in set(found.values()):
        inside = [load for name, load in given_.items() if found[name] == number]
        assert sum(load.resources for load in inside) <= 500
        assert sum(load.outputs for load in inside) <= 200
        assert sum(load.size for load in inside) <= 1_000_000
        assert len({name for load in inside for name in load.parameters}) <= 200
    assert place(given_, found) == found
    more = {**given_, "new": Load(frozenset(), 1, 1, 1)}
    assert {n: t for n, t in place(more, found).items() if n != "new"} == found
    assert {n: t for n, t in place(more, before).items() if n != "new"} == found, "one at the end moves none"


@pytest.mark.parametrize(
    "data", [[], 1, None, {"template-0.json": []}, {"x": []}, {"template-1.json": [1]}, {"template-1.json": "a"}]
)
def test_what_says_where_services_are_is_ours(data: object) -> None:
    with pytest.raises(EmitError, match="does not say which template holds which services"):
        placement_of(data)


def test_a_placement_that_cannot_be_read_names_its_file(tmp_path: Path) -> None:
    assert placement(tmp_path) == {}
    (tmp_path / "templates.json").write_text("{", encoding="utf-8")
    with pytest.raises(EmitError, match=r"templates\.json: this can't be read"):
        placement(tmp_path)


# ---------------------------------------------------------------- what they share


def parametric(name: str, **parameter: Any) -> Stack:
    return stack(name, enable_efs_access=True, efs_arn=Parameter("efs", **parameter))


def test_a_parameter_of_one_name_and_form_is_shared() -> None:
    stacks = [parametric("memos", description="of memos"), parametric("api", description="of api")]
    variables = json.loads(emit_together(stacks, "terraform").files["variables.tf.json"])["variable"]
    assert [*variables] == ["efs"]
    (template,) = templates(emit_together(stacks, "cloudformation")).values()
    assert [*json.loads(str(template))["Parameters"]] == ["Efs"]
    bound = emit_together(stacks, "terraform", bind={"efs": EFS})
    assert terraform_roles(bound, HERE) == of_all([one.bind({"efs": EFS}) for one in stacks], HERE)


OTHERS: Mapping[str, tuple[Stack, str]] = {
    "default": (parametric("api", default=EFS), "default"),
    "form": (stack("api", enable_s3_access=True, s3_bucket_arns=Parameter("efs")), "type and form"),
    "flag": (stack("api", enable_ecs_exec=Parameter("efs")), "type and form"),
}


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("target", ["terraform", "cloudformation"])
def test_parameters_of_one_name_that_differ_are_an_error_that_names_both(other: str, target: TargetName) -> None:
    differing, what = OTHERS[other]
    with pytest.raises(EmitError, match=f"the parameter `efs` of `memos` and that of `api` differ in their .*{what}"):
        emit_together([parametric("memos"), differing], target)


def test_what_an_empty_parameter_stands_for_is_each_services_own(terraform: Rig) -> None:
    stacks = opened("memos", "memos-api")
    main = json.loads(one_module(emit_together(stacks, "terraform")).files["main.tf.json"])
    chosen = [name for name in main["locals"] if "chosen_" in name]
    assert all(name.startswith(("memos_chosen_", "memos_api_chosen_")) for name in chosen)


def test_values_are_for_those_who_leave_them_open() -> None:
    stacks = [parametric("memos"), stack("api")]
    emit_together(stacks, "terraform", bind={"efs": EFS})
    with pytest.raises(ConfigError, match="`nothing` is not left to deployment"):
        emit_together(stacks, "terraform", bind={"nothing": "x"})


# ---------------------------------------------------------------- what is refused

APART: Mapping[str, tuple[Sequence[Stack], str]] = {
    "environment": ([stack("memos"), stack("api", "prod")], "`environment` is `dev` for `memos`, `prod` for `api`"),
    "account": (
        [stack("memos"), stack("api", account_id="210987654321")],
        "`account_id` is .* for `memos`, .* for `api`",
    ),
    "region": ([stack("memos"), stack("api", aws_region="eu-west-1")], "`aws_region` is .*`eu-west-1` for `api`"),
    "open account": ([stack("memos"), stack("api", account_id=None)], "`account_id` is .*`{account_id}` for `api`"),
    "twice": ([stack("memos"), stack("memos")], "the service `memos` stands twice"),
    "alike": ([stack("memos-api"), stack("memos.api")], "`memos-api` and `memos.api` are one identifier"),
    "case": ([stack("memos"), stack("Memos")], "`memos` and `Memos` are one identifier"),
    "role names": (
        [stack("memos"), stack("api", role_names={"task": "MEMOS-dev-task-role"})],
        "`memos` and `api` both have a role called `MEMOS-dev-task-role`",
    ),
    "no name": ([stack(Parameter("name"))], "what the service `{name}` is called is left open"),
    "none": ([], "there is no stack to emit"),
}


@pytest.mark.parametrize("case", APART)
@pytest.mark.parametrize("target", TARGETS)
def test_what_cannot_stand_together_is_refused(case: str, target: TargetName) -> None:
    stacks, message = APART[case]
    with pytest.raises(EmitError, match=message):
        emit_together(stacks, target)


def test_names_that_cloudformation_takes_for_one_are_refused() -> None:
    stacks = [stack("memos-1"), stack("memos1")]
    with pytest.raises(EmitError, match="`memos-1` and `memos1` would both have the resource `Memos1ExecutionRole`"):
        emit_together(stacks, "cloudformation")
    emit_together(stacks, "terraform")


def test_a_parameter_and_anothers_role_are_not_one() -> None:
    stacks = [stack("memos"), stack("api", enable_efs_access=True, efs_arn=Parameter("memos_task_role"))]
    with pytest.raises(EmitError, match="`MemosTaskRole` would be a parameter of `api` and a role of `memos`"):
        emit_together(stacks, "cloudformation")


def test_a_services_faults_name_it() -> None:
    with pytest.raises(EmitError) as error:
        emit_together([stack("memos", account_id=None)], "iam")
    assert [fault.path[:1] for fault in error.value.faults] == [("memos",)]


def test_a_directory_is_taken_over_in_whole(tmp_path: Path) -> None:
    for target in TARGETS:
        emit_together([rich(name) for name in NAMES], target).write(tmp_path / target)
        emit_together([rich("memos")], target).write(tmp_path / target)
        there = {str(p.relative_to(tmp_path / target)) for p in (tmp_path / target).rglob("*.json")}
        assert there == {*emit_together([rich("memos")], target).files, "ecsiam.manifest.json"}
        emit(rich("memos"), target).write(tmp_path / target)


@pytest.mark.parametrize(
    ("given_", "service", "label"),
    [
        ({"project_name": "memos", "environment": "dev"}, "memos", "memos/dev"),
        ({"project_name": "a-dev", "environment": "dev"}, "a-dev", "a-dev/dev"),
        ({"project_name": "a", "environment": "b-c"}, "a", "a/b-c"),
        ({"project_name": "memos", "environment": Parameter("where")}, "memos", "memos/{where}"),
        ({"project_name": Parameter("what"), "environment": "dev"}, "{what}", "{what}/dev"),
    ],
)
def test_a_service_is_what_stands_before_the_environment(given_: dict[str, Any], service: str, label: str) -> None:
    one = build(Config(**given_))
    assert (str(service_of(one)), label_of(one)) == (service, label)
