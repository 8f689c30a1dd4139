"""What is wrong in a policy by itself: what IAM refuses, what never matches, names that AWS does not have."""

import re
from collections.abc import Iterator

from attrs import evolve

from ecsiam.analysis.variables import Variable, parts
from ecsiam.errors import Fault
from ecsiam.findings.finding import Finding
from ecsiam.findings.remedies import condition as written
from ecsiam.findings.remedies import grant, resources
from ecsiam.findings.rules import RULES
from ecsiam.findings.spelling import Here, language, shown
from ecsiam.findings.statements import no_wildcards, other_operator, redundant, shadowed, wrong_values
from ecsiam.invariants.place import Place as Grant
from ecsiam.invariants.vain import without_keys
from ecsiam.invariants.void import Mended, mended, void_grants, wanted
from ecsiam.looks.words import listed
from ecsiam.model.condition import Condition
from ecsiam.model.deployment import Deployment
from ecsiam.model.home import Home
from ecsiam.model.policy import Policy
from ecsiam.model.role import Role
from ecsiam.model.sizes import measures
from ecsiam.model.stack import Stack
from ecsiam.model.statement import Statement
from ecsiam.model.text import ACCOUNT_ID, AWS_REGION, DNS_SUFFIX, PARTITION, Bindings, Ref, Text, text
from ecsiam.readers.found import Place
from ecsiam.readers.needs.need import Asked
from ecsiam.readers.reading import Reading, ReadRole
from ecsiam.reference.actions import key_type
from ecsiam.reference.nearest import unknown_action, unknown_key

# Values that nobody writes out, so that they are told from what a file says.
_OF_DEPLOYMENT = {
    ACCOUNT_ID.name: "736459182034",
    AWS_REGION.name: "il-central-1",
    PARTITION.name: "aws",
    DNS_SUFFIX.name: "amazonaws.com",
}
_LETTER = re.compile(r"\.letter(\d)$")
# The name of a resource, whole or its end; what a variable has may be anything, wildcards too.
_OF_RESOURCE = re.compile(r"(?!(?:var|local|each|count|self)\.).*\.(name|id|url|bucket|\w+_suffix|letter\d)")


def example(role: Role) -> Role:
    """A role with an example of each text that is not known: a value of no meaning, which no pattern is made for."""
    return role.bind(Bindings(deployment=_values(role))) or role


def _values(role: Role) -> dict[str, str]:
    names = sorted({ref.name for text in _texts(role) for ref in text.refs})
    secrets = {base: i for i, base in enumerate(dict.fromkeys(_LETTER.sub("", n) for n in names if _LETTER.search(n)))}
    return {name: _value(name, i, secrets) for i, name in enumerate(names)}


def _value(name: str, i: int, secrets: dict[str, int]) -> str:
    letter = _LETTER.search(name)
    if letter:
        return f"Qz{secrets[_LETTER.sub('', name)]:04d}"[int(letter[1])]
    return _OF_DEPLOYMENT.get(name) or f"qxzv{i}z"


def as_read(said: str, role: Role) -> Text:
    """What was said of a role with examples, with the names of what isn't known in their place."""
    unknown: dict[str, tuple[Ref, ...]] = {}
    letters: dict[str, list[tuple[str, Ref]]] = {}
    for name, value in _values(role).items():
        if _LETTER.search(name):  # one letter may stand anywhere, all six only where the secret's do
            letters.setdefault(_LETTER.sub("", name), []).append((value, Ref(name)))
        elif name not in (PARTITION.name, DNS_SUFFIX.name):
            unknown[value] = (Ref(name),)
    unknown |= {"".join(v for v, _ in six): tuple(ref for _, ref in six) for six in letters.values() if len(six) == 6}
    if not unknown:
        return text(said)
    pieces = re.split(f"({'|'.join(map(re.escape, sorted(unknown, key=len, reverse=True)))})", said)
    return Text(part for piece in pieces if piece for part in unknown.get(piece, (piece,)))


def _texts(role: Role) -> Iterator[Text]:
    yield role.name
    for document in role.documents:
        for statement in document.statements:
            yield from statement.texts()
    for policy in role.policies.values():
        yield policy.name
    for _, value in role.tags:
        yield value
    if role.permissions_boundary is not None:
        yield role.permissions_boundary


