"""Terraform's resources of IAM, ECS and what runs tasks, as the records of `found.py`.

A resource comes from HCL, a plan or a state: its type, its address and its values, with nested blocks as lists of
objects. https://registry.terraform.io/providers/hashicorp/aws/latest/docs
"""

from collections.abc import Callable, Iterator

from attrs import frozen

from ecsiam.model.text import ACCOUNT_ID, AWS_REGION, EMPTY, PARTITION, Ref, Text, text
from ecsiam.readers.found import (
    Found,
    FoundAttachment,
    FoundDocument,
    FoundInline,
    FoundManaged,
    FoundPassing,
    FoundProvider,
    FoundResourcePolicy,
    FoundRole,
    FoundTemplate,
    Gap,
    Place,
    Unread,
    Value,
    is_list,
    is_map,
    symbol,
)
from ecsiam.readers.terraform.attributes import Home
from ecsiam.readers.terraform.document import blocks, document_of
from ecsiam.readers.values import Encoded, Map, as_text, is_unknown, named, plain

TEMPLATE = ("repo", "context")  # of which GitHub makes subjects where nobody says otherwise
AttributeOf = Callable[[str], Value]


@frozen
class TerraformResource:
    """One resource. `attribute` gives what is computed as well; `unsure` says why it may not exist."""

    type: str
    address: str
    place: Place
    values: Map
    attribute: AttributeOf
    home: Home
    unsure: str = ""
    handed: bool = False
    """Whether something names it that isn't read: an output, a module, a user's attachment."""

    def at(self, argument: str) -> Place:
        """Where an argument stands, as exactly as is known."""
        line = self.values.lines.get(argument) if self.values.file in ("", self.place.file) else None
        return Place(self.place.file, line or self.place.line, self.place.path, self.address)


# ---------------------------------------------------------------- values


def text_of(value: Value) -> Text | None:
    """A value as a text, if it is one."""
    value = as_text(value) if isinstance(value, Encoded) else value
    if isinstance(value, str | Text):
        return text(value)
    return text(str(value)) if isinstance(value, int | float) and not isinstance(value, bool) else None


def the_text(one: TerraformResource, argument: str, gaps: list[Gap]) -> Text | None:
    """An argument that is a text; one that isn't understood is a symbol, and a gap."""
    value = one.values.get(argument)
    if value is None or value == "":
        return None
    found = text_of(value)
    if found is None:
        why = value.why if isinstance(value, Unread) else "it is no text"
        gaps.append(Gap(one.at(argument), f"`{argument}`: {why}"))
        return Text((symbol(one.address, argument),))
    return found


def the_texts(one: TerraformResource, argument: str, gaps: list[Gap]) -> tuple[Text, ...]:
    """An argument that is a list of texts; what isn't understood of it is a symbol, and a gap."""
    value = one.values.get(argument)
    if value is None:
        return ()
    found: list[Text] = []
    if is_unknown(value) or not is_list(value):
        value = [Unread(f"it isn't known what is in `{named(value)}`") if is_unknown(value) else value]
    for item in value:
        known = text_of(item)
        if known is None:
            why = item.why if isinstance(item, Unread) else "it is no text"
            gaps.append(Gap(one.at(argument), f"`{argument}`: {why}"))
            known = Text((symbol(one.address, argument),))
        found.append(known)
    return tuple(found)


def the_document(one: TerraformResource, value: Value, argument: str) -> FoundDocument:
    """A policy document that an argument holds as text, with the place of each statement.

    What isn't understood of it is no gap here: whoever reads the document says so.
    """
    place = one.at(argument)
    found = document_of(value, place.file, place.line or 0)
    place = _placed(found, place)
    data = plain(found)
    statements = data.get("Statement") if is_map(data) else None
    listed = statements if is_list(statements) else [statements] if statements else []
    places = tuple(
        _placed(s, Place(place.file, place.line, ("Statement", i), one.address)) for i, s in enumerate(listed)
    )
    return FoundDocument(data, place, places)


def _placed(value: Value, place: Place) -> Place:
    """Where an object was written, if that is known."""
    if isinstance(value, Map) and value.file and value.line:
        return Place(value.file, value.line, place.path, place.address)
    return place


def _given(one: TerraformResource, argument: str) -> bool:
    return one.values.get(argument) not in (None, "", [])


# ---------------------------------------------------------------- IAM


def _name(one: TerraformResource) -> Text:
    return text_of(one.attribute("name")) or Text((symbol(one.address, "name"),))


