"""Hypothesis strategies: whole configs, what is left to deployment, and every value of the model."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any, TypeVar, cast

from attrs import frozen
from hypothesis import strategies as st

from ecsiam.builder import build
from ecsiam.config import Config
from ecsiam.errors import ConfigError
from ecsiam.features.access.kind import AccessKind, Verb
from ecsiam.features.access.kinds import KINDS
from ecsiam.features.declared import PLACEHOLDERS
from ecsiam.features.efs import FileSystem
from ecsiam.features.infrastructure import BALANCED
from ecsiam.features.naming import OWN_TAGS
from ecsiam.features.table import ASIDE, POLICIES, ROLES, ROOMS_ASIDE, outputs
from ecsiam.keys.accepting import AcceptKind
from ecsiam.keys.keys import Keys
from ecsiam.keys.kinds import Choice, Flag, Kind, ListOf, MapOf, Numbers, OfForm, Whole
from ecsiam.keys.parameters import given_arns
from ecsiam.keys.raw_statement import RawStatement
from ecsiam.keys.records import RecordOf
from ecsiam.keys.values import known
from ecsiam.model import arn_forms, forms, oidc_forms
from ecsiam.model.accept import Accept
from ecsiam.model.arn import PARTITIONS, Arn
from ecsiam.model.companion import Companion
from ecsiam.model.condition import COMPARISONS, QUALIFIERS, Condition
from ecsiam.model.deployment import Deployment
from ecsiam.model.document import policy_to_data
from ecsiam.model.form import Form
from ecsiam.model.home import Given, Home
from ecsiam.model.intent import Intent, Need, Note, Trusted
from ecsiam.model.invariants import SAYS
from ecsiam.model.oidc import OidcProvider
from ecsiam.model.planned import planned
from ecsiam.model.policy import VERSIONS, Policy
from ecsiam.model.principal import EVERYONE, PRINCIPAL_TYPES, Principal
from ecsiam.model.role import Role, RolePolicy
from ecsiam.model.secret import secret_resource
from ecsiam.model.sizes import over
from ecsiam.model.stack import Stack
from ecsiam.model.statement import Action, AllBut, Effect, Only, Origin, Statement
from ecsiam.model.text import ACCOUNT_ID, AWS_REGION, DNS_SUFFIX, PARTITION, Ref, Text, text

from .batch import batch
from .effort import exploring
from .taken import texts_taken

T = TypeVar("T")
DEPLOYMENT = (ACCOUNT_ID, AWS_REGION, PARTITION, DNS_SUFFIX)
Kwargs = dict[str, Any]
Bindings = dict[str, str]

# Of the default profile.
# What is declared under `parameters` has laws of its own.
KEYS = {n: key for n, key in Config.keys().items() if n not in ("parameters", "profile", "enable_autoscaling")}
# Of the default profile: the autoscaling role is of the baseline alone.
FLAGS = tuple(n for n in KEYS if n.startswith("enable_") and n != "enable_autoscaling" and n not in ASIDE)
# Of the roles that few services have, drawn rarely and for themselves: most of the laws are of the other keys.
KEYS_ASIDE = {name for room in ROOMS_ASIDE for name in room.__annotations__ if name in KEYS}
# How keys end whose lists mean something by their order: a user's own statements, the claims that a subject is made of.
IN_ORDER = ("_statements", "_subject_template")
OUTPUTS = outputs(ROLES)
NOT_GIVEN: tuple[object, ...] = (None, "", [], ())
ASCII = st.characters(codec="ascii")


@cache
def of(form: Form) -> st.SearchStrategy[str]:
    """Values of a form: its samples, and in one case of three whatever else its pattern takes."""
    if exploring():
        sampled = st.sampled_from(form.good)
        return sampled | sampled | matching(form.pattern, form)
    others = _taken(form.pattern, form)
    return st.sampled_from([*form.good * max(1, 2 * len(others) // len(form.good)), *others])


@cache
def matching(pattern: str, form: Form | None = None) -> st.SearchStrategy[str]:
    """Texts that a pattern takes, and a form. What explores draws any; others choose among some that were made once.

    A config holds dozens of such texts, and to draw each by its characters took longer than most of the laws.
    """
    if exploring():
        drawn = st.from_regex(re.compile(pattern, re.ASCII), fullmatch=True, alphabet=ASCII)
        return drawn.filter(form.matches) if form else drawn
    return st.sampled_from(_taken(pattern, form))


def _taken(pattern: str, form: Form | None) -> list[str]:
    return [t for t in texts_taken(pattern, _MADE) if form is None or form.matches(t)]


def made_once(values: st.SearchStrategy[T]) -> st.SearchStrategy[T]:
    """Likewise of values that take dozens of choices each."""
    return values if exploring() else st.sampled_from(batch(values, _MADE))


# Whatever law asks first: `many` says another number inside each, and what is made once would hang on their order.
_MADE = 100


# ---------------------------------------------------------------- configs


@frozen
class World:
    """What all ARNs of one config agree on: a partition, regions in it, the roles' account and another one."""

    partition: str
    regions: tuple[str, ...]
    account: str
    other: str


