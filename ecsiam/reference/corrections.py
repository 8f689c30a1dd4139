"""What the service data has not or has otherwise than AWS decides: evaluated ARNs, needed actions, condition keys."""

from attrs import frozen

_LOGS = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html"


@frozen
class Evaluated:
    """The ARN patterns that take the place of a resource type's own for some actions; type "" is an action without one.

    `actions` are patterns in lower case, the first row that fits counts. A "*" among the ARNs stands for the request
    that names no resource. `page` says so, or shows it in AWS's own error message.
    """

    actions: tuple[str, ...]
    type: str
    arns: tuple[str, ...]
    why: str
    page: str


EVALUATED: tuple[Evaluated, ...] = (
    Evaluated(
        ("logs:tagresource", "logs:untagresource", "logs:listtagsforresource"),
        "log-group",
        ("arn:*:logs:*:*:log-group:*",),
        "the tagging actions alone see a log group's ARN as it is, without anything behind the name",
        _LOGS,
    ),
    Evaluated(
        ("logs:*",),
        "log-group",
        ("arn:*:logs:*:*:log-group:*:log-stream:",),
        "every other action sees a log group with an empty stream behind its name, so policies have to write `NAME:*`",
        _LOGS,
    ),
    Evaluated(
        ("logs:describeloggroups",),
        "",
        ("arn:*:logs:*:*:log-group::log-stream:",),
        "the list is asked for on a log group without a name, which `log-group:*` matches and no single group does",
        "https://github.com/hashicorp/terraform-provider-aws/issues/8804",
    ),
    Evaluated(
        ("ecs:tagresource",),
        "task-definition",
        ("arn:*:ecs:*:*:task-definition/*", "arn:*:ecs:*:*:task-definition/*:*"),
        "while a task definition is registered it has no revision yet",
        "https://github.com/aws/aws-cdk/issues/25768",
    ),
    Evaluated(
        ("ecs:listtasks",),
        "container-instance",
        ("*", "arn:*:ecs:*:*:container-instance/*/*"),
        "without a container instance in the request there is no resource; the cluster is a condition key",
        "https://github.com/cdklabs/construct-hub/pull/1207",
    ),
    Evaluated(
        ("cloudwatch:putmetricdata", "cloudwatch:getmetricdata", "cloudwatch:listmetrics"),
        "dataset",
        ("*", "arn:*:cloudwatch:*:*:dataset/*"),
        "metrics outside a dataset have no ARN",
        "https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html",
    ),
    Evaluated(
        ("polly:startspeechsynthesistask", "polly:synthesizespeech"),
        "lexicon",
        ("*", "arn:*:polly:*:*:lexicon/*"),
        "speech needs no lexicon, and then there is no resource",
        "https://docs.aws.amazon.com/polly/latest/dg/security_iam_id-based-policy-examples.html",
    ),
    Evaluated(
        ("translate:translatedocument", "translate:translatetext"),
        "terminology",
        ("*", "arn:*:translate:*:*:terminology/*"),
        "a translation needs neither terminology nor parallel data, and then there is no resource",
        "https://docs.aws.amazon.com/translate/latest/dg/security_iam_id-based-policy-examples.html",
    ),
    Evaluated(
        ("servicediscovery:discoverinstances", "servicediscovery:discoverinstancesrevision"),
        "namespace",
        ("*", "arn:*:servicediscovery:*:*:namespace/*"),
        "instances are looked up by names: policies narrow by `servicediscovery:NamespaceName` and `ServiceName`",
        "https://docs.aws.amazon.com/cloud-map/latest/dg/security_iam_service-with-iam.html",
    ),
    Evaluated(
        ("servicediscovery:discoverinstances", "servicediscovery:discoverinstancesrevision"),
        "service",
        ("*", "arn:*:servicediscovery:*:*:service/*"),
        "instances are looked up by names: policies narrow by `servicediscovery:NamespaceName` and `ServiceName`",
        "https://docs.aws.amazon.com/cloud-map/latest/dg/security_iam_service-with-iam.html",
    ),
)


@frozen
class Added:
    """ARN patterns that AWS evaluates some actions on beside those that the service data has for them.

    `actions` are patterns in lower case. A "*" is what is no ARN. `page` says so, uses the form in a policy of AWS's
    own, or shows it in AWS's error message.
    """

    actions: tuple[str, ...]
    arns: tuple[str, ...]
    why: str
    page: str


