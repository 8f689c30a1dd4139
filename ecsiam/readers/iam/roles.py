"""Roles and policies of which several values of IAM's JSON speak, together as far as files say what is whose."""

from collections.abc import Iterator
from pathlib import PurePath

from attrs import define, evolve, field

from ecsiam.looks.words import listed
from ecsiam.model.text import ACCOUNT_ID, PARTITION, Text, text
from ecsiam.readers.found import (
    Found,
    FoundAttachment,
    FoundDocument,
    FoundInline,
    FoundManaged,
    FoundRole,
    Gap,
    Place,
    Unread,
    as_list,
    symbol,
)
from ecsiam.readers.iam.values import At, account_of, kind_of
from ecsiam.readers.iam.whose import Whose, by_trust, version_of

_DETAILS = "`aws iam get-account-authorization-details` prints them all"


@define
class _Pages:
    """The pages of one account: one that says that another follows, and whether the last one is here."""

    open: Place | None = None
    ended: bool = False


@define
class IamRoles:
    """What the values say. `settled` comes last, when it is known which roles there are."""

    roles: dict[str, FoundRole] = field(factory=dict[str, FoundRole])
    partial: set[str] = field(factory=set[str])
    """The keys of roles of which is only said what they are, and not which policies they have."""
    managed: dict[str, FoundManaged] = field(factory=dict[str, FoundManaged])
    defaults: dict[str, str] = field(factory=dict[str, str])
    """The default version of managed policies whose document is not here yet."""
    given: list[tuple[At, Text, FoundInline | FoundAttachment]] = field(
        factory=list[tuple[At, Text, FoundInline | FoundAttachment]]
    )
    attached: list[tuple[At, list[str | Text]]] = field(factory=list[tuple[At, list[str | Text]]])
    named: list[tuple[At, list[str]]] = field(factory=list[tuple[At, list[str]]])
    elsewhere: list[FoundAttachment] = field(factory=list[FoundAttachment])
    """Of policies that somebody else has."""
    versions: list[At] = field(factory=list[At])
    documents: list[At] = field(factory=list[At])
    pages: dict[str, _Pages] = field(factory=dict[str, _Pages])
    gaps: list[Gap] = field(factory=list[Gap])
    inside: dict[str, set[str]] = field(factory=dict[str, set[str]], init=False)
    """The names of the inline policies that were found by themselves, by role."""
    told: set[str] = field(factory=set[str], init=False)
    """The roles of which is said what is attached to them."""

    # ------------------------------------------------------------ values

    def details(self, at: At) -> None:
        """`get-account-authorization-details`, or a page of it."""
        self._roles(at, "RoleDetailList")
        self.policies(at)
        for key in ("UserDetailList", "GroupDetailList"):
            for one in (attached for of in at.each(key) for attached in of.each("AttachedManagedPolicies")):
                self._elsewhere(one, one.text("PolicyArn"))
        self._page(at, "RoleDetailList")

    def listed_roles(self, at: At) -> None:
        """`list-roles`, or a page of it."""
        self._roles(at, "Roles")
        self._page(at, "Roles")

    def _roles(self, at: At, key: str) -> None:
        for one in at.each(key):
            if not self.role(one):
                self.gaps.append(Gap(one.place(), "it is no role", of_all=True))

    def _page(self, at: At, key: str) -> None:
        arns = (one.text("Arn") for of in (key, "Policies") for one in at.each(of))
        for account in {found for arn in arns if (found := account_of(arn)) not in ("", "aws")} or {""}:
            pages = self.pages.setdefault(account, _Pages())
            if at.data.get("IsTruncated") is True or at.data.get("NextToken"):
                pages.open = at.of("IsTruncated" if "IsTruncated" in at.data else "NextToken")
            else:
                pages.ended = True

    def role(self, at: At) -> bool:
        """A role as an input or an output has it; whether it is one."""
        arn, name = at.text("Arn"), at.text("RoleName")
        if arn is None and name is None and "AssumeRolePolicyDocument" not in at.data:
            return False
        called = str(name) if name else PurePath(at.file).parent.name or at.file
        key = f"{account}/{called}" if (account := account_of(arn)) else called
        known = self.roles.get(key)
        if known is not None and arn is None and known.place.file != at.file:  # another's, of the same name
            key = f"{PurePath(at.file).parent.as_posix()}/{called}"
            known = self.roles.get(key)
        made = _made(at, key, name, arn)
        whole = "RolePolicyList" in at.data or arn is None
        if known is None or (whole and key in self.partial):
            self.roles[key] = made
            (self.partial.discard if whole else self.partial.add)(key)
        elif whole and not _alike(known, made):
            twice = Gap(made.place, f"the role is in {known.place} too, and not the same")
            self.roles[key] = evolve(known, gaps=(*known.gaps, twice))
        return True

    def policies(self, at: At) -> None:
        """The managed policies of an account."""
        for one in at.each("Policies"):
            self.policy(one)

    def policy(self, at: At) -> bool:
        """A managed policy of the customer's, in its default version where that is here; whether it is a policy."""
        arn = at.text("Arn")
        if arn is None or arn.holds(":iam::aws:policy/"):
            return arn is not None
        key = str(arn)
        name = at.text("PolicyName") or text(key.rpartition("/")[2])
        if at.data.get("AttachmentCount") or at.data.get("PermissionsBoundaryUsageCount"):
            self._elsewhere(at, arn)
        versions = at.each("PolicyVersionList")
        default = next((one for one in versions if one.data.get("IsDefaultVersion") is True), None)
        if default is not None:
            self.managed[key] = FoundManaged(key, arn, name, default.document("Document", key))
            self.defaults.pop(key, None)
        elif key not in self.managed:
            missing = FoundDocument(Unread("its default version is not here"), at.place(key))
            self.managed[key] = FoundManaged(key, arn, name, missing)
            self.defaults[key] = str(at.data.get("DefaultVersionId", ""))
        return True

    def _elsewhere(self, at: At, arn: Text | None) -> None:
        """That somebody has a policy: a user, a group, or a role that is not here."""
        if arn is not None:
            self.elsewhere.append(FoundAttachment(str(arn), at.place(str(arn)), arn, ()))

    def version(self, at: At) -> None:
        """`get-policy-version`, which doesn't say of what."""
        self.versions.append(at.inner("PolicyVersion"))

    def inline(self, at: At) -> None:
        """`get-role-policy`, or the input of `put-role-policy`."""
        role, name = at.text("RoleName"), at.text("PolicyName")
        if role and name:
            found = FoundInline(str(role), (role,), name, at.document("PolicyDocument", str(role)))
            self.given.append((at, role, found))

    def attachment(self, at: At) -> None:
        """The input of `attach-role-policy`."""
        role, arn = at.text("RoleName"), at.text("PolicyArn")
        if role and arn:
            found = FoundAttachment(str(role), at.of("PolicyArn", str(role)), arn, (role,))
            self.given.append((at, role, found))

    def create_policy(self, at: At) -> None:
        """The input of `create-policy`."""
        name = at.text("PolicyName")
        if name:
            path = at.text("Path") or text("/")
            arn = Text.of("arn:", PARTITION, ":iam::", ACCOUNT_ID, ":policy", path, name)
            key = str(name) if str(name) not in self.managed else f"{at.file} {name}"
            self.managed[key] = FoundManaged(key, arn, name, at.document("PolicyDocument", key))

    def attached_list(self, at: At) -> None:
        """`list-attached-role-policies`, which doesn't say of which role."""
        arns = (one.text("PolicyArn") for one in at.each("AttachedPolicies"))
        self.attached.append((at, [arn for arn in arns if arn]))

    def names(self, at: At) -> None:
        """`list-role-policies`, which doesn't say of which role."""
        self.named.append((at, [str(one) for one in as_list(at.data.get("PolicyNames"))]))

    def alone(self, at: At) -> bool:
        """A document by itself; those of queues, keys and repositories give no role anything."""
        kind = kind_of(at.data)
        if kind in ("identity", "trust"):
            self.documents.append(at)
        return bool(kind)

    # ------------------------------------------------------------ together

    def settled(self, root: str) -> tuple[tuple[Found, ...], tuple[Gap, ...]]:
        """Everything, with what bears no role's name given to the role that its file is about."""
        whose = Whose.of(self.roles, root)
        others = [*self._given(whose), *self._attached(whose)]
        self._complete(whose)
        for at in self.versions:
            self._version(at, root)
        by_trust = self._by_trust(whose, root)
        for at in self.documents:
            others += self._alone(at, whose.folder(at.file) or by_trust.get(at.file), root)
        unnamed = self.pages.get("", _Pages())  # a last page with nothing on it is of any account
        for account, pages in self.pages.items():
            if pages.open is not None and not pages.ended and not unnamed.ended:
                of = f" of account {account}" if account else ""
                why = f"a page{of} that follows is not here, with its roles and policies"
                self.gaps.append(Gap(pages.open, why, of_all=True))
        return (*self.roles.values(), *self.managed.values(), *others, *self.elsewhere), tuple(self.gaps)

    def _text_of(self, key: str) -> Text:
        role = self.roles[key]
        return role.arn or role.name or text(symbol(key))

    def _given(self, whose: Whose) -> Iterator[Found]:
        for at, name, one in self.given:
            found = one
            there = whose.named(name, at.file)
            if len(there) > 1:
                self.gaps.append(Gap(at.place(str(name)), f"which of {len(there)} roles `{name}` is meant is not said"))
                continue
            for key in there:
                found = evolve(found, roles=(self._text_of(key),))
                if isinstance(found, FoundInline):
                    self.inside.setdefault(key, set()).add(str(found.name))
            yield found

    def _attached(self, whose: Whose) -> Iterator[Found]:
        for at, arns in self.attached:
            key = whose.owner(at.file)
            if key is None:
                self.gaps.append(Gap(at.place(), _not_said("attached policies")))
                continue
            self.told.add(key)
            of = (self._text_of(key),)
            yield from (FoundAttachment(key, at.place(key), text(arn), of) for arn in arns)

    def _complete(self, whose: Whose) -> None:
        """Say of each role what of its policies is not here."""
        listing: dict[str, list[str]] = {}
        for at, names in self.named:
            key = whose.owner(at.file)
            if key is None:
                self.gaps.append(Gap(at.place(), _not_said("inline policies")))
            else:
                listing[key] = names
        for key in sorted({*self.partial, *listing}):
            role = self.roles[key]
            inside = self.inside.get(key, set()) | {str(name) for name, _ in role.inline}
            missing = [name for name in listing.get(key, ()) if name not in inside]
            whys = [f"its inline policies {listed(missing)} are not here"] if missing else []
            if key in self.partial and not (key in listing and key in self.told):
                kinds = [*(["inline"] * (key not in listing)), *(["attached"] * (key not in self.told))]
                whys.append(f"which {' and '.join(kinds)} policies it has is not said here: {_DETAILS}")
            self.roles[key] = evolve(role, gaps=(*role.gaps, *(Gap(role.place, why) for why in whys)))

    def _version(self, at: At, root: str) -> None:
        key = version_of(at.file, root, str(at.data.get("VersionId", "")), self.defaults, self.managed)
        if key is not None:
            self.managed[key] = evolve(self.managed[key], document=at.document("Document", key))
            del self.defaults[key]
        elif at.data.get("IsDefaultVersion") is not False:
            why = "of which policy this is a version is not said: put its name into the file's"
            self.gaps.append(Gap(at.place(), why))

    def _by_trust(self, whose: Whose, root: str) -> dict[str, str]:
        """The files that are a role by its trust and policies alone, with the role: it is called as its folder is."""
        found: dict[str, str] = {}
        for file, folder in by_trust(at.file for at in self.documents if whose.folder(at.file) is None).items():
            named = folder.name and folder != PurePath(root)  # what was asked for may be called anything
            key = _within(folder, root).as_posix() if named else "role"
            if key not in self.roles:
                place = next(at.place(key) for at in self.documents if at.file == file)
                self.roles[key] = FoundRole(key, place, None, name=text(folder.name) if named else None)
            found[file] = key
        return found

    def _alone(self, at: At, folder: str | None, root: str) -> Iterator[FoundInline]:
        """A document by itself: of the role whose folder it is in, else as a role of which nothing else is known."""
        trusts = kind_of(at.data) == "trust"
        path = PurePath(at.file)
        if folder is not None:
            role = self.roles[folder]
            if not trusts:
                yield FoundInline(folder, (self._text_of(folder),), text(path.stem), at.alone(folder))
            elif role.trust is None:
                self.roles[folder] = evolve(role, trust=at.alone(folder))
            return
        key = _within(path, root).with_suffix("").as_posix() + "".join(f"[{one}]" for one in at.path)
        if key in self.roles:
            key = path.as_posix()
        made = FoundRole(key, at.place(key), at.alone(key) if trusts else None)
        self.roles[key] = made if trusts else evolve(made, inline=((text(path.stem), at.alone(key)),))


