"""A server with the OpenAI streaming API on loopback, whose every byte the test decides.

It never answers by itself: a test takes each call that comes in (`ScriptedModel.next_call`) and says chunk by chunk what
is sent, or how the connection ends. It must not grow wits: what it does not know is a test's fault, told as one.
"""

from __future__ import annotations

import asyncio
import json
import queue
import threading
from collections.abc import Callable

DEADLINE = 15.0  # seconds, for anything that is waited for; only a failing test ever waits that long


class Call:
    """One request to the model, and the answer under way."""

    def __init__(self, path: str, headers: dict[str, str], body: dict, loop: asyncio.AbstractEventLoop) -> None:
        self.path = path
        self.headers = headers
        self.body = body
        self.disconnected = threading.Event()
        self._loop = loop
        self._out: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._started = False

    @property
    def prompt(self) -> str:
        """All that the model was told, as one text."""
        return "\n".join(str(message["content"]) for message in self.body["messages"])

    def send(self, text: str) -> None:
        """Sends one delta of text."""
        self._event({"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]})

    def send_raw(self, data: str) -> None:
        """Sends one event with this data, whatever it is."""
        self._start()
        self._chunk(f"data: {data}\n\n".encode())

    def finish(self, reason: str = "stop") -> None:
        """Ends the answer as a server does that is done."""
        self._event({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
        usage = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
        self._event({"choices": [], "usage": usage})
        self.send_raw("[DONE]")
        self._put(b"0\r\n\r\n")
        self._put(None)

    def answer(self, text: str) -> None:
        """Sends the whole answer, a line a delta, and ends it."""
        for line in text.splitlines(keepends=True):
            self.send(line)
        self.finish()

    def break_off(self) -> None:
        """Closes the connection in the middle of the answer."""
        self._start()
        self._put(None)

    def refuse(self, status: int, message: str) -> None:
        """Answers with an HTTP error instead of a stream."""
        body = json.dumps({"error": {"message": message, "type": "scripted"}}).encode()
        head = f"HTTP/1.1 {status} Scripted\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        self._started = True
        self._put(head.encode() + b"Connection: close\r\n\r\n" + body)
        self._put(None)

    def _event(self, event: dict) -> None:
        base = {"id": "scripted", "object": "chat.completion.chunk", "created": 0, "model": "scripted"}
        self.send_raw(json.dumps(base | event))

    def _start(self) -> None:
        if not self._started:
            self._started = True
            self._put(
                b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n"
                b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
            )

    def _chunk(self, data: bytes) -> None:
        self._put(b"%x\r\n%s\r\n" % (len(data), data))

    def _put(self, data: bytes | None) -> None:
        self._loop.call_soon_threadsafe(self._out.put_nowait, data)


class ScriptedModel:
    """The server. Calls come out of `next_call` in the order in which they came in."""

    def __init__(self) -> None:
        self._calls: queue.Queue[Call] = queue.Queue()
        self._each: Callable[[Call], None] | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        start = asyncio.start_server(self._serve, "127.0.0.1", 0)
        self._server = asyncio.run_coroutine_threadsafe(start, self._loop).result(DEADLINE)
        self.base_url = "http://127.0.0.1:%d/v1" % self._server.sockets[0].getsockname()[1]

    def next_call(self) -> Call:
        """The next request; fails the test if none comes."""
        try:
            return self._calls.get(timeout=DEADLINE)
        except queue.Empty:
            raise AssertionError(f"no request to the model within {DEADLINE} s") from None

    def no_call_waits(self) -> bool:
        return self._calls.empty()

    def answer_each(self, each: Callable[[Call], None]) -> None:
        """From now on, `each` answers every call at once, retries too; `next_call` still tells of them."""
        self._each = each

    def close_listener(self) -> None:
        """Takes no more connections: the address refuses them from now on."""

        async def stop() -> None:
            self._server.close()

        asyncio.run_coroutine_threadsafe(stop(), self._loop).result(DEADLINE)

    def close(self) -> None:
        async def stop() -> None:
            self._server.close()
            pending = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in pending:
                task.cancel()
            await asyncio.gather(*pending, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(stop(), self._loop).result(DEADLINE)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(DEADLINE)
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request and its answer. False once the connection is over."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        _method, path, _version = head[0].split(" ")
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        call = Call(path, headers, json.loads(body or b"{}"), self._loop)
        self._calls.put(call)
        if self._each:
            self._each(call)
        gone = asyncio.ensure_future(reader.read(1))
        try:
            return await self._write(call, writer, gone)
        finally:
            if gone.done():
                call.disconnected.set()
            gone.cancel()

    async def _write(self, call: Call, writer: asyncio.StreamWriter, gone: asyncio.Future) -> bool:
        while True:
            out = asyncio.ensure_future(call._out.get())
            await asyncio.wait({out, gone}, return_when=asyncio.FIRST_COMPLETED)
            if gone.done():
                out.cancel()
                return False
            data = out.result()
            if data is None:
                # One answer a connection: simple, and what a client must be able to live with.
                return False
            writer.write(data)
            await writer.drain()