@st.composite
def worlds(draw: st.DrawFn) -> World:
    partition = draw(_PARTITIONS)
    account, other = draw(_ACCOUNTS)
    return World(partition, tuple(draw(_REGIONS[partition])), account, other)


@cache
def regions_of(partition: str) -> st.SearchStrategy[str]:
    known = [region for region in forms.REGION.good if re.fullmatch(PARTITIONS[partition].regions, region)]
    known += [f"{region}0" for region in known]  # sorts before it in an ARN, where a colon follows, and after it alone
    free = matching(PARTITIONS[partition].regions, forms.REGION)
    return (st.sampled_from(known) | free) if known else free


_PARTITIONS = st.sampled_from(["aws", *PARTITIONS])
_REGIONS = {name: st.lists(regions_of(name), min_size=1, max_size=3, unique=True) for name in PARTITIONS}
_ACCOUNTS = st.lists(of(forms.ACCOUNT_ID), min_size=2, max_size=2, unique=True)
_WORLDS = worlds()


@cache
def of_key(name: str) -> st.SearchStrategy[Any]:
    """Values of a key by itself; ARNs still where the samples have them."""
    return of_kind(KEYS[name].kind)


def of_kind(kind: Kind) -> st.SearchStrategy[Any]:
    match kind:
        case Flag():
            return st.booleans()
        case OfForm(form, also=also):
            return (of(form) | of(also) if also else of(form)).map(unbraced)
        case Choice(options):
            return st.sampled_from(options)
        case Whole(least, most):
            return st.integers(least, most)
        case ListOf(item):
            return _few(of_kind(item))
        case MapOf(keys, value):
            names = st.sampled_from(keys) if isinstance(keys, tuple) else of(keys)
            return st.dictionaries(names, of_kind(value), max_size=3)
        case Numbers(kinds):
            return st.fixed_dictionaries({}, optional={name: of_kind(number) for name, number in kinds})
        case RawStatement():
            return _RAW
        case AcceptKind(roles):
            return accepted(roles)
        case RecordOf(keys):
            return RECORDS[keys.__name__]() if keys.__name__ in RECORDS else _entries(keys)
        case _:
            raise AssertionError(kind)


def _few(items: st.SearchStrategy[T]) -> st.SearchStrategy[Sequence[T]]:
    """From one to three, in a tuple or in a list. To choose how many costs one choice; `st.lists` asks after each."""
    tuples = [st.tuples(*[items] * size) for size in (1, 2, 3)]
    return st.one_of(*tuples, *(some.map(list) for some in tuples[:2]))


def _entries(keys: type[Keys]) -> st.SearchStrategy[Kwargs]:
    """An entry with keys of its own, of which each may be left out that has a default."""
    return _mappings({name: (of_kind(key.kind), keys.required(name)) for name, key in keys.keys().items()})


@st.composite
def _mappings(draw: st.DrawFn, fields: Mapping[str, tuple[st.SearchStrategy[Any], bool]]) -> Kwargs:
    chosen = _some([name for name, (_, needed) in fields.items() if not needed], draw)
    found = {name: draw(values) for name, (values, needed) in fields.items() if needed or name in chosen}
    # As a file has it, in which there are no tuples.
    return {k: [*cast("tuple[object, ...]", v)] if isinstance(v, tuple) else v for k, v in found.items()}


@st.composite
def _accesses(draw: st.DrawFn) -> Kwargs:
    """An entry of `task_access`: of one kind, with some of its verbs."""
    kind = draw(_KINDS)
    verbs = draw(_verbs(kind))
    found: Kwargs = {
        "arns": draw(_arns(kind.form)),
        "access": [verb.name for verb in verbs],
        "why": draw(_WHYS),
    }
    if kind.beside:
        found["with"] = draw(_arns(kind.beside.form))
        if kind.beside.holds:  # what the entry is about is in one of them
            found["arns"] = [str(kind.beside.holds(Arn.parse(found["with"][0])))]
    if kind.via and any(verb.key for verb in verbs) and draw(_BOOLEANS):
        found["kms_key_arns"] = [draw(of(arn_forms.KEY_ARN))]
    return found


@cache
def _verbs(kind: AccessKind) -> st.SearchStrategy[list[Verb]]:
    return st.lists(st.sampled_from(kind.verbs), min_size=1, max_size=3, unique=True)


@cache
def _arns(form: Form) -> st.SearchStrategy[list[str]]:
    return _few(of(form).map(unbraced)).map(list)


_KINDS = st.sampled_from([*KINDS.values()])
_WHYS = st.sampled_from(("", "orders are handed on", "f\u00fcr"))
_BOOLEANS = st.booleans()


