"""A stand-in for the hashicorp/aws provider, so that the real terraform runs without AWS and without a network.

It speaks terraform's plugin protocol (version 6) over gRPC. All about the types is in schema.json: each attribute as
`terraform providers schema -json` describes it, and beside that

    since, or a number for true     since which major version (it holds 6.69.1; 5.99.1 lacks what is marked 6)
    default, force_new              facts of the real provider that its schema does not tell
    made                            what apply makes of an unknown value, out of `Provider.words`; else it is empty

reading.json has further types, with the arguments alone that the shapes of Terraform use that a reader is tested on.

True to the real provider: names and types of arguments, what is required, deprecated and sensitive, what is known only
after apply, what a change replaces, and which policies, names and ARNs fail before anything is made.

Nothing for a test to rest on: ids and dates are invented; two policies are equal if they are equal as JSON; what exists
is what the state says; there is no import, and aws_ssm_parameter has no value_wo.
"""

import base64
import hashlib
import importlib
import itertools
import json
import os
import re
import string
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

# These ship without type information: they come in here, as Any, and nowhere else.
grpc: Any = importlib.import_module("grpc")
msgpack: Any = importlib.import_module("msgpack")
pb: Any = importlib.import_module("tf.gen.tfplugin_pb2")

Block = Mapping[str, Any]  # what schema.json says of a type, or of a block within one
Values = dict[str, Any]  # a resource's arguments and attributes
Check = Callable[[str, Any], str | None]  # an argument's name and value -> what is wrong with it

ACCOUNT = "123456789012"
UNKNOWN: Any = msgpack.ExtType(0, b"\0")  # "(known after apply)"


# What the real provider refuses before it makes anything, in its words where they are known.


def policy(argument: str, text: str) -> str | None:
    """A policy is a JSON object, without a key given twice."""
    twice: list[str] = []

    def once(pairs: list[tuple[str, Any]]) -> Values:
        names = [name for name, _ in pairs]
        twice.extend(name for name in names if names.count(name) > 1)
        return dict(pairs)

    if not text.strip():
        return f'"{argument}" is an empty string, which is not a valid JSON value'
    if text[0].isspace():
        return f'"{argument}" contains an invalid JSON policy: leading space characters are not allowed'
    try:
        document: object = json.loads(text, object_pairs_hook=once)
    except ValueError as error:
        return f'"{argument}" contains an invalid JSON policy: {error}'
    if not isinstance(document, dict):
        return f'"{argument}" contains an invalid JSON policy: not a JSON object'
    return f'"{argument}" contains duplicate JSON keys: {twice[0]}' if twice else None


def inline_policy(argument: str, text: str) -> str | None:
    """A role's own policy is a policy of at most 10,240 characters."""
    long = len(text) > 10240
    return policy(argument, text) or (f'expected length of "{argument}" to be at most 10240' if long else None)


def named(limit: int) -> Check:
    """A name as IAM takes it, of at most so many characters."""

    def check(argument: str, name: str) -> str | None:
        if len(name) > limit:
            return f"expected length of {argument} to be in the range (1 - {limit}), got {name}"
        good = re.fullmatch(r"[0-9A-Za-z_+=,.@-]+", name)
        return None if good else f"invalid value for {argument} (must match [\\w+=,.@-])"

    return check


def arn(argument: str, text: str) -> str | None:
    """An ARN has six parts; no text at all stands for no ARN."""
    good = re.fullmatch(r"(arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:(\d{12}|aws)?:.+)?", text)
    return None if good else f'"{argument}" ({text}) is an invalid ARN: arn: invalid prefix'


def session(argument: str, seconds: float) -> str | None:
    """A role's session lasts from one hour to twelve."""
    good = 3600 <= seconds <= 43200
    return None if good else f"expected {argument} to be in the range (3600 - 43200), got {seconds:g}"


