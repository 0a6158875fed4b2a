"""A TCP connection that can be cut, swallowed, delayed or narrowed while it is in use."""

import asyncio
import socket
import struct
import threading
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

R = TypeVar("R")
CHUNK = 16 * 1024
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER with no time: closing sends RST


@dataclass(slots=True)
class Weather:
    """What happens to bytes on their way, both ways."""

    swallow: bool = False  # black hole: taken, never delivered, nothing closed
    refuse: bool = False  # new connections are reset at once
    delay_s: float = 0.0  # added to each way
    bytes_per_s: float = 0.0  # 0: no limit


class Proxy:
    """Listens on a port of its own for as long as the process lives; runs in the proxies' own thread."""

    def __init__(self, target_port: int) -> None:
        self.target_port = target_port
        self.weather = Weather()
        self._wires: set[asyncio.StreamWriter] = set()
        self._swallowed: set[asyncio.StreamWriter] = set()
        self._server = _in_thread(asyncio.start_server(self._accept, "127.0.0.1", 0))
        self.port: int = self._server.sockets[0].getsockname()[1]

    def cut(self) -> int:
        """Reset every connection; returns how many ends there were."""
        return _in_thread(self._reset(self._wires))

    def heal(self) -> None:
        """Clear weather; a connection that lost bytes is of no use any more and is reset."""
        self.weather = Weather()
        _in_thread(self._reset(self._swallowed))

    def close(self) -> None:
        self._server.get_loop().call_soon_threadsafe(self._server.close)
        self.cut()

    async def _reset(self, wires: set[asyncio.StreamWriter]) -> int:
        count = 0
        for wire in list(wires):
            _reset_wire(wire)
            count += 1
        wires.clear()
        return count

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if self.weather.refuse:
                raise ConnectionRefusedError
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target_port)
        except OSError:
            _reset_wire(writer)
            return
        self._wires |= {writer, far_writer}
        await asyncio.gather(self._carry(reader, far_writer), self._carry(far_reader, writer))
        self._wires -= {writer, far_writer}
        self._swallowed -= {writer, far_writer}

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        late: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(maxsize=4096)
        delivery = asyncio.create_task(self._deliver(late, writer))
        clock = asyncio.get_running_loop().time
        try:
            while data := await reader.read(CHUNK):
                if self.weather.swallow:
                    self._swallowed.add(writer)
                    continue
                await late.put((clock() + self.weather.delay_s, data))
        except OSError:
            _reset_wire(writer)
        finally:
            await late.put((clock(), b""))
            await delivery

    async def _deliver(self, late: "asyncio.Queue[tuple[float, bytes]]", writer: asyncio.StreamWriter) -> None:
        clock = asyncio.get_running_loop().time
        broken = False
        while (item := await late.get())[1]:
            due, data = item
            if due > clock():
                await asyncio.sleep(due - clock())
            if self.weather.bytes_per_s:
                await asyncio.sleep(len(data) / self.weather.bytes_per_s)
            if broken:
                continue
            try:
                writer.write(data)
                await writer.drain()
            except OSError:
                broken = True
        writer.close()


def _reset_wire(writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    if connection is not None and connection.fileno() >= 0:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    writer.transport.abort()


_loop = asyncio.new_event_loop()
_thread = threading.Thread(target=_loop.run_forever, name="proxies", daemon=True)


def _in_thread(work: Coroutine[Any, Any, R]) -> R:
    if not _thread.is_alive():
        _thread.start()
    return asyncio.run_coroutine_threadsafe(work, _loop).result(timeout=10)
