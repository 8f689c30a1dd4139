"""What a person sees: `repr` on a line, `print` as IAM JSON or a table, pages that obey nothing that is on them."""

import importlib
import json
import pkgutil
import re
import string
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any, cast

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

import ecsiam
from ecsiam import (
    Artifact,
    Change,
    Decision,
    Fails,
    Holds,
    Parameter,
    Policy,
    PolicyError,
    Principal,
    Request,
    Role,
    Stack,
    Statement,
    Undecided,
    build,
    can,
    compare,
    emit,
    evaluate,
    parse_policy,
    prove,
)
from ecsiam.analysis.change import Difference
from ecsiam.analysis.matching import Miss
from ecsiam.analysis.requests import query, union
from ecsiam.analysis.steps import Reported
from ecsiam.analysis.terms import Terms
from ecsiam.findings.finding import Checked, Finding
from ecsiam.invariants import Proof
from ecsiam.invariants.proofs import Proofs
from ecsiam.looks.markdown import escape
from ecsiam.looks.page import MOST_ROWS, Code, Page, Table
from ecsiam.looks.shown import Paged, Shown
from ecsiam.looks.words import visible
from ecsiam.model.accept import Accept, AcceptRule
from ecsiam.model.by_id import ById
from ecsiam.model.companion import Companion
from ecsiam.model.condition import Condition
from ecsiam.model.deployment import Deployment
from ecsiam.model.each import Each
from ecsiam.model.forms import PROJECT
from ecsiam.model.intent import Intent, Note
from ecsiam.model.oidc import OidcProvider
from ecsiam.model.parameter import Variable
from ecsiam.model.role import RolePolicy
from ecsiam.model.statement import ELEMENTS, Action, AllBut, Only, Origin
from ecsiam.model.text import ACCOUNT_ID, EMPTY, PARTITION, Ref, Text
from ecsiam.readers.found import Place
from ecsiam.readers.reading import Reading

from . import strategies
from .cases import CASES, stack_of
from .effort import many
from .written import config

LONGEST = 120
LONG = "arn:aws:s3:::" + "x" * 5000 + "/the-end"
# Markup, Markdown, mathematics, links, escapes of a terminal, a turn of the direction of writing, half a character.
EVIL = (
    "<script>alert(1)</script> <img src=x onerror=y> &amp; \"' | *a* _b_ **c** `d` ```e ~~f~~ [g](http://h) ![i](j)"
    " <http://k> http://l www.m.n o@p.q $r$ $$s$$ \\(t\\) # u\n\n# v\n\n```\nw\x1b[31m\x9b\x00 \u202ex \ud800"
    " ${aws:username}"
)
ALLOW = Statement("Allow", "s3:GetObject", "arn:aws:s3:::memos/*")


def subclasses(of: type[object]) -> Iterator[type[object]]:
    for one in of.__subclasses__():
        yield one
        yield from subclasses(one)


def statement(text: str) -> Statement:
    """A statement that has `text` wherever one can be written."""
    return Statement(
        "Allow",
        Action(f"s3:{text}", as_is=True),
        text,
        Principal("AWS", text, as_is=True),
        [Condition("StringEquals", text, [text, text + "2"], as_is=True)],
        sid=text,
        origin=Origin(text, text, text, text),
        as_is=True,
    )


def role(text: str) -> Role:
    trust = Statement("Allow", "sts:AssumeRole", principals=Principal("AWS", text, as_is=True), as_is=True)
    return Role(
        id=text,
        name=text,
        trust=Policy(trust, as_is=True),
        policies=[RolePolicy(text, text, Policy(statement(text), id=text, as_is=True), when=text)],
        managed_policy_arns=[text],
        permissions_boundary=text,
        description=text,
        tags={text: text},
        when=text,
        as_is=True,
    )


