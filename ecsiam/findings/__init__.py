"""Findings: needs against grants, what invariants say of what was read, and lint, as one list."""

from ecsiam.findings.checking import check
from ecsiam.findings.finding import Checked, Finding

__all__ = ["Checked", "Finding", "check"]
