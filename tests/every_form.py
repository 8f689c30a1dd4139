"""The forms that the laws are about: those of the table, and those that a room has of its own."""

from ecsiam import Config
from ecsiam.features.access.kinds import KINDS
from ecsiam.model import forms

_OF_KEYS = {key.form.name: key.form for key in Config.keys().values() if key.form}
_OF_KINDS = {
    form.name: form for kind in KINDS.values() for form in (kind.form, *([kind.beside.form] if kind.beside else []))
}
FORMS = {**forms.FORMS, **_OF_KEYS, **_OF_KINDS}
assert all(FORMS[name] == form for name, form in forms.FORMS.items()), "a room's form bears the name of another"
