"""The contract with Stripe, at exactly the version of the API that stripe-python is pinned to.

Requests: :func:`operation`, :func:`check`, :func:`decode`, :func:`check_request_log`. Answers: :func:`skeleton`, :func:`part`,
:func:`fields`, :func:`missing`, :func:`violations`. Everything is read from the installed package's own types when it is first
asked for.
"""

from billing.sandbox.contract.answers import ON_EXPANSION, Violation, missing, violations
from billing.sandbox.contract.checking import check
from billing.sandbox.contract.errors import ParameterError
from billing.sandbox.contract.forms import decode
from billing.sandbox.contract.log import RefusedError, Request, check_request_log, refusals
from billing.sandbox.contract.objects import fields, known, part, skeleton
from billing.sandbox.contract.operations import Operation
from billing.sandbox.contract.operations import find as operation

__all__ = [
    "ON_EXPANSION",
    "Operation",
    "ParameterError",
    "RefusedError",
    "Request",
    "Violation",
    "check",
    "check_request_log",
    "decode",
    "fields",
    "known",
    "missing",
    "operation",
    "part",
    "refusals",
    "skeleton",
    "violations",
]
