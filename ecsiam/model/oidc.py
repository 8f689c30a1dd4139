"""OIDC providers: whose tokens an account takes.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import cast

from attrs import evolve, field, frozen

from ecsiam.errors import PolicyError
from ecsiam.looks.shown import Shown
from ecsiam.model.text import Bindings, Ref, Text, text, texts

Tags = tuple[tuple[str, Text], ...]


def _tags(given: Mapping[str, str | Ref | Text] | Iterable[tuple[str, str | Ref | Text]]) -> Tags:
    pairs = cast("Iterable[tuple[str, str | Ref | Text]]", given.items() if isinstance(given, Mapping) else given)
    return tuple(sorted(((key, text(value)) for key, value in pairs), key=lambda tag: tag[0]))


def _audiences(given: Iterable[str | Ref | Text]) -> tuple[Text, ...]:
    found = texts(given)
    if not found:
        raise PolicyError("an OIDC provider is made with the audiences that its tokens are for")
    return found


@frozen(repr=False)
class OidcProvider(Shown):
    """A provider that is made together with the roles. `id` is that of the role that trusts it.

    `url` is the issuer, `client_ids` the audiences that it takes. `when` names the flag parameter that it is there for;
    empty: always. It needs no thumbprints: of an issuer whose certificate a public authority signed AWS asks for none.
    """

    id: str
    url: str
    client_ids: tuple[Text, ...] = field(converter=_audiences)
    tags: Tags = field(default=(), converter=_tags)
    when: str = ""

    def bind(self, values: Bindings) -> "OidcProvider | None":
        """The provider with references put in; None when its flag is off."""
        when = values.when(self.when)
        if when is None:
            return None
        return evolve(
            self,
            client_ids=[c.bind(values) for c in self.client_ids],
            tags=[(key, value.bind(values)) for key, value in self.tags],
            when=when,
        )

    def texts(self) -> Iterator[Text]:
        """Every text of it."""
        yield from (*self.client_ids, *(value for _, value in self.tags))

    def _says(self) -> str:
        return f"{self.url} for {', '.join(map(str, self.client_ids))}"
