"""What is said of each action and key that the service reference doesn't have: misspelt, newer, or not known."""

from collections.abc import Iterator

from attrs import evolve

from ecsiam.analysis.answers import Answer, Fails, Holds, Undecided
from ecsiam.analysis.requests import Requests, of_statement
from ecsiam.invariants.accepting import of_requests
from ecsiam.invariants.place import Place
from ecsiam.model.statement import Action, AllBut, Only


def unconditioned(place: Place, actions: Only[Action] | AllBut[Action]) -> Requests:
    """What a statement would grant of some actions if its conditions were met."""
    return of_statement(evolve(place.leaf, statement=evolve(place.statement, actions=actions, conditions=())))


def strange(place: Place) -> Iterator[Answer]:
    """What is to be said of the names in a statement, one by one."""
    from ecsiam.reference.actions import date
    from ecsiam.reference.nearest import unknown_action, unknown_key

    statement, role = place.statement, place.role.id
    names = [unknown_action(a.pattern) for a in statement.actions.items] if isinstance(statement.actions, Only) else []
    found = [("action", one) for one in names]
    found += [("condition key", unknown_key(c.key)) for c in statement.conditions]
    for what, one in found:
        if one is None:
            continue
        near = f": `{one.nearest}` is the nearest" if one.nearest else ""
        about = unconditioned(place, Only((Action(one.name, as_is=True),)) if what == "action" else statement.actions)
        match one.kind:
            case "newer":
                yield Holds(assumed=(f"`{one.name}`, an operation that our data of {date()} lacks, is an action",))
            case "operation":
                fails = Fails(
                    fact=f"the {role} role is granted `{one.name}`, which never applies ({place}): it is no action, "
                    f"and the operation asks for `{one.nearest}`"
                )
                yield of_requests(place.stack, fails, about, role)
            case "misspelt":
                fails = Fails(
                    fact=f"the {role} role is granted something that never applies ({place}): AWS has no {what} "
                    f"`{one.name}`, and has `{one.nearest}`"
                )
                yield of_requests(place.stack, fails, about, role)
            case "unknown":
                yield Undecided(
                    f"the {what} `{one.name}` of the {role} role ({place}) is newer than our data of {date()}, or "
                    f"misspelt{near}"
                )