def _declared() -> st.SearchStrategy[Kwargs]:
    """A parameter that may stand in texts."""
    optional = {"form": st.just("[a-z0-9]+"), "default": st.just("a1"), "description": st.just("who it is for")}
    return st.fixed_dictionaries({}, optional=optional)


# The entries of lists that are mappings with keys of their own, by the class of those.
RECORDS: dict[str, Callable[[], st.SearchStrategy[Kwargs]]] = {"TaskAccess": _accesses, "Declared": _declared}


def unbraced(text: str) -> str:
    """A text without braces, but for those of policy variables: they would be placeholders'."""
    return re.sub(r"\$\{[^{}]*\}|[{}]", lambda found: found[0] if found[0][0] == "$" else "_", text)


def braced(text: str) -> str:
    """A text as a config has it: each brace is written twice, but for those of policy variables."""
    return re.sub(r"\$\{(?!\{)[^{}]*\}|[{}]", lambda f: f[0] if f[0][0] == "$" else f[0] * 2, text)


def accepted(roles: tuple[str, ...]) -> st.SearchStrategy[Accept]:
    actions = st.lists(st.sampled_from(("*", "iam:*", "s3:Get*", "ECS:RunTask")), max_size=2).map(tuple)
    resources = st.lists(st.sampled_from(("*", "arn:aws:s3:::b/*", "arn:*:iam::*:role/x")), max_size=2).map(tuple)
    days = st.none() | st.dates(date(2000, 1, 1), date(2099, 12, 31))
    whys = st.sampled_from(("meant", "it's so: until then", "\u00fc"))
    return st.builds(
        Accept, st.sampled_from(tuple(SAYS)), whys, st.sampled_from(("", *roles)), actions, resources, days
    )


def moved(world: World, arn: str, place: int, *, same_account: bool) -> str:
    """An ARN in the partition of `world`; `place` chooses among its regions and accounts. A name lies nowhere."""
    if not arn.startswith("arn:"):
        return arn
    _, _, service, region, account, resource = arn.split(":", 5)
    region = world.regions[place % len(world.regions)] if region else ""
    if account.isdigit():
        account = world.other if place > 3 and not same_account else world.account
    return f"arn:{world.partition}:{service}:{region}:{account}:{resource}"


@st.composite
def configs(
    draw: st.DrawFn,
    *,
    flags: Mapping[str, bool] | None = None,
    defaults_only_logs: bool = False,
    raw: bool = True,
    managed: bool = True,
) -> Kwargs:
    """Keyword arguments that Config takes: any flags (those in `flags` are fixed), any other keys, used or not.

    `defaults_only_logs` leaves both lists of log groups at their defaults, `raw=False` raw statements and what the task
    is told to reach, and `managed=False` managed policies out.
    """
    world = draw(_WORLDS)
    on = _some(FLAGS, draw)
    on |= set(draw(_ASIDE))
    on |= {flag for flag, value in (flags or {}).items() if value}
    on -= {flag for flag, value in (flags or {}).items() if not value}
    needed = {needed for flag in on for needed in KEYS[flag].needs}
    needed |= {"codedeploy_service_arns", "codedeploy_listener_arns"} & {n for n in KEYS_ASIDE if KEYS[n].flag in on}
    others = [name for name in KEYS if name not in (*FLAGS, *ASIDE, "enable_autoscaling", "profile", "parameters")]
    others = [name for name in others if name not in KEYS_ASIDE or KEYS[name].flag in on or not KEYS[name].flag]
    if defaults_only_logs:
        others = [name for name in others if not name.endswith("log_group_arns")]
    if not raw:
        others = [name for name in others if not name.endswith("_statements") and name != "task_access"]
    if not managed:
        others = [name for name in others if not name.endswith("_managed_policy_arns")]
    found: Kwargs = {flag: flag in on for flag in (*FLAGS, *sorted(on & ASIDE))}
    chosen = needed | _some(others, draw)
    for name in (name for name in KEYS if name in chosen):
        found[name] = _moved_value(draw, name, world)
    found["project_name"], found["environment"] = draw(_SHORT_NAMES), draw(_SHORT_NAMES)
    found |= draw(_home(world)) | draw(_github(found))
    _with_instances(found, on, world)
    _with_pipelines(found)
    found["secrets_arns"] = [a for a in found.get("secrets_arns", ()) if _readable(a, found)]
    credentials = found.get("registry_credentials_arns", ())
    found["registry_credentials_arns"] = [a for a in credentials if _readable(a, {})]
    if "secrets_arns" in needed and not found["secrets_arns"]:
        found["secrets_arns"] = [f"arn:{world.partition}:ssm:{world.regions[0]}:{world.account}:parameter/a/b"]
    _with_keys(found, world)
    if pulled := found.get("ecr_repository_arns"):  # what is pushed to by default is of the roles' account
        found["ecr_repository_arns"] = [moved(world, pulled[0], 0, same_account=True), *pulled[1:]]
    found["tags"] = _tags(found.get("tags", {}))
    if asked := found.get("exec_operator_task_tags"):  # a condition takes keys that differ only in case for one
        found["exec_operator_task_tags"] = {key: asked[key] for key in {key.lower(): key for key in asked}.values()}
    if found.get("create_oidc_provider"):  # CloudFormation takes no empty one on it: test_cloudformation.py
        found["tags"] = {key: value or "none" for key, value in found["tags"].items()}
    _unlike_names(found)
    _unlike_mounts(found)
    for name in sorted(found):
        if name not in ("project_name", "environment") and found[name] in ("", [], {}, ()):
            found[name] = draw(_NOT_GIVEN) if name != "tags" else {}
    return found


