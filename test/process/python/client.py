"""Python's http.client against app.py: `client.py PORT`. Says what came back as one JSON object."""
import hashlib
import http.client
import json
import sys

PIECES = [bytes([n % 251]) * (n * 37) for n in range(1, 400)]
BODY = b"".join(PIECES)


def ask(connection, *request, **more):
    connection.request(*request, **more)
    answer = connection.getresponse()
    return answer.read()


connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=20)
first = [json.loads(ask(connection, "GET", "/%d" % n)) for n in range(50)]
own = json.loads(ask(connection, "GET", "/own", headers={"X-Forwarded-For": "192.0.2.1"}))
local_port = connection.sock.getsockname()[1]
chunked = json.loads(ask(connection, "POST", "/sum", body=iter(PIECES), encode_chunked=True,
                         headers={"Transfer-Encoding": "chunked"}))
counted = json.loads(ask(connection, "PUT", "/sum", body=BODY))
same_connection = connection.sock is not None and connection.sock.getsockname()[1] == local_port
old = ask(connection, "GET", "/old")
closed = connection.sock is None
print(json.dumps({
    "paths": [answer["path"] for answer in first],
    "forwarded": first[0]["forwarded"],
    "own": own["forwarded"],
    "chunked": chunked,
    "counted": counted,
    "expected": {"sha256": hashlib.sha256(BODY).hexdigest(), "length": len(BODY)},
    "same_connection": same_connection,
    "old": hashlib.sha256(old).hexdigest(),
    "closed": closed,
}))
