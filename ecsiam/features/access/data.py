"""Rows of `task_access`: where data is kept.

Actions, resource types and keys are those of the Service Authorization Reference.
"""

from ecsiam.features.access.kind import IN, NAME, AccessKind, Beside, Verb, acts, form_of
from ecsiam.model.condition import Condition

_AUTH = "https://docs.aws.amazon.com/service-authorization/latest/reference"
_BUCKET = "[a-z0-9][a-z0-9.*?_-]+"
_KEY = r"([ -#%-~]|\$\{[A-Za-z0-9:/_.-]+\})+"
_KMS_PAGE = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html"
_POINTS = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-policies.html"

_DECRYPT = ("kms:Decrypt",)
_BOTH = ("kms:Decrypt", "kms:GenerateDataKey")


def _objects(after: str) -> tuple[Verb, ...]:
    """What is done with objects, `after` being what follows the ARN that stands for them."""
    below = (after,)
    return (
        Verb("read", "read objects", acts("s3", "GetObject", after=below), _DECRYPT),
        Verb(
            "write",
            "write objects",
            acts("s3", "PutObject", "AbortMultipartUpload", "ListMultipartUploadParts", after=below),
            _BOTH,
        ),
        Verb("delete", "delete objects", acts("s3", "DeleteObject", after=below)),
    )


_LIST = Verb("list", "list objects", acts("s3", "ListBucket"))
_NO_ACL = "`write` doesn't set ACLs (`s3:PutObjectAcl`)."

S3_BUCKET = AccessKind(
    "s3_bucket",
    "an S3 bucket",
    form_of(
        "s3_bucket",
        "an S3 bucket",
        "s3",
        _BUCKET,
        ("memos-uploads",),
        ("memos-uploads/*", "*", "m", f"arn:aws:s3:{IN}:memos-uploads"),
        regional=False,
        account=False,
    ),
    (_LIST, *_objects("/*")),
    _KMS_PAGE,
    via="s3",
    traps=(
        "A bucket stands for all its objects, unless some of them are in the same list.",
        _NO_ACL,
        "`s3:ListBucketMultipartUploads` is on the bucket, and no part of `list`.",
    ),
    abroad="policy",
)
S3_OBJECT = AccessKind(
    "s3_object",
    "objects of an S3 bucket",
    form_of(
        "s3_object",
        "objects of an S3 bucket",
        "s3",
        f"{_BUCKET}/{_KEY}",
        ("memos-uploads/*", "memos-uploads/reports/2026-*.csv"),
        ("memos-uploads", "memos-uploads/", "memos-uploads/${"),
        regional=False,
        account=False,
    ),
    _objects(""),
    _KMS_PAGE,
    via="s3",
    part_of="s3_bucket",
    traps=("To list them, the bucket has to be in the list too.", _NO_ACL),
    abroad="policy",
)
_POINT = "accesspoint/[a-z0-9*?][a-z0-9*?-]{1,48}[a-z0-9*?]"
S3_ACCESS_POINT = AccessKind(
    "s3_access_point",
    "an S3 access point",
    form_of(
        "s3_access_point", "an S3 access point", "s3", _POINT, ("accesspoint/memos",), ("accesspoint/memos/object/*",)
    ),
    (_LIST, *_objects("/object/*")),
    _POINTS,
    via="s3",
    traps=("An access point stands for all its objects, unless some of them are in the same list.", _NO_ACL),
    other_side="The bucket's policy has to allow what comes through its access points.",
    abroad="policy",
)
S3_ACCESS_POINT_OBJECT = AccessKind(
    "s3_access_point_object",
    "objects behind an S3 access point",
    form_of(
        "s3_access_point_object",
        "objects behind an S3 access point",
        "s3",
        f"{_POINT}/object/{_KEY}",
        ("accesspoint/memos/object/reports/*",),
        ("accesspoint/memos", "accesspoint/memos/reports/*"),
    ),
    _objects(""),
    _POINTS,
    via="s3",
    part_of="s3_access_point",
    traps=("To list them, the access point has to be in the list too.", _NO_ACL),
    other_side=S3_ACCESS_POINT.other_side,
    abroad="policy",
)
S3_EXPRESS = AccessKind(
    "s3_express_bucket",
    "an S3 directory bucket",
    form_of(
        "s3_express_bucket",
        "an S3 directory bucket",
        "s3express",
        "bucket/[a-z0-9*?][a-z0-9*?-]*",
        ("bucket/memos--euw2-az1--x-s3",),
        ("bucket/memos--euw2-az1--x-s3/*", "memos--euw2-az1--x-s3"),
    ),
    (
        Verb("use", "read and write objects", acts("s3express", "CreateSession")),
        Verb(
            "read",
            "read objects",
            acts("s3express", "CreateSession"),
            where=(Condition("StringEquals", "s3express:SessionMode", "ReadOnly"),),
        ),
    ),
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-express-security-iam.html",
    keyless="no page says as which service KMS sees it: grant `kms:Decrypt` and `kms:GenerateDataKey` on the key in "
    "`task_statements`",
    traps=(
        "Its objects have no ARNs: all of the bucket or none.",
        "With `read` the program has to ask for a session that is read-only.",
    ),
    abroad="policy",
)