def https(argument: str, url: str) -> str | None:
    """An OpenID Connect provider is reached by https."""
    good = url.startswith("https://")
    return None if good else f'expected "{argument}" to have a url with schema of: "https", got {url}'


def region_name(_: str, region: str) -> str | None:
    """A region's name has a known form."""
    return None if re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d", region) else f"invalid AWS Region: {region}"


POLICIES = {"assume_role_policy": policy, "policy": policy}  # in every type and block
CHECKS: dict[str, dict[str, Check]] = {
    "aws_iam_instance_profile": {"name": named(128), "name_prefix": named(102)},
    "aws_iam_openid_connect_provider": {"url": https},
    "aws_iam_role": {
        "max_session_duration": session,
        "name": named(64),
        "name_prefix": named(38),
        "permissions_boundary": arn,
    },
    "aws_iam_policy": {"name": named(128), "name_prefix": named(102)},
    "aws_iam_role_policy": {"name": named(128), "name_prefix": named(102), "policy": inline_policy, "role": named(64)},
    "aws_iam_role_policy_attachment": {"policy_arn": arn},
}


def findings(block: Block, values: Values, checks: Mapping[str, Check]) -> Iterator[Any]:
    """What is wrong with the known arguments of a block and of the blocks in it, and what is deprecated."""
    given = {name: value for name, value in values.items() if value is not None and value is not UNKNOWN}
    error, warning = pb.Diagnostic.ERROR, pb.Diagnostic.WARNING
    for name, value in given.items():
        if name in block["block_types"] and not value:
            continue
        spec = block["attributes"].get(name) or block["block_types"][name]
        if name in checks and (wrong := checks[name](name, value)):
            yield pb.Diagnostic(severity=error, summary=wrong, attribute=path(name))
        if spec["deprecated"]:
            detail = f"{name} is deprecated"
            yield pb.Diagnostic(severity=warning, summary="Argument is deprecated", detail=detail, attribute=path(name))
        if "block" in spec:
            for inner in [value] if spec["nesting"] == "single" else value:
                yield from findings(spec["block"], inner, POLICIES)
    if {"name", "name_prefix"} <= given.keys():
        detail = '"name": conflicts with name_prefix'
        yield pb.Diagnostic(severity=error, summary="Conflicting configuration arguments", detail=detail)


# Schemas and values on the wire.


def path(name: str) -> Any:
    """The place of an argument in a resource."""
    return pb.AttributePath(steps=[pb.AttributePath.Step(attribute_name=name)])


def as_of(major: int, block: Block) -> Block:
    """A block as one major version has it, every flag a bool."""
    flags = ("required", "optional", "computed", "sensitive", "deprecated")
    attributes, blocks = (
        {
            name: {**spec, **{flag: 0 < spec.get(flag, 0) <= major for flag in flags}}
            for name, spec in block.get(kind, {}).items()
            if spec.get("since", 0) <= major
        }
        for kind in ("attributes", "block_types")
    )
    inner = {name: {**spec, "block": as_of(major, spec["block"])} for name, spec in blocks.items()}
    return {"attributes": attributes, "block_types": inner}


@cache
def schemas(major: int) -> tuple[Block, dict[str, Block], dict[str, Block]]:
    """The provider's own block, the resources' and the data sources'."""
    everything, more = (
        json.loads(Path(__file__).with_name(name).read_text(encoding="utf-8"))
        for name in ("schema.json", "reading.json")
    )
    resources, data = (
        {name: as_of(major, block) for name, block in {**everything[kind], **more[kind]}.items()}
        for kind in ("resources", "data_sources")
    )
    return as_of(major, everything["provider"]), resources, data


