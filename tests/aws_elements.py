"""Actions, resources and principals as AWS documents them: what a policy says, what is asked, whether it matches."""

_GUIDE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/"
_RESOURCE = f"{_GUIDE}reference_policies_elements_resource.html"
_PRINCIPAL = f"{_GUIDE}reference_policies_elements_principal.html"
_VARIABLES = f"{_GUIDE}reference_policies_variables.html"

ACTIONS: dict[str, list[tuple[str, str, bool]]] = {
    f"{_GUIDE}reference_policies_elements_action.html": [
        ("ec2:StartInstances", "ec2:StartInstances", True),
        ("ec2:StartInstances", "ec2:StopInstances", False),
        ("sqs:SendMessage", "sqs:SendMessageBatch", False),
        ("iam:ChangePassword", "iam:changepassword", True),
        ("s3:GetObject", "s3:getobject", True),
        ("S3:getobject", "s3:GetObject", True),
        ("iam:listAccessKeys", "IAM:ListAccessKeys", True),
        ("s3:*", "s3:PutObject", True),
        ("s3:*", "s3express:PutObject", False),
        ("s3:*", "s3-object-lambda:GetObject", False),
        ("*", "iam:PassRole", True),
        ("*:*", "iam:PassRole", True),
        ("*:Get*", "iam:GetRole", True),
        ("*:Get*", "iam:PassRole", False),
        ("iam:*AccessKey*", "iam:CreateAccessKey", True),
        ("iam:*AccessKey*", "iam:ListAccessKeys", True),
        ("iam:*AccessKey*", "iam:GetAccessKeyLastUsed", True),
        ("iam:*AccessKey*", "iam:CreateLoginProfile", False),
        ("iam:*accesskey*", "iam:UpdateAccessKey", True),
        ("s3:Get*", "s3:Get", True),
        ("s3:Get*", "s3:ForgetObject", False),
        ("s3:*Object", "s3:GetObject", True),
        ("s3:*Object", "s3:GetObjectAcl", False),
        ("s3:Get?bject", "s3:GetObject", True),
        ("s3:Get?bject", "s3:Getbject", False),
        ("s3:???Object", "s3:GetObject", True),
        ("s3:???Object", "s3:DeleteObject", False),
        ("s3:*Object*Acl", "s3:GetObjectVersionAcl", True),
        ("s3:*Object*Acl", "s3:GetBucketAcl", False),
        ("ecs-x:Run*", "ecs:RunTask", False),
        ("app.mesh:Get", "appXmesh:Get", False),
    ],
}

