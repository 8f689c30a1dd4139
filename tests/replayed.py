"""What a Fails shows, put to the test apart from the invariants: its request asked of the roles, and judged by hand."""

import itertools
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from attrs import evolve

from ecsiam import Fails, Request, Role, Stack, Statement, evaluate
from ecsiam.invariants.asking import MORE
from ecsiam.model.policy import Policy
from ecsiam.model.statement import AllBut
from ecsiam.reference.actions import action, evaluated_on, excepting, supports_resources
from ecsiam.reference.managed import managed_policy
from ecsiam.reference.names import PLACED
from ecsiam.reference.reviewed import escalating

from .intent import meant

# Who assumes a role, by its id; ECS itself where it is none of these.
SERVICES = {
    "execution": ("ecs-tasks.amazonaws.com",),
    "task": ("ecs-tasks.amazonaws.com",),
    "autoscaling": ("application-autoscaling.amazonaws.com",),
    "instance": ("ec2.amazonaws.com", "ec2.amazonaws.com.cn", "ec2.c2s.ic.gov", "ec2.sc2s.sgov.gov"),
    "events": ("events.amazonaws.com",),
    "scheduler": ("scheduler.amazonaws.com",),
    "codedeploy": ("codedeploy.amazonaws.com",),
}
SERVICES["managed_instances_instance"] = SERVICES["instance"]


def services_of(role: str) -> tuple[str, ...]:
    return SERVICES.get(role, ("ecs.amazonaws.com",))


CLAIM = "token.actions.githubusercontent.com:"
# Invariants that can fail without a request that shows it: nothing is there, too much text, nobody gets in.
MAY_HAVE_NONE = ("flags", "limits", "trust", "works")


def shown(answer: Fails) -> Iterator[Fails]:
    """A Fails and what else shows it."""
    yield answer
    yield from answer.also


def put_to_the_test(stack: Stack, invariant: str, answer: Fails) -> None:
    """Every request that an answer shows is what it is said to be, with the values that lead there."""

    @cache
    def bound(values: tuple[tuple[str, object], ...]) -> Stack:
        return stack.bind(dict(values)) if values else stack

    for one in shown(answer):
        of = bound(one.values)
        assert one.fact
        if one.witness is None:
            assert invariant in MAY_HAVE_NONE or one.fact.endswith(MORE), one
        else:
            assert JUDGES[invariant](of, one.witness, one.fact), (invariant, str(one.witness), one.fact)


def allowed(role: Role, request: Request) -> bool:
    """Whether a role may do something, as far as its policies are known, and whoever uses it."""
    who = {"aws:PrincipalArn": f"arn:aws:iam::123456789012:role/{role.name}", **dict(request.context)}
    return evaluate(_known(role), evolve(request, context=who)).allowed


def _known(role: Role) -> Role:
    attached = [a for a in role.managed_policy_arns if managed_policy(str(a))]
    boundary = role.permissions_boundary
    bounded = boundary if boundary is not None and managed_policy(str(boundary)) else None
    return evolve(role, managed_policy_arns=attached, permissions_boundary=bounded)


def _blamed(stack: Stack, fact: str) -> Role:
    """The role that a fact speaks of."""
    (role,) = (r for r in stack.roles.values() if f"the {r.id} role" in fact or f"({r.id}: " in fact)
    return role


def _lets_in(stack: Stack, request: Request) -> bool:
    """Whether the trust of the role that is asked for does."""
    (role,) = (r for r in stack.roles.values() if request.resource.endswith(f":role{r.path}{r.name}"))
    return evaluate(role.trust, request).allowed


def _value(request: Request, key: str) -> str:
    return str(request.values(key) or "")


# ---------------------------------------------------------------- what is wrong with a request


def _shared(stack: Stack, request: Request, _: str) -> bool:
    return all(_for_someone(_without_principals(stack.roles[id]), request) for id in ("execution", "task"))