def _with_keys(found: Kwargs, world: World) -> None:
    """Keys that are in the region of what they encrypt."""
    for name in ("secrets", "registry_credentials"):
        first = next(iter(found.get(f"{name}_arns") or [""]))
        region = first.split(":")[3] if first.startswith("arn:") else world.regions[0]
        keys: list[str] = found.get(f"{name}_kms_key_arns") or []
        found[f"{name}_kms_key_arns"] = [":".join((*k.split(":")[:3], region, *k.split(":")[4:])) for k in keys]


def _with_instances(found: Kwargs, on: set[str], world: World) -> None:
    """What the roles of instances need to be known of the others, and what CodeDeploy switches."""
    managed = "enable_managed_instances_instance_role"
    if on & {"enable_instance_role", managed}:
        found["partition"] = world.partition
    if managed in on and "enable_managed_instances_role" not in on:
        found["path"] = "/"
        found["role_names"] = {id: n for id, n in found.get("role_names", {}).items() if id != managed[7:-5]}
    if listed := found.get("codedeploy_listener_arns"):
        found["codedeploy_listener_arns"] = [arn for arn in listed if ":targetgroup/" not in arn] or [
            moved(world, BALANCED.good[0], 0, same_account=True)
        ]


def _with_pipelines(found: Kwargs) -> None:
    """Subjects, claims and providers of GitLab and of other pipelines that are of their issuers."""
    for url, key in (("gitlab_url", "gitlab_oidc_provider_arn"), ("ci_issuer", "ci_oidc_provider_arn")):
        if url == "ci_issuer" and url in found:
            found[url] = "https://agent.buildkite.com"
            found["ci_subjects"] = ["organization:octo:pipeline:memos:*"]
        issuer = found.get(url) or "https://gitlab.com"
        if arn := found.pop(key, None):
            arn = f"{arn.partition(':oidc-provider/')[0]}:oidc-provider/{issuer[8:]}"
            found |= {} if found.get("create_oidc_provider") else {key: arn}
    for name in ("gitlab_subjects", "gitlab_subject_template", "gitlab_environments"):
        found.pop(name, None)
    if found.get("gitlab_url", "https://gitlab.com") != "https://gitlab.com":
        found.pop("gitlab_claims", None)