def every(text: str) -> list[Shown]:
    """A value of each kind that says what it is, with `text` in all of its texts."""
    request = Request(text, text, Principal("AWS", text, as_is=True), {text: [text, "b"], "c": text})
    said = statement(text)
    terms = Terms(said, (text, text), (text,), (text,), (text,), text, Terms(said, (text,)))
    one = Fails(request, text, (text,), ((text, text),))
    difference = Difference(text, said, request)
    reported = Reported(text, 3, said, (Miss(text, text, text), Miss("Action", text)))
    whose = role(text)
    note = Note(text, text, (text, 1), text, text)
    proof = Proof(home=Holds(assumed=(text,)), trust=Fails(request, text), works=Undecided(text))
    found = Finding("missing", Place(text, 3, (text,), text), text, text, text, text, text)
    return [
        *(found, Checked(text, (found,)), Reading(text, {})),
        *(ALLOW, said, Policy(said, id=text, as_is=True), whose, whose.policies[text], whose.policies),
        Stack([whose], intent=Intent(prefix=text), notes=[note], source=text),
        *(Intent(prefix=text, flags=((text, True),)), Deployment(variables=ById([Variable(text, "text", PROJECT)]))),
        *(Text.of(text), Text.of(text, ACCOUNT_ID, text), EMPTY, Principal("AWS", text, as_is=True)),
        *(Action(f"s3:{text}", as_is=True), Only((text,) * 9), AllBut((text,)), Only(())),
        *(Condition("StringEquals", text, text, as_is=True), Condition("StringEquals", text, (), as_is=True)),
        *(Each(text, "all", text, text), Variable(text, "text", PROJECT, default=text, description=text), note),
        *(Parameter(text, (text, text), text), Parameter(text), request, query(f"s3:{text}", text)),
        *(union([query("a:b", "*"), query("c:d", "*")]), terms, reported, difference),
        *(Holds(request, (text,), (terms, terms), (terms,)), Holds(), Undecided(text, (text,), text)),
        *(one, attrs.evolve(one, also=(one, Fails(fact=text + "!"))), Fails(fact=text), Fails()),
        *(Change((difference,) * 3, (difference,), (text,)), Change()),
        Decision("allowed", text, (reported, attrs.evolve(reported, misses=())), (text,), (text,), text),
        Accept("home", "x", text),
        AcceptRule("void", "x", text),
        *(proof, Proofs({text: proof, text + "2": proof})),
        Companion(text, text, Policy(said, id=text, as_is=True), text, text, text, text, text),
        OidcProvider(text, text, (text, text + "2"), {text: text}, text),
        Artifact(target=text, files={text: text, "b": "{}\n"}, document=text, source=text),
    ]


def pages(text: str) -> list[Paged]:
    return [value for value in every(text) if isinstance(value, Paged)]


def html_of(value: Paged) -> str:
    return str(cast("Any", value)._repr_html_())


def markdown_of(value: Paged) -> str:
    return str(cast("Any", value)._repr_markdown_())


# ---------------------------------------------------------------- on one line


def is_short(value: object) -> bool:
    said = repr(value)
    return len(said) <= LONGEST and said.isprintable() and said.startswith(f"{type(value).__name__}(")


