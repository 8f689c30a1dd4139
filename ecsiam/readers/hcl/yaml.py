"""`yamldecode`: a text that is YAML, as Terraform reads it, to which `no` is false.

https://developer.hashicorp.com/terraform/language/functions/yamldecode
"""

import re

from ecsiam.errors import ConfigError
from ecsiam.keys.events import NULLS
from ecsiam.readers.found import Unread, Value
from ecsiam.readers.loading import yaml_documents
from ecsiam.readers.values import Encoded, Failed, as_text, unknown

_WORDS = {
    way: word in ("true", "yes", "on", "y")
    for word in ("true", "yes", "on", "y", "false", "no", "off", "n")
    for way in (word, word.capitalize(), word.upper())
}
_WHOLE = re.compile(r"[-+]?[0-9]{1,100}")
_OTHER = re.compile(r"0o[0-7]{1,100}|0x[0-9a-fA-F]{1,100}")
_BROKEN = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")


def yamldecode(value: Value) -> Value:
    """What a YAML text means. Raises Failed for what is none."""
    if isinstance(value, Encoded):  # JSON is YAML
        return value.value
    text = as_text(value)
    if not isinstance(text, str):
        return text if isinstance(text, Unread) else unknown(f"yamldecode({text})")
    try:
        documents = list(yaml_documents(text, "", _plain))
    except ConfigError as e:
        raise Failed(f"not YAML: {e.faults[0].message}") from None
    if len(documents) != 1:
        raise Failed("it is not one document of YAML")
    return documents[0]


def _plain(text: str) -> Value:
    if text in NULLS:
        return None
    if text in _WORDS:
        return _WORDS[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    if _OTHER.fullmatch(text):
        return int(text, 0)
    return float(text) if _BROKEN.fullmatch(text) else str(text)
