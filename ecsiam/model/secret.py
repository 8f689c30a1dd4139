"""What to write as Resource for a secret that a task definition names in `valueFrom`.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html
"""

import re

from ecsiam.errors import ConfigError, Fault
from ecsiam.model.each import RULES
from ecsiam.model.text import Text, text

_TAIL = "-([A-Za-z0-9]{6})$"
# Six characters that a person may well have written: Secrets Manager's own are a mix, but 4 in 100 of them look so too.
_WORDLIKE = "[a-z0-9]{6}|[A-Z][a-z]{5}|[A-Z]{6}|[A-Z][a-z]+[A-Z][a-z]+"


def secret_resource(given: str, *, complete: bool) -> Text:
    """The ARN pattern of a secret or parameter, without JSON key and version; a parameter's name as it is.

    Secrets Manager adds a hyphen and six characters to a name. An ARN without them gets `-??????`; wildcards stay as
    they are written. Raises ConfigError for a tail that may be either, unless `complete` says that all are complete.
    """
    if not given.startswith("arn:"):
        return text(given)  # a parameter's name
    arn = text(given)
    if arn.split(":", 3)[2].literal == "ssm":
        return arn
    [stripped] = RULES["secret"]([arn])
    if stripped.holds("*") or stripped.holds("?"):
        return stripped
    # Where a reference stands in the tail, nobody can say whether it is complete: the name is open, so it is none.
    tail = re.search(_TAIL, str(stripped), re.ASCII)
    if complete:
        if tail is None and not str(stripped).endswith("}"):
            raise ConfigError(
                Fault(
                    f"`{given}` does not end in a hyphen and six characters, as `secrets_arns_complete` says",
                    (),
                    "Write the complete ARN, or leave `secrets_arns_complete` out.",
                )
            )
        return stripped
    if tail is None:
        return Text.of(stripped, "-??????")
    if re.fullmatch(_WORDLIKE, tail[1], re.ASCII):
        raise ConfigError(
            Fault(
                f"`{given}`: `-{tail[1]}` may be the end of the name or the six characters that Secrets Manager adds",
                (),
                "Write complete ARNs in the whole list and `secrets_arns_complete: true`; or, if it is the name, write "
                f"`{stripped}-??????`, and the complete ARN in the task definition, since Secrets Manager takes such a "
                "name for a complete ARN.",
            )
        )
    return stripped


def looks_complete(name: str) -> bool:
    """Whether a name ends in six characters as Secrets Manager adds them, and no person writes."""
    tail = re.search(_TAIL, name, re.ASCII)
    return tail is not None and not re.fullmatch(_WORDLIKE, tail[1], re.ASCII)
