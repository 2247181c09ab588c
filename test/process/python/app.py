"""An app on Python's http.server: `app.py PORT`. HTTP/1.0 at /old, where only the end of the
connection ends a body, HTTP/1.1 elsewhere; /sum takes a body of any framing and answers its SHA-256."""
import hashlib
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class App(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/old":
            self.protocol_version = "HTTP/1.0"
            self.send_response(200)
            self.end_headers()
            for line in range(20000):
                self.wfile.write(b"line %d\n" % line)
            self.close_connection = True
            return
        self.answer({"path": self.path, "forwarded": self.headers.get_all("X-Forwarded-For")})

    def do_POST(self):
        digest = hashlib.sha256()
        length = 0
        chunks = 0
        for piece in self.pieces():
            digest.update(piece)
            length += len(piece)
            chunks += 1
        self.answer({"sha256": digest.hexdigest(), "length": length, "chunks": chunks})

    do_PUT = do_POST

    def pieces(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            yield self.rfile.read(int(self.headers["Content-Length"]))
            return
        while True:
            size = int(self.rfile.readline().split(b";")[0], 16)
            piece = self.rfile.read(size)
            self.rfile.readline()
            if size == 0:
                return
            yield piece

    def answer(self, what):
        body = json.dumps(what).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), App).serve_forever()