def _some(names: Sequence[str], draw: st.DrawFn) -> set[str]:
    bits = [draw(_BITS) for _ in range(0, len(names), 8)]
    return {name for i, name in enumerate(names) if bits[i // 8] >> i % 8 & 1}


_BITS = st.integers(0, 255)  # of more, Hypothesis would choose small ones more often
_ASIDE: st.SearchStrategy[Sequence[str]] = st.one_of(
    *[st.just(())] * 3, st.lists(st.sampled_from(sorted(ASIDE)), min_size=1, max_size=2)
)
_NOT_GIVEN = st.sampled_from(NOT_GIVEN)


def _moved_value(draw: st.DrawFn, name: str, world: World) -> object:
    key = KEYS[name]
    value = draw(of_key(name))
    match key.kind:
        case OfForm(form) if form.service:
            return moved(world, value, draw(_PLACES), same_account=key.same_account)
        case ListOf(OfForm()) if key.same_region:
            return [moved(world, arn, 0, same_account=key.same_account) for arn in value]
        case ListOf(OfForm(form)) if form.service:
            places = draw(_PLACES_OF_FEW)
            return [
                moved(world, arn, places >> 3 * i & 7, same_account=key.same_account) for i, arn in enumerate(value)
            ]
        case ListOf(RecordOf()):
            places = draw(_PLACES_OF_FEW)
            return [_moved_record(world, record, places >> 3 * i & 7) for i, record in enumerate(value)]
        case _:
            return value


def _moved_record(world: World, record: Mapping[str, object], place: int) -> dict[str, object]:
    """A record whose ARNs lie in one place."""

    def there(value: object) -> object:
        match value:
            case str():
                return moved(world, value, place, same_account=False)
            case list() | tuple():
                return [there(one) for one in cast("Sequence[object]", value)]
            case _:
                return value

    return {name: there(value) for name, value in record.items()}


_PLACES, _PLACES_OF_FEW = st.integers(0, 7), st.integers(0, 8**3 - 1)
_SHORT_NAMES = of(forms.PROJECT).map(lambda name: name[:20])


@st.composite
def _home(draw: st.DrawFn, world: World) -> Kwargs:
    account: str | int = world.account
    if not world.account.startswith("0") and draw(_BOOLEANS):
        account = int(world.account)
    return {
        "account_id": None if draw(_BOOLEANS) else account,
        "aws_region": None if draw(_BOOLEANS) else world.regions[0],
        "partition": None if draw(_BOOLEANS) else world.partition,
        "aws_regions": (world.regions[1:], world.regions, ())[draw(_FURTHER)],
    }


_FURTHER = st.integers(0, 2)


@st.composite
def _github(draw: st.DrawFn, found: Kwargs) -> Kwargs:
    """Ids, format and subjects that agree with each other."""
    subject_format = draw(st.sampled_from([None, "classic", "immutable", "both"]))
    with_ids = subject_format in ("immutable", "both") or draw(st.booleans())
    owner, repo = draw(of(oidc_forms.GITHUB_ID)), draw(of(oidc_forms.GITHUB_ID) | st.integers(0, 10**9))
    out: Kwargs = {"github_subject_format": subject_format, "github_subjects": ()}
    out |= {"github_owner_id": owner if with_ids else None, "github_repo_id": repo if with_ids else None}
    out |= draw(_of_issuer(found, with_ids, subject_format))
    if repository := found.get("github_repo"):
        prefixes = [f"repo:{repository}:"]
        if with_ids:
            name, slash, repository = repository.partition("/")
            prefixes.append(f"repo:{name}@{owner}{slash}{repository}@{repo}:")
        subject = st.tuples(st.sampled_from(prefixes), st.sampled_from(["*", "pull_request"]) | matching("[ -#%-z|~]+"))
        out["github_subjects"] = draw(st.lists(subject.map("".join), max_size=2))
    return out


@st.composite
def _of_issuer(draw: st.DrawFn, found: Kwargs, with_ids: bool, subject_format: str | None) -> Kwargs:
    """An issuer, and what its tokens can have: a server's have no ids and no claims that STS reads."""
    issuers = [i for i in forms.FORMS["github_issuer"].good if not (i.endswith("/_services/token") and with_ids)]
    issuer = draw(st.sampled_from([issuers[0], *issuers]))
    server = issuer.endswith("/_services/token")
    out: Kwargs = {"github_issuer": issuer, "github_oidc_provider_arn": None}
    if (arn := found.get("github_oidc_provider_arn")) and not found.get("create_oidc_provider"):
        out["github_oidc_provider_arn"] = f"{arn.partition(':oidc-provider/')[0]}:oidc-provider/{issuer[8:]}"
    more = found.get("github_repos", ())
    immutable = subject_format in ("immutable", "both")
    out["github_repos"] = [r for r in more if (not server or "@" not in r) and (not immutable or "@" in r)]
    claims = {} if server else dict(found.get("github_claims") or {})
    workflows = found.get("github_workflows", ())
    template = ["repo", "context", "job_workflow_ref"] if workflows and (server or draw(st.booleans())) else []
    claims = {name: value for name, value in claims.items() if name not in ("repository_id", "repository_owner_id")}
    if "repository" in claims:  # as its tokens have it, or nobody gets in
        claims["repository"] = [re.sub("@[0-9]+", "", r) for r in (found.get("github_repo"), *out["github_repos"]) if r]
    if "ref" in claims:  # likewise; a merged pull request has the branch
        listed = (("refs/heads/", found.get("github_branches")), ("refs/tags/", found.get("github_tags")))
        claims["ref"] = ["refs/heads/main", *(f"{kind}{name}" for kind, names in listed for name in names or ())]
    if "environment" in claims:  # a job that is known by its branch has none
        claims.pop("environment")
        refs = ("github_branches", "github_tags", "github_pull_requests")
        if found.get("github_environments") and not any(found.get(name) for name in refs):
            claims["environment"] = found["github_environments"]
    if workflows:
        claims.pop("job_workflow_ref", None)
    return {**out, "github_claims": claims or None, "github_subject_template": template}


def _readable(arn: str, found: Kwargs) -> bool:
    try:
        return bool(secret_resource(arn, complete=bool(found.get("secrets_arns_complete"))))
    except ConfigError:
        return False


def _tags(tags: Mapping[str, str]) -> dict[str, str]:
    own = {key.lower(): key for key in OWN_TAGS}
    kept = {key.lower(): key for key in tags if not key.lower().startswith("aws:")}
    return {key: tags[key] for lower, key in kept.items() if own.get(lower, key) == key}


def _unlike_mounts(found: Kwargs) -> None:
    """Take the file systems out by which the task may do nothing that it may not by another."""
    whole: Kwargs = {"arn": found.get("efs_arn"), "access": "root" if found.get("efs_root_access") else "write"}
    kept = [FileSystem(**whole, tls_only=False)] if whole["arn"] else []
    named: list[Kwargs] = []
    for record in found.pop("efs_file_systems", ()):
        one = FileSystem(**record)
        alike = [other for other in kept if other.arn == one.arn]
        if not any(other.gives_all_of(one) or one.gives_all_of(other) for other in alike):
            kept.append(one)
            named.append(record)
    if named:
        found["efs_file_systems"] = named


def _unlike_names(found: Kwargs) -> None:
    """Take the names out that equal another one, as IAM compares them."""
    prefix = f"{found['project_name']}-{found['environment']}"
    suffixes = {
        "role_names": [str(r.name(text("")))[1:] for r in ROLES.values()],
        "policy_names": [f"{p.replace('_', '-')}-policy" for p in POLICIES],
    }
    for place, ends in suffixes.items():
        taken = {f"{prefix}-{end}".lower() for end in ends}
        names: dict[str, str] = {}
        for of_id, given in found.get(place, {}).items():
            name = given.replace(",", "_")  # which a tag's value does not take
            if name.lower() not in taken:
                names[of_id] = name
                taken.add(name.lower())
        found[place] = names


def fits(stack: Stack) -> bool:
    """Whether IAM takes as much: some configs are too large, which `emit` refuses (test_sizes.py)."""
    return next(over(planned(stack)), None) is None


def emittable(*, raw: bool = True) -> st.SearchStrategy[Kwargs]:
    """The configs that are not too large."""
    return configs(raw=raw).filter(lambda config: fits(build(Config(**config))))


@st.composite
def bindings(draw: st.DrawFn, config: Config) -> Bindings:
    """Right values for all that a config leaves to deployment; the partition is left out where the region gives it."""
    given, home = tuple(given_arns(config.placed(), unused=True)), config.home
    open_ = {ref.name for ref in home.unknown}
    partitions = {str(Arn.parse(one.arn).partition) for one in given}
    accounts = {str(Arn.parse(one.arn).account) for one in given if one.same_account} - {"aws"}
    if pulled := known(config.ecr_repository_arns):
        accounts = accounts or {str(Arn.parse(pulled[0]).account)}
    partition = home.partition.literal or draw(st.sampled_from(sorted(partitions or set(PARTITIONS))))
    found: Bindings = {}
    if "account_id" in open_:
        found["account_id"] = draw(st.sampled_from(sorted(accounts)) if accounts else of(forms.ACCOUNT_ID))
    if "aws_region" in open_:
        placed = ((Arn.parse(one.arn).region, one) for one in given)
        regions = {str(at) for at, one in placed if one.same_region or (one.within and at not in one.within)}
        found["aws_region"] = draw(st.sampled_from(sorted(regions)) if regions else regions_of(partition))
    if "partition" in open_ and draw(st.booleans() if "aws_region" in found else st.just(True)):
        found["partition"] = partition
    return found


# ---------------------------------------------------------------- the model

_SPECIAL = (
    *("${aws:username}", "$${x}", "${*}", "%{", "%%{if}", '"', "\\", "\n", "*", "?", "/", "{", "}", "'", "&", "<"),
    *("é", "\u00a0", "ÿ", "\u007f", "{account_id}", "AWS::Region", "${AWS::Region}", "${!x}", "-", " "),
)


_EFFECTS: tuple[Effect, ...] = ("Allow", "Deny")


@cache
def literals() -> st.SearchStrategy[str]:
    """Texts of the characters that IAM takes, with what means something to IAM, Terraform, CloudFormation or JSON."""
    free = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF), max_size=6)
    return st.lists(st.sampled_from(_SPECIAL) | free, max_size=4).map("".join)