def test_each_kind_of_value_is_among_those_that_are_looked_at() -> None:
    for module in pkgutil.walk_packages(ecsiam.__path__, "ecsiam."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    kinds = {one.__name__ for one in subclasses(Shown)} - {"Built", "Paged"}
    assert kinds == {type(value).__name__ for value in every("x")}
    public = {name for name in ecsiam.__all__ if attrs.has(cast("type", getattr(ecsiam, name)))}
    assert public <= kinds


def test_attrs_writes_no_repr_over_it() -> None:
    assert {
        one.__name__ for one in subclasses(Shown) if vars(one).get("__repr__", Shown.__repr__) is not Shown.__repr__
    } == set()


@pytest.mark.parametrize("text", ["x", "", EVIL, LONG, LONG * 20], ids=["plain", "empty", "evil", "long", "longer"])
def test_repr_is_short_and_says_what_it_is(text: str) -> None:
    if text:
        assert [value for value in every(text) if not is_short(value)] == []
    else:
        assert all(map(is_short, (Text.of(text), Condition("StringEquals", "a", text), Request(text, text))))


@settings(max_examples=many(40))
@given(strategies.stacks())
def test_repr_of_any_stack_and_all_that_it_holds_is_short(stack: Stack) -> None:
    held: list[object] = [stack, stack.roles, stack.intent, stack.deployment, *stack.notes]
    for r in stack.roles.values():
        held += (r, r.policies, *r.policies.values(), *r.documents, r.name, *r.managed_policy_arns)
        for s in (s for d in r.documents for s in d.statements):
            held += (s, s.actions, *s.actions.items, *s.conditions, *s.texts(), *(p for _, p in s.elements()))
    assert [value for value in held if not is_short(value)] == []
    assert all(str(r) and str(stack) for r in stack.roles.values())


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (ALLOW, "Statement(Allow s3:GetObject on arn:aws:s3:::memos/*)"),
        (Statement("Deny", AllBut((Action("s3:*"),)), "*", sid="A"), "Statement(A: Deny all but s3:* on *)"),
        (Policy([ALLOW, ALLOW, ALLOW]), "Policy(identity, 3 statements)"),
        (ALLOW.actions, "Only(s3:GetObject)"),
        (Text.of("a", ACCOUNT_ID, "b'c"), "Text('a', {account_id}, \"b'c\")"),
        (Text.of("a{account_id}"), "Text('a{account_id}')"),
        (Principal("Service", "ecs-tasks.amazonaws.com"), "Principal(Service:ecs-tasks.amazonaws.com)"),
        (Condition("Bool", "aws:SecureTransport", True), "Condition(Bool aws:SecureTransport true)"),
        (Request("s3:GetObject", "arn:aws:s3:::a/b"), "Request(s3:GetObject on arn:aws:s3:::a/b)"),
        (query("s3:*", "*"), "Requests(those of Allow s3:* on *)"),
        (query("s3:*", "*") - query("s3:Get*", "*"), "Requests(minus of 2 parts)"),
        (Parameter("size", 3), "Parameter(size, default 3)"),
        (Variable("size", "number"), "Variable(size: number)"),
        (Holds(), "Holds()"),
        (Fails(Request("a:b"), "too wide"), "Fails(too wide: a:b on *)"),
        (Undecided("not known"), "Undecided(not known)"),
        (Proof(home=Holds(), trust=Fails(), works=Holds()), "Proof(2 hold, 1 fails)"),
        (Change(), "Change(no change)"),
        (Change(undecided=("a", "b")), "Change(2 undecided)"),
        (Decision("allowed", "so", ()), "Decision(allowed: so)"),
        (stack_of("memos"), "Stack(memos-dev: execution, task)"),
        (stack_of("memos").roles["task"], "Role(task: memos-dev-task-role, 1 policy)"),
        (stack_of("memos").roles["task"].policies["efs"], "RolePolicy(efs: memos-dev-efs-policy, 1 statement)"),
        (stack_of("memos").roles, "ById(execution, task)"),
        (stack_of("memos").intent, "Intent(memos-dev: efs_access)"),
        (stack_of("memos").deployment, "Deployment(nothing is open)"),
        (Deployment(), "Deployment(open: account_id, aws_region, partition)"),
        (emit(stack_of("memos"), "cloudformation"), "Artifact(cloudformation, 1 file from memos.yaml)"),
    ],
    ids=repr,
)
def test_repr_reads_well(value: object, expected: str) -> None:
    assert repr(value) == expected


def test_of_what_is_too_long_both_ends_are_seen() -> None:
    said = repr(Text.of(LONG))
    assert said.startswith("Text('arn:aws:s3:::xxx")
    assert said.endswith("x/the-end')")
    assert "..." in said


# ---------------------------------------------------------------- as IAM's JSON


@given(strategies.policies(refs=False))
def test_to_dict_is_the_inverse_of_parse_policy_and_print_shows_the_same(policy: Policy) -> None:
    data = policy.to_dict()
    assert parse_policy(data) == policy
    assert parse_policy(json.dumps(data)) == policy
    assert parse_policy(str(policy)) == policy
    assert json.loads(str(policy)) == data
    assert [json.loads(str(s)) for s in policy.statements] == data["Statement"]


