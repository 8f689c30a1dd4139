"""What a reader finds in a file, before anything is put together: roles, policies, attachments, tasks, services.

Every format says the same few things about IAM and ECS. A reader translates its format into these and knows nothing of
what is done with them; `assemble` puts them together and knows no format.

A **value** is plain data (None, bool, int, float, str, list, dict with text keys), in which a text that is not known in
whole is a `Text` with references, and what could not be understood at all is `Unread`. References are those of the
deployment (`PARTITION`, `AWS_REGION`, `ACCOUNT_ID`) and **symbols**: `symbol("aws_sqs_queue.orders", "arn")`.
"""

from typing import Any, TypeGuard

from attrs import field, frozen

from ecsiam.errors import Fault, Path, ReadError, show, show_path
from ecsiam.model.oidc import OidcProvider
from ecsiam.model.role import Role
from ecsiam.model.text import ACCOUNT_ID, AWS_REGION, DNS_SUFFIX, PARTITION, Ref, Text
from ecsiam.readers.refs import ALL_REFS, Refs

OF_DEPLOYMENT = frozenset(r.name for r in (ACCOUNT_ID, AWS_REGION, PARTITION, DNS_SUFFIX))


Value = Any
"""A value as above. `Any`, since a recursive type would have to be narrowed at each step down."""


def is_list(value: Value) -> TypeGuard[list[Any]]:
    """Whether a value is a list or a set."""
    return isinstance(value, list)


def is_map(value: Value) -> TypeGuard[dict[Any, Any]]:
    """Whether a value is an object or a map."""
    return isinstance(value, dict)


def as_list(value: Value) -> list[Value]:
    """A list of a value; an empty one for what is none."""
    return value if is_list(value) else []


def as_map(value: Value) -> dict[str, Value]:
    """An object of a value; an empty one for what is none."""
    return value if is_map(value) else {}


def several(value: Value) -> list[Value]:
    """The items of a list, or the value itself: IAM takes a lone item for a list of one."""
    return value if is_list(value) else [value]


@frozen
class Place:
    """Where something stands: a file, a line (from 1; None where the format has none), and the path inside it.

    `address` is what the format calls the thing: `aws_iam_role.task`, `TaskRole`, a role's name in a dump.
    """

    file: str
    line: int | None = None
    path: Path = ()
    address: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return where if self.line or not self.path else f"{where} @ {show_path(self.path)}"


@frozen
class Unread:
    """What a reader could not understand, in place of a value: `why` in a few words."""

    why: str


@frozen
class Gap:
    """What was not understood, and where; what depends on it is Undecided. `address` is the thing it is part of.

    `refused` is what IAM refuses of it, where that is why. `of_all`: nothing of a file was read, or not every one of
    it, so that roles may be missing that nothing names.
    """

    place: Place
    why: str
    refused: Fault | None = None
    of_all: bool = False

    def __str__(self) -> str:
        return f"{self.place}: {self.why}"


@frozen
class Made:
    """What the files of one target make, as `ecsiam emit` writes them."""

    roles: tuple[Role, ...]
    providers: tuple[OidcProvider, ...] = ()


def not_ours(what: object) -> ReadError:
    """What is said of a file, read as one that we emitted, for a part that we would not have written."""
    shown = show(what if isinstance(what, str) else repr(what))
    return ReadError(Fault(f"not as `ecsiam emit` writes it: `{shown}`", (), "Emit it anew"))


def symbol(address: str, attribute: str = "") -> Ref:
    """The unknown text that an attribute of a resource has: equal to itself, and to no other resource's."""
    return Ref(f"{address}.{attribute}" if attribute else address)


def symbols(text: Text) -> tuple[Ref, ...]:
    """What is unknown in a text, and not of the deployment."""
    return tuple(r for r in text.refs if r.name not in OF_DEPLOYMENT)


@frozen
class FoundDocument:
    """A policy document in a file: a value of IAM's JSON, or what stands in its place.

    `places` has the place of each statement that is known (of index i in `Statement`), else the document's own counts.
    """

    value: Value
    place: Place
    places: tuple[Place, ...] = ()


