"""Terraform files that look as if they were emitted, and weren't."""

import pytest

from ecsiam.errors import ReadError
from ecsiam.readers.terraform.own import made
from ecsiam.targets import emit

from .cases import stack_of


@pytest.mark.parametrize(
    ("of", "to"),
    [
        ("${jsonencode(local.task_trust)}", "${jsonencode(local.none)}"),
        ("${jsonencode(local.task_trust)}", "${upper(local.task_trust)}"),
        ("${jsonencode(local.task_trust)}", "{}"),
        ("${aws_iam_role.task.name}", "task"),
        ("memos-dev-task-role", "${upper(var.x)}"),
    ],
)
def test_what_was_edited_is_not_taken_for_what_was_emitted(of: str, to: str) -> None:
    text = emit(stack_of("memos"), "terraform").files["main.tf.json"]
    assert of in text
    with pytest.raises(ReadError):
        made({"main.tf.json": text.replace(of, to)})


@pytest.mark.parametrize("content", ["", "[]", "{", '{"locals": []}', '{"resource": {"aws_iam_role": {"r": 1}}}', "1"])
def test_what_is_no_such_file_is_refused(content: str) -> None:
    with pytest.raises(ReadError):
        made({"main.tf.json": content})
    assert made({"README.md": content}).roles == ()