_TABLE = f"table/{NAME}"
DYNAMODB_TABLE = AccessKind(
    "dynamodb_table",
    "a DynamoDB table",
    form_of(
        "dynamodb_table",
        "a DynamoDB table",
        "dynamodb",
        _TABLE,
        ("table/memos", "table/memos-*"),
        ("table/memos/index/by-user", "table/memos/stream/2026-01-01T00:00:00.000", "memos"),
        hints=((".*:table/.*/index/.*", "is an index", "Write the table's ARN: its indexes come with it."),),
    ),
    (
        Verb(
            "read",
            "read items",
            (
                *acts("dynamodb", "GetItem", "BatchGetItem", "ConditionCheckItem"),
                *acts("dynamodb", "Query", "Scan", after=("", "/index/*")),
            ),
            _DECRYPT,
        ),
        Verb(
            "write",
            "write items",
            acts("dynamodb", "PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem"),
            _DECRYPT,
        ),
    ),
    f"{_AUTH}/list_amazondynamodb.html",
    via="dynamodb",
    traps=(
        "Transactions need the actions of what they do; PartiQL has actions of its own, which are in no verb.",
        "Of a customer's key DynamoDB uses `kms:Decrypt` on behalf of who reads or writes, for the key of the table.",
    ),
    abroad="policy",
)
DYNAMODB_STREAM = AccessKind(
    "dynamodb_stream",
    "a DynamoDB stream",
    form_of(
        "dynamodb_stream",
        "a DynamoDB stream",
        "dynamodb",
        f"{_TABLE}/stream/[A-Za-z0-9_.:*?-]+",
        ("table/memos/stream/2026-01-01T00:00:00.000", "table/memos/stream/*"),
        ("table/memos", "table/memos/stream/"),
    ),
    (Verb("read", "read changes of tables", acts("dynamodb", "DescribeStream", "GetRecords", "GetShardIterator")),),
    f"{_AUTH}/list_amazondynamodb.html",
    keyless="no page says what reading a stream takes of the table's key",
    traps=(
        "`dynamodb:ListStreams` is on `*`, and in no verb: give the program the stream's ARN.",
        "Whether reading takes `kms:Decrypt` on a table's customer key is not documented; then add it in "
        "`task_statements`.",
    ),
    abroad="policy",
)
RDS_USER = AccessKind(
    "rds_user",
    "a database user of RDS",
    form_of(
        "rds_user",
        "a database user of RDS",
        "rds-db",
        "dbuser:(db-|cluster-|prx-)[A-Za-z0-9*?-]+/[A-Za-z0-9_.@*?-]+",
        ("dbuser:cluster-ABCDEFGHIJKLMNOPQRSTUVWXYZ/memos", "dbuser:prx-0123456789abcdef0/*"),
        ("dbuser:memos/memos", "dbuser:db-ABC", "dbuser/db-ABC/memos"),
        hints=(
            (
                ".*:dbuser:[^/]*/.*",
                "has a name where the resource id stands",
                "It begins with `db-`, `cluster-` or `prx-`: the console shows it, and it is no name.",
            ),
        ),
    ),
    (Verb("connect", "connect to databases", acts("rds-db", "connect")),),
    "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.IAMPolicy.html",
    keyless="a connection uses no key",
    traps=("The id is the resource's (`db-`, `cluster-`, of a proxy `prx-`), never the database's name.",),
    other_side="IAM authentication has to be on, and the database user be made for it.",
    abroad="role",
)

_SEARCH = "https://docs.aws.amazon.com/opensearch-service/latest/developerguide/ac.html"