# A pattern, the resource, whether it matches in an identity policy, and in a resource's own policy.
RESOURCES: dict[str, list[tuple[str, str, bool, bool]]] = {
    _RESOURCE: [
        ("*", "arn:aws:s3:::b", True, True),
        ("*", "*", True, True),
        ("arn:aws:s3:::b", "*", False, False),
        ("arn:aws:s3:::*", "*", False, False),
        ("arn:aws:sqs:us-east-2:111122223333:queue1", "arn:aws:sqs:us-east-2:111122223333:queue1", True, True),
        ("arn:aws:sqs:us-east-2:111122223333:queue1", "arn:aws:sqs:us-east-2:111122223333:Queue1", False, False),
        ("arn:aws:sqs:us-east-2:111122223333:queue1", "arn:aws:sqs:us-east-1:111122223333:queue1", False, False),
        ("arn:aws:sqs:us-east-2:111122223333:queue1", "arn:aws:sqs:us-east-2:111122223333:queue12", False, False),
        ("arn:aws:iam::111122223333:user/Bob", "arn:aws:iam::111122223333:user/bob", False, False),
        ("arn:aws:iam::111122223333:user/accounting/*", "arn:aws:iam::111122223333:user/accounting/jane", True, True),
        ("arn:aws:iam::111122223333:user/accounting/*", "arn:aws:iam::111122223333:user/accounting/a/b", True, True),
        ("arn:aws:iam::111122223333:user/accounting/*", "arn:aws:iam::111122223333:user/accounting", False, False),
        ("arn:aws:s3:::amzn-s3-demo-bucket/*/test/*", "arn:aws:s3:::amzn-s3-demo-bucket/1/test/object.jpg", True, True),
        ("arn:aws:s3:::amzn-s3-demo-bucket/*/test/*", "arn:aws:s3:::amzn-s3-demo-bucket/1/2/test/3/o.jpg", True, True),
        ("arn:aws:s3:::amzn-s3-demo-bucket/*/test/*", "arn:aws:s3:::amzn-s3-demo-bucket/1-test/test.jpg", False, False),
        ("arn:aws:s3:::amzn-s3-demo-bucket/*/test/*", "arn:aws:s3:::amzn-s3-demo-bucket/test/object.jpg", False, False),
        ("arn:aws:s3:::b*", "arn:aws:s3:::b", True, True),
        ("arn:aws:s3:::b*", "arn:aws:s3:::bucket/x", True, True),
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b", False, False),
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b/", True, True),
        ("arn:aws:s3:::b/?", "arn:aws:s3:::b/é", True, True),
        ("arn:aws:s3:::b/?", "arn:aws:s3:::b/🜁", True, True),
        ("arn:aws:s3:::b/?", "arn:aws:s3:::b/ab", False, False),
        ("arn:aws:s3:::b/?", "arn:aws:s3:::b/", False, False),
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b/line\nline", True, True),
        ("arn:aws:s3:::b/*.jpg", "arn:aws:s3:::b/a\nb.jpg", True, True),
        ("arn:aws:s3:::b/x", "arn:aws:s3:::b/x\n", False, False),
        ("arn:aws:s3:::b/a.c", "arn:aws:s3:::b/abc", False, False),
        ("arn:aws:s3:::b/[a]+", "arn:aws:s3:::b/a", False, False),
        ("arn:aws:s3:::b/??", "arn:aws:s3:::b/ab", True, True),
        ("arn:aws:s3:::b/a?c*e", "arn:aws:s3:::b/abcde", True, True),
        ("arn:aws:s3:::b/a?c*e", "arn:aws:s3:::b/abcd", False, False),
    ],
    f"{_RESOURCE}#reference_policies_elements_resource_wildcards": [
        # In the first five parts a wildcard stays in its part.
        ("arn:aws:ecs:*:111122223333:cluster/a", "arn:aws:ecs:eu-west-1:111122223333:cluster/a", True, True),
        ("arn:aws:ecs:*:cluster/a", "arn:aws:ecs:eu-west-1:111122223333:cluster/a", False, False),
        ("arn:aws:ecs:eu-*:*:cluster/*", "arn:aws:ecs:eu-west-1:1:cluster/a", True, True),
        ("arn:aws:ecs:eu-*:*:cluster/*", "arn:aws:ecs:us-east-1:1:cluster/a", False, False),
        ("arn:aws:ecs:eu-west-?:*:cluster/*", "arn:aws:ecs:eu-west-1:1:cluster/a", True, True),
        ("arn:aws:ecs:eu-west?1:*:cluster/*", "arn:aws:ecs:eu-west:1:cluster/a", False, False),
        ("arn:aws:ecs:*1:cluster/a", "arn:aws:ecs:eu-west-1:1:cluster/a", False, False),
        ("arn:*:s3:::b", "arn:aws-cn:s3:::b", True, True),
        ("arn:aws:s*:::b", "arn:aws:s3:::b", True, True),
        ("arn:aws:s3:*:*:b", "arn:aws:s3:::b", True, True),
        ("arn:aws:s3:::b", "arn:aws:s3:eu-west-1:1:b", False, False),
        ("arn:*:*:*:*:*", "arn:aws:sqs:eu-west-1:1:q", True, True),
        # The sixth part has colons of its own.
        ("arn:aws:logs:*:*:log-group:/ecs/a:*", "arn:aws:logs:eu-west-1:1:log-group:/ecs/a:log-stream:b/c", True, True),
        ("arn:aws:logs:*:*:log-group:/ecs/*", "arn:aws:logs:eu-west-1:1:log-group:/ecs/a:log-stream:b", True, True),
        ("arn:aws:logs:*:*:log-group:/ecs/a", "arn:aws:logs:eu-west-1:1:log-group:/ecs/a:log-stream:b", False, False),
        ("arn:aws:logs:*:*:*:*:*:b", "arn:aws:logs:eu-west-1:1:log-group:/ecs/a:log-stream:b", True, True),
        ("arn:aws:lambda:*:*:function:f:?", "arn:aws:lambda:eu-west-1:1:function:f:2", True, True),
        ("arn:aws:sns:*:*:a?b", "arn:aws:sns:eu-west-1:1:a:b", True, True),
        # An ARN that is cut short.
        ("arn:aws:sqs:*", "arn:aws:sqs:eu-west-1:1:q", True, True),
        ("arn:aws:sqs:*", "arn:aws:sns:eu-west-1:1:q", False, False),
        ("arn:aws:sqs", "arn:aws:sqs:eu-west-1:1:q", True, False),
        ("arn:aws:sqs:eu-west-1", "arn:aws:sqs:eu-west-1:1:q", True, False),
        ("arn:aws:sqs:eu-west-1", "arn:aws:sqs:eu-west-2:1:q", False, False),
        ("arn:aws:sqs:eu-west-1:1", "arn:aws:sqs:eu-west-1:1:q:x", True, False),
        ("arn:aws:sqs:eu-west-*:1", "arn:aws:sqs:eu-west-2:1:q", True, True),
        ("arn:aws:s3", "arn:aws:s3:::b/x", True, False),
        ("arn:aws:s3", "arn:aws:s3express:::b", False, False),
        ("arn:*", "arn:aws:s3:::b/x", True, True),
        ("arn:aws:ecs:*:cluster*", "arn:aws:ecs:eu-west-1:cluster1:x", True, True),
        ("arn:aws:sqs:*", "*", False, False),
    ],
    _VARIABLES: [
        ("arn:aws:s3:::b/${aws:username}/*", "arn:aws:s3:::b/bob/x", True, True),
        ("arn:aws:s3:::b/${aws:username}/*", "arn:aws:s3:::b/eve/x", False, False),
        ("arn:aws:s3:::b/${aws:username}/*", "arn:aws:s3:::b/${aws:username}/x", False, False),
        ("arn:aws:s3:::b/${AWS:USERNAME}", "arn:aws:s3:::b/bob", True, True),
        ("arn:aws:sqs:us-east-2:*:${aws:username}-queue", "arn:aws:sqs:us-east-2:1:bob-queue", True, True),
        ("arn:aws:s3:::b/${aws:userid}", "arn:aws:s3:::b/star*", True, True),
        ("arn:aws:s3:::b/${aws:userid}", "arn:aws:s3:::b/starry", False, False),
        ("arn:aws:s3:::b/${aws:PrincipalTag/department}", "arn:aws:s3:::b/x", False, False),
        ("arn:aws:s3:::b/${aws:PrincipalTag/team, 'company-wide'}", "arn:aws:s3:::b/company-wide", True, True),
        ("arn:aws:s3:::b/${aws:PrincipalTag/team, 'company-wide'}", "arn:aws:s3:::b/bob", False, False),
        ("arn:aws:s3:::b/${aws:username, 'nobody'}", "arn:aws:s3:::b/bob", True, True),
        ("arn:aws:s3:::b/${aws:username, 'nobody'}", "arn:aws:s3:::b/nobody", False, False),
        ("arn:aws:s3:::b/${*}", "arn:aws:s3:::b/*", True, True),
        ("arn:aws:s3:::b/${*}", "arn:aws:s3:::b/x", False, False),
        ("arn:aws:s3:::b/${?}*", "arn:aws:s3:::b/?x", True, True),
        ("arn:aws:s3:::b/${?}*", "arn:aws:s3:::b/xx", False, False),
        ("arn:aws:s3:::b/${$}", "arn:aws:s3:::b/$", True, True),
        ("arn:aws:s3:::b/${aws:TagKeys}", "arn:aws:s3:::b/x", False, False),
    ],
}

