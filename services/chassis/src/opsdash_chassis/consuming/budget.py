"""How many messages may be set aside before a topic's consumer stops setting any aside."""

from __future__ import annotations

from collections import deque


class DeadLetterBudget:
    """Stops a bad deployment from draining a topic into the dead letters.

    Spent when 25 messages in a row, or more than a fifth of the last 500, were set aside. A success starts the row
    anew; a restart starts both anew.
    """

    def __init__(self, *, in_a_row: int = 25, window: int = 500, ratio: float = 0.2) -> None:
        self._in_a_row = in_a_row
        self._ratio = ratio
        self._row = 0
        self._outcomes: deque[bool] = deque(maxlen=window)

    def applied(self, messages: int = 1) -> None:
        self._row = 0
        self._outcomes.extend([False] * messages)

    def set_aside(self) -> None:
        self._row += 1
        self._outcomes.append(True)

    @property
    def spent(self) -> bool:
        full = len(self._outcomes) == self._outcomes.maxlen
        return self._row >= self._in_a_row or (full and sum(self._outcomes) > self._ratio * len(self._outcomes))
