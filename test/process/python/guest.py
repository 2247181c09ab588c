"""Python's clients in front of a server that goes, each until its end; says how that was as one JSON
object. `guest.py socket URL`: websockets. `guest.py streams PORT`: event streams by http.client."""
import asyncio
import http.client
import json
import sys
import threading

import websockets

SAY_EVERY_S = 0.005
FORMS = ("chunked", "close", "gzip")


async def talk(url):
    said = {"echoes": 0, "wrong": 0}
    async with websockets.connect(url, close_timeout=5) as socket:
        print("open", file=sys.stderr, flush=True)
        try:
            while True:
                message = "number %d" % said["echoes"]
                await socket.send(message)
                if await socket.recv() != message:
                    said["wrong"] += 1
                said["echoes"] += 1
                await asyncio.sleep(SAY_EVERY_S)
        except websockets.ConnectionClosed as closed:
            said["ended"] = type(closed).__name__
            said["close"] = [socket.close_code, socket.close_reason]
    return said


def read(port, form, said):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", "/events?form=" + form)
    answer = connection.getresponse()
    print("open", file=sys.stderr, flush=True)
    try:
        # http.client raises IncompleteRead if the last chunk never comes.
        said[form] = {"whole": True, "text": answer.read().decode("latin1")}
    except http.client.HTTPException as error:
        said[form] = {"whole": False, "text": repr(error)}


def read_all(port):
    said = {}
    readers = [threading.Thread(target=read, args=(port, form, said)) for form in FORMS]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    return said


if sys.argv[1] == "socket":
    print(json.dumps(asyncio.run(talk(sys.argv[2]))))
else:
    print(json.dumps(read_all(int(sys.argv[2]))))
