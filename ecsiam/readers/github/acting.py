"""Who calls the commands of a script: the keys that it has, and those that it sets.

https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-envvars.html
https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-role.html
"""

import re
from collections.abc import Callable

from attrs import define, field

from ecsiam.model.text import EMPTY, Ref, Text, text
from ecsiam.readers.found import Place
from ecsiam.readers.github.aws_cli import Called
from ecsiam.readers.github.callers import BY_FILE, KEYS, NOBODY, Callers, Who
from ecsiam.readers.github.expressions import Values
from ecsiam.readers.github.shell import PRINTED, commands

PROFILE = "AWS_PROFILE"
REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")
# What a function of a script does isn't followed: with one of these in it nobody knows who calls what follows.
OTHERWISE = re.compile(r"AWS_ACCESS_KEY_ID|AWS_PROFILE|assume-role|aws configure|aws-vault")
CONFIG = (".aws/config", ".aws/credentials")
# What prints keys, for `eval` and the like to set.
_PRINTS_KEYS = re.compile(r"AWS_ACCESS_KEY_ID|assume|credential|vault|saml")
_SECTION = re.compile(r"\[(?:profile\s+)?(?P<name>[\w.-]+)\]")


@define
class Acting:
    """Who calls, command by command. `value` is what a word may be."""

    who: Callers
    value: Callable[[Text], Values]
    assumed: Who = frozenset()
    """The roles that were assumed, and whose keys nothing has yet."""
    later: Who | None = None
    """Whose keys the steps after it have, where it says so."""
    prints_keys: bool = False
    """Whether what a command printed sets keys, where the shell takes it for commands."""
    outer: list[tuple[int, Who]] = field(factory=list[tuple[int, Who]])
    """Who called before a shell in a shell set that, each with how deep that is."""
    depth: int = 0
    """In how many shells the command is."""
    surely: bool = True
    """Whether the script surely comes to the command."""

    def enter(self, depth: int) -> None:
        """Go on so deep: what was set in shells that ended is not set any more."""
        self.depth = depth
        while self.outer and depth < self.outer[-1][0]:
            self.who.current = self.outer.pop()[1]

    def become(self, who: Who) -> None:
        """From here on it is somebody else who calls, in this shell; or both may be, where that isn't sure."""
        if self.depth and not (self.outer and self.outer[-1][0] == self.depth):
            self.outer.append((self.depth, self.who.current))
        self.who.current = who if self.surely else who | self.who.current

    def keys(self, values: Values) -> Who:
        """Whose keys a text is: those that are there, or the ones that a command prints of the role assumed before."""
        names = [ref.name for one in values for ref in one.refs]
        if names == [f"${KEYS}"]:
            return self.who.current
        return self._taken() if PRINTED in names else NOBODY

    def _taken(self) -> Who:
        """Who was assumed, and is taken now."""
        found, self.assumed = self.assumed or NOBODY, frozenset()
        return found

    def changes(self, words: list[Text], *, piped: bool) -> None:
        """What a command sets of the keys that those after it are called with."""
        name, printed = words[0].literal, any(ref.name == PRINTED for word in words for ref in word.refs)
        if name == "export":
            self._exports(words[1:], printed=printed)
        elif name == "eval" and self.prints_keys and printed:
            self.become(self._taken())
        elif name in ("eval", "unset") and (self.assumed if name == "eval" else KEYS in map(str, words)):
            self.become(NOBODY)
        elif name == "read" and KEYS in map(str, words):
            self.become(self._taken())
        if "{$GITHUB_ENV}" in map(str, words):
            for word in words:
                before, named, _ = str(word).partition(f"{KEYS}=")
                if named:
                    who = self._taken() if before else self.keys(self.value(word.split("=", 1)[1]))
                    self.later = who if self.surely else NOBODY
        printing = any(_PRINTS_KEYS.search(str(word)) for word in words)
        self.prints_keys = printing or (self.prints_keys and piped)

    def _exports(self, words: list[Text], *, printed: bool) -> None:
        given = [one.split("=", 1) for one in words if "=" in str(one)]
        keys = next((value for name, value in given if name.literal == KEYS), None)
        if keys is not None:
            self.become(self.keys(self.value(keys)))
        elif any(name.literal == PROFILE for name, _ in given):
            self.become(NOBODY)
        elif printed and not given and self.prints_keys:
            self.become(self._taken())

    def assumes(self, called: Called, place: Place, *, excused: bool) -> None:
        """`aws sts`, where it gives keys of a role."""
        roles, what = called.first("role-arn"), called.words[1] if len(called.words) > 1 else ""
        if not what.startswith(("assume", "get-session", "get-federation")):
            return
        found = NOBODY
        if what == "assume-role" and roles and not excused:
            found = self.who.assume(place, roles, as_=self.who.current, tagged="tags" in called.options)
        elif what == "assume-role-with-web-identity" and roles and not excused:
            found = self.who.assume_by_token(place, roles, self.regions())
        self.assumed |= found

    def by_file(self, place: Place) -> None:
        """Where nobody logged in, it is the role that variables name, with a token in a file."""
        if self.who.asked is None or self.who.logins:
            return
        roles, file = (self.value(text(Ref(f"${name}"))) for name in BY_FILE)
        set_ = roles != (text(Ref(f"${BY_FILE[0]}")),) and file != (text(Ref(f"${BY_FILE[1]}")),)
        if set_ and self.surely and not self.depth:
            found = self.who.assume_by_file(place, roles, self.regions())
            self.later = found if found != NOBODY else self.later

    def regions(self) -> Values:
        """The region of commands that name none, where nobody logged in who said one."""
        each = {name: self.value(text(Ref(f"${name}"))) for name in REGIONS}
        return next((values for name, values in each.items() if values != (text(Ref(f"${name}")),)), ())

    # ------------------------------------------------------------ profiles

    def configures(self, called: Called, words: list[Text], *, excused: bool) -> None:
        """`aws configure set NAME VALUE`, of a profile; that without a name counts for less than keys that are set."""
        if called.words[1:2] != ("set",) or len(called.words) < 3:
            return
        name, profile = called.words[2], called.one("profile")
        if name.startswith("profile."):
            _, profile, name = (*name.split(".", 2), "")[:3]
        if profile is not None and len(words) > 3:
            self._configured(profile, name, self.value(words[3]), surely=not excused)

    def config(self, document: str, holes: tuple[Ref, ...], *, surely: bool) -> None:
        """What is written into the file of the AWS CLI's profiles."""
        profile = ""
        for line in document.splitlines():
            name, found, value = (part.strip() for part in line.partition("="))
            if section := _SECTION.fullmatch(line.strip()):
                profile = section["name"]
            elif found and profile:
                (*_, word) = (EMPTY, *(w for one in commands(f'"{value}"', holes) for w in one.words))
                self._configured(profile, name, self.value(word), surely=surely)

    def _configured(self, profile: str, name: str, values: Values, *, surely: bool) -> None:
        given = self.who.profiles.setdefault(profile, {})
        if not surely:
            given["who"] = NOBODY
        elif name == KEYS.lower():
            given["who"] = self.keys(values)
        else:
            given[name] = values
