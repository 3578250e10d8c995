"""A bad link between two network devices: loses and delays frames.

Arguments: the two devices to join, and those whose checksums must be whole in every frame that they
send, since frames are copied from one device to the other as they are. The file `quality` in its
folder has the share of the frames that are lost, and the seconds by which the others are late; at
first the link is a good one. As every script of this kind it prints a port, though it has none.
"""

import array
import fcntl
import heapq
import random
import select
import socket
import struct
import sys
import time

PACKET_OUTGOING = 4
SIOCETHTOOL, ETHTOOL_STXCSUM = 0x8946, 0x17
ETH_P_ALL = 3


def device(name):
    raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    raw.bind((name, 0))
    return raw


def compute_checksums(raw, name):
    """Without this a veth leaves them to hardware that is not there, and segments with them."""
    value = array.array("B", struct.pack("II", ETHTOOL_STXCSUM, 0))
    request = struct.pack("16sP16x", name.encode(), value.buffer_info()[0])
    fcntl.ioctl(raw, SIOCETHTOOL, request)


def quality():
    with open("quality") as file:
        loss, delay = file.read().split()
    return float(loss), float(delay)


with open("quality", "w") as file:
    file.write("0 0")
ends = [device(name) for name in sys.argv[1:3]]
for name in sys.argv[3:]:
    compute_checksums(ends[0], name)
chance = random.Random(1)
late = []
count = 0
print(0, flush=True)
while True:
    wait = max(0, late[0][0] - time.monotonic()) if late else None
    for end in select.select(ends, [], [], wait)[0]:
        frame, source = end.recvfrom(65536)
        loss, delay = quality()
        if source[2] != PACKET_OUTGOING and chance.random() >= loss:
            count += 1
            other = ends[1 - ends.index(end)]
            heapq.heappush(late, (time.monotonic() + delay, count, other, frame))
    while late and late[0][0] <= time.monotonic():
        _, _, end, frame = heapq.heappop(late)
        try:
            end.send(frame)
        except OSError:
            pass
