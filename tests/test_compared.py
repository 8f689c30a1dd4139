"""Stacks are compared role by role: what is the same on both sides has no part in it."""

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from ecsiam import Policy, Principal, Role, Stack, Statement, compare
from ecsiam.model.role import RolePolicy

ACTIONS = ("s3:GetObject", "s3:PutObject", "sqs:SendMessage", "kms:*")
TRUST = Policy([Statement("Allow", "sts:AssumeRole", principals=Principal("Service", "ecs-tasks.amazonaws.com"))])


def role(id: str, actions: list[str]) -> Role:
    own = RolePolicy("own", "own", Policy([Statement("Allow", actions, "*")]))
    return Role(id, name=id, trust=TRUST, policies=[own])


sides = st.dictionaries(
    st.sampled_from("abcd"), st.lists(st.sampled_from(ACTIONS), min_size=1, max_size=3, unique=True)
)


@given(sides, sides)
def test_a_stack_changes_as_its_roles_do(old: dict[str, list[str]], new: dict[str, list[str]]) -> None:
    before, after = (Stack([role(id, actions) for id, actions in of.items()]) for of in (old, new))

    change = compare(before, after)

    for id in old.keys() & new.keys():
        alone = compare(before.roles[id], after.roles[id])
        for mine, whole in ((alone.gained, change.gained), (alone.lost, change.lost)):
            assert [evolve(one, role=id) for one in mine] == [one for one in whole if one.role == id]
    told = {one.role for one in (*change.gained, *change.lost)}
    assert {id for id in old.keys() & new.keys() if old[id] == new[id]}.isdisjoint(told)
    assert old.keys() ^ new.keys() <= told