def _within(path: PurePath, root: str) -> PurePath:
    return path.relative_to(root) if path.is_relative_to(root) and path != PurePath(root) else PurePath(path.name)


def _made(at: At, key: str, name: Text | None, arn: Text | None) -> FoundRole:
    longest, path = at.data.get("MaxSessionDuration"), at.data.get("Path")
    boundary = at.inner("PermissionsBoundary").text("PermissionsBoundaryArn") or at.text("PermissionsBoundary")
    trust = at.data.get("AssumeRolePolicyDocument")
    return FoundRole(
        address=key,
        place=at.place(key),
        trust=at.document("AssumeRolePolicyDocument", key) if trust else None,
        name=name,
        path=path if isinstance(path, str) and path else "/",
        inline=tuple(
            (one.text("PolicyName") or text(""), one.document("PolicyDocument", key))
            for one in at.each("RolePolicyList")
        ),
        managed=tuple(
            one.text("PolicyArn") or text(symbol(key, f"attached policy {i}"))
            for i, one in enumerate(at.each("AttachedManagedPolicies"))
        ),
        boundary=boundary,
        max_session_duration=longest if isinstance(longest, int) and longest else None,
        tags=tuple(
            (str(one.text("Key")), text(one.data["Value"]))
            for one in at.each("Tags")
            if one.text("Key") and isinstance(one.data.get("Value"), str | Text)
        ),
        arn=arn,
    )


def _alike(one: FoundRole, other: FoundRole) -> bool:
    """Whether two say the same of a role, wherever they stand."""

    def said(role: FoundRole) -> object:
        documents = [(name, found.value) for name, found in role.inline]
        trust = role.trust.value if role.trust else None
        return (documents, trust, role.managed, role.boundary, role.path)

    return said(one) == said(other)


def _not_said(what: str) -> str:
    return f"of which role these {what} are is not said: put its name into the file's"