def _for_someone(role: Role, request: Request) -> bool:
    """Whether a role may do it with some value of the principal's keys that it puts in: each has its own."""
    texts = (str(t) for p in role.policies.values() for s in p.document.statements for t in s.texts())
    keys = sorted({key for text in texts for key in re.findall(r"\$\{(aws:Principal[^},]*)", text)})
    values = [*dict.fromkeys(re.split("[/:]", request.resource))]
    ways = itertools.product(values, repeat=len(keys))
    contexts = ((*request.context, *zip(keys, way, strict=True)) for way in ways)
    return any(allowed(role, evolve(request, context=context)) for context in contexts)


def _without_principals(role: Role) -> Role:
    """A role whose statements say nothing of who asks: an Allow holds for all, a Deny for none."""

    def kept(s: Statement) -> Statement | None:
        conditions = tuple(c for c in s.conditions if not c.key.lower().startswith("aws:principal"))
        denies = s.effect == "Deny"
        of_who = conditions != s.conditions or (denies and any("${aws:Principal" in str(t) for t in s.texts()))
        return None if denies and of_who else evolve(s, conditions=conditions)

    policies = [
        evolve(p, document=evolve(p.document, statements=[k for s in p.document.statements if (k := kept(s))]))
        for p in role.policies.values()
        if any(kept(s) for s in p.document.statements)
    ]
    return evolve(role, policies=policies)


def _stranger(stack: Stack, request: Request, fact: str) -> bool:
    role = _blamed(stack, fact)
    assert request.principal is not None
    if role.id == "github_actions":
        account = stack.deployment.home.account_id.literal
        provider = request.principal.type == "Federated" and str(request.principal.id).endswith(
            f":{account}:oidc-provider/token.actions.githubusercontent.com"
        )
        own = provider and request.action.lower() == "sts:assumerolewithwebidentity"
    else:
        names = [f"Service:{name}" for name in services_of(role.id)]
        own = str(request.principal) in names and request.action.lower() == "sts:assumerole"
    return _lets_in(stack, request) and not own


def _unlisted(stack: Stack, request: Request, _: str) -> bool:
    listed = meant(stack, "github_actions", f"{CLAIM}sub")
    right = meant(stack, "github_actions", f"{CLAIM}aud") == [_value(request, f"{CLAIM}aud")]
    subject = _value(request, f"{CLAIM}sub")
    return _lets_in(stack, request) and not (right and any(_like(s, subject) for s in listed))


def _like(pattern: str, subject: str) -> bool:
    condition: Any = {"StringLike": {"a:b": pattern}}
    policy = Policy(Statement("Allow", "a:b", "*", conditions=condition))
    return evaluate(policy, Request("a:b", context={"a:b": subject})).allowed


def _passes(stack: Stack, request: Request, fact: str) -> bool:
    home = stack.deployment.home
    own = {
        (f"arn:{home.partition}:iam::{home.account_id}:role{r.path}{r.name}", service)
        for r in stack.roles.values()
        if r.id not in ("github_actions", "autoscaling")
        for service in services_of(r.id)
    }
    right = (request.resource, _value(request, "iam:PassedToService")) in own
    return request.action.lower() == "iam:passrole" and allowed(_blamed(stack, fact), request) and not right


def _climbs(stack: Stack, request: Request, fact: str) -> bool:
    known = action(request.action)
    listed = known is None or known.id in escalating()
    return ":" in fact and listed and allowed(_blamed(stack, fact), request)


def _not_of_ecs(stack: Stack, request: Request, fact: str) -> bool:
    """What the role may do and the agents of ECS never ask for, by name."""
    service, _, name = request.action.lower().partition(":")
    via = _value(request, "kms:ViaService").partition(".")[0]
    known = {
        "ecr": name in ("createrepository", "getauthorizationtoken", "getdownloadurlforlayer")
        or name in ("batchchecklayeravailability", "batchgetimage", "batchimportupstreamimage"),
        "ecr-public": name == "getauthorizationtoken",
        "kms": name == "decrypt" and via in ("secretsmanager", "ssm", "s3"),
        "logs": name in ("createloggroup", "createlogstream", "putlogevents"),
        "s3": name in ("getobject", "getbucketlocation"),
        "secretsmanager": name == "getsecretvalue",
        "ssm": name == "getparameters",
        "sts": name == "getservicebearertoken",
    }
    word = {"ssm:getparameter": "ssm:GetParameters", "kms:decrypt": "kms:ViaService"}
    says = word.get(request.action.lower(), "the task role") in fact
    return says and not known.get(service, False) and allowed(stack.roles["execution"], request)


