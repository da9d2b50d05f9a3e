"""What a call to Stripe may end in, for the floors that do not know the gateway.

`Unreachable`: no answer; what was asked may have taken place, and the command behind it goes on. `Refused`: Stripe will not.
"""

from billing.gateway import Declined, GatewayError, NotFound, Refused, Unreachable

__all__ = ["Declined", "GatewayError", "NotFound", "Refused", "Unreachable"]