@cache
def texts(*, refs: bool = True) -> st.SearchStrategy[Text]:
    pieces = literals() | st.sampled_from(DEPLOYMENT) if refs else literals()
    return st.lists(pieces, max_size=4).map(Text)


@cache
def resources(*, refs: bool = True) -> st.SearchStrategy[Text]:
    ends = texts(refs=refs)
    # `*` for the partition, so that IAM takes them wherever they go.
    sampled = st.sampled_from(["*", "arn:*:s3:::b/*", "arn:*:logs:eu-west-2:123456789012:log-group:/ecs/a:*"])
    return sampled.map(lambda s: Text((s,))) | ends.map(lambda end: Text.of("arn:*:x:::", end))


@cache
def actions(prefix: str = "") -> st.SearchStrategy[Action]:
    pattern = rf"{prefix}:[A-Za-z][A-Za-z0-9*?]*" if prefix else r"[a-z][a-z0-9-]*:[A-Za-z*][A-Za-z0-9*?]*"
    sampled = [prefix + ":AssumeRole"] if prefix else ["*", "s3:GetObject", "s3:*", "S3:getobject", "ecs:*Task*"]
    return (st.sampled_from(sampled) | matching(pattern)).map(Action)


@cache
def operators() -> st.SearchStrategy[str]:
    """The name of any condition operator, in any of its forms."""
    names = [
        f"{c.name}{end}" for c in COMPARISONS.values() for end in ("", *([] if c.kind == "null" else ["IfExists"]))
    ]
    return st.tuples(st.sampled_from(["", *(f"{q}:" for q in QUALIFIERS)]), st.sampled_from(names)).map("".join)