def _away(stack: Stack, request: Request, fact: str) -> bool:
    home = stack.deployment.home
    account, partition, regions = str(home.account_id), str(home.partition), {str(r) for r in home.regions}
    if request.principal is not None:
        source, of = _value(request, "aws:SourceArn"), _value(request, "aws:SourceAccount")
        parts = source.split(":", 5)
        at_home = of == account and len(parts) == 6 and parts[1] == partition and parts[3] in regions
        return _lets_in(stack, request) and not (at_home and parts[4] == account)
    assert allowed(_blamed(stack, fact), request), request
    owned = _value(request, "aws:ResourceAccount") == account
    if not request.resource.startswith("arn:"):
        return not owned
    _, its_partition, _, region, of, _ = request.resource.split(":", 5)
    far = its_partition != partition or (region != "" and region not in regions) or of != account
    near = region in ("", *regions) or _value(request, "aws:RequestedRegion") in regions
    here = owned and of in ("", account) and near
    return far and not here and not _is_configured(stack, request.resource)


def _is_configured(stack: Stack, resource: str) -> bool:
    """Whether a key lists a resource, or what holds it; a policy that is attached is no resource."""
    given = [str(g.arn).removesuffix(":*").rstrip("*") for g in stack.deployment.given if ":policy/" not in str(g.arn)]
    listed = (*given, *(arn.split("/", 1)[0] for arn in given if ":s3:::" in arn))
    return any(resource == arn or resource.startswith((f"{arn}/", f"{arn}:", f"{arn}-")) for arn in listed)


def _of_another(stack: Stack, request: Request, _: str) -> bool:
    prefix = str(stack.intent.prefix)
    path = request.resource.split(":", 5)[5]
    own = any(path.endswith(f"/{prefix}") or f"/{prefix}{c}" in path for c in "/:")
    return not own and any(allowed(r, request) for r in stack.roles.values())


def _on_star(stack: Stack, request: Request, fact: str) -> bool:
    role, known = _blamed(stack, fact), action(request.action)
    documents = [*role.documents, *(m.document for a in role.managed_policy_arns if (m := managed_policy(str(a))))]
    allows = [s for d in documents for s in d.statements if s.effect == "Allow" and s.resources is not None]
    wide = any(isinstance(s.resources, AllBut) and _takes(s, request) for s in allows) or _is_wide(allows, request)
    narrowable = known is None or supports_resources(known)
    return narrowable and wide and allowed(role, request)


def _is_wide(allows: list[Statement], request: Request) -> bool:
    """Whether statements have, whatever their conditions, every one of a sample of some kind, in several accounts."""
    known = action(request.action)
    policy = Policy(tuple(evolve(s, conditions=()) for s in allows))

    def has(arn: str) -> bool:
        parts = arn.split(":", 5)
        keys = {
            "aws:ResourceAccount": parts[4],
            "aws:RequestTag/account": parts[4],
            "aws:RequestedRegion": parts[3],
            "s3:prefix": parts[5].partition("/")[0],
        }
        return evaluate(policy, Request(request.action, arn, context=keys)).allowed

    return any(
        all(map(has, _sample(form, region, ids)))
        for form in (evaluated_on(known) if known else ("arn:*:x:*:*:*",))
        if form != "*"
        for region in ("eu-west-2", "us-east-1", "cn-north-1")
        for ids in _IDS
    )


