"""Python's websockets: `websocket.py serve PORT` echoes; `websocket.py ask URL` talks to an echo and
says what came of it as one JSON object."""
import asyncio
import json
import os
import sys

import websockets

MESSAGE_BYTES_MAX = 20_000_000


async def echo(socket, *_):
    async for message in socket:
        if message == "close":
            await socket.close(4001, "as asked")
            return
        await socket.send(message)


async def serve(port):
    async with websockets.serve(echo, "127.0.0.1", port, max_size=MESSAGE_BYTES_MAX):
        await asyncio.Future()


async def ask(url):
    said = {}
    async with websockets.connect(url, max_size=MESSAGE_BYTES_MAX) as socket:
        said["extensions"] = [extension.name for extension in socket.extensions]
        for name, message in (
            ("text", "grüße " * 1000),
            ("large", os.urandom(5_000_000)),
            ("pieces", ["one ", "two ", "three"]),
        ):
            await socket.send(message)
            whole = "".join(message) if isinstance(message, list) else message
            said[name] = await socket.recv() == whole
        await asyncio.wait_for(await socket.ping(b"are you there"), 5)
        said["pong"] = True
        await socket.send("close")
        await socket.wait_closed()
        said["close"] = [socket.close_code, socket.close_reason]
    print(json.dumps(said))


if sys.argv[1] == "serve":
    asyncio.run(serve(int(sys.argv[2])))
else:
    asyncio.run(ask(sys.argv[2]))
