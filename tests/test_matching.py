"""How each element of a statement matches: AWS's tables, laws, and what AWS leaves open."""

from collections.abc import Sequence
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecsiam import Parameter, PolicyError, Request, Statement
from ecsiam.analysis.comparisons import MATCHES
from ecsiam.analysis.globs import Pieces
from ecsiam.analysis.matching import (
    Miss,
    glob,
    matches_action,
    matches_principal,
    matches_resource,
    matches_values,
    misses,
)
from ecsiam.analysis.request import Values
from ecsiam.analysis.variables import resolve
from ecsiam.model.condition import COMPARISONS, Comparison, Operator
from ecsiam.model.each import Each
from ecsiam.model.policy import Version
from ecsiam.model.principal import EVERYONE, Principal, PrincipalType
from ecsiam.model.statement import Action, AllBut, Only
from ecsiam.model.text import ACCOUNT_ID, Text

from . import aws_conditions, aws_elements
