"""The table of `task_access`: every kind of resource, in the order of the docs."""

from ecsiam.features.access import data, messages, operations
from ecsiam.features.access.kind import IN, AccessKind, OfAnyKind
from ecsiam.model.text import Template, Text, in_order, text

KINDS: dict[str, AccessKind] = {
    kind.id: kind
    for module in (data, messages, operations)
    for kind in vars(module).values()
    if isinstance(kind, AccessKind)
}
VERBS = tuple(sorted({verb.name for kind in KINDS.values() for verb in kind.verbs}))
ANY_ARN = OfAnyKind.of(
    "access_arn",
    "the ARN of something that `task_access` knows",
    (kind.form for kind in KINDS.values()),
    (
        ("https?://sqs[.].*", "is a queue's address", f"Write its ARN, such as `arn:aws:sqs:{IN}:orders`."),
        ("(s3|s3a|s3n)://.*", "is a URI", "Write `arn:aws:s3:::BUCKET`, or `arn:aws:s3:::BUCKET/PREFIX/*`."),
        ("https?://.*", "is an address", "Write the ARN of what it leads to."),
        ("alias/.*", "is an alias", "Write the ARN of the key that it points to."),
        ("[A-Za-z0-9_./-]+", "is a name", "Write the ARN: it says what is called so."),
    ),
)
ANY_BESIDE = OfAnyKind.of(
    "access_with_arn",
    "the ARN of something that belongs in `with`",
    (kind.beside.form for kind in KINDS.values() if kind.beside),
    (("[A-Za-z0-9_./-]+", "is a name", "Write its ARN."),),
)


def kind_of(arn: str) -> AccessKind | None:
    """The kind that an ARN is of, each of one; what is open in it doesn't matter, since it stays in its place."""
    written = arn.sample if isinstance(arn, Template) else arn
    return next((kind for kind in KINDS.values() if kind.form.matches(written)), None)


def forms_of(arn: Text) -> tuple[Text, ...]:
    """Every resource that an ARN of a config may stand for: those that actions of its service are asked on."""
    service = arn.split(":", 3)[2:3]
    kinds = (kind for kind in KINDS.values() if service == (text(kind.form.service),))
    afters = {after for kind in kinds for verb in kind.verbs for act in verb.acts for after in act.after}
    return in_order(Text.of(arn, after) for after in afters)