@given(strategies.policies())
def test_a_policy_is_printed_in_the_order_in_which_people_write(policy: Policy) -> None:
    data = json.loads(str(policy))
    assert [*data] == [key for key in ("Version", "Id", "Statement") if key in data]
    for one in data["Statement"]:
        assert [*one] == [element for element in ELEMENTS if element in one]
    assert ELEMENTS[0] == "Sid"
    assert str(policy).replace("\n", "").isprintable()


def test_a_statement_prints_as_people_write_it() -> None:
    allow = Statement(
        "Allow",
        "sts:AssumeRole",
        principals=Principal("AWS", Text.of("arn:", PARTITION, ":iam::", ACCOUNT_ID, ":root")),
        conditions={"StringEquals": {"sts:ExternalId": "x"}},
        sid="Theirs",
    )
    assert str(allow) == (
        '{\n  "Sid": "Theirs",\n  "Effect": "Allow",\n'
        '  "Principal": {"AWS": ["arn:{partition}:iam::{account_id}:root"]},\n'
        '  "Action": ["sts:AssumeRole"],\n  "Condition": {"StringEquals": {"sts:ExternalId": ["x"]}}\n}'
    )
    assert str(ALLOW) == '{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::memos/*"]}'


def test_a_policy_inside_a_role_prints_its_document() -> None:
    inline = stack_of("memos").roles["task"].policies["efs"]
    assert str(inline) == str(inline.document)


def test_to_dict_refuses_what_is_left_to_deployment_all_at_once() -> None:
    fallen_back = Text.of(Ref("key", parameter=True, otherwise=Text.of(ACCOUNT_ID)))
    nested = Each("buckets", "bucket", otherwise=(Each("others", "all", before=Text.of(PARTITION)),))
    policy = Policy([Statement("Allow", "s3:*", [fallen_back, "*"]), ALLOW, Statement("Allow", "s3:*", nested)])
    with pytest.raises(PolicyError) as refused:
        policy.to_dict()
    places = [(f.path, f.message.split("`")[1]) for f in refused.value.faults]
    assert sorted(places) == sorted(
        [
            *((("Statement", 0), name) for name in ("key", "account_id")),
            *((("Statement", 2), name) for name in ("partition", "buckets", "others")),
        ]
    )
    assert "{key}" in str(policy)


@pytest.mark.parametrize("case", CASES)
def test_to_dict_says_what_each_built_policy_says_or_refuses_it(case: str) -> None:
    for policy in (d for r in stack_of(case).roles.values() for d in r.documents):
        items = [r for s in policy.statements if s.resources for r in s.resources.items]
        texts = [t for s in policy.statements for t in s.texts()]
        if any(t.refs for t in texts) or any(isinstance(item, Each) for item in items):
            with pytest.raises(PolicyError, match="is left to deployment"):
                policy.to_dict()
        else:
            assert parse_policy(policy.to_dict()) == policy


# ---------------------------------------------------------------- as tables


def test_a_stack_prints_as_a_table() -> None:
    assert str(stack_of("memos")) == (
        "Stack memos-dev: 2 roles\n\n"
        "role       name                      assumed by                                      policies\n"
        "execution  memos-dev-execution-role  Service:ecs-tasks.amazonaws.com, on conditions"
        "  execution_ecr\n"
        f"{' ' * 85}execution_logs\n"
        "task       memos-dev-task-role       Service:ecs-tasks.amazonaws.com, on conditions  efs"
    )
    assert "  token.actions.githubusercontent.com, on conditions  github_actions" in str(stack_of("everything"))
    assert max(map(len, str(stack_of("everything")).splitlines())) <= 130


def test_what_prove_returns_is_a_dict_that_prints_as_a_table() -> None:
    answers = prove(stack_of("memos"), only=["separation", "targets"])
    assert isinstance(answers, Proof)
    assert answers == {id: answers[id] for id in ("separation", "targets")}
    assert str(answers) == (
        "Proof: 2 hold\n\n"
        "answer   invariant   says\n"
        "✓ holds  separation  the execution role and the task role share no permission\n"
        "✓ holds  targets     every target means the same"
    )


