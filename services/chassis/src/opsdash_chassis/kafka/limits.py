"""Size limits of Kafka messages, in bytes."""

from __future__ import annotations

MAXIMUM_EVENT_BYTES = 1_048_576
#: The largest message a topic takes must still fit with our headers added, or it would block its partition for good.
MAXIMUM_BYTES = 2 * MAXIMUM_EVENT_BYTES