def message(block: Block, *, deprecated: bool = False) -> Any:
    """A block's description for terraform."""
    return pb.Schema.Block(
        deprecated=deprecated,
        attributes=[
            pb.Schema.Attribute(
                name=name,
                type=json.dumps(spec["type"]).encode(),
                **{flag: spec[flag] for flag in ("required", "optional", "computed", "sensitive", "deprecated")},
            )
            for name, spec in block["attributes"].items()
        ],
        block_types=[
            pb.Schema.NestedBlock(
                type_name=name,
                block=message(spec["block"], deprecated=spec["deprecated"]),
                nesting=spec["nesting"].upper(),
                min_items=spec.get("min_items", 0),
                max_items=spec.get("max_items", 0),
            )
            for name, spec in block["block_types"].items()
        ],
    )


def unpack(value: Any) -> Any:
    """A value from terraform, UNKNOWN where it is so; null for a resource that is not or shall not be."""

    def unknown(_code: int, _refinement: bytes) -> Any:
        return UNKNOWN

    return msgpack.unpackb(value.msgpack, ext_hook=unknown)


def pack(value: Any) -> Any:
    """A value for terraform."""
    return pb.DynamicValue(msgpack=msgpack.packb(value))


def normal(text: str) -> str:
    """A policy as the real provider keeps it: written by Go, with keys sorted and no space."""
    plain = json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return plain.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def document(config: Values) -> Values:
    """The policy that a `data "aws_iam_policy_document"` means."""
    own = [statement(block) for block in config["statement"]]
    statements: list[Values] = []
    texts: list[Any] = [*(config["source_policy_documents"] or []), None, *(config["override_policy_documents"] or [])]
    for text in texts:
        given: Any = own if text is None else json.loads(text)["Statement"] if text else []
        several: list[Any] = given if isinstance(given, list) else [given]  # pyright: ignore[reportUnknownVariableType]
        for one in several:
            same = [i for i, s in enumerate(statements) if one.get("Sid") and s.get("Sid") == one["Sid"]]
            if same:
                statements[same[0]] = one
            else:
                statements.append(one)
    return {"Version": config["version"] or "2012-10-17", "Statement": statements}


def statement(block: Values) -> Values:
    """One statement of it. `&{` stands for IAM's `${`, and what is given is in no order."""
    names = {"actions": "Action", "not_actions": "NotAction", "resources": "Resource", "not_resources": "NotResource"}
    found: Values = {"Sid": block["sid"]} if block["sid"] else {}
    found["Effect"] = block["effect"] or "Allow"
    for name, element in names.items():
        if block[name]:
            found[element] = [text.replace("&{", "${") for text in block[name]]
    for name, element in (("principals", "Principal"), ("not_principals", "NotPrincipal")):
        for one in block[name]:
            found.setdefault(element, {}).setdefault(one["type"], []).extend(one["identifiers"])
    for one in block["condition"]:
        values = [text.replace("&{", "${") for text in one["values"]]
        found.setdefault("Condition", {}).setdefault(one["test"], {}).setdefault(one["variable"], []).extend(values)
    return found


# The provider.


def digests(seed: str) -> dict[str, str]:
    """Texts in the forms that AWS's ids have, always the same for a seed."""
    raw = hashlib.sha256(seed.encode()).digest()
    characters = string.ascii_letters + string.digits
    return {
        "capitals": base64.b32encode(raw).decode()[:17],
        "digits": f"{int.from_bytes(raw[:10]):026}"[-26:],
        "hex": raw.hex()[:17],
        # Never without a capital: a secret's ARN is where a change of case does harm.
        "letters": string.ascii_uppercase[raw[0] % 26] + "".join(characters[byte % 62] for byte in raw[1:6]),
        "uuid": str(uuid.UUID(bytes=raw[:16], version=4)),
    }