def _search(after: str) -> tuple[Verb, ...]:
    return (
        Verb("read", "read documents", acts("es", "ESHttpGet", "ESHttpHead", after=(after,))),
        Verb(
            "write",
            "write documents",
            acts("es", "ESHttpPost", "ESHttpPut", "ESHttpPatch", "ESHttpDelete", after=(after,)),
        ),
    )


_BY_POST = "`_search` by POST needs `es:ESHttpPost`, which is in `write`."
_DOMAIN = "domain/[a-z*?][a-z0-9*?-]*"
OPENSEARCH_DOMAIN = AccessKind(
    "opensearch_domain",
    "an OpenSearch domain",
    form_of("opensearch_domain", "an OpenSearch domain", "es", _DOMAIN, ("domain/memos",), ("domain/memos/*", "memos")),
    _search("/*"),
    _SEARCH,
    keyless="the domain uses its key itself",
    traps=("A domain stands for all its paths, unless some of them are in the same list.", _BY_POST),
    abroad="policy",
)
OPENSEARCH_PATH = AccessKind(
    "opensearch_path",
    "paths of an OpenSearch domain",
    form_of(
        "opensearch_path",
        "paths of an OpenSearch domain",
        "es",
        f"{_DOMAIN}/[!-#%-~]+",
        ("domain/memos/notes/*", "domain/memos/*"),
        ("domain/memos", "domain/memos/"),
    ),
    _search(""),
    _SEARCH,
    keyless="the domain uses its key itself",
    part_of="opensearch_domain",
    traps=(_BY_POST,),
    abroad="policy",
)
OPENSEARCH_COLLECTION = AccessKind(
    "opensearch_collection",
    "an OpenSearch Serverless collection",
    form_of(
        "opensearch_collection",
        "an OpenSearch Serverless collection",
        "aoss",
        "collection/[a-z0-9*?]+",
        ("collection/0123456789abcdefghij",),
        ("collection/my-notes", "0123456789abcdefghij"),
        hints=((".*:collection/.*-.*", "has a name where the collection's id stands", "Write the id."),),
    ),
    (Verb("use", "use collections", acts("aoss", "APIAccessAll")),),
    "https://docs.aws.amazon.com/opensearch-service/latest/developerguide/security-iam-serverless.html",
    keyless="the collection uses its key itself",
    traps=("The ARN has the collection's id, not its name.",),
    other_side="The collection's data access policy has to name the role.",
    abroad="role",
)

_USER = "[A-Za-z0-9*?][A-Za-z0-9*?-]*"
ELASTICACHE = AccessKind(
    "elasticache",
    "an ElastiCache cache",
    form_of(
        "elasticache",
        "an ElastiCache cache",
        "elasticache",
        f"(replicationgroup|serverlesscache):{_USER}",
        ("replicationgroup:memos", "serverlesscache:memos"),
        ("cluster:memos", "user:memos", "replicationgroup/memos"),
        hints=((".*:user:.*", "is a user", "Users stand in `with`."),),
    ),
    (Verb("connect", "connect to caches", acts("elasticache", "Connect")),),
    "https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth-iam.html",
    keyless="a connection uses no key",
    beside=Beside(
        "the users that it connects as",
        form_of(
            "elasticache_user", "an ElastiCache user", "elasticache", f"user:{_USER}", ("user:memos",), ("user/memos",)
        ),
    ),
    traps=("AWS asks for the cache and for the user.",),
    other_side="The user has to be made for IAM authentication, with its id as its name.",
    abroad="role",
)
MEMORYDB = AccessKind(
    "memorydb",
    "a MemoryDB cluster",
    form_of(
        "memorydb",
        "a MemoryDB cluster",
        "memorydb",
        f"cluster/{_USER}",
        ("cluster/memos",),
        ("cluster:memos", "user/memos"),
        hints=((".*:user/.*", "is a user", "Users stand in `with`."),),
    ),
    (Verb("connect", "connect to clusters", acts("memorydb", "Connect")),),
    "https://docs.aws.amazon.com/memorydb/latest/devguide/auth-iam.html",
    keyless="a connection uses no key",
    beside=Beside(
        "the users that it connects as",
        form_of("memorydb_user", "a MemoryDB user", "memorydb", f"user/{_USER}", ("user/memos",), ("user:memos",)),
    ),
    traps=("AWS asks for the cluster and for the user.",),
    other_side="The user has to be made for IAM authentication.",
    abroad="role",
)