def _sure(statement: Statement) -> bool:
    """Whether all that isn't known in a statement is the name of a resource: its ARN has its form then."""
    refs = {ref for text in statement.texts() for ref in text.refs}
    return all(ref.name in _OF_DEPLOYMENT or _OF_RESOURCE.fullmatch(ref.name) for ref in refs)


def lint(role: ReadRole) -> Iterator[Finding]:
    """What is wrong in the documents of a role, each with its statement's place."""
    for gap in (*role.gaps, *role.unclear):
        if gap.refused is not None:
            yield Finding("refused", gap.place, gap.refused.message, remedy=gap.refused.remedy, role=role.key)
    for id, policy in (("trust", role.role.trust), *((p.id, p.document) for p in role.role.policies.values())):
        if id == "trust" and not role.places.get("trust"):
            continue  # it was not read
        for fault in policy.refusals():
            yield _finding("refused", role, id, fault)
        for fault in policy.notes():
            yield _finding("odd", role, id, fault)
        yield from _names(role, id, policy)


def _finding(rule: str, role: ReadRole, id: str, fault: Fault) -> Finding:
    index = next((step for step in fault.path if isinstance(step, int)), 0)
    return Finding(rule, place_of(role, id, index), fault.message, remedy=fault.remedy, role=role.key)


def place_of(role: ReadRole, id: str, index: int) -> Place:
    """Where a statement stands; else where the role does."""
    places = role.places.get(id, ())
    return places[index] if index < len(places) else role.place


_ACTION = re.compile(r"[\w-]+:[\w*?]+")  # what is none is refused, or odd


def _names(role: ReadRole, id: str, policy: Policy) -> Iterator[Finding]:
    for i, statement in enumerate(policy.statements):
        place = place_of(role, id, i)
        for action in statement.actions.items:
            unknown = unknown_action(action.pattern)
            if unknown is not None and unknown.kind in ("misspelt", "operation") and _ACTION.fullmatch(action.pattern):
                kind = "is no action" if unknown.kind == "misspelt" else "is an API, and no action"
                remedy = f"Write `{unknown.nearest}`." if unknown.nearest else ""
                yield Finding("unknown-name", place, f"`{action.pattern}` {kind}", remedy=remedy, role=role.key)
        variables = list(dict.fromkeys(_variables(statement)))
        for key in dict.fromkeys((*(c.key for c in statement.conditions), *variables)):
            strange = unknown_key(key)
            if strange is not None and strange.kind == "misspelt":
                remedy = f"Write `{strange.nearest}`." if strange.nearest else ""
                yield Finding("unknown-name", place, f"`{key}` is no condition key", remedy=remedy, role=role.key)
        if policy.version == "2008-10-17" and not any("Version" in gap.place.path for gap in role.unclear):
            for key in (key for key in variables if key_type(key)):
                fact = f"`${{{key}}}` is no variable, since the document has no Version of 2012"
                remedy = 'Write `"Version": "2012-10-17"` beside its statements.'
                yield Finding("odd", place, fact, remedy=remedy, role=role.key)
        for condition in statement.conditions:
            if statement.effect == "Allow" and condition.operator.qualifier == "ForAllValues":
                pinned = any(
                    c.operator.comparison.kind == "null" and c.key.lower() == condition.key.lower()
                    for c in statement.conditions
                )
                if not pinned and _may_be_absent(policy, condition.key):
                    fact = f"`{condition.operator}` on `{condition.key}` is true where the request has no such key"
                    remedy = f"Use `ForAnyValue`, or add{written(place, 'Null', condition.key, 'false')}"
                    yield Finding("forall-allow", place, fact, remedy=remedy, role=role.key)
        for condition, fact in (*wrong_values(statement), *no_wildcards(statement)):
            yield Finding("wrong-value", place, fact, remedy=_right_value(statement, condition), role=role.key)


def _variables(statement: Statement) -> Iterator[str]:
    """The keys of a statement's policy variables, in whichever Version."""
    for one in statement.texts():
        yield from (part.key for part in parts(one, "2012-10-17") if isinstance(part, Variable))