# What else the requests about resources hold.
CONTEXT: dict[str, str | tuple[str, ...]] = {
    "aws:username": "bob",
    "aws:userid": "star*",
    "aws:TagKeys": ("x", "y"),
}

ACCOUNT = "123456789012"
OTHER = "999999999999"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
USER = f"arn:aws:iam::{ACCOUNT}:user/bob"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/team/memos"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/memos/one"
FEDERATED_USER = f"arn:aws:sts::{ACCOUNT}:federated-user/bob"
CANONICAL = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"
SAML = f"arn:aws:iam::{ACCOUNT}:saml-provider/corp"

Who = tuple[str, str] | None
ANYBODY = ("*", "*")
ANY_AWS = ("AWS", "*")
# The principal of a policy, who asks (None: nobody that is known), whether it is one of them.
PRINCIPALS: dict[str, list[tuple[tuple[str, str], Who, bool]]] = {
    f"{_PRINCIPAL}#principal-anonymous": [
        (ANYBODY, None, True),
        (ANYBODY, ANYBODY, True),
        (ANYBODY, ("AWS", USER), True),
        (ANYBODY, ("Service", "ecs-tasks.amazonaws.com"), True),
        (ANYBODY, ("Federated", SAML), True),
        (ANYBODY, ("CanonicalUser", CANONICAL), True),
        (ANY_AWS, None, True),
        (ANY_AWS, ANYBODY, True),
        (ANY_AWS, ("AWS", USER), True),
        (ANY_AWS, ("AWS", SESSION), True),
        (ANY_AWS, ("CanonicalUser", CANONICAL), True),
        (ANY_AWS, ("Service", "ecs-tasks.amazonaws.com"), False),
        (ANY_AWS, ("Federated", SAML), False),
    ],
    f"{_PRINCIPAL}#principal-accounts": [
        (("AWS", ACCOUNT), ("AWS", ROOT), True),
        (("AWS", ROOT), ("AWS", ACCOUNT), True),
        (("AWS", ACCOUNT), ("AWS", ACCOUNT), True),
        (("AWS", ROOT), ("AWS", ROOT), True),
        (("AWS", ACCOUNT), ("AWS", USER), True),
        (("AWS", ROOT), ("AWS", USER), True),
        (("AWS", ACCOUNT), ("AWS", ROLE), True),
        (("AWS", ROOT), ("AWS", SESSION), True),
        (("AWS", ACCOUNT), ("AWS", FEDERATED_USER), True),
        (("AWS", OTHER), ("AWS", USER), False),
        (("AWS", f"arn:aws:iam::{OTHER}:root"), ("AWS", ROOT), False),
        (("AWS", ROOT.replace("arn:aws:", "arn:aws-cn:")), ("AWS", USER), False),
        (("AWS", ACCOUNT), ("AWS", USER.replace("arn:aws:", "arn:aws-cn:")), True),
        (("AWS", ACCOUNT), None, False),
        (("AWS", ROOT), ANYBODY, False),
        (("AWS", ACCOUNT), ("Service", "ecs-tasks.amazonaws.com"), False),
        (("AWS", ACCOUNT), ("Federated", SAML), False),
        (("CanonicalUser", CANONICAL), ("CanonicalUser", CANONICAL), True),
        (("CanonicalUser", CANONICAL), ("CanonicalUser", "0" * 64), False),
        (("CanonicalUser", CANONICAL), ("AWS", USER), False),
    ],
    f"{_PRINCIPAL}#principal-roles": [
        (("AWS", ROLE), ("AWS", ROLE), True),
        (("AWS", ROLE), ("AWS", SESSION), True),
        (("AWS", ROLE), ("AWS", SESSION.replace("/one", "/two")), True),
        (("AWS", ROLE), ("AWS", SESSION.replace("memos", "memos2")), False),
        (("AWS", ROLE), ("AWS", SESSION.replace(ACCOUNT, OTHER)), False),
        (("AWS", ROLE), ("AWS", SESSION.replace("arn:aws:", "arn:aws-cn:")), False),
        (("AWS", ROLE), ("AWS", ROLE.replace("/team/", "/")), False),
        (("AWS", f"arn:aws:iam::{ACCOUNT}:role/memos"), ("AWS", SESSION), True),
        (("AWS", f"arn:aws:iam::{ACCOUNT}:role/Memos"), ("AWS", SESSION), False),
        (("AWS", ROLE), ("AWS", ROOT), False),
        (("AWS", ROLE), ("AWS", USER), False),
        (("AWS", ROLE), None, False),
    ],
    f"{_PRINCIPAL}#principal-role-session": [
        (("AWS", SESSION), ("AWS", SESSION), True),
        (("AWS", SESSION), ("AWS", SESSION.replace("/one", "/two")), False),
        (("AWS", SESSION), ("AWS", ROLE), False),
        (("Federated", SAML), ("Federated", SAML), True),
        (("Federated", SAML), ("Federated", SAML + "2"), False),
        (("Federated", "accounts.google.com"), ("Federated", "accounts.google.com"), True),
        (("Federated", "accounts.google.com"), ("Federated", "www.amazon.com"), False),
        (("Federated", "*"), ("Federated", SAML), True),
        (("Federated", "*"), ("AWS", USER), False),
        (("Federated", "*"), None, False),
        (("Federated", SAML), ("AWS", SAML), False),
    ],
    f"{_PRINCIPAL}#principal-users": [
        (("AWS", USER), ("AWS", USER), True),
        (("AWS", USER), ("AWS", USER.replace("bob", "Bob")), False),
        (("AWS", USER), ("AWS", ROOT), False),
        (("AWS", USER), ("AWS", FEDERATED_USER), False),
        (("AWS", USER), None, False),
    ],
    f"{_PRINCIPAL}#sts-session-principals": [
        (("AWS", FEDERATED_USER), ("AWS", FEDERATED_USER), True),
        (("AWS", FEDERATED_USER), ("AWS", USER), False),
    ],
    f"{_PRINCIPAL}#principal-services": [
        (("Service", "ecs-tasks.amazonaws.com"), ("Service", "ecs-tasks.amazonaws.com"), True),
        (("Service", "ecs-tasks.amazonaws.com"), ("Service", "ecs.amazonaws.com"), False),
        (("Service", "ecs-tasks.amazonaws.com"), ("AWS", USER), False),
        (("Service", "*"), ("Service", "ecs.amazonaws.com"), True),
        (("Service", "*"), ("AWS", USER), False),
        (("Service", "*"), ANYBODY, False),
    ],
}