@cache
def keys() -> st.SearchStrategy[str]:
    sampled = [
        "aws:SourceAccount",
        "AWS:sourceaccount",
        "token.actions.githubusercontent.com:sub",
        "aws:RequestTag/a b",
    ]
    return st.sampled_from(sampled) | matching("[a-z]{1,4}:[A-Za-z]{1,4}(/[ -~é]{1,4})?")


def lists(items: st.SearchStrategy[T], most: int = 3) -> st.SearchStrategy[tuple[T, ...]]:
    return st.lists(items, min_size=1, max_size=most).map(tuple)


@cache
def conditions(*, refs: bool = True) -> st.SearchStrategy[list[Condition]]:
    """Conditions that may stand together, in any order."""

    @cache
    def values(operator: str) -> st.SearchStrategy[tuple[Text, ...]]:
        dates = st.sampled_from(["2026-11-28T09:30:00Z", "2026", "1795858200"]).map(text)
        return lists(dates if "Date" in operator else texts(refs=refs))

    one = operators().flatmap(lambda name: st.builds(Condition, st.just(name), keys(), values(name)))
    return st.lists(one, max_size=4, unique_by=lambda c: (c.operator, c.key.lower()))


@cache
def principals(*, refs: bool = True) -> st.SearchStrategy[tuple[Principal, ...]]:
    """Principals of all forms: everyone, or some of any types in any order."""
    literal = matching("[A-Za-z0-9:/._@+=,-]{1,12}").map(lambda s: Text((s,)))
    account = st.sampled_from(["123456789012", "arn:aws:iam::123456789012:root", "*"]).map(lambda s: Text((s,)))
    ids = literal | account
    if refs:
        ids |= st.lists(literal | st.sampled_from(DEPLOYMENT), min_size=1, max_size=3).map(Text)
    kinds = st.sampled_from(PRINCIPAL_TYPES).filter(lambda kind: kind != "*")
    return st.just((EVERYONE,)) | lists(st.builds(Principal, kinds, ids))


@cache
def effects() -> st.SearchStrategy[Effect]:
    return st.sampled_from(_EFFECTS)


@cache
def origins() -> st.SearchStrategy[Origin | None]:
    return st.none() | st.builds(Origin, *(st.text(max_size=4) for _ in range(4)))


def either(items: st.SearchStrategy[T]) -> st.SearchStrategy[Only[T] | AllBut[T]]:
    return lists(items).map(Only[T]) | lists(items).map(AllBut[T])


@cache
def identity_statements(*, refs: bool = True) -> st.SearchStrategy[Statement]:
    return st.builds(
        Statement,
        effects(),
        either(actions()),
        either(resources(refs=refs)),
        conditions=conditions(refs=refs),
        sid=st.just("") | matching("[A-Za-z0-9]{1,4}"),
        origin=origins(),
    )


@cache
def trust_statements(*, refs: bool = True) -> st.SearchStrategy[Statement]:
    return st.builds(
        Statement,
        effects(),
        lists(actions("sts")).map(Only[Action]),
        principals=principals(refs=refs),
        conditions=conditions(refs=refs),
        sid=st.just("") | matching("[A-Za-z0-9]{1,4}"),
        origin=origins(),
    )


@cache
def resource_statements(*, refs: bool = True) -> st.SearchStrategy[Statement]:
    return st.builds(
        Statement,
        effects(),
        either(actions()),
        st.none() | either(resources(refs=refs)),
        principals=principals(refs=refs).flatmap(lambda p: st.sampled_from([Only(p), AllBut(p)])),
        conditions=conditions(refs=refs),
        sid=st.just("") | matching("[A-Za-z0-9 ]{1,4}"),
        origin=origins(),
    )


def _policies(statements: st.SearchStrategy[Statement], ids: st.SearchStrategy[str]) -> st.SearchStrategy[Policy]:
    some = st.lists(statements, min_size=1, max_size=2, unique_by=lambda s: s.sid or object())
    return st.builds(Policy, some, st.sampled_from(VERSIONS), ids)


@cache
def identity_policies(*, refs: bool = True) -> st.SearchStrategy[Policy]:
    return _policies(identity_statements(refs=refs), st.just(""))


@cache
def trust_policies(*, refs: bool = True) -> st.SearchStrategy[Policy]:
    return _policies(trust_statements(refs=refs), literals())


