"""ARNs that follow from another: the tasks of a cluster, the task sets of a service, the versions of a function.

What a key names in full, it names these with.
"""

from collections.abc import Callable, Iterable

from attrs import evolve

from ecsiam.model.arn import Arn
from ecsiam.model.text import Text, in_order, text


def _renamed(kind: str) -> Callable[[Arn], Text]:
    """What stands below a resource: `cluster/main` as `task/main/*`."""

    def renamed(arn: Arn) -> Text:
        return evolve(arn, resource=Text.of(f"{kind}/", arn.resource.split("/", 1)[-1], "/*")).text

    return renamed


tasks_of = _renamed("task")
instances_of = _renamed("container-instance")
task_sets_of = _renamed("task-set")


def qualified(arn: Arn) -> Text:
    """All versions and aliases of a function: a permission on the bare name is none on them."""
    return Text.of(arn.text, ":*")


def each(rule: Callable[[Arn], Text], values: Iterable[str]) -> tuple[Text, ...]:
    """What follows from each of some ARNs."""
    return in_order(rule(Arn.parse(value)) for value in values)


def functions(values: Iterable[str]) -> tuple[Text, ...]:
    """Functions as they are asked for: a bare name with its versions and aliases, one version or alias alone.

    https://docs.aws.amazon.com/lambda/latest/dg/lambda-api-permissions-ref.html
    """
    found: list[Text] = []
    for value in values:
        arn = Arn.parse(value)
        found += [text(value)] if _is_qualified(arn) else [text(value), qualified(arn)]
    return in_order(found)


def _is_qualified(arn: Arn) -> bool:
    return len(arn.resource.split(":", 2)) > 2


def all_of(value: Text) -> set[Text]:
    """Every ARN that follows from one, of whichever kind it is."""
    arn = Arn.parse(value)
    match (arn.service, str(arn.resource).partition("/")[0]):
        case ("ecs", "cluster"):
            return {rule(arn) for rule in (tasks_of, instances_of)}
        case ("ecs", "service"):
            return {task_sets_of(arn)}
        case ("lambda", _) if not _is_qualified(arn):
            return {qualified(arn)}
        case _:
            return set()