@frozen
class FoundRole:
    """A role: `address` is its key inside its root. `name` None: the format leaves it to be made."""

    address: str
    place: Place
    trust: FoundDocument | None
    name: Text | None = None
    path: str = "/"
    inline: tuple[tuple[Text, FoundDocument], ...] = ()
    managed: tuple[Text, ...] = ()
    """ARNs of managed policies: AWS's, those of a `FoundManaged` of the root, or others, which weren't read."""
    boundary: Text | None = None
    max_session_duration: int | None = None
    tags: tuple[tuple[str, Text], ...] = ()
    arn: Text | None = None
    """Where a file says it (dumps, state); else it follows from path and name."""
    gaps: tuple[Gap, ...] = ()
    """What of it the files don't say: whatever it may do besides is not known."""


@frozen
class FoundInline:
    """A policy put inside a role from outside (`aws_iam_role_policy`, `AWS::IAM::Policy`): role by name or ARN."""

    address: str
    roles: tuple[Text, ...]
    name: Text
    document: FoundDocument


@frozen
class FoundManaged:
    """A customer managed policy, and the roles it attaches itself to, by name or ARN."""

    address: str
    arn: Text
    name: Text
    document: FoundDocument
    roles: tuple[Text, ...] = ()


@frozen
class FoundAttachment:
    """That a managed policy is attached to roles: by the ARN of the one, and names or ARNs of the others.

    One without roles says that something else has the policy, or is handed it: users, groups, another stack.
    """

    address: str
    place: Place
    policy: Text
    roles: tuple[Text, ...]


@frozen
class FoundResourcePolicy:
    """The policy of a key, secret, repository, bucket or file system: who may use it besides those that may by IAM.

    `arn` is the resource's, which `*` in it stands for; None where its statements name what they are about.
    """

    address: str
    arn: Text | None
    document: FoundDocument


def _at(found: "FoundTask | FoundService", path: Path) -> Place:
    place = found.place
    above = [path[:n] for n in range(len(path), 0, -1)]
    line = next((found.lines[one] for one in above if one in found.lines), place.line)
    file = next((found.files[one] for one in above if one in found.files), place.file)
    return Place(file, line, (*place.path, *path), place.address or found.address)


@frozen
class FoundTask:
    """A task definition, as `register-task-definition` takes it: camelCase keys, whatever it was written in.

    `lines` has the line of paths inside `value` (of the deepest that is known), in `place.file`, or where `files` says.
    """

    address: str
    place: Place
    value: Value
    lines: dict[Path, int] = field(factory=dict[Path, int], eq=False, hash=False)
    region: Text | None = None
    """The region that it is for, where that is written beside it: of a provider, or in an ARN."""
    account: Text | None = None
    files: dict[Path, str] = field(factory=dict[Path, str], eq=False, hash=False)

    def at(self, path: Path) -> Place:
        """Where a field of it stands, as exactly as is known."""
        return _at(self, path)


@frozen
class FoundService:
    """An ECS service, as `create-service` takes it: camelCase keys. `task` is the text that names its task definition.

    That text is a family, `family:revision`, an ARN of one, or `symbol(ADDRESS, "arn")` of a `FoundTask`.
    """

    address: str
    place: Place
    value: Value
    task: Text | None = None
    lines: dict[Path, int] = field(factory=dict[Path, int], eq=False, hash=False)
    files: dict[Path, str] = field(factory=dict[Path, str], eq=False, hash=False)

    def at(self, path: Path) -> Place:
        """Where a field of it stands, as exactly as is known."""
        return _at(self, path)


@frozen
class FoundPassing:
    """A rule, schedule or pipe that runs a task: the role it does that with, the task definition and the cluster."""

    address: str
    place: Place
    service: str
    """Who assumes the role: `events.amazonaws.com`, `scheduler.amazonaws.com`, `pipes.amazonaws.com`."""
    role: Text | None
    task: Text | None
    cluster: Text | None = None