def test_a_role_prints_who_may_assume_it_and_why_its_statements_are_there() -> None:
    told = str(attrs.evolve(stack_of("memos").roles["task"], managed_policy_arns=["arn:aws:iam::aws:policy/X"]))
    assert told.splitlines()[0] == "Role memos-dev-task-role (task)"
    for part in ("assumed by  Service:ecs-tasks.amazonaws.com", "attached    arn:aws:iam::aws:policy/X", "mount the"):
        assert part in told


def test_flags_and_what_is_left_open_are_told() -> None:
    open_ = build(config(enable_efs_access=Parameter("efs"), efs_arn=Parameter("efs_arn")))
    assert "efs (efs)" in str(open_)
    assert re.search("^left to deployment: .*efs_arn", str(open_), re.M)


def test_who_may_assume_a_role_is_said_of_each_kind_of_trust() -> None:
    trust = [
        Statement("Allow", "sts:AssumeRole", principals=Principal("*", "*")),
        Statement("Allow", "sts:AssumeRole", principals=AllBut((Principal("AWS", "111122223333"),)), as_is=True),
        Statement("Allow", "sts:AssumeRole", principals=Principal("*", "*")),
        Statement("Allow", "sts:TagSession", principals=Principal("AWS", "444455556666")),
        Statement(
            "Allow", "sts:AssumeRole", principals=Principal("AWS", "arn:aws:iam::1:role/*", as_is=True), as_is=True
        ),
    ]

    def said(*statements: Statement) -> tuple[str, ...]:
        return Role("x", "x", Policy(statements, as_is=True), as_is=True).assumed_by

    assert said(*trust) == ("*", "all but AWS:111122223333")
    denied = Statement("Deny", "sts:AssumeRole", principals=Principal("AWS", "111122223333"))
    assert said(trust[0], denied) == ("*, on conditions",)
    assert said(denied) == said(trust[4]) == ("nobody",)


def test_nothing_that_is_printed_moves_a_terminal() -> None:
    printed = (Policy, Role, Stack, Statement)
    for value in every(EVIL):
        if isinstance(value, printed):
            assert str(value).replace("\n", "").isprintable()


# ---------------------------------------------------------------- as pages

TAGS = {"br", "code", "details", "div", "p", "pre", "strong", "summary", "table", "tbody", "td", "th", "thead", "tr"}