class Provider:
    """One configured provider. The methods with capitals are the protocol's calls, under their names there."""

    def __init__(self, version: str, region: str) -> None:
        self.provider, self.resources, self.data = schemas(int(version.partition(".")[0]))
        self.home = self.region = region
        self.default_tags: dict[str, str] = {}
        self.nameless = itertools.count(1)

    def GetProviderSchema(self, _: Any) -> Any:
        """What a configuration may say."""
        return pb.GetProviderSchema.Response(
            provider=pb.Schema(block=message(self.provider)),
            resource_schemas={name: pb.Schema(block=message(block)) for name, block in self.resources.items()},
            data_source_schemas={name: pb.Schema(block=message(block)) for name, block in self.data.items()},
        )

    def ValidateProviderConfig(self, request: Any) -> Any:
        """The names and types of arguments are terraform's to check, here and below."""
        found = findings(self.provider, unpack(request.config), {"region": region_name})
        return pb.ValidateProviderConfig.Response(diagnostics=found)

    def ConfigureProvider(self, request: Any) -> Any:
        """The region and the default tags matter, credentials don't."""
        config = unpack(request.config)
        self.region, self.default_tags = config["region"] or self.home, {}
        for block in config["default_tags"]:
            self.default_tags.update(block["tags"] or {})
        return pb.ConfigureProvider.Response()

    def ValidateResourceConfig(self, request: Any) -> Any:
        """What no schema can say."""
        kind = request.type_name
        found = findings(self.resources[kind], unpack(request.config), POLICIES | CHECKS.get(kind, {}))
        return pb.ValidateResourceConfig.Response(diagnostics=found)

    def ValidateDataResourceConfig(self, request: Any) -> Any:
        """Only what is deprecated."""
        found = findings(self.data[request.type_name], unpack(request.config), {})
        return pb.ValidateDataResourceConfig.Response(diagnostics=found)

    def ReadDataSource(self, request: Any) -> Any:
        """They tell the account, the partition and the region: all known before apply."""
        kind, config = request.type_name, unpack(request.config)
        if kind == "aws_iam_policy_document":
            text = json.dumps(document(config))
            return pb.ReadDataSource.Response(state=pack({**config, "id": "1", "json": text, "minified_json": text}))
        region = config.get("region") or (config.get("name") if kind == "aws_region" else None)
        words = self.words(kind, {"name": config.get("name") or kind, "region": region})
        attributes = self.data[kind]["attributes"]
        given = {name: value for name, value in config.items() if value is not None and name != "id"}
        found = {name: made(spec, words) for name, spec in attributes.items()}
        return pb.ReadDataSource.Response(state=pack({**found, **given}))

    def UpgradeResourceState(self, request: Any) -> Any:
        """There is but one version of the state."""
        return pb.UpgradeResourceState.Response(upgraded_state=pack(json.loads(request.raw_state.json)))

    def ReadResource(self, request: Any) -> Any:
        """Nothing changes behind terraform's back."""
        return pb.ReadResource.Response(new_state=request.current_state)

    def PlanResourceChange(self, request: Any) -> Any:
        """The arguments and the defaults, with UNKNOWN for what AWS has yet to tell."""
        prior, config, new = unpack(request.prior_state), unpack(request.config), unpack(request.proposed_new_state)
        if new is None:
            return pb.PlanResourceChange.Response(planned_state=request.proposed_new_state)
        attributes = self.resources[request.type_name]["attributes"]
        for name, spec in attributes.items():
            if config[name] is None and "default" in spec:
                new[name] = spec["default"]
            elif config[name] is None and name == "region" and spec["optional"]:
                new[name] = self.region
            elif config[name] is None and name == "tags_all":
                new[name] = self.all_tags(config["tags"], prior)
            elif config[name] is None and spec["computed"] and prior is None:
                new[name] = UNKNOWN
            elif name in POLICIES and isinstance(config[name], str):
                new[name] = normal(config[name])
        changed = [
            name for name, spec in attributes.items() if spec.get("force_new") and prior and new[name] != prior[name]
        ]
        return pb.PlanResourceChange.Response(
            planned_state=pack(new),
            requires_replace=[path(name) for name in changed],
            legacy_type_system=True,  # as the real one, which fills in defaults
        )

    def all_tags(self, tags: Any, prior: Values | None) -> Any:
        """A resource's tags and the provider's; where a new resource has neither, AWS will tell."""
        own: Values = {} if tags is None or tags is UNKNOWN else tags
        if tags is UNKNOWN or UNKNOWN in own.values():
            return UNKNOWN
        return {**self.default_tags, **own} or (UNKNOWN if prior is None else {})

    def ApplyResourceChange(self, request: Any) -> Any:
        """What was planned, with nothing left unknown."""
        new = unpack(request.planned_state)
        if new is not None:
            words = self.words(request.type_name, new)
            attributes = self.resources[request.type_name]["attributes"]
            new |= {name: made(attributes[name], words) for name, value in new.items() if value is UNKNOWN}
        return pb.ApplyResourceChange.Response(new_state=pack(new), legacy_type_system=True)

    def words(self, kind: str, values: Values) -> dict[str, str]:
        """What made values are made of: the resource's own texts, its place, its name and digests of that."""
        known = {name: value for name, value in values.items() if isinstance(value, str)}
        region = known.get("region", self.region)
        china = region.startswith("cn-")
        given = next((known[name] for name in ("name", "bucket", "creation_token", "url") if name in known), None)
        digest = digests(f"{kind} {given or next(self.nameless)}")
        prefix = known.get("name_prefix") or known.get("bucket_prefix") or "terraform-"
        name = given or prefix + digest["digits"]
        return {
            **known,
            **digest,
            "account": ACCOUNT,
            "bare": name.removeprefix("https://").removeprefix("/"),
            "name": name,
            "partition": "aws-cn" if china else "aws-us-gov" if region.startswith("us-gov-") else "aws",
            "prefix": "cn.com.amazonaws" if china else "com.amazonaws",
            "region": region,
            "suffix": "amazonaws.com.cn" if china else "amazonaws.com",
        }