@frozen
class Subject:
    """What the token of a job has in its claims, for one way in which the job starts: `when` in words.

    `context` is what stands in `sub` after the repository. A claim is None where a token surely has none, and is not
    known where it isn't there. `of` is which job of a matrix it is, in words: each of them runs.
    """

    when: str
    context: Text
    claims: tuple[tuple[str, Text | None], ...] = ()
    of: str = ""
    refs: Refs = ALL_REFS
    """Which refs those are that aren't named."""


@frozen
class FoundUse:
    """Something that a step does with AWS: a key of `STEPS` in `model.deploying`, and to what.

    Each of `what` (cluster, service, definition, image, ...) is all that it may be.
    """

    step: str
    place: Place
    what: tuple[tuple[str, tuple[Text, ...]], ...] = ()

    def of(self, name: str) -> tuple[Text, ...]:
        """What it is done to; nothing where the step doesn't say."""
        return dict(self.what).get(name, ())


@frozen
class FoundLogin:
    """A step that gets the credentials of a role, and what is done with them after it.

    `roles` is which it may be. `by_token`: with the job's own token, and not as somebody who was logged in before;
    that has one of the `subjects`.
    """

    place: Place
    roles: tuple[Text, ...]
    by_token: bool
    subjects: tuple[Subject, ...] = ()
    audience: tuple[Text, ...] = ()
    region: Text | None = None
    uses: tuple[FoundUse, ...] = ()
    by: tuple[Text, ...] = ()
    """Where it is a chain: which role assumes it, as of `roles`."""
    tagged: bool = False
    """Whether a session of a chain has tags, as the action gives it."""
    whole: bool = True
    """Whether `uses` is all that is done with the credentials: every step after it was understood."""


@frozen
class FoundJob:
    """A job of a workflow that gets credentials of AWS, or may get some in a way that isn't understood (`others`).

    `token`: whether it may ask for a token; None: not known.
    """

    address: str
    place: Place
    token: bool | None
    logins: tuple[FoundLogin, ...] = ()
    unsure: str = ""
    """Why it may get credentials otherwise."""
    others: bool = False


@frozen
class FoundTemplate:
    """Of which claims GitHub makes subjects: in a repository, by its name without the owner, or (None) an organisation.

    `keys` None: it isn't known; of a repository none means those of its organisation.
    """

    address: str
    place: Place
    repository: Text | None
    keys: tuple[str, ...] | None


@frozen
class FoundProvider:
    """An OIDC provider: its issuer, without a scheme, and the audiences that it takes; None: they aren't known."""

    address: str
    place: Place
    issuer: str
    audiences: tuple[str, ...] | None


Found = (
    FoundRole
    | FoundInline
    | FoundManaged
    | FoundAttachment
    | FoundResourcePolicy
    | FoundTask
    | FoundService
    | FoundPassing
    | FoundJob
    | FoundTemplate
    | FoundProvider
)


TERRAFORM, TEMPLATE = "Terraform", "template"  # what some kinds of roots are, or end with


@frozen
class Root:
    """What belongs together: a Terraform root, a template, a dump, or the documents of a folder.

    `name` is the path of the file or folder, as messages show it; `kind` what it is, in words. `arns` gives what is
    known of the ARN that a symbol stands for: its form by the kind of resource, with symbols for what isn't known.
    `keys` has the ARN of the customer key of a secret, parameter or bucket, by the address that its symbols begin with;
    None for one that has none.
    """

    name: str
    kind: str
    found: tuple[Found, ...]
    gaps: tuple[Gap, ...] = ()
    arns: dict[Ref, Text] = field(factory=dict[Ref, Text], eq=False, hash=False)
    keys: dict[str, Text | None] = field(factory=dict[str, Text | None], eq=False, hash=False)
    files: tuple[str, ...] = ()
    moved: tuple[tuple[str, str], ...] = ()
    """What has another address now, a thing or a module: the one that was, empty for what is imported, and that is."""
    imports: frozenset[str] = frozenset()
    """Other roots that hand values to it: what is called there as it is in them is the same."""