# How the gaps were found: AWS's own managed policies name ARNs that fit no form of any of their statement's actions
# (`tests/test_resource_forms.py` has what is left of these, with reasons), and the services' pages say the rest.
ADDED: tuple[Added, ...] = (
    Added(
        ("execute-api:invoke",),
        ("arn:*:execute-api:*:*:*/*/*",),
        "a route of a WebSocket API stands behind the stage, without a method: `API/STAGE/$connect`",
        "https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-control-access-iam.html",
    ),
    Added(
        ("apigateway:delete", "apigateway:get", "apigateway:patch", "apigateway:post", "apigateway:put"),
        ("arn:*:apigateway:*::/apis", "arn:*:apigateway:*::/apis/*", "arn:*:apigateway:*::/tags/*"),
        "HTTP and WebSocket APIs have a page of their own with the same five actions; the data has those of REST APIs",
        "https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonapigatewaymanagementv2.html",
    ),
    Added(
        ("elasticloadbalancing:addtags", "elasticloadbalancing:removetags"),
        (
            "arn:*:elasticloadbalancing:*:*:listener/*/*/*/*",
            "arn:*:elasticloadbalancing:*:*:listener-rule/*/*/*/*/*",
            "arn:*:elasticloadbalancing:*:*:targetgroup/*/*",
            "arn:*:elasticloadbalancing:*:*:truststore/*/*",
        ),
        "the two generations have a page each with the same action; the data has the load balancer of the first",
        "https://docs.aws.amazon.com/service-authorization/latest/reference/list_awselasticloadbalancingv2.html",
    ),
    Added(
        ("codeconnections:*connection*", "codestar-connections:*connection*"),
        ("arn:*:codeconnections:*:*:connection/*", "arn:*:codestar-connections:*:*:connection/*"),
        "a connection keeps the name of the service under which it was made, and both names' actions are asked on it",
        "https://docs.aws.amazon.com/dtconsole/latest/userguide/rename.html",
    ),
    Added(
        ("ssmmessages:opendatachannel",),
        ("arn:*:ssm:*:*:session/*",),
        "a person's end of a session opens its channel on the session",
        "https://docs.aws.amazon.com/systems-manager/latest/userguide/getting-started-restrict-access-quickstart.html",
    ),
    Added(
        ("cloudformation:createchangeset",),
        ("arn:*:cloudformation:*:*:transform/*",),
        "a change set of a template with macros is also asked on each macro",
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/control-access-with-iam.html",
    ),
    Added(
        ("glue:*tableversion*",),
        ("arn:*:glue:*:*:tableVersion/*/*/*",),
        "the data has the type and no action on it",
        "https://docs.aws.amazon.com/glue/latest/dg/glue-specifying-resource-arns.html",
    ),
    Added(
        ("sns:publish",),
        ("*",),
        "a text message is asked on its phone number, `+15550100`; policies leave the topics out with NotResource",
        "https://github.com/zappa/Zappa/issues/791",
    ),
    Added(
        ("states:sendtaskfailure", "states:sendtaskheartbeat", "states:sendtasksuccess"),
        ("arn:*:states:*:*:activity:*", "arn:*:states:*:*:stateMachine:*"),
        "the data has no resource, and AWS asks on the state machine or activity whose task it is",
        "https://github.com/aws/aws-cdk/pull/8486",
    ),
    Added(
        ("ecs:poll",),
        ("arn:*:ecs:*:*:task-set/*",),
        "AWS's policy for managed instances grants it so",
        "https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonECSInstanceRolePolicyForManagedInstances.html",
    ),
)

# A placeholder of an ARN format may stand for less than `*` does: what else the pattern matches is no such ARN.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html
# https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html (no name holds a colon)
# https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-access.html (no second leading slash)
EXCEPTIONS: dict[str, tuple[str, ...]] = {
    "arn:*:logs:*:*:log-group:*": ("arn:*:logs:*:*:log-group:*:*",),
    "arn:*:s3:::*": ("arn:*:s3:::*/*",),
    "arn:*:secretsmanager:*:*:secret:*": ("arn:*:secretsmanager:*:*:secret:*:*",),
    "arn:*:ssm:*:*:parameter/*": ("arn:*:ssm:*:*:parameter//*",),
}

# Operations of an API that ask for an action of another name: as an action, the operation's name grants nothing.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html, and each service's page
OPERATIONS: dict[str, str] = {
    "bedrock:converse": "bedrock:InvokeModel",
    "bedrock:conversestream": "bedrock:InvokeModelWithResponseStream",
    "dynamodb:transactgetitems": "dynamodb:GetItem",
    "dynamodb:transactwriteitems": "dynamodb:PutItem",
    "lambda:invoke": "lambda:InvokeFunction",
    "rds:connect": "rds-db:connect",
    "s3:completemultipartupload": "s3:PutObject",
    "s3:copyobject": "s3:GetObject",
    "s3:createmultipartupload": "s3:PutObject",
    "s3:deleteobjects": "s3:DeleteObject",
    "s3:headbucket": "s3:ListBucket",
    "s3:headobject": "s3:GetObject",
    "s3:listbuckets": "s3:ListAllMyBuckets",
    "s3:listmultipartuploads": "s3:ListBucketMultipartUploads",
    "s3:listobjects": "s3:ListBucket",
    "s3:listobjectsv2": "s3:ListBucket",
    "s3:listobjectversions": "s3:ListBucketVersions",
    "s3:listparts": "s3:ListMultipartUploadParts",
    "s3:uploadpart": "s3:PutObject",
    "sns:publishbatch": "sns:Publish",
    "sqs:changemessagevisibilitybatch": "sqs:ChangeMessageVisibility",
    "sqs:deletemessagebatch": "sqs:DeleteMessage",
    "sqs:sendmessagebatch": "sqs:SendMessage",
}

