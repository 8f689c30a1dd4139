"""The commands of the AWS CLI and docker: their words and options, and which steps they are.

https://docs.aws.amazon.com/cli/latest/reference/
"""

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise

from attrs import frozen

from ecsiam.model.deploying import CALLS, COMMANDS, SERVICES
from ecsiam.model.text import Text, text
from ecsiam.readers.github.expressions import Values, few
from ecsiam.reference.actions import action

FAMILY = "family "  # in place of the path of a file that holds the newest revision of a family
PUSHING = re.compile(r"push=true|type=registry")
HANDED_ON = re.compile(r"AWS_|type=s3|secret")  # what gives credentials to who builds an image

# Commands that do nothing with credentials that are there, and words that are none.
_WITHOUT = """
    : [ [[ awk base64 basename break case cat chmod continue cp cut date dirname done echo envsubst esac exit false fi
    git grep head jq ls mkdir mv printf pwd return rm sed shift sleep sort tail tee test tr true uniq unset wait wc yq }
"""
WITHOUT_AWS = frozenset(_WITHOUT.split())
_DOCKER_WITHOUT = re.compile(r"(build|images|info|inspect|login|logout|tag|version)( .*)?|buildx (build|create|use)")
_FLAGS = ("debug", "force-new-deployment", "force", "enable-execute-command", "include-email")
_GLOBAL = ("region", "output", "query", "profile", "endpoint-url", "ca-bundle", "color", "cli-read-timeout")


@frozen
class Called:
    """A command of the AWS CLI: its words that are no options, and what each option may be."""

    words: tuple[str, ...]
    options: Mapping[str, tuple[Values, ...]]
    written: Mapping[str, list[Text]]
    """What stands there for each option."""

    def first(self, option: str) -> Values:
        """What an option may be; nothing where it isn't there."""
        return next(iter(self.options.get(option, ())), ())

    def one(self, option: str) -> str | None:
        """What an option is, where that is known."""
        found = self.first(option)
        return found[0].literal if len(found) == 1 else None

    @property
    def step(self) -> str | None:
        """The key of `STEPS` that it is, if it is one."""
        return next((COMMANDS[self.words[:n]] for n in (3, 2) if self.words[:n] in COMMANDS), None)

    def printed(self) -> Values:
        """Of which task definition it is what it prints."""
        named = self.first("task-definition") if self.step == "read-definition" else ()
        return tuple(Text.of(FAMILY, one) for one in named)


def parsed(words: list[Text], value: Callable[[Text], Values]) -> Called:
    """A command of the AWS CLI by its words, of which `value` says what each may be."""
    called: list[str] = []
    options: dict[str, list[Text]] = {}
    name = ""
    for word in words:
        literal = word.literal
        if literal is not None and literal in ("<", ">", ">>", "<<", "<<<"):
            break
        if str(word).startswith("--"):
            key, *given = word.removeprefix("--").split("=", 1)
            name = "" if given or str(key) in _FLAGS or str(key).startswith("no-") else str(key)
            options[str(key)] = list(given)
        elif name:
            options[name].append(word)
        elif literal is not None:
            called.append(literal)
        if name in _GLOBAL and options[name]:
            name = ""
    each = {name: tuple(value(word) for word in given) for name, given in options.items()}
    return Called(tuple(called[:3]), each, options)


def used(called: Called, files: Mapping[str, Values]) -> Iterator[tuple[str, dict[str, Values]]]:
    """The steps that a command is, each with what it is done to."""
    cluster = called.first("cluster") or (text("default"),)
    match step := called.step:
        case None:
            yield from _call(called.words)
        case "register":
            yield step, {"definition": _definition(called, files)}
        case "update" | "watch":
            for service in called.options.get("service") or called.options.get("services") or ():
                yield step, {"cluster": cluster, "service": service}
        case "run":
            family = tuple(Text.of(FAMILY, one) for one in called.first("task-definition"))
            yield step, {"cluster": cluster, "definition": family}
        case "watch-tasks" | "stop-task":
            yield step, {"cluster": cluster}
        case "code-deploy-command":
            application, group = called.first("application-name"), called.first("deployment-group-name")
            if application and group:
                for one in (step, "code-deploy-configuration"):
                    yield one, {"application": application, "group": group}
        case _:
            yield step, {}


def _call(words: tuple[str, ...]) -> Iterator[tuple[str, dict[str, Values]]]:
    """A command that is the call of one action, by its name."""
    named = next((CALLS[words[:n]] for n in (3, 2) if words[:n] in CALLS), None)
    if named is None and len(words) > 1 and words[0] in SERVICES:
        named = f"{SERVICES[words[0]]}:{''.join(words[1].split('-'))}"
    known = None if named is None else action(named)
    if known is not None:
        yield "call", {"action": (text(known.id),)}


def definition_of(files: Mapping[str, Values], named: Values) -> Values:
    """Of which definitions files are: what a script wrote into them, else they stand in the repository."""
    found = [one for file in named for one in files.get(str(file), (file,))]
    return few(found, "task definition") if found else ()


def _definition(called: Called, files: Mapping[str, Values]) -> Values:
    if family := called.first("family"):
        return tuple(Text.of(FAMILY, one) for one in family)
    option = next((name for name in ("cli-input-json", "cli-input-yaml") if name in called.written), "")
    printed = [one for word in called.written.get(option, ()) for ref in word.refs for one in files.get(ref.name, ())]
    given = called.first(option)
    named = tuple(one.removeprefix("file://") for one in given if str(one).startswith("file://"))
    return tuple(dict.fromkeys(printed)) or definition_of(files, named)


def pushed(words: list[Text]) -> list[Text]:
    """The images that a command of docker pushes."""
    called = [word.literal for word in words]
    if called[:1] == ["push"] or called[:2] == ["image", "push"]:
        return [word for word in words[1 + (called[0] == "image") :] if not str(word).startswith("-")][:1]
    if "build" in called[:2] and ("--push" in called or any(PUSHING.search(str(w)) for w in words)):
        found = [after for flag, after in pairwise(words) if flag.literal in ("-t", "--tag")]
        return [*found, *(w.removeprefix("--tag=") for w in words if str(w).startswith("--tag="))]
    return []


def harmless(words: list[Text]) -> bool:
    """Whether a command of docker does nothing with credentials but pushing."""
    known = bool(pushed(words)) or _DOCKER_WITHOUT.fullmatch(" ".join(str(word) for word in words[:2]))
    return bool(known) and not any(HANDED_ON.search(str(word)) for word in words)