def _may_be_absent(policy: Policy, key: str) -> bool:
    """Whether requests that should not get in may lack a key.

    Keys of several values that one service has are mostly sent with all that they are for, and AWS's own examples have
    `ForAllValues` on them (`dynamodb:LeadingKeys`, `oam:ResourceTypes`); who sends no tags sets none.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_tags.html#access_tags_control-tag-keys
    """
    if policy.kind == "trust" or key.lower().startswith("aws:"):
        return key.lower() != "aws:tagkeys"
    return not (key_type(key) or "ArrayOf").startswith("ArrayOf")


def _right_value(statement: Statement, condition: Condition) -> str:
    other = other_operator(statement, condition)
    return f"Write `{other}`." if other else "Compare it with what AWS sends, by the operator of its type."


def beside(role: ReadRole) -> Iterator[Finding]:
    """Statements that say nothing beside others of the role, and what is more than IAM takes."""
    closed = example(role.role)
    found = [("shadowed", one) for one in shadowed(closed, role.role)]
    for policy in role.role.policies.values():
        found += [
            ("redundant", one) for one in redundant(policy.id, policy.document, closed.policies[policy.id].document)
        ]
    for rule, one in found:
        also = tuple(place_of(role, id, at) for id, at in one.also)
        remedy = "Take it out." if rule == "redundant" else "Take it out, or narrow the Deny."
        place = place_of(role, one.policy, one.index)
        yield Finding(rule, place, one.fact, because=RULES[rule].why, remedy=remedy, also=also, role=role.key)
    yield from _sizes(role)


def _sizes(role: ReadRole) -> Iterator[Finding]:
    for one in measures(Stack([evolve(role.role, id=role.name)])):
        quota = one.quota
        has = one.size.least - (_slack(role.role) if quota.id in _OF_DOCUMENTS else 0)
        if has <= quota.default:
            continue
        rule = "too-large" if has > quota.most else "over-quota"
        limit = quota.most if rule == "too-large" else quota.default
        until = "" if rule == "too-large" else f" until the quota `{quota.id}` is raised"
        fact = f"{one.says(one.size.least)}, and IAM takes {limit:,}{until}"
        place = place_of(role, one.policy or str(one.path[2]), 0) if len(one.path) > 2 else role.place
        yield Finding(rule, place, fact, because=RULES[rule].why, remedy=_SMALLER, page=quota.page, role=role.key)


_OF_DOCUMENTS = ("role_inline_policies_size", "managed_policy_size", "role_trust_policy_length")
_SMALLER = "Name fewer resources, write several as one pattern, or divide it among policies."


def _slack(role: Role) -> int:
    """How many characters more a document may take here than as it is written: a lone item may stand without `[]`."""
    lists = sum(
        3 + len(s.conditions) + (0 if s.principals is None else len(s.principals.items))
        for document in role.documents
        for s in document.statements
    )
    return 2 * (lists + 1)


# What the CDK grants with each secret, parameter, table, stream, state machine and log group, more than is asked for:
# nobody can mend that there, nor that AWS takes some of it on `*` alone, and records of a table on its stream.
_READ_STREAM = {
    f"kinesis:{name}"
    for name in (
        *("describestreamsummary", "getrecords", "getsharditerator", "listshards", "subscribetoshard"),
        *("describestream", "liststreams", "describestreamconsumer"),
    )
}
_RECORDS = {"dynamodb:getrecords", "dynamodb:getsharditerator"}
_READ_TABLE = _RECORDS | {
    f"dynamodb:{name}" for name in ("batchgetitem", "query", "getitem", "scan", "conditioncheckitem", "describetable")
}
_WRITE_TABLE = {f"dynamodb:{name}" for name in ("batchwriteitem", "putitem", "updateitem", "deleteitem")}
_READ_LOGS = ("filterlogevents", "getlogevents", "getloggroupfields", "describeloggroups", "describelogstreams")
_OF_CDK = (
    {"secretsmanager:getsecretvalue", "secretsmanager:describesecret"},
    {"ssm:describeparameters", "ssm:getparameters", "ssm:getparameter", "ssm:getparameterhistory"},
    _READ_STREAM,
    _READ_STREAM | {"kinesis:putrecord", "kinesis:putrecords"},
    _RECORDS,
    _READ_TABLE,
    _READ_TABLE | _WRITE_TABLE,
    {"states:listexecutions", "states:liststatemachines"},
    {f"logs:{name}" for name in _READ_LOGS},
)


def as_cdk_grants(statement: Statement) -> bool:
    """Whether a statement grants just what the CDK does with what is read."""
    return statement.effect == "Allow" and {action.pattern.lower() for action in statement.actions.items} in _OF_CDK


