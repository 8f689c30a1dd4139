"""The forms of what tokens say: issuers, subjects and claims of GitHub, GitLab and other pipelines."""

from ecsiam.model.form import Form, arn_form

_WITHOUT_VARIABLE = "IAM would read `${` as a policy variable, so `$` is not accepted."
_VARIABLE = (r".*\$.*", "holds a `$`", _WITHOUT_VARIABLE)
_HOST = "[a-z0-9]([a-z0-9-]*[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+"
_PATH = "(/[A-Za-z0-9._~-]+)*"
_SLUG = "[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
_OWNER = "[A-Za-z0-9][A-Za-z0-9_-]*"
_REPO = "[A-Za-z0-9_.-]+"
_LIKE = "[ -#%-~]+"  # with wildcards
# https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html: https, no port, no query
_URL_HINTS = (
    ("http://.*", "is not of `https`", "IAM takes `https://` only."),
    ("https?://[^/]*:[0-9]+.*", "has a port", "IAM takes an issuer without one."),
    ("https?://.*[?#].*", "has a query or a fragment", "IAM takes an issuer without them."),
    ("https://.*/", "ends in a slash", "Leave it out: the token's `iss` has none."),
    ("[^:/]+[.][^:/]+(/.*)?", "has no `https://`", "Write the whole URL, as the token's `iss` has it."),
)
GITHUB_ISSUER = Form(
    "github_issuer",
    f"https://(token\\.actions\\.githubusercontent\\.com(/{_SLUG})?|token\\.actions\\.{_SLUG}\\.ghe\\.com(/{_SLUG})?"
    f"|github\\.com/enterprises/{_SLUG}|{_HOST}/_services/token)",
    "the URL of an issuer of GitHub's tokens",
    (
        "https://token.actions.githubusercontent.com",
        "https://token.actions.githubusercontent.com/octo-enterprise",
        "https://token.actions.octocorp.ghe.com",
        "https://token.actions.octocorp.ghe.com/octocorp",
        "https://github.com/enterprises/octo-enterprise",
        "https://github.octo.example.com/_services/token",
    ),
    (
        "",
        "https://github.com",
        "http://token.actions.githubusercontent.com",
        "https://token.actions.githubusercontent.com/",
        "https://token.actions.githubusercontent.com:443",
        "token.actions.githubusercontent.com",
        "https://ghe.example.com/_services/token/",
        "https://ghe.example.com/_services/token?x",
        "https://token.actions.githubusercontent.com/a/b",
        "https://*/_services/token",
    ),
    most=255,
    hints=(
        *_URL_HINTS,
        (
            "https://.*",
            "is no issuer of GitHub's",
            "There are `https://token.actions.githubusercontent.com`, with `/SLUG` for an enterprise, "
            "`https://token.actions.SUB.ghe.com` and a server's `https://HOST/_services/token`.",
        ),
    ),
)
OIDC_ISSUER = Form(
    "oidc_issuer",
    f"https://{_HOST}{_PATH}",
    "the URL of an issuer, as the `iss` of its tokens has it",
    ("https://gitlab.com", "https://gitlab.example.com", "https://example.com/gitlab"),
    (
        "",
        "gitlab.com",
        "http://gitlab.com",
        "https://gitlab.com/",
        "https://gitlab.com:8443",
        "https://gitlab.com?x",
        "https://*.com",
        "https://localhost",
    ),
    most=255,
    hints=_URL_HINTS,
)
OIDC_PROVIDER_ARN = arn_form(
    "oidc_provider_arn",
    "the ARN of an OIDC provider",
    "iam",
    f"oidc-provider/{_HOST}{_PATH}",
    (
        "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com",
        "arn:aws:iam::123456789012:oidc-provider/ghe.example.com/_services/token",
    ),
    (
        "arn:aws:iam::123456789012:oidc-provider/*",
        "arn:aws:iam::123456789012:oidc-provider/https://gitlab.com",
        "arn:aws:iam::123456789012:role/x",
    ),
    regional=False,
    bare=(("https?://.*", "is an issuer", "Write the ARN of its provider, which ends in what follows `https://`."),),
    hints=(
        ("arn:[^:]*:iam:[^:]+:.*", "has a region", "IAM's ARNs have none: write two colons."),
        (".*:oidc-provider/https?:.*", "has a scheme", "Leave `https://` out: an ARN has the host and what follows."),
        (
            ".*:(saml-provider|role)/.*",
            "is no OIDC provider",
            "The ARN of one ends in `oidc-provider/` and the issuer without `https://`.",
        ),
    ),
)
GITHUB_REPOSITORY = Form(
    "github_repository",
    f"{_OWNER}/{_REPO}|{_OWNER}@[0-9]+/{_REPO}@[0-9]+",
    "a repository as `OWNER/REPO`, or with its ids as `OWNER@ID/REPO@ID`",
    ("octo-org/infra", "octo-org@1234/web@5678"),
    ("", "memos", "octo-org/*", "octo-org@1/memos", "octo-org/memos@2", "a b/c", "a/b/c", "a/b\n"),
    most=180,
    hints=(
        ("(https?://|ssh://|git@|github[.]com/).*", "is an address", "Write only `OWNER/REPO`."),
        (".*[*?].*", "has a wildcard", "Name each repository."),
        ("[^/@]+(@[0-9]+/[^/@]+|/[^/@]+@[0-9]+)", "has one id of the two", "Write both, or neither."),
        ("[A-Za-z0-9_.-]+", "has no owner", "Write `OWNER/REPO`."),
    ),
)
GITHUB_WORKFLOW = Form(
    "github_workflow",
    f"{_OWNER}/{_REPO}/[!-#%-~]+@[!-#%-~]+",
    "a reusable workflow as `OWNER/REPO/PATH@REF`, which may hold `*` and `?` in path and ref",
    (
        "octo-org/automation/.github/workflows/deploy.yml@refs/heads/main",
        "octo-org/automation/.github/workflows/deploy.yml@refs/tags/v*",
    ),
    ("", "*", "octo-org/*", "octo-org/automation", "octo-org/automation/.github/workflows/deploy.yml", "a/b/c@${x}"),
    most=512,
    hints=(
        _VARIABLE,
        ("[^@]+[.]ya?ml", "names no ref", "Write it as the token has it: `...yml@refs/heads/main`."),
        ("[^/]*[*?].*|[^/]+/[^/]*[*?].*", "has a wildcard in owner or repository", "Name them: anybody can have one."),
    ),
)
# An item of a subject template: a claim's key, or a key with the one value that it has.
_KEY = "[a-z][a-z0-9_]*"
SUBJECT_PART = Form(
    "subject_part",
    f"{_KEY}(:{_LIKE})?",
    "the key of a claim, or `KEY:VALUE` where no key of the config has the value",
    ("repo", "context", "job_workflow_ref", "event_name:push"),
    ("", "Repo", "*", "repo-name", "event_name:", "x:${y}"),
    most=255,
    hints=(_VARIABLE,),
)
GITHUB_LOGIN = Form(
    "github_login",
    r"[A-Za-z0-9*?][A-Za-z0-9*?_-]*(\[bot\])?",
    "the name of an account, which may hold `*` and `?`",
    ("octocat", "dependabot[bot]", "octocat_corp"),
    ("", "octo cat", "@octocat", "${x}"),
    most=100,
    hints=(("@.*", "begins with `@`", "Write the name alone."), _VARIABLE),
)
GITHUB_FULL_REF = Form(
    "github_full_ref",
    "refs/[!-#%-9;-~]+",
    "a full ref, which may hold `*` and `?`",
    ("refs/heads/main", "refs/tags/v*", "refs/pull/*/merge"),
    ("", "main", "*", "refs/", "refs/heads/${x}"),
    most=255,
    hints=(_VARIABLE, ("[^/]+(/.*)?", "is no full ref", "Write `refs/heads/BRANCH` or `refs/tags/TAG`.")),
)
GITHUB_REPOSITORY_LIKE = Form(
    "github_repository_like",
    f"{_OWNER}/[A-Za-z0-9_.*?-]+",
    "a repository as `OWNER/REPO`, which may hold `*` and `?` after the slash",
    ("octo-org/memos", "octo-org/memos-*"),
    ("", "*", "octo-*/memos", "octo-org*", "${x}/y"),
    most=140,
    hints=(
        ("[^/]*[*?].*", "has a wildcard in the owner", "Name it: an owner that begins so may be anybody."),
        _VARIABLE,
    ),
)
CLAIM_TEXT = Form(
    "claim_text",
    _LIKE,
    "the value of a claim, which may hold `*` and `?`",
    ("Deploy", "production", "web*"),
    ("", "${x}", "a\n"),
    most=255,
    hints=(_VARIABLE,),
)
CLAIM_ID = Form("claim_id", "[0-9]+", "an id of digits", ("1234",), ("", "x", "12 34", "*", "1\n"), most=20)
AUDIENCE = Form(
    "audience",
    "[!-#%-)+->@-~]+",
    "an audience: one exact text",
    ("https://gitlab.com", "sts.amazonaws.com"),
    ("", "*", "sts.*", "a b", "${aws:username}"),
    most=255,
)
GITLAB_PROJECT = Form(
    "gitlab_project",
    "[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)+",
    "a project as `GROUP/PROJECT`, with its subgroups",
    ("octo-group/memos", "octo-group/web/memos"),
    ("", "memos", "octo-group/*", "https://gitlab.com/octo-group/memos", "octo-group/memos/", "a b/c"),
    most=255,
    hints=(
        ("(https?://|ssh://|git@).*", "is an address", "Write only `GROUP/PROJECT`."),
        (".*[*?].*", "has a wildcard", "Name the one project."),
        ("project_path:.*", "is a subject", "Write only `GROUP/PROJECT`."),
        ("[A-Za-z0-9_.-]+", "has no group", "Write `GROUP/PROJECT`."),
    ),
)
GITLAB_SUBJECT = Form(
    "gitlab_subject",
    f"project_path:[A-Za-z0-9_][A-Za-z0-9_./-]*:{_LIKE}",
    "a subject of one project",
    ("project_path:octo-group/memos:ref_type:branch:ref:main", "project_path:octo-group/memos:*"),
    ("", "*", "project_path:*", "project_path:octo-group/*:ref_type:branch:ref:main", "project_path:a/b:${x}"),
    most=512,
    hints=(
        ("[*?]+", "lets every project in", "Write `project_path:GROUP/PROJECT:` and what follows."),
        _VARIABLE,
        ("project_path:[^:]*[*?].*", "has a wildcard in the project", "Name the one project."),
    ),
)
CI_SUBJECT = Form(
    "ci_subject",
    "[!#%-)+->@-~][ -#%-~]*",
    "a subject of a pipeline's token",
    ("organization:octo-org:pipeline:memos:ref:refs/heads/main:*",),
    ("", "*", "?*", "*:pipeline:memos", "${x}"),
    most=512,
    hints=(
        ("[*?]+", "lets everybody in, which IAM refuses", "Write what says whose the pipeline is."),
        _VARIABLE,
        ("[*?].*", "begins with a wildcard", "Write first what says whose the pipeline is."),
    ),
)
FLAG_CLAIM = Form(
    "flag_claim",
    "true|false",
    '`"true"` or `"false"`, as a text',
    ("true", "false"),
    ("", "True", "yes", "*"),
    most=5,
)
GITHUB_REPO = Form(
    "github_repo",
    "[A-Za-z0-9][A-Za-z0-9_-]*/[A-Za-z0-9_.-]+",
    "a repository as `OWNER/REPO`",
    ("octo-org/memos", "octo-org/memos.web", "octocat_corp/memos"),
    (
        "",
        "memos",
        "octo-org/*",
        "https://github.com/octo-org/memos",
        "octo-org/memos/tree",
        "a b/c",
        "octo-org/memos\n",
    ),
    most=140,
    hints=(
        ("(https?://|ssh://|git@|github[.]com/).*", "is an address", "Write only `OWNER/REPO`."),
        (".*[*?].*", "has a wildcard", "Name the one repository."),
        ("repo:.*", "is a subject", "Write only `OWNER/REPO`."),
        ("[A-Za-z0-9_.-]+", "has no owner", "Write `OWNER/REPO`."),
        ("[^/]+/[^/]+/.+", "has more than an owner and a name", "Write only `OWNER/REPO`."),
    ),
)
GITHUB_ID = Form("github_id", "[0-9]+", "an id of digits", ("1234",), ("", "x", "12 34", "*", "1\n"), most=20)
GITHUB_AUDIENCE = Form(
    "github_audience",
    "[!-#%-)+->@-~]+",
    "an audience: one exact text",
    ("sts.amazonaws.com", "sts.amazonaws.com.cn", "https://github.com/octo-org"),
    ("", "*", "sts.*", "a b", "${aws:username}"),
    most=255,
)
_REF = "[!-#%-9;-~]*"
GITHUB_REF = Form(
    "github_ref",
    # All but what begins with `refs/`, letter by letter.
    f"([!-#%-9;-qs-~]{_REF}|r([!-#%-9;-df-~]{_REF})?|re([!-#%-9;-eg-~]{_REF})?|ref([!-#%-9;-rt-~]{_REF})?"
    f"|refs([!-#%-.0-9;-~]{_REF})?)",
    "the name of a branch or a tag, which may hold `*` and `?`",
    ("main", "release/*", "v1.?"),
    ("", "a b", "a:b", "${x}", "refs/heads/main", "refs/tags/v1"),
    most=255,
    hints=((r"refs/.*", "is a full ref", "Write the name alone."), (r".*\$.*", "holds a `$`", _WITHOUT_VARIABLE)),
)
GITHUB_ENVIRONMENT = Form(
    "github_environment",
    "[ -#%-~]+",
    "the name of a GitHub environment, which may hold `*` and `?`",
    ("production", "prod eu", "prod:eu"),
    ("", "${x}", "prod\n"),
    most=255,
    hints=((r".*\$.*", "holds a `$`", _WITHOUT_VARIABLE),),
)
_CLAIM = "[a-z0-9_]*"
GITHUB_SUBJECT = Form(
    "github_subject",
    # Of a template of the repository's own a subject begins with another key: all but `repo`, letter by letter.
    f"(repo:[A-Za-z0-9][A-Za-z0-9_-]*(@[0-9]+)?/[A-Za-z0-9_.-]+(@[0-9]+)?|([a-qs-z]{_CLAIM}|r([a-df-z0-9_]{_CLAIM})?"
    f"|re([a-oq-z0-9_]{_CLAIM})?|rep([a-np-z0-9_]{_CLAIM})?|repo[a-z0-9_]{_CLAIM})):[ -#%-~]+",
    "a subject of one repository",
    (
        "repo:octo-org/memos:*",
        "repo:octo-org/memos:ref:refs/heads/main",
        "repo:octo-org@1/memos@2:pull_request",
        "repository_id:1234:environment:prod",
    ),
    (
        "",
        "*",
        "repo:*",
        "repo*:x",
        "*:x",
        "repo:octo-org/*",
        "repo:octo-org/*:ref:refs/heads/main",
        "repo:octo-org/memos",
        "repo:octo-org/memos:${x}",
    ),
    most=512,
    hints=(
        ("[*?]+", "lets every repository of GitHub in", "Write `repo:OWNER/REPO:` and what follows."),
        (r".*\$.*", "holds a `$`", _WITHOUT_VARIABLE),
        ("repo:[^:]*[*?].*", "has a wildcard in the repository", "Name the one repository: `repo:OWNER/REPO:`."),
    ),
)