def made(spec: Block, words: Mapping[str, str]) -> Any:
    """An attribute's value, of its words or empty."""
    form, kind = spec.get("made"), spec["type"]
    if isinstance(form, str):
        return form.format_map(words)
    empty = {"string": "", "number": 0, "bool": False}
    return form or (empty[kind] if isinstance(kind, str) else {} if kind[0] == "map" else [])


# The server.


class Served:
    """The provider in one version as a server on the loopback interface, in threads of this process.

    terraform reaches it by TF_REATTACH_PROVIDERS, as in the real provider's own tests: no command waits for a plugin.
    """

    def __init__(self, version: str, region: str) -> None:
        self.version = version
        self.region = region
        self.providers: dict[str, Provider] = {}
        calls = [name for name in vars(Provider) if name[0].isupper()]
        handlers = {name: self.handler(name, getattr(pb, name)) for name in calls}
        # One worker, one call at a time: there is nothing to guard. A call that is missing here is "not implemented".
        self.server = grpc.server(ThreadPoolExecutor(max_workers=1))
        self.server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("tfplugin6.Provider", handlers)])
        self.address = f"127.0.0.1:{self.server.add_insecure_port('127.0.0.1:0')}"
        self.server.start()

    def handler(self, name: str, kind: Any) -> Any:
        """A call's answer. Each `provider` block has a connection of its own, and by that a Provider of its own."""

        def answer(request: Any, context: Any) -> Any:
            peer = context.peer()
            if peer not in self.providers:
                self.providers[peer] = Provider(self.version, self.region)
            return getattr(self.providers[peer], name)(request)

        return grpc.unary_unary_rpc_method_handler(
            answer, request_deserializer=kind.Request.FromString, response_serializer=kind.Response.SerializeToString
        )

    def reattach(self) -> str:
        """The value of TF_REATTACH_PROVIDERS; `Test` keeps terraform from ending this process."""
        address = {"Network": "tcp", "String": self.address}
        how = {"Protocol": "grpc", "ProtocolVersion": 6, "Pid": os.getpid(), "Test": True, "Addr": address}
        return json.dumps({"registry.terraform.io/hashicorp/aws": how})

    def stop(self) -> None:
        """End it, and its threads."""
        self.server.stop(None).wait()
