"""HTTP/2 conformance in the manner of h2spec: each case sends frames and says what has to follow.

Usage: http2_conformance.py PORT

The server has to answer GET and POST at PATH with 200 and echo bodies. A line for each case goes to
standard output; the exit status is 1 when any case has failed.

Frames are made by hyperframe where they are legal and by hand where they are not; header fields by
hpack. What was seen is compared as text:

    status 200      the head of an answer on the stream of the case
    body 5          bytes of that answer, at its end
    reset CODE      RST_STREAM on the stream of the case
    goaway CODE     GOAWAY, after which the connection has to end
    closed          the end without a GOAWAY
    pong TEXT       an answer to a PING
    ack             our settings are acknowledged
"""

import socket
import struct
import sys

import hpack
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    Frame,
    GoAwayFrame,
    HeadersFrame,
    PingFrame,
    PriorityFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)

PATH = "/shop/1.0/a"
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
PATIENCE = 5.0
CODES = [
    "NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT",
    "STREAM_CLOSED", "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR",
    "CONNECT_ERROR", "ENHANCE_YOUR_CALM", "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED",
]
CASES = []


def raw(kind, flags, stream, payload=b"", length=None):
    """A frame by hand; its length may be a lie."""
    length = len(payload) if length is None else length
    return struct.pack(">I", length)[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def fields(method="GET", more=(), path=PATH):
    first = [(":method", method), (":scheme", "http"), (":path", path), (":authority", "x")]
    return hpack.Encoder().encode(first + list(more), huffman=False)


def headers(stream=1, block=None, end_stream=True, end_headers=True, **kept):
    frame = HeadersFrame(stream, data=fields() if block is None else block)
    if end_headers:
        frame.flags.add("END_HEADERS")
    if end_stream:
        frame.flags.add("END_STREAM")
    for name, value in kept.items():
        setattr(frame, name, value)
    return frame.serialize()


def post(stream=1, more=()):
    return headers(stream, fields("POST", more), end_stream=False)


def data(stream=1, text=b"", end_stream=True):
    frame = DataFrame(stream, data=text)
    if end_stream:
        frame.flags.add("END_STREAM")
    return frame.serialize()


def continuation(stream=1, block=b"", end_headers=True):
    frame = ContinuationFrame(stream, data=block)
    if end_headers:
        frame.flags.add("END_HEADERS")
    return frame.serialize()


def settings(values=None, ack=False):
    frame = SettingsFrame(0, settings=values or {})
    if ack:
        frame.flags.add("ACK")
    return frame.serialize()


def ping(text=b"are you?"):
    return PingFrame(0, opaque_data=text).serialize()


def reset(stream=1, code=8):
    return RstStreamFrame(stream, error_code=code).serialize()


def window(stream, size):
    return raw(8, 0, stream, struct.pack(">I", size))


def priority(stream, on):
    return PriorityFrame(stream, depends_on=on, stream_weight=15).serialize()


class Peer:
    """A connection, and what was seen on it."""

    def __init__(self, port, start):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.settimeout(PATIENCE)
        self.decoder = hpack.Decoder()
        self.rest = b""
        self.bodies = {}
        self.sizes = []
        self.send(start)

    def send(self, frames):
        try:
            self.socket.sendall(frames)
        except OSError:
            pass

    def take(self, size):
        while len(self.rest) < size:
            more = self.socket.recv(65536)
            if not more:
                raise EOFError
            self.rest += more
        taken, self.rest = self.rest[:size], self.rest[size:]
        return taken

    def next(self):
        """What was seen next, with the stream it belongs to."""
        try:
            head = self.take(9)
            if head[:4] == b"HTTP":
                return 0, "http1"
            frame, length = Frame.parse_frame_header(memoryview(head))
            frame.parse_body(memoryview(self.take(length)))
        except TimeoutError:
            return 0, "silence"
        except (EOFError, ConnectionError):
            return 0, "closed"
        return frame.stream_id, self.name(frame)

    def name(self, frame):
        if isinstance(frame, HeadersFrame):
            status = dict(self.decoder.decode(frame.data))[":status"]
            if "END_STREAM" in frame.flags:
                self.bodies[frame.stream_id] = b""
            return "status " + status
        if isinstance(frame, DataFrame):
            self.sizes.append(len(frame.data))
            body = self.bodies.get(frame.stream_id, b"") + frame.data
            self.bodies[frame.stream_id] = body
            return "body %d" % len(body) if "END_STREAM" in frame.flags else None
        if isinstance(frame, RstStreamFrame):
            return "reset " + CODES[frame.error_code]
        if isinstance(frame, GoAwayFrame):
            return "goaway " + CODES[frame.error_code]
        if isinstance(frame, PingFrame) and "ACK" in frame.flags:
            return "pong " + frame.opaque_data.decode()
        if isinstance(frame, SettingsFrame):
            return "ack" if "ACK" in frame.flags else "settings"
        return None


def case(name, *expected, start=None, greet=True, stream=1):
    """Registers what a function sends: bytes, or an iterator of bytes and of texts to wait for."""

    def register(make):
        CASES.append((name, expected, start, greet, stream, make))
        return make

    return register


def simple(name, frames, *expected, **kept):
    case(name, *expected, **kept)(lambda peer: frames)


def run(port, entry):
    """What went wrong; None where nothing has."""
    name, expected, start, greet, stream, make = entry
    if start is None:
        start = PREFACE + settings()
    peer = Peer(port, start)
    seen = []

    def wait(texts):
        while True:
            number, text = peer.next()
            if text is None or (number not in (0, stream)) or text in ("ack", "settings"):
                if text not in texts:
                    continue
            seen.append(text)
            if text in texts:
                return True
            if text.startswith("goaway") or text in ("closed", "silence", "http1"):
                return False

    if greet:
        while peer.next()[1] not in ("settings", "closed", "silence"):
            pass
        peer.send(settings(ack=True))
    frames = make(peer)
    if isinstance(frames, bytes):
        peer.send(frames)
    else:
        for step in frames:
            if isinstance(step, bytes):
                peer.send(step)
            elif not wait([step]):
                return "saw %s, waited for %s" % (seen, step)
    if not wait(expected):
        return "saw %s, expected %s" % (seen, " or ".join(expected))
    last = seen[-1]
    if last.startswith("goaway"):
        while last.startswith(("goaway", "status", "body", "reset")):
            last = peer.next()[1] or "body"
        if last != "closed":
            return "saw %s after GOAWAY" % last
    elif last not in ("closed", "http1"):
        peer.send(ping(b"at last."))
        if not wait(["pong at last."]):
            return "saw %s: the connection should go on" % seen
    peer.socket.close()
    return None


PROTOCOL = "goaway PROTOCOL_ERROR"
SIZE = "goaway FRAME_SIZE_ERROR"
FLOW = "goaway FLOW_CONTROL_ERROR"
CLOSED = "goaway STREAM_CLOSED"
COMPRESSION = "goaway COMPRESSION_ERROR"
RESET = "reset PROTOCOL_ERROR"
GOOD = "status 200"

# 3.4 The preface.
simple("3.4 settings come first", b"", "settings", greet=False)
simple("3.4 a wrong preface is no HTTP/2", b"\r\n\r\n", "http1", "closed",
       start=b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", greet=False)
simple("3.4 a preface without settings", ping(), PROTOCOL, "closed",
       start=PREFACE, greet=False)
simple("3.4 a preface with an acknowledgement instead of settings", headers(), PROTOCOL, "closed",
       start=PREFACE + settings(ack=True), greet=False)

# 4.1 Frames.
simple("4.1 a frame of an unknown type", raw(0xBE, 0, 0, b"what") + ping(), "pong are you?")
simple("4.1 a frame of an unknown type on a stream", raw(0xBE, 0xFF, 1, b"what") + headers(), GOOD)
simple("4.1 unknown flags", raw(6, 0xFE, 0, b"are you?"), "pong are you?")
simple("4.1 the reserved bit", raw(6, 0, 0x80000000, b"are you?"), "pong are you?")
simple("4.1 the reserved bit of a window's increment", window(0, 0x80000001) + headers(), GOOD)

# 4.2 Sizes.
simple("4.2 the largest frame", post() + data(1, b"x" * 16384), GOOD)
simple("4.2 DATA too large", post() + data(1, b"x" * 16385), SIZE, "reset FRAME_SIZE_ERROR")
simple("4.2 HEADERS too large", raw(1, 5, 1, b"\0" * 16385), SIZE)
simple("4.2 an unknown frame too large", raw(0xBE, 0, 0, b"x" * 16385), SIZE)
for what, frame in [
    ("SETTINGS of 5 bytes", raw(4, 0, 0, b"\0" * 5)),
    ("SETTINGS that acknowledges and says more", raw(4, 1, 0, b"\0" * 6)),
    ("PING of 7 bytes", raw(6, 0, 0, b"\0" * 7)),
    ("PING of 9 bytes", raw(6, 0, 0, b"\0" * 9)),
    ("WINDOW_UPDATE of 3 bytes", raw(8, 0, 0, b"\0" * 3)),
    ("WINDOW_UPDATE of 5 bytes", raw(8, 0, 0, b"\0" * 5)),
    ("RST_STREAM of 3 bytes", headers() + raw(3, 0, 1, b"\0" * 3)),
    ("GOAWAY of 7 bytes", raw(7, 0, 0, b"\0" * 7)),
]:
    # The library calls each of them PROTOCOL_ERROR.
    simple("4.2 " + what, frame, SIZE, PROTOCOL)
simple("4.2 PRIORITY of 4 bytes", raw(2, 0, 1, b"\0" * 4), SIZE, PROTOCOL, "reset FRAME_SIZE_ERROR")

# 4.3 Header blocks and their compression.
simple("4.3 an index beyond the table", headers(block=b"\xbf\x7f"), COMPRESSION, PROTOCOL)
simple("4.3 index 0", headers(block=b"\x80"), COMPRESSION, PROTOCOL)
simple("4.3 a table larger than allowed", headers(block=b"\x3f\xe2\x1f" + fields()),
       COMPRESSION, PROTOCOL)
simple("4.3 a change of the table's size late in a block", headers(block=fields() + b"\x20"),
       COMPRESSION, PROTOCOL)
simple("4.3 a block that breaks off", headers(block=fields()[:-1]), COMPRESSION, PROTOCOL)
simple("4.3 an integer without end", headers(block=b"\xff" * 20), COMPRESSION, PROTOCOL)
simple("4.3 the end of Huffman code within a text",
       headers(block=fields() + b"\x00\x01a\x84\xff\xff\xff\xff"), COMPRESSION, PROTOCOL)
simple("4.3 Huffman code with padding of zeros",
       headers(block=fields() + b"\x00\x01a\x81\x18"), COMPRESSION, PROTOCOL)
simple("4.3 a change of the table's size", headers(block=b"\x20" + fields()), GOOD)

# 5.1 Streams.
simple("5.1 DATA on an idle stream", data(1), PROTOCOL)
simple("5.1 RST_STREAM on an idle stream", reset(1), PROTOCOL)
simple("5.1 WINDOW_UPDATE on an idle stream", window(1, 1), PROTOCOL)
simple("5.1 CONTINUATION on an idle stream", continuation(1, fields()), PROTOCOL)
simple("5.1 PRIORITY on an idle stream", priority(3, 0) + headers(), GOOD)
simple("5.1 DATA after the end of a request", headers() + data(1),
       CLOSED, PROTOCOL, "reset STREAM_CLOSED")
simple("5.1 HEADERS after the end of a request", headers() + headers(),
       CLOSED, PROTOCOL, "reset STREAM_CLOSED")
simple("5.1 CONTINUATION after the end of a request", headers() + continuation(), PROTOCOL)
simple("5.1 RST_STREAM after the end of a request", headers() + reset() + headers(3), GOOD,
       stream=3)
simple("5.1 WINDOW_UPDATE after the end of a request", headers() + window(1, 10), GOOD)


@case("5.1 WINDOW_UPDATE, PRIORITY and RST_STREAM on a closed stream", GOOD, stream=3)
def _(peer):
    yield headers(1)
    while 1 not in peer.bodies:
        peer.next()
    yield window(1, 10) + priority(1, 0) + reset(1) + headers(3)


@case("5.1 HEADERS on a stream that was reset", CLOSED, PROTOCOL, "reset STREAM_CLOSED")
def _(peer):
    yield post() + reset()
    yield headers()


@case("5.1 DATA on a stream that was reset", CLOSED, PROTOCOL, "reset STREAM_CLOSED")
def _(peer):
    yield post() + reset()
    yield data(1, b"x")


@case("5.1 HEADERS on a closed stream", CLOSED, PROTOCOL)
def _(peer):
    yield headers()
    yield GOOD
    yield headers()


simple("5.1.1 a stream with an even number", headers(2), PROTOCOL, stream=2)
simple("5.1.1 a stream with a lower number", headers(5) + headers(3), PROTOCOL, stream=3)
simple("5.3.1 HEADERS that depend on themselves",
       raw(1, 0x25, 1, struct.pack(">IB", 1, 15) + fields()), RESET, PROTOCOL)
simple("5.3.1 PRIORITY that depends on itself", post() + priority(1, 1), RESET, PROTOCOL)

# 6.1 DATA.
simple("6.1 DATA on stream 0", raw(0, 1, 0, b"x"), PROTOCOL)
simple("6.1 padding longer than the frame", post() + raw(0, 9, 1, b"\x05text"), PROTOCOL)
simple("6.1 padding that fills the frame", post() + raw(0, 9, 1, b"\x04text"), GOOD)
simple("6.1 padding without its length", post() + raw(0, 9, 1, b""), SIZE, PROTOCOL)
simple("6.1 padding is no body", post() + raw(0, 9, 1, b"\x02text.."), "body 4")

# 6.2 HEADERS.
simple("6.2 HEADERS on stream 0", raw(1, 5, 0, fields()), PROTOCOL)
simple("6.2 padding longer than the frame", raw(1, 0xD, 1, b"\xff" + fields()), PROTOCOL)
simple("6.2 padding", raw(1, 0xD, 1, b"\x03" + fields() + b"\0" * 3), GOOD)
simple("6.2 a priority", raw(1, 0x25, 1, struct.pack(">IB", 0, 15) + fields()), GOOD)
simple("6.2 a priority that breaks off", raw(1, 0x25, 1, b"\0\0"), SIZE, PROTOCOL)

# 6.3 to 6.9: frames where they do not belong.
simple("6.3 PRIORITY on stream 0", raw(2, 0, 0, b"\0" * 5), PROTOCOL)
simple("6.4 RST_STREAM on stream 0", raw(3, 0, 0, b"\0" * 4), PROTOCOL)
simple("6.5 SETTINGS on a stream", raw(4, 0, 1), PROTOCOL)
simple("6.6 PUSH_PROMISE from a client", raw(5, 4, 1, b"\0\0\0\2" + fields()), PROTOCOL)
simple("6.6 PUSH_PROMISE on a stream of a request", post() + raw(5, 4, 1, b"\0\0\0\2" + fields()),
       PROTOCOL)
simple("6.7 PING on a stream", raw(6, 0, 1, b"\0" * 8), PROTOCOL)
simple("6.8 GOAWAY on a stream", raw(7, 0, 1, b"\0" * 8), PROTOCOL)


@case("6.8 a client that leaves gets what it has asked for", "goaway NO_ERROR", "closed")
def _(peer):
    yield post() + GoAwayFrame(0).serialize() + data(1, b"x")
    yield "body 1"


# 6.5 Settings.
simple("6.5 settings are acknowledged", settings({}), "ack", greet=False)
simple("6.5.2 ENABLE_PUSH is 2", settings({2: 2}), PROTOCOL)
simple("6.5.2 a window above its limit", settings({4: 0x80000000}), FLOW, PROTOCOL)
simple("6.5.2 a frame size below its limit", settings({5: 16383}), PROTOCOL)
simple("6.5.2 a frame size above its limit", settings({5: 16777216}), PROTOCOL)
simple("6.5.2 an unknown setting", settings({0xFF: 1}) + headers(), GOOD)
simple("6.5.3 the last of equal settings holds",
       raw(4, 0, 0, struct.pack(">HIHI", 4, 0, 4, 65535)) + post() + data(1, b"four"), "body 4")

# 6.7 PING.
simple("6.7 PING is answered", ping(b"12345678"), "pong 12345678")
simple("6.7 an answer to no PING", raw(6, 1, 0, b"12345678") + headers(), GOOD)

# 6.9 Windows.
simple("6.9 a window grows by nothing", window(0, 0), PROTOCOL)
simple("6.9 the window of a stream grows by nothing", post() + window(1, 0), RESET, PROTOCOL)
simple("6.9.1 a window grows too large", window(0, 0x7FFFFFFF), FLOW)
simple("6.9.1 the window of a stream grows too large", post() + window(1, 0x7FFFFFFF),
       "reset FLOW_CONTROL_ERROR", FLOW)


@case("6.9.1 a window is kept to", "body 5")
def _(peer):
    yield settings({4: 1}) + post() + data(1, b"three")
    yield GOOD
    yield ping(b"is it 1?")
    yield "pong is it 1?"
    if peer.sizes != [1]:
        yield "a single byte instead of %s" % peer.sizes
    yield window(1, 10)


@case("6.9.2 a window may become negative", "body 10")
def _(peer):
    yield settings({4: 5}) + post() + data(1, b"0123456789")
    yield GOOD
    yield ping(b"is it 5?")
    yield "pong is it 5?"
    yield settings({4: 0}) + window(1, 5) + ping(b"is it 0?")
    yield "pong is it 0?"
    if peer.sizes != [5]:
        yield "five bytes instead of %s" % peer.sizes
    yield window(1, 5)


simple("6.9.2 a change of settings makes a window too large",
       post() + window(1, 0x7FFFFFFF - 65535) + settings({4: 65536}), FLOW)

# 6.10 CONTINUATION.
whole = fields()
simple("6.10 a block in four frames",
       headers(1, whole[:5], end_headers=False) + continuation(1, whole[5:9], False)
       + continuation(1, b"", False) + continuation(1, whole[9:]), GOOD)
simple("6.10 another frame within a block",
       headers(1, whole[:5], end_headers=False) + ping(), PROTOCOL)
simple("6.10 an unknown frame within a block",
       headers(1, whole[:5], end_headers=False) + raw(0xBE, 0, 0, b"x"), PROTOCOL)
simple("6.10 another stream within a block",
       headers(1, whole[:5], end_headers=False) + continuation(3, whole[5:]), PROTOCOL)
simple("6.10 HEADERS within a block",
       headers(1, whole[:5], end_headers=False) + headers(3), PROTOCOL)
simple("6.10 CONTINUATION on stream 0",
       headers(1, whole[:5], end_headers=False) + raw(9, 4, 0, whole[5:]), PROTOCOL)
simple("6.10 CONTINUATION after DATA", post() + data(1, b"x", False) + continuation(), PROTOCOL)

# 8.1 Messages.
simple("8.1 a body and trailers",
       post() + data(1, b"body", False)
       + headers(1, hpack.Encoder().encode([("x-sum", "4")])), "body 4")
simple("8.1 trailers that do not end the stream",
       post() + data(1, b"body", False)
       + headers(1, hpack.Encoder().encode([("x-sum", "4")]), end_stream=False), RESET, PROTOCOL)
simple("8.1.1 a length above that of the body",
       post(1, [("content-length", "5")]) + data(1, b"four"), RESET)
simple("8.1.1 a length below that of the body",
       post(1, [("content-length", "3")]) + data(1, b"four"), RESET)
simple("8.1.1 a length and no body", headers(1, fields(more=[("content-length", "3")])), RESET)
simple("8.1 a length in pieces",
       post(1, [("content-length", "8")]) + data(1, b"four", False) + data(1, b"more", False)
       + data(1), "body 8")

# 8.2 Fields.
simple("8.2 an upper-case name", headers(1, fields(more=[("X-Upper", "v")])), RESET, PROTOCOL)
simple("8.2.2 a field of the connection", headers(1, fields(more=[("connection", "close")])), RESET)
simple("8.2.2 TE other than trailers", headers(1, fields(more=[("te", "gzip")])), RESET)
simple("8.2.2 TE: trailers", headers(1, fields(more=[("te", "trailers")])), GOOD)
simple("8.3 an unknown pseudo field", headers(1, fields(more=[(":what", "v")])), RESET, PROTOCOL)
simple("8.3 a pseudo field of answers", headers(1, fields(more=[(":status", "200")])), RESET)
simple("8.3 a pseudo field late",
       headers(1, hpack.Encoder().encode(
           [(":method", "GET"), (":scheme", "http"), ("x", "y"), (":path", PATH)])), RESET)
simple("8.3.1 an empty path", headers(1, fields(path="")), RESET)
for missing in [":method", ":scheme", ":path"]:
    simple("8.3.1 no " + missing,
           headers(1, hpack.Encoder().encode(
               [(name, value) for name, value in
                [(":method", "GET"), (":scheme", "http"), (":path", PATH), (":authority", "x")]
                if name != missing])), RESET)
simple("8.3.1 a method twice",
       headers(1, hpack.Encoder().encode(
           [(":method", "GET"), (":method", "GET"), (":scheme", "http"), (":path", PATH)])), RESET)


def main():
    port = int(sys.argv[1])
    failed = 0
    for entry in CASES:
        problem = run(port, entry)
        failed += problem is not None
        print("%s %s%s" % ("ok  " if problem is None else "FAIL", entry[0],
                           "" if problem is None else ": " + problem))
    print("%d cases, %d failed" % (len(CASES), failed))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
