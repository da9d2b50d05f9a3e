"""What Stripe says when it refuses a request's parameters."""

from collections.abc import Sequence
from typing import Any


class ParameterError(Exception):
    """A refusal in Stripe's words.

    ``param`` is bracketed as in the request (``items[0][quantity]``), ``code`` one of Stripe's error codes or None where
    Stripe gives none, ``status`` the HTTP status.
    """

    def __init__(self, message: str, *, param: str | None, code: str | None = None, status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.code = code
        self.status = status

    def body(self) -> dict[str, Any]:
        """The JSON of Stripe's answer."""
        error: dict[str, Any] = {"message": self.message, "type": "invalid_request_error"}
        if self.param is not None:
            error["param"] = self.param
        if self.code is not None:
            error["code"] = self.code
            error["doc_url"] = f"https://stripe.com/docs/error-codes/{self.code.replace('_', '-')}"
        return {"error": error}


def unknown(params: Sequence[str], near: str | None) -> ParameterError:
    """Parameters the operation does not have; ``near`` is a name it has, spelt alike."""
    plural = "s" if len(params) > 1 else ""
    hint = f". Did you mean {near}?" if near else ""
    return ParameterError(
        f"Received unknown parameter{plural}: {', '.join(params)}{hint}", param=params[0], code="parameter_unknown"
    )


def absent(param: str) -> ParameterError:
    return ParameterError(f"Missing required param: {param}.", param=param, code="parameter_missing")


def empty(param: str) -> ParameterError:
    return ParameterError(
        f"You passed an empty string for '{param}'. We assume empty values are an attempt to unset a parameter; however "
        f"'{param}' cannot be unset. You should remove '{param}' from your request or supply a non-empty value.",
        param=param,
        code="parameter_invalid_empty",
    )


def not_integer(param: str, value: str) -> ParameterError:
    return ParameterError(f"Invalid integer: {value}", param=param, code="parameter_invalid_integer")


def not_of_kind(kind: str, param: str, value: object) -> ParameterError:
    """``kind`` is Stripe's word: boolean, decimal, string, array, object."""
    shown = "" if kind in {"array", "object"} else f": {_shown(value)}"
    return ParameterError(f"Invalid {kind}{shown}", param=param)


def not_a_choice(param: str, choices: Sequence[object]) -> ParameterError:
    return ParameterError(f"Invalid {param}: must be {_listed([str(choice) for choice in choices])}", param=param)


def too_long(param: str, value: str, limit: int) -> ParameterError:
    shown = value if len(value) < 50 else f"{value[:10]}...{value[-10:]}"
    return ParameterError(f"Invalid string: {shown}; must be at most {limit} characters", param=param)


def too_many(param: str, limit: int) -> ParameterError:
    return ParameterError(f"Array {param} exceeded maximum {limit} allowed elements.", param=param)


def unrecognized_url(method: str, path: str) -> ParameterError:
    return ParameterError(
        f"Unrecognized request URL ({method.upper()}: {path}). Please see https://stripe.com/docs or we can help at "
        "https://support.stripe.com/.",
        param=None,
        status=404,
    )


def metadata_too_long(param: str, what: str, text: str, limit: int) -> ParameterError:
    """``what`` is "key" or "value"."""
    return ParameterError(
        f"Metadata {what}s can have up to {limit} characters, but you passed in a {what} that is {len(text)} characters. "
        f"Invalid {what}: {text}",
        param=param,
    )


def metadata_too_many(param: str, count: int, limit: int) -> ParameterError:
    return ParameterError(f"Metadata can have up to {limit} keys, but you passed in {count}.", param=param)


def _listed(words: list[str]) -> str:
    if len(words) == 1:
        return words[0]
    if len(words) == 2:
        return f"one of {words[0]} or {words[1]}"
    return f"one of {', '.join(words[:-1])}, or {words[-1]}"


def _shown(value: object) -> str:
    """A hash as Stripe prints it, ``{"a"=>"b"}``; anything else as it came."""
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{key}"=>{_quoted(each)}' for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_quoted(each) for each in value) + "]"
    return str(value)


def _quoted(value: object) -> str:
    return _shown(value) if isinstance(value, dict | list) else f'"{value}"'