class Reader(HTMLParser):
    """What a browser makes of a page: tags, attributes, text; faults where something isn't closed as it was opened."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: dict[str, set[str]] = {}
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            self.attributes.setdefault(name, set()).add(value or "")
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    return reader


@pytest.mark.parametrize("value", pages(EVIL), ids=lambda value: type(value).__name__)
def test_html_holds_texts_as_texts_and_nothing_to_load(value: Paged) -> None:
    reader = read(html_of(value))
    assert reader.tags <= TAGS
    assert reader.attributes.keys() <= {"class", "style", "scope"}
    for style in reader.attributes["style"]:
        assert not re.search(r"url|import|#|\brgb|hsl|expression|position", style), "no colours, nothing to load"
    assert reader.text.replace("\n", "").isprintable()
    if isinstance(value, Decision):
        assert EVIL[: EVIL.index("\n")] in reader.text


@pytest.mark.parametrize("value", pages(EVIL), ids=lambda value: type(value).__name__)
def test_markdown_holds_texts_as_texts(value: Paged) -> None:
    """As CommonMark with raw HTML, tables and strikethrough reads it."""
    rendered = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(markdown_of(value))
    reader = read(rendered)
    assert reader.tags <= TAGS
    assert reader.attributes.keys() <= {"class"}
    if isinstance(value, Decision):
        assert EVIL[: EVIL.index("\n")] in reader.text


@given(st.text(st.sampled_from(string.punctuation + "ab19 \n\t\x1b")) | st.just("12) x") | st.just("12. x"))
def test_any_text_is_one_paragraph_of_markdown_or_one_cell(text: str) -> None:
    markdown = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    said = visible(text).strip()
    found = read(markdown.render(escape(text)))
    assert (found.tags, found.text.strip()) == ({"p"} if said else set(), said)
    cell = read(markdown.render(f"| x |\n| --- |\n| {escape(text)} |\n"))
    assert "p" not in cell.tags
    assert cell.text.split("\n", 1)[1].strip().removeprefix("x").strip() == said


@pytest.mark.parametrize("value", pages(EVIL), ids=lambda value: type(value).__name__)
def test_no_link_and_no_mathematics_is_found_in_markdown(value: Paged) -> None:
    """What GitHub and notebooks make of text beyond CommonMark."""
    prose = re.sub(r"^(`{3,})json\n.*?^\1$", "", markdown_of(value), flags=re.M | re.S)
    assert not re.search(r"(?<!\\)\$|(?<!\\)://|www\.(?!\\)|(?<!\\)@|(?<!\\)<(?!br>)", prose.replace("www\\.", ""))


@settings(max_examples=many(30))
@given(strategies.stacks())
def test_any_stack_is_a_page(stack: Stack) -> None:
    for value in (stack, *stack.roles.values(), *(d for r in stack.roles.values() for d in r.documents)):
        assert read(html_of(value)).tags <= TAGS
        assert markdown_of(value).startswith("**")


def test_pages_say_what_they_are_about() -> None:
    stack = stack_of("everything")
    asked = Request("s3:GetObject", "arn:aws:s3:::memos-uploads/a.txt")
    for value, parts in (
        (stack, ("memos-prod-task-role", "assumed by", "github_actions", "3 notes", "s3:GetObject")),
        (
            stack.roles["task"],
            ("memos-prod-efs-policy", "mount the file system", "Trust policy", "Policy memos-prod-s3-policy"),
        ),
        (evaluate(stack.roles["task"], asked), ("✓ allowed", "✓ matches", "read, write and delete objects")),
        (can(stack.roles["task"], action="s3:GetObject"), ("✓ holds", "memos-uploads")),
        (compare(stack_of("memos"), stack), ("gained", "lost", "ssmmessages:OpenDataChannel", "enable_ecs_exec")),
        (emit(stack, "terraform"), ("main.tf.json", "aws_iam_role")),
        (prove(stack)["targets"], ("✓ holds",)),
        (
            Proof(prove(stack)),
            ("13 hold", "✓ holds", "share no permission", "rests on"),
        ),
        (Proof(home=Fails(asked, "too wide")), ("✗ fails", "home", "memos-uploads/a.txt")),
        (Proof(home=Fails(asked, accepted=(Accept("home", "theirs"),))), ("1 accepted", "✓ accepted", "theirs")),
        (Fails(asked, "too wide", values=(("open", True),)), ("✗ fails: too wide", "open=True", "memos-uploads/a.txt")),
    ):
        text = read(html_of(value)).text
        assert [part for part in parts if part not in text] == []


def test_a_long_table_is_cut_and_says_so() -> None:
    rows = [(f"row {i}",) for i in range(MOST_ROWS + 7)]
    page = Page("t", (Table(("a",), rows), Code("{}")))

    class Long(Paged):
        def _page(self) -> Page:
            return page

    for said in (html_of(Long()), markdown_of(Long())):
        assert f"row {MOST_ROWS - 1}" in said
        assert f"row {MOST_ROWS}" not in said
        assert "and 7 more" in said


def test_what_stands_above_is_not_said_again() -> None:
    table = Table(("a", "b", "c"), [("x", "y", "1"), ("x", "y", "2"), ("x", "z", "3"), ("w", "z", "4")], grouped=2)
    assert table.shown.rows == (
        (("x",), ("y",), ("1",)),
        ((), (), ("2",)),
        ((), ("z",), ("3",)),
        (("w",), ("z",), ("4",)),
    )


def test_columns_that_say_nothing_are_left_out() -> None:
    assert Table(("a", "b"), [("", "1"), ((), "2")]).shown == Table(("b",), [("1",), ("2",)])
    assert not Table(("a",), [("",)])