_NAMES = ("prod-uploads-2026-jan", "billing-invoices-archive", "zebra-crossing-0123456", "m3dia-processing-que")
_IDS: tuple[tuple[str, ...], ...] = (
    _NAMES,
    tuple(f"{name}-A1b2C3" for name in _NAMES),
    tuple(f"{name}/search-by-path-{name}" for name in _NAMES),
    tuple(f"{c * 8}-{c * 4}-{c * 4}-{c * 4}-{c * 12}" for c in "0369cf"),
    *(tuple(f"{kind}-{c * 17}" for c in "0369cf") for kind in ("i", "fs", "fsap", "vol", "ami", "sg", "subnet")),
)


def _sample(form: str, region: str, ids: tuple[str, ...]) -> Iterator[str]:
    _, _, service, in_region, account, resource = form.split(":", 5)
    partition = "aws-cn" if region.startswith("cn-") else "aws"
    for of in ("111122223333", "999988887777", "000011112222", "123456789012", "444455556666") if account else ("",):
        for id in ids:
            at = region if in_region == "*" else in_region
            yield f"arn:{partition}:{service}:{at}:{of}:{resource.replace('*', id)}"


def _takes(s: Statement, request: Request) -> bool:
    return evaluate(Policy(evolve(s, conditions=())), request).allowed


def _void(stack: Stack, request: Request, fact: str) -> bool:
    """Not allowed and needed, or granted by a statement where it says nothing: as the fact says."""
    if request.principal is not None:
        return not _lets_in(stack, request)
    role = _blamed(stack, fact)
    if "never appl" not in fact:
        return not allowed(role, request)
    known = action(request.action)
    assert known is not None
    attached = (managed_policy(str(arn)) for arn in role.managed_policy_arns)
    documents = [*(p.document for p in role.policies.values()), *(m.document for m in attached if m)]
    granting = (
        s for d in documents for s in d.statements if s.effect == "Allow" and not any(t.refs for t in s.texts())
    )
    partition = stack.deployment.home.partition.literal
    forms = evaluated_on(known)
    asked = request.resource in forms if request.resource == "*" else any(_is_of(f, request.resource) for f in forms)
    here = partition is None or request.resource.split(":")[1:2] == [partition]
    of_user = request.values("aws:username") is not None  # no role has one
    return any(_takes(s, request) for s in granting) and (of_user or not (asked and here))


def _is_of(form: str, arn: str) -> bool:
    """Whether an ARN is of a form, with a region and an account where these stand, and no colon too many."""
    parts, of = arn.split(":", 5), form.split(":", 5)
    if len(parts) < 6 or form == "*" or not all(map(fnmatchcase, parts, of)):
        return False
    placed = parts[2] in PLACED  # nothing of these services is global or AWS's own
    account = re.fullmatch(r"[0-9]{12}", parts[4]) is not None or (parts[4] in ("aws", "") and not placed)
    region = re.fullmatch(r"[a-z]{2,4}(-[a-z]+)+-[0-9]+", parts[3]) is not None or (parts[3] == "" and not placed)
    account, region = account or parts[4] == of[4], region or parts[3] == of[3]
    named = re.fullmatch(_NAMED.get(parts[2], ".*"), parts[5], re.DOTALL) is not None
    return account and region and named and not any(fnmatchcase(arn, other) for other in excepting(form))


_NAMED = {
    "ecr": "repository/[a-z0-9._/-]+",
    "kms": "key/[A-Za-z0-9-]+",
    "s3": "[A-Za-z0-9._-]+(/.*)?|accesspoint/.*",
    "secretsmanager": "secret:.*-.{6}",
}


def _unflagged(stack: Stack, request: Request, _: str) -> bool:
    if request.principal is not None:
        return any(evaluate(r.trust, request).allowed for r in stack.roles.values())
    return any(allowed(r, request) for r in stack.roles.values())


JUDGES = {
    "separation": _shared,
    "trust": _stranger,
    "oidc-subject": _unlisted,
    "pass-role": _passes,
    "no-escalation": _climbs,
    "execution": _not_of_ecs,
    "home": _away,
    "neighbours": _of_another,
    "wildcards": _on_star,
    "works": _void,
    "flags": _unflagged,
}