def void(role: ReadRole, reading: Reading) -> Iterator[Finding]:
    """Grants of a role that never match a request, with the nearest form that does."""
    called = role.name
    bound = evolve(example(role.role), id=called)
    stack = Stack([evolve(bound, managed_policy_arns=())], deployment=Deployment(_home(role)))
    for place, fact in void_grants(stack):
        original = role.role.policies.get(_id(role, bound, place.policy))
        if original is None or not _sure(original.document.statements[place.at]):
            continue
        if as_cdk_grants(original.document.statements[place.at]):
            continue
        at = place_of(role, original.id, place.at)
        here = Here.of(at, role.root, reading)
        remedy = _mended(here, list(mended(place)), role, original.document.statements[place.at])
        if not remedy and any(fault.path[:2] == ("Statement", place.at) for fault in original.document.refusals()):
            continue  # that says it
        remedy = remedy or _instead(place)
        yield Finding("void", at, shown(as_read(fact, role.role)), remedy=remedy, role=role.key)


def _mended(here: Here, found: list[Mended], role: ReadRole, statement: Statement) -> str:
    """What to write as the resources of a statement; empty where nobody knows."""
    of_any = any(ref.name == PARTITION.name for t in statement.texts() for ref in t.refs)
    apart = list(dict.fromkeys(one.action for one in found if one.stays and one.action and one.right == "*"))
    if apart:
        head = f"Move {listed(apart)} into a statement of its own"
        return grant(here, (Asked(action, text("*")) for action in apart), head)
    right = [_of_partition(as_read(one.right, role.role), of_any=of_any) for one in found]
    return resources(here, right, beside=any(one.stays for one in found)) if right else ""


# What people name in place of what AWS asks on, and how that is said instead.
_INSTEAD = {
    ":kms:alias/": "Name the key and not its alias: `key/ID`, or `key/*` on the condition `ForAnyValue:StringEquals` "
    "that `kms:ResourceAliases` is `alias/NAME`.",
    ":elasticfilesystem:access-point/": "Name the file system, on the condition `StringEquals` that "
    "`elasticfilesystem:AccessPointArn` is the access point.",
    ":ecs:cluster/": "Name what it acts on, `{}`; the cluster is a condition `ArnEquals` on `ecs:cluster`.",
}


def _instead(place: Grant) -> str:
    """What to write in place of a grant of which nobody knows what was meant."""
    asked = wanted(place)
    if unsent := list(without_keys(place.statement)):
        few = dict.fromkeys(action for action, _ in unsent)
        if len(few) < len(place.statement.actions.items):
            return f"Move {listed(few)} into a statement of its own, without the condition on `{unsent[0][1]}`."
    if asked is None:
        others = (other_operator(place.statement, condition) for condition in place.statement.conditions)
        other = next(filter(None, others), "")
        return f"Write `{other}`." if other else "Leave the condition out, or compare with what AWS sends."
    given, form = asked
    _, _, service, _, _, resource = given.split(":", 5) if given.count(":") > 4 else [""] * 6
    named = f":{service}:{resource}"
    said = next((said for start, said in _INSTEAD.items() if named.startswith(start)), "Name what AWS asks on: `{}`.")
    return said.format(form.replace("arn:*:", "arn:aws:"))


def _home(role: ReadRole) -> Home:
    """Where a role is, with examples of what its file leaves to deployment; of JSON nobody knows them."""
    account = role.home[1].literal
    if language(role.place) == "json":
        return Home(account) if account else Home()
    return Home(account or _OF_DEPLOYMENT[ACCOUNT_ID.name], _OF_DEPLOYMENT[AWS_REGION.name])


def _of_partition(arn: Text, *, of_any: bool) -> Text:
    """An ARN with the partition as it was written: of the deployment, where `of_any`."""
    start, first = "arn:aws:", arn.parts[0] if arn.parts else ""
    if not of_any or not isinstance(first, str) or not first.startswith(start):
        return arn
    return Text(("arn:", PARTITION, f":{first.removeprefix(start)}", *arn.parts[1:]))


def _id(role: ReadRole, bound: Role, name: str) -> str:
    return next((p.id for p in bound.policies.values() if str(p.name) == name and p.id in role.role.policies), "")