def _role(one: TerraformResource, gaps: list[Gap]) -> Iterator[Found]:
    trust = None
    if _given(one, "assume_role_policy"):
        trust = the_document(one, one.values["assume_role_policy"], "assume_role_policy")
    inline: list[tuple[Text, FoundDocument]] = []
    for block in blocks(one.values.get("inline_policy")):
        if is_map(block):
            inner = block
            if inner.get("policy") not in (None, ""):
                name = text_of(inner.get("name")) or EMPTY
                inline.append((name, the_document(one, inner["policy"], "inline_policy")))
        else:
            unnamed = Text((symbol(one.address, "inline_policy"),))
            inline.append((unnamed, the_document(one, block, "inline_policy")))
    path = one.values.get("path")
    longest = one.values.get("max_session_duration")
    tags = one.values.get("tags")
    yield FoundRole(
        one.address,
        one.place,
        trust,
        name=_name(one),
        path=path if isinstance(path, str) and path else "/",
        inline=tuple(inline),
        managed=the_texts(one, "managed_policy_arns", gaps),
        boundary=the_text(one, "permissions_boundary", gaps),
        max_session_duration=longest if isinstance(longest, int) and not isinstance(longest, bool) else None,
        tags=_tags(tags),
        arn=text_of(one.attribute("arn")),
    )


def _tags(tags: Value) -> tuple[tuple[str, Text], ...]:
    if not is_map(tags):
        return ()
    found = ((k, text_of(v)) for k, v in tags.items())
    return tuple((k, v) for k, v in found if isinstance(k, str) and v is not None)


def _role_policy(one: TerraformResource, gaps: list[Gap]) -> Iterator[Found]:
    role = the_text(one, "role", gaps)
    document = the_document(one, one.values.get("policy"), "policy")
    yield FoundInline(one.address, () if role is None else (role,), _name(one), document)


def _policy(one: TerraformResource, gaps: list[Gap]) -> Iterator[Found]:
    arn = text_of(one.attribute("arn")) or Text((symbol(one.address, "arn"),))
    yield FoundManaged(one.address, arn, _name(one), the_document(one, one.values.get("policy"), "policy"))
    if one.handed:
        yield FoundAttachment(one.address, one.place, arn, ())


def _role_attachment(one: TerraformResource, gaps: list[Gap]) -> Iterator[Found]:
    role, policy = the_text(one, "role", gaps), the_text(one, "policy_arn", gaps)
    if role is not None and policy is not None:
        yield FoundAttachment(one.address, one.place, policy, (role,))


def _policy_attachment(one: TerraformResource, gaps: list[Gap]) -> Iterator[Found]:
    policy = the_text(one, "policy_arn", gaps)
    if policy is not None:
        yield FoundAttachment(one.address, one.place, policy, the_texts(one, "roles", gaps))


def _exclusive(one: TerraformResource, gaps: list[Gap]) -> Iterator[Found]:
    """All managed policies of a role at once: it attaches those that are not there."""
    role = the_text(one, "role_name", gaps)
    for policy in the_texts(one, "policy_arns", gaps):
        yield FoundAttachment(one.address, one.place, policy, () if role is None else (role,))


# ---------------------------------------------------------------- policies of resources

# Where the resource is named that a policy is of; of one that has its own policy, its ARN.
_OF = {
    "aws_ecr_repository_policy": ("repository", "ecr", "repository/"),
    "aws_efs_file_system_policy": ("file_system_id", "elasticfilesystem", "file-system/"),
    "aws_kms_key_policy": ("key_id", "kms", "key/"),
    "aws_secretsmanager_secret_policy": ("secret_arn", "", ""),
}


def _resource_policy(one: TerraformResource, gaps: list[Gap]) -> Iterator[Found]:
    if not _given(one, "policy"):
        return
    argument, service, kind = _OF.get(one.type, ("", "", ""))
    arn = text_of(one.values.get(argument)) if argument else text_of(one.attribute("arn"))
    if arn is not None and service and len(arn.split(":", 5)) < 6:
        home = (one.home.region or AWS_REGION, ":", one.home.account or ACCOUNT_ID)
        arn = Text.of("arn:", PARTITION, f":{service}:", *home, f":{kind}", arn)
    names = one.type.startswith("aws_s3_bucket")  # its statements name it
    yield FoundResourcePolicy(one.address, None if names else arn, the_document(one, one.values["policy"], "policy"))


# ---------------------------------------------------------------- what runs tasks


