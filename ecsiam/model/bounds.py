"""How much is read: bounds far above any real document, which keep a hostile one to about a second.

IAM stops at 10,240 characters for the inline policies of a role, and no policy of another service has more than 32 KB.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from typing import cast

from ecsiam.errors import Fault, PolicyError, refuse, show

LARGEST = 256 * 1024  # characters of a file, or of the keys and values of data
LARGEST_TEXT = 16 * LARGEST  # of a JSON text, white space and all
DEEPEST = 20
MOST_VALUES = 20_000  # of a file: YAML takes longest

# Of a file of several services and environments: what each adds to these, and how much it can come to.
LARGEST_OF_ONE = LARGEST // 4
VALUES_OF_ONE = MOST_VALUES // 4
LARGEST_OF_ALL = 16 * 1024 * 1024
VALUES_OF_ALL = 500_000
MOST_CONFIGS = 20_000
MOST_INHERITED = 100 * MOST_VALUES  # keys and values of all its configs, written out

_OF_DATA = 3  # times as many in data, and twice the characters


def check_bounds(value: object, times: int = 1) -> None:
    """Refuse data with more keys, values or characters, or more deeply nested, than any that is meant.

    `times` is how many documents it may hold.
    """
    most, largest, deepest = MOST_VALUES * _OF_DATA * times, 2 * LARGEST * times, DEEPEST * min(times, 2)
    values = characters = 0
    level = [value]
    for _ in range(deepest + 1):
        deeper: list[object] = []
        for one in level:
            values += 1
            match one:
                case str():
                    characters += len(one)
                case Mapping():
                    keys = [k for k in cast("Mapping[object, object]", one) if isinstance(k, str)]
                    values += len(keys)
                    characters += sum(map(len, keys))
                    deeper += cast("Mapping[object, object]", one).values()
                case list() | tuple():
                    deeper += cast("list[object]", one)
                case _:
                    pass
            if values + len(deeper) > most:
                raise PolicyError(f"more than {most:,} keys and values")
            if characters > largest:
                raise PolicyError(f"larger than {largest // 1024} KiB")
        if not deeper:
            return
        level = deeper
    raise PolicyError(f"nested more than {deepest} deep")


def loaded(source: str, number: Callable[[str], object]) -> object:
    """The data of a JSON text, with duplicate keys refused and every number given to `number` as it was written.

    Raises PolicyError, and for what is no JSON what `json.loads` raises.
    """
    if len(source) > LARGEST_TEXT:
        raise PolicyError(f"larger than {LARGEST_TEXT // 1024} KiB")
    data: object = json.loads(
        source, object_pairs_hook=_object, parse_int=number, parse_float=number, parse_constant=_constant
    )
    check_bounds(data)
    return data


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        times = Counter(key for key, _ in pairs)
        twice = sorted(key for key, count in times.items() if count > 1)
        refuse(PolicyError, (Fault(f"the key `{show(key)}` stands twice in one object") for key in twice))
    return found


def _constant(name: str) -> object:
    raise PolicyError(f"not JSON: `{name}` is not a value")
