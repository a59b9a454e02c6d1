"""Why a Kafka message is refused: the code names the rule, the text never repeats what the message held."""

from pydantic import ValidationError

_LONGEST = 500


class InvalidMessage(ValueError):
    """A message no retry can make readable: it belongs in the dead letters.

    Codes: headers-not-utf8, missing-header, duplicate-header, bad-header, unknown-version, foreign-source,
    empty-value, bad-json, schema, key-mismatch, org-mismatch, sequence-mismatch; unknown-type for UnknownEventType.
    """

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message.encode("ascii", "backslashreplace").decode()[:_LONGEST]
        super().__init__(f"{code}: {self.message}")


class UnknownEventType(InvalidMessage):
    """A well-formed event of a type this release does not know: acknowledge and count it."""

    def __init__(self, event_type: str) -> None:
        super().__init__("unknown-type", f"no model for event type {event_type!r}")
        self.event_type = event_type


def summary(error: ValidationError) -> str:
    """Where and why, without the offending values: they may be personal."""
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(f"/{'/'.join(map(str, problem['loc']))} {problem['msg']}" for problem in problems[:5])
