"""Whatever arrives, decoding ends in an event or in InvalidMessage: anything else would stop a consumer."""

import contextlib

from hypothesis import example, given
from hypothesis import strategies as st
from opsdash_contracts.envelope import Event, InvalidMessage, decode
from opsdash_contracts.headers import OPTIONAL, REQUIRED, TRACE

from tests.contracts.files import EXAMPLES

OUR_NAMES = st.sampled_from((*REQUIRED, *OPTIONAL, TRACE))
NOISE = st.none() | st.binary(max_size=200) | st.text(max_size=50).map(lambda text: text.encode())
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec="utf-8"), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


def survives(headers, key, value):
    with contextlib.suppress(InvalidMessage):
        assert isinstance(decode(headers, key, value), Event)


@given(headers=st.lists(st.tuples(OUR_NAMES | st.text(max_size=20), NOISE), max_size=16), key=NOISE, value=NOISE)
@example(headers=[], key=None, value=None)
def test_arbitrary_bytes_never_crash_the_decoder(headers, key, value):
    survives(headers, key, value)


@given(message=st.sampled_from(EXAMPLES), name=OUR_NAMES, noise=NOISE)
def test_a_good_message_with_one_header_replaced_never_crashes_the_decoder(message, name, noise):
    others = [pair for pair in message.headers if pair[0] != name]
    survives([*others, (name, noise)], message.key, message.value)


@given(message=st.sampled_from(EXAMPLES), key=NOISE, value=NOISE)
def test_good_headers_around_noise_never_crash_the_decoder(message, key, value):
    survives(message.headers, key, message.value)
    survives(message.headers, message.key, value)


@given(message=st.sampled_from(EXAMPLES), data=st.data(), anything=json_values)
def test_a_good_body_with_any_json_in_one_field_never_crashes_the_decoder(message, data, anything):
    field = data.draw(st.sampled_from(sorted(message.body)))
    spoilt = message._replace(body={**message.body, field: anything})
    survives(spoilt.headers, spoilt.key, spoilt.value)


@given(message=st.sampled_from(EXAMPLES), position=st.integers(0), byte=st.integers(0, 255))
def test_one_flipped_byte_never_crashes_the_decoder(message, position, byte):
    value = bytearray(message.value)
    value[position % len(value)] = byte
    survives(message.headers, message.key, bytes(value))
