"""The command that puts a token to the trusts of a config: `trust`."""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, cast

import typer

from ecsiam.cli.chosen import Environments, Services
from ecsiam.cli.options import AnyPath, FormatOption, Repository, Set, VarFile, checked_repository, told
from ecsiam.cli.questions import end
from ecsiam.cli.streams import as_text, say, write
from ecsiam.targets import dump

if TYPE_CHECKING:
    from ecsiam.analysis.tokens import Claims, Judged

LARGEST = 64 * 1024  # bytes; AWS takes tokens of 20,000 characters
_JWT = re.compile(r"[A-Za-z0-9_-]+\.([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]*")
_TIMES = ("exp", "iat", "nbf")


def trust(
    path: AnyPath = "ecsiam.yaml",
    *,
    token: Annotated[
        str | None,
        typer.Option(
            "--token", metavar="FILE", help="The token: its claims as JSON, or the JWT itself. - is standard input."
        ),
    ] = None,
    workflow: Annotated[
        str | None,
        typer.Option("--workflow", metavar="FILE", help="A workflow of GitHub: all tokens that its jobs can send."),
    ] = None,
    repository: Repository = None,
    role: Annotated[str | None, typer.Option("--role", metavar="ROLE", help="Only this role of a config.")] = None,
    service: Services = None,
    environment: Environments = None,
    set_: Set = None,
    var_file: VarFile = None,
    format_: FormatOption = "text",
) -> None:
    """Say whether the bringer of a token may assume a role, and which condition refuses it.

    Either of one token, or of the jobs of a workflow. The signature is not verified, and the times are not judged.

    Exits with 1 when no role takes the token, with 3 when that hangs on what is left to deployment. A file of several
    services has the roles of all that take tokens. Of a workflow it exits with 1 when a job can't assume its role, with
    3 when that hangs on what no file says.

    Example: ecsiam trust examples/everything.yaml --token -
    <<< '{"iss": "https://token.actions.githubusercontent.com", "aud": "sts.amazonaws.com",
    "sub": "repo:octo-org@1234567/memos@7654321:ref:refs/heads/main"}'
    """
    if (token is None) == (workflow is None):
        raise typer.BadParameter("give a token with `--token`, or a workflow with `--workflow`", param_hint="trust")
    of = checked_repository(repository)
    if of is not None and workflow is None:
        raise typer.BadParameter("it goes with `--workflow`: a token says it itself", param_hint="--repository")
    if path == token == "-":
        raise typer.BadParameter("standard input can't be both PATH and FILE", param_hint="--token")
    from ecsiam.cli.given import read
    from ecsiam.cli.trusts import flags_of, trusts_of, with_defaults
    from ecsiam.errors import Fault, PolicyError

    givens = read(path, told(set_, var_file), (service, environment))
    if workflow is not None:
        from ecsiam.cli.workflows import trust_workflow

        trust_workflow(givens, role, workflow, of, as_json=format_ == "json")
    from ecsiam.analysis.tokens import judged

    claims = _claims(str(token))
    every: dict[str, dict[str, Judged]] = {}
    for given in with_defaults(givens.having(role)):
        every[given.of] = {
            id: judged(policy, claims, flags_of(given, id)) for id, policy in trusts_of(given, role).items()
        }
    answers = {f"{of}: {id}" if of else id: a for of, found in every.items() for id, a in found.items()}
    if not answers:
        remedy = "Turn on `enable_github_oidc` or `enable_gitlab_oidc`, or name the trust policy of a role."
        raise PolicyError(Fault(f"`{givens.name}` has no role for who brings a token", (), remedy))
    write(dump(_data(givens.name, every)) if format_ == "json" else as_text(_lines(answers)))
    times = [name for name in _TIMES if name in claims]
    if times:
        say(f"note: not judged: {', '.join(f'`{t}`' for t in times)}. AWS refuses a token that has expired")
    outcomes = {answer.outcome for answer in answers.values()}
    end(no="accepted" not in outcomes and "undecided" not in outcomes, undecided="accepted" not in outcomes)


# ---------------------------------------------------------------- what was given


def _claims(path: str) -> "Claims":
    """The claims of a token. Raises ConfigError or PolicyError for what is none."""
    from attrs import evolve

    from ecsiam.analysis.tokens import issuer_of
    from ecsiam.errors import Fault, PolicyError
    from ecsiam.keys.source import read_bytes
    from ecsiam.model.bounds import loaded
    from ecsiam.model.document import describe, is_object

    name, read = read_bytes(path, LARGEST + 1)
    try:
        if len(read) > LARGEST:
            raise PolicyError(f"larger than {LARGEST // 1024} KiB, which no token is")
        data = loaded(_payload(read), str)
        if not is_object(data):
            remedy = "Write its claims as one object, or the JWT itself."
            raise PolicyError(Fault(f"a token is an object of claims, and not {describe(data)}", (), remedy))
        found = {str(claim): value for claim, value in data.items()}
        if "value" in found and "iss" not in found and isinstance(found["value"], str):
            data = loaded(_payload(found["value"].encode()), str)  # as GitHub's own endpoint answers
            found = dict(data) if is_object(data) else {}
        claims = cast("Claims", {c: v for c, v in found.items() if _is_plain(v)})
        issuer_of(claims)  # without one it is no token
        return claims
    except PolicyError as e:
        raise PolicyError(*(evolve(f, file=name) for f in e.faults)) from None
    except (ValueError, RecursionError):
        remedy = "Write its claims as JSON, or the JWT itself: three parts with dots between them."
        raise PolicyError(Fault("it is no token", (), remedy, name)) from None


def _payload(read: bytes) -> str:
    """The claims as JSON: of a JWT, its second part."""
    text = read.decode("utf-8-sig").strip()
    whole = _JWT.fullmatch(text)
    if whole is None:
        return text
    say("note: the token's signature is not verified")
    part = whole[1]
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode("utf-8")
    except binascii.Error as e:
        raise ValueError from e


def _is_plain(value: object) -> bool:
    """Whether a claim may be compared at all: a text, a number, a flag, or a list of them."""
    if isinstance(value, list):
        return all(map(_is_plain, cast("list[object]", value)))
    return isinstance(value, str | bool)


# ---------------------------------------------------------------- what is printed


def _lines(answers: Mapping[str, "Judged"]) -> Iterator[str]:
    from ecsiam.cli.trusts import unmet_lines

    wide = max(map(len, answers))
    for id, answer in answers.items():
        by = next((t for t in answer.tried if not t.unmet), None)
        says = answer.why
        if answer.outcome == "accepted" and by is not None:
            says = f"by statement {by.index}: {by.statement.why}"
        yield f"{answer.outcome:<9}  {id:<{wide}}  {says}".rstrip()
        for tried in answer.tried if answer.outcome == "refused" else ():
            if tried.unmet and tried.statement.effect == "Allow":
                yield f"    statement {tried.index}: {tried.statement.why}"
                yield from (f"        {line}" for u in tried.unmet for line in unmet_lines(u))


def _data(source: str, every: Mapping[str, Mapping[str, "Judged"]]) -> dict[str, object]:
    from ecsiam.cli.shown import owner_data

    found = [{**owner_data(of), "roles": {id: _judged_data(a) for id, a in one.items()}} for of, one in every.items()]
    return {"source": source, "configs": found} if any(every) else {"source": source, **found[0]}


def _judged_data(answer: "Judged") -> dict[str, object]:
    from ecsiam.cli.trusts import tried_data

    return {
        "outcome": answer.outcome,
        "reason": answer.why,
        "statements": [tried_data(t) for t in answer.tried],
    }
