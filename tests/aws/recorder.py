"""A recording endpoint: passes requests on to an emulator of AWS, and counts them by service and operation.

Told to end, it writes the counts as JSON.
"""

import argparse
import collections
import http.client
import http.server
import json
import pathlib
import signal
import sys
import threading
import urllib.parse

COUNTS = collections.Counter()
LOCK = threading.Lock()


class Recorder(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    forward = None

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        target = self.headers.get("x-amz-target", "")
        if target:
            service, operation = target.split(".", 1)
            with LOCK:
                COUNTS[f"{service.split('_')[0]}.{operation}"] += 1
        upstream = http.client.HTTPConnection(self.forward, timeout=60)
        upstream.request(self.command, self.path, body, dict(self.headers))
        response = upstream.getresponse()
        skipped = {"transfer-encoding", "content-length", "connection"}
        headers = [(name, value) for name, value in response.getheaders() if name.lower() not in skipped]
        self.answer(response.status, headers, response.read())
        upstream.close()

    do_GET = do_POST

    def answer(self, status, headers, body):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--forward", required=True, metavar="URL")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--counts", type=pathlib.Path, required=True, metavar="FILE")
    options = parser.parse_args()

    def end(*_):
        options.counts.write_text(json.dumps(COUNTS))
        sys.exit()

    signal.signal(signal.SIGTERM, end)
    Recorder.forward = urllib.parse.urlparse(options.forward).netloc
    http.server.ThreadingHTTPServer(("127.0.0.1", options.port), Recorder).serve_forever()


if __name__ == "__main__":
    main()