def task_named(value: Value) -> Text | None:
    """What a task definition is called by: of one of the same root the symbol of its ARN, else a family or an ARN.

    `${family}:${max(revision, …)}` is the family, since which revision that will be is for AWS to say.
    """
    found = text_of(value)
    if found is None:
        return None
    last = found.parts[-1] if found.parts else ""
    if isinstance(last, Ref) and ".aws_ecs_task_definition." in f".{last.name}" and ".data." not in f".{last.name}":
        for attribute in (".revision", ".arn_without_revision", ".arn"):
            if last.name.endswith(attribute) and "(" not in last.name:
                return Text((symbol(last.name.removesuffix(attribute), "arn"),))
    pieces = found.split(":", 1)
    if len(pieces) == 2 and pieces[1].literal is None and pieces[0].literal not in (None, "", "arn"):
        return pieces[0]
    return found


def _event_target(one: TerraformResource, gaps: list[Gap]) -> Iterator[Found]:
    for block in blocks(one.values.get("ecs_target")):
        task = _inner(block, "task_definition_arn")
        yield _passing(one, "events", "role_arn", task, one.values.get("arn"), gaps)


def _schedule(one: TerraformResource, gaps: list[Gap]) -> Iterator[Found]:
    for target in blocks(one.values.get("target")):
        for block in blocks(_inner(target, "ecs_parameters")):
            role = text_of(_inner(target, "role_arn"))
            if role is None:
                gaps.append(Gap(one.at("target"), "`role_arn` isn't understood"))
            task = task_named(_inner(block, "task_definition_arn"))
            cluster = text_of(_inner(target, "arn"))
            yield FoundPassing(one.address, one.place, "scheduler.amazonaws.com", role, task, cluster)


def _pipe(one: TerraformResource, gaps: list[Gap]) -> Iterator[Found]:
    for parameters in blocks(one.values.get("target_parameters")):
        for block in blocks(_inner(parameters, "ecs_task_parameters")):
            task = _inner(block, "task_definition_arn")
            yield _passing(one, "pipes", "role_arn", task, one.values.get("target"), gaps)


def _passing(
    one: TerraformResource, service: str, role: str, task: Value, cluster: Value, gaps: list[Gap]
) -> FoundPassing:
    named = the_text(one, role, gaps)
    return FoundPassing(one.address, one.place, f"{service}.amazonaws.com", named, task_named(task), text_of(cluster))


def _inner(block: Value, name: str) -> Value:
    return block.get(name) if is_map(block) else None


Translate = Callable[[TerraformResource, list[Gap]], Iterator[Found]]


def _template(one: TerraformResource, _: list[Gap]) -> Iterator[Found]:
    """Of which claims GitHub makes the subjects of tokens, in a repository or an organisation."""
    given = one.values.get("include_claim_keys")
    keys: tuple[str, ...] | None = ()
    if given is not None:
        known = is_list(given) and all(isinstance(key, str) for key in given)
        keys = tuple(given) if known else None
    if not one.type.startswith("github_actions_repository"):
        yield FoundTemplate(one.address, one.place, None, keys)
        return
    default = one.values.get("use_default")
    if default is not False:
        keys = TEMPLATE if default is True else None
    name = text_of(one.values.get("repository")) or text(symbol(one.address, "repository"))
    yield FoundTemplate(one.address, one.place, name, None if one.unsure else keys)


def _provider(one: TerraformResource, _: list[Gap]) -> Iterator[Found]:
    url, given = one.values.get("url"), one.values.get("client_id_list")
    if isinstance(url, str):
        named = tuple(str(audience) for audience in given) if is_list(given) else ()
        known = is_list(given) and all(isinstance(audience, str) for audience in given) and not one.unsure
        yield FoundProvider(one.address, one.place, url.removeprefix("https://"), named if known else None)


IAM: dict[str, Translate] = {
    "aws_iam_openid_connect_provider": _provider,
    "aws_iam_role": _role,
    "aws_iam_role_policy": _role_policy,
    "aws_iam_policy": _policy,
    "aws_iam_role_policy_attachment": _role_attachment,
    "aws_iam_role_policy_attachments_exclusive": _exclusive,
    "aws_iam_policy_attachment": _policy_attachment,
    "aws_iam_user_policy_attachment": _policy_attachment,
    "aws_iam_group_policy_attachment": _policy_attachment,
    **dict.fromkeys((*_OF, "aws_s3_bucket_policy", "aws_kms_key"), _resource_policy),
    "aws_cloudwatch_event_target": _event_target,
    "aws_scheduler_schedule": _schedule,
    "aws_pipes_pipe": _pipe,
    "github_actions_repository_oidc_subject_claim_customization_template": _template,
    "github_actions_organization_oidc_subject_claim_customization_template": _template,
}
