"""examples/django.yaml: what a real service needs, in two accounts, without a raw statement."""

import pytest

from ecsiam import Config, Fails, Undecided, load_configs
from ecsiam.analysis.answers import Answer
from ecsiam.invariants import prove_together

from .cases import ROOT, config_of, stack_of

CASES = ("django-shop-dev", "django-shop-prod")


@pytest.mark.parametrize("case", CASES)
def test_it_has_no_raw_statement_and_no_attached_policy(case: str) -> None:
    config = config_of(case)
    known = Config.keys()
    raw = [name for name in known if name.endswith(("_statements", "_managed_policy_arns"))]
    assert raw
    assert not any(getattr(config, name) for name in raw)


def test_all_of_it_is_proved() -> None:
    configs = load_configs(ROOT / "examples" / "django.yaml")
    assert [c.account_id for c in configs] == ["111122223333", "444455556666"]
    proofs = prove_together(map(stack_of, CASES))
    answers: list[tuple[str, str, Answer]] = [(of, id, a) for of, proof in proofs.items() for id, a in proof.items()]
    assert not [one for one in answers if isinstance(one[2], Fails)]
    assert not [id for _, id, answer in answers if isinstance(answer, Undecided)]


@pytest.mark.parametrize("case", CASES)
def test_what_other_sides_have_to_allow_is_told(case: str) -> None:
    """The sidecar's repository, and the two customer keys."""
    from ecsiam import emit

    files = emit(stack_of(case), "terraform").files
    told = [path.rsplit("/", 1)[1] for path in files if path.startswith("companions/") and "index" not in path]
    assert [name.split("-")[0] for name in sorted(told)] == ["ecr", "kms", "kms"]