@cache
def resource_policies(*, refs: bool = True) -> st.SearchStrategy[Policy]:
    policies = _policies(resource_statements(refs=refs), literals())
    return policies.filter(lambda p: p.kind == "resource")


@cache
def policies(*, refs: bool = True) -> st.SearchStrategy[Policy]:
    """Policies of all three kinds."""
    return identity_policies(refs=refs) | trust_policies(refs=refs) | resource_policies(refs=refs)


def raw_statements() -> st.SearchStrategy[object]:
    """Statements as a user writes them, in IAM's JSON or as values. Without a Sid, which may stand only once."""

    def written(statement: Statement) -> object:
        data = policy_to_data(Policy((statement,)), lambda t: braced(str(t)))["Statement"]
        assert isinstance(data, list)
        return data[0]  # pyright: ignore[reportUnknownVariableType]

    values = st.builds(
        Statement,
        effects(),
        either(actions()),
        either(resources(refs=False)),
        conditions=conditions(refs=False),
    )
    # `${account_id}` stands for nothing and is refused: test_placeholders.py.
    return values | values.map(written).filter(lambda data: not _BEHIND_A_DOLLAR.search(str(data)))


_BEHIND_A_DOLLAR = re.compile(rf"\$\{{({'|'.join(PLACEHOLDERS)})\}}")
_RAW = made_once(raw_statements())


@cache
def roles() -> st.SearchStrategy[Role]:
    names = matching("[a-z]{1,6}")
    inline = st.builds(RolePolicy, names, texts(), identity_policies(), managed=st.booleans())
    return st.builds(
        Role,
        names,
        texts(),
        trust_policies(),
        st.lists(inline, max_size=2, unique_by=(lambda p: p.id, lambda p: str(p.name).lower())),
        st.lists(texts(), max_size=2),
        of(forms.IAM_PATH),
        st.none() | texts().filter(lambda t: bool(t.parts)),  # an empty boundary is none
        st.none() | st.integers(3600, 43200),
        st.text(max_size=6),
        st.dictionaries(of(forms.TAG_KEY).map(str.lower), texts(), max_size=3),
        exclusive=st.booleans(),
    )


@cache
def companions() -> st.SearchStrategy[Companion]:
    words = st.text(max_size=4)
    return st.builds(Companion, matching("[a-z]{1,6}"), words, policies(), words, texts(), texts(), words)


@cache
def paths() -> st.SearchStrategy[tuple[str | int, ...]]:
    step: st.SearchStrategy[str | int] = st.text(max_size=3) | st.integers(0, 9)
    return st.lists(step, max_size=3).map(tuple)


@cache
def stacks() -> st.SearchStrategy[Stack]:
    """Any stack, also one that no config builds."""
    found = st.lists(roles(), max_size=2, unique_by=(lambda r: r.id, lambda r: str(r.name).lower()))
    homes = st.builds(Home, *(_of_home(form, ref) for form, ref in _HOME), lists(of(forms.REGION)))
    given = st.builds(Given, paths(), st.text(max_size=4), st.booleans())
    flags = st.dictionaries(st.sampled_from(FLAGS), st.booleans()).map(lambda d: tuple(d.items()))
    trusts = trust_policies().map(lambda p: p.statements[0])
    trusted = lists(st.builds(Trusted, st.text(max_size=4), trusts, st.text(max_size=3)))
    needed = identity_policies().map(lambda p: p.statements[0])
    needs = lists(st.builds(Need, st.text(max_size=4), needed, st.text(max_size=3), st.text(max_size=3)))
    notes = st.builds(Note, st.text(max_size=3), st.text(max_size=3), paths(), st.text(max_size=3), st.text(max_size=3))
    issuers = st.sampled_from(forms.FORMS["oidc_issuer"].good)
    provider = st.builds(OidcProvider, st.text(max_size=3), issuers, st.lists(texts(), min_size=1, max_size=2))
    return st.builds(
        Stack,
        found,
        st.lists(st.sampled_from(OUTPUTS), max_size=3, unique=True),
        st.builds(Deployment, home=homes, given=lists(given)),
        st.builds(Intent, texts(), texts(), flags, trusted, needs),
        st.lists(notes, max_size=2),
        st.text(max_size=4),
        st.lists(companions(), max_size=2, unique_by=lambda c: c.id),
        providers=st.lists(provider, max_size=2, unique_by=(lambda p: p.id, lambda p: p.url)),
    )


_HOME = ((forms.ACCOUNT_ID, ACCOUNT_ID), (forms.REGION, AWS_REGION), (forms.PARTITION, PARTITION))


def _of_home(form: Form, ref: Ref) -> st.SearchStrategy[Text]:
    """A part of a home: left to deployment, or known and of its form."""
    return st.just(Text.of(ref)) | of(form).map(Text.of)
