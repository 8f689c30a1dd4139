"""ecsiam: the IAM roles of an ECS service, described once as typed data, emitted exactly for each tool."""

from importlib import import_module

TYPE_CHECKING = False  # as checkers know it; `typing` itself takes longer to load than all that a name needs
if TYPE_CHECKING:
    from ecsiam.analysis.answers import Answer, Fails, Holds, Undecided
    from ecsiam.analysis.change import Change, compare
    from ecsiam.analysis.evaluator import Decision, evaluate
    from ecsiam.analysis.questions import can, contains, equivalent, overlaps
    from ecsiam.analysis.request import Request
    from ecsiam.artifact import Artifact
    from ecsiam.builder import build
    from ecsiam.config import Config, load_config, load_configs
    from ecsiam.errors import ConfigError, EmitError, PolicyError, ReadError
    from ecsiam.findings import Finding, check
    from ecsiam.invariants import prove
    from ecsiam.model.accept import Accept
    from ecsiam.model.document import parse_policy
    from ecsiam.model.parameter import Parameter
    from ecsiam.model.policy import Policy
    from ecsiam.model.principal import Principal
    from ecsiam.model.role import Role
    from ecsiam.model.stack import Stack
    from ecsiam.model.statement import Statement
    from ecsiam.readers.reader import read
    from ecsiam.readers.reading import Reading
    from ecsiam.targets import emit

# Where each name lives; a name loads its module on first use (PEP 562), so that `import ecsiam` costs nothing.
_HOMES = {
    "Accept": "model.accept",
    "Answer": "analysis.answers",
    "Artifact": "artifact",
    "Change": "analysis.change",
    "Config": "config",
    "ConfigError": "errors",
    "Decision": "analysis.evaluator",
    "EmitError": "errors",
    "Fails": "analysis.answers",
    "Finding": "findings",
    "Holds": "analysis.answers",
    "Parameter": "model.parameter",
    "Policy": "model.policy",
    "PolicyError": "errors",
    "ReadError": "errors",
    "Reading": "readers.reading",
    "Principal": "model.principal",
    "Request": "analysis.request",
    "Role": "model.role",
    "Stack": "model.stack",
    "Statement": "model.statement",
    "Undecided": "analysis.answers",
    "build": "builder",
    "can": "analysis.questions",
    "check": "findings",
    "compare": "analysis.change",
    "contains": "analysis.questions",
    "emit": "targets",
    "equivalent": "analysis.questions",
    "evaluate": "analysis.evaluator",
    "load_config": "config",
    "load_configs": "config",
    "overlaps": "analysis.questions",
    "parse_policy": "model.document",
    "prove": "invariants",
    "read": "readers.reader",
}

__all__ = [
    "Accept",
    "Answer",
    "Artifact",
    "Change",
    "Config",
    "ConfigError",
    "Decision",
    "EmitError",
    "Fails",
    "Finding",
    "Holds",
    "Parameter",
    "Policy",
    "PolicyError",
    "Principal",
    "ReadError",
    "Reading",
    "Request",
    "Role",
    "Stack",
    "Statement",
    "Undecided",
    "build",
    "can",
    "check",
    "compare",
    "contains",
    "emit",
    "equivalent",
    "evaluate",
    "load_config",
    "load_configs",
    "overlaps",
    "parse_policy",
    "prove",
    "read",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"ecsiam.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