# Of the actions that AWS asks for beside another, the service data has none. These pass a role if the request names
# one, as the page on the action, the API's parameters or AWS's error messages show.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
NEEDS: dict[str, tuple[str, ...]] = {
    "ecs:createcapacityprovider": ("iam:PassRole",),
    "ecs:createexpressgatewayservice": ("iam:PassRole",),
    "ecs:creategateway": ("iam:PassRole",),
    "ecs:createservice": ("iam:PassRole",),
    "ecs:registerdaemontaskdefinition": ("iam:PassRole",),
    "ecs:registertaskdefinition": ("iam:PassRole",),
    "ecs:runtask": ("iam:PassRole",),
    "ecs:starttask": ("iam:PassRole",),
    "ecs:updatecapacityprovider": ("iam:PassRole",),
    "ecs:updateexpressgatewayservice": ("iam:PassRole",),
    "ecs:updateservice": ("iam:PassRole",),
}

# The global keys; of these the service data has the tag keys only.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
_GLOBAL: dict[str, tuple[str, ...]] = {
    "ARN": (
        "aws:ChatbotSourceArn",
        "aws:PrincipalArn",
        "aws:SourceArn",
        "aws:SourceVpcArn",
    ),
    "ArrayOfString": (
        "aws:CalledVia",
        "aws:PrincipalOrgPaths",
        "aws:PrincipalServiceNamesList",
        "aws:ResourceOrgPaths",
        "aws:SourceOrgPaths",
        "aws:TagKeys",
        "aws:VpceOrgPaths",
    ),
    "Bool": (
        "aws:AssumedRoot",
        "aws:MultiFactorAuthPresent",
        "aws:PrincipalIsAWSService",
        "aws:SecureTransport",
        "aws:ViaAWSMCPService",
        "aws:ViaAWSService",
    ),
    "Date": ("aws:CurrentTime", "aws:EpochTime", "aws:TokenIssueTime"),
    "IPAddress": ("aws:Ec2InstanceSourcePrivateIPv4", "aws:SourceIp", "aws:VpcSourceIp"),
    "Numeric": ("aws:MultiFactorAuthAge",),
    "String": (
        "aws:CalledViaAWSMCP",
        "aws:CalledViaFirst",
        "aws:CalledViaLast",
        "aws:Ec2InstanceSourceVpc",
        "aws:FederatedProvider",
        "aws:PrincipalAccount",
        "aws:PrincipalOrgID",
        "aws:PrincipalServiceName",
        "aws:PrincipalTag/${TagKey}",
        "aws:PrincipalType",
        "aws:Referer",
        "aws:RequestTag/${TagKey}",
        "aws:RequestedRegion",
        "aws:ResourceAccount",
        "aws:ResourceOrgID",
        "aws:ResourceTag/${TagKey}",
        "aws:SourceAccount",
        "aws:SourceIdentity",
        "aws:SourceOrgID",
        "aws:SourceVpc",
        "aws:SourceVpce",
        "aws:UserAgent",
        "aws:VpceAccount",
        "aws:VpceOrgID",
        "aws:userid",
        "aws:username",
    ),
}

# The data has neither the `sub` nor the `aud` of GitHub's provider, and holds `amr` for one value.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
_FEDERATED: dict[str, tuple[str, ...]] = {
    "ArrayOfString": ("cognito-identity.amazonaws.com:amr",),
    "String": (
        "token.actions.githubusercontent.com:aud",
        "token.actions.githubusercontent.com:sub",
        "token.actions.githubusercontent.com/${SubPath}:aud",
        "token.actions.githubusercontent.com/${SubPath}:sub",
    ),
}

# The data files them under a service that uses them (ec2-instance-connect, q, iotjobsdata), not under their own prefix.
_ELSEWHERE: dict[str, tuple[str, ...]] = {
    "ArrayOfString": ("identitystore:GroupId",),
    "String": ("ec2:osuser", "iot:JobId"),
}

KEYS: dict[str, str] = {
    key: type for table in (_GLOBAL, _FEDERATED, _ELSEWHERE) for type, keys in table.items() for key in keys
}

# What IAM takes of the token of any other OIDC provider; the part before the colon is the provider's host and path.
CLAIMS: dict[str, str] = {"amr": "ArrayOfString", "aud": "String", "oaud": "String", "sub": "String"}

# Services whose keys go with their own actions alone, unless the data has one with another's: none of AWS's managed
# policies has one elsewhere. Keys of who asks (`glue:RoleAssumedBy`, `ssm:SourceInstanceARN`) go with any action.
# https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
KEYS_OF_OWN = frozenset(
    {"cloudwatch", "dynamodb", "ecr", "ecs", "elasticfilesystem", "iam", "kms", "logs", "s3", "secretsmanager", "sqs"}
)
# Keys of a list that is asked for, which no action but those that list is asked with.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html
KEYS_OF_LISTS = frozenset({"s3:delimiter", "s3:max-keys", "s3:prefix"})

# Where the data files keys whose prefix is no service's.
HOMELESS = ("sts", "sso", "aws-marketplace", "cognito-identity")
