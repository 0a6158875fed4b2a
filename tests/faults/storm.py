"""Handshakes at a rate, in a process of its own: `python -m tests.faults.storm PORT PATH RATE SECONDS`.

Prints a JSON object: how many got which answer ("503" of HTTP, "4404" as close code, "lost").
"""

import asyncio
import json
import struct
import sys
import time
from collections import Counter

HANDSHAKE = (
    "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: {origin}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nCookie: sessionid=nobody\r\n\r\n"
)
ANSWERED_WITHIN_S = 15.0
CLOSE = 0x88  # a final close frame; ours are shorter than 126 bytes


async def knock(port: int, request: bytes, after_s: float) -> str:
    """One handshake; returns the close code, or the status where there was no handshake."""
    await asyncio.sleep(after_s)
    try:
        async with asyncio.timeout(ANSWERED_WITHIN_S):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(request)
            status = (await reader.readuntil(b"\r\n\r\n")).split()[1].decode()
            code = await close_code(reader) if status == "101" else status
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        return "lost"
    writer.transport.abort()
    return code


async def close_code(reader: asyncio.StreamReader) -> str:
    while True:
        kind, length = await reader.readexactly(2)
        if length == 126:
            (length,) = struct.unpack(">H", await reader.readexactly(2))
        payload = await reader.readexactly(length)
        if kind == CLOSE:
            return str(struct.unpack_from(">H", payload)[0])


async def storm(port: int, path: str, origin: str, rate: float, seconds: float) -> dict[str, float]:
    request = HANDSHAKE.format(path=path, port=port, origin=origin).encode()
    started = time.monotonic()
    codes = await asyncio.gather(*(knock(port, request, number / rate) for number in range(round(rate * seconds))))
    return {**Counter(codes), "seconds": round(time.monotonic() - started, 2)}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(storm(int(sys.argv[1]), sys.argv[2], sys.argv[3], *map(float, sys.argv[4:])))))
