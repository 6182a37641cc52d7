"""A recording endpoint: passes requests on to an emulator of AWS and writes what was asked, by function.

Told to end, it writes JSON: requests by operation, by function and operation, and the units of
reading and writing that DynamoDB bills for them. Units are those of AWS's documentation: a write is
one for each begun KiB of the larger of the item before and after, two in a transaction; a read is one
for each begun 4 KiB, half of that where it need not be consistent, and an empty read is one of 4 KiB.
Index writes are one for each begun KiB of what is projected: one when an entry appears, changes or goes,
two when its key changes. The item as it is before and after is read from the emulator, outside of
what is counted.
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

LOCK = threading.Lock()
COUNTS = collections.Counter()
BY_FUNCTION = collections.defaultdict(collections.Counter)
UNITS = collections.Counter()
LARGEST = collections.Counter()
SEEN = {}
# Index: its keys, and what it carries besides the table's keys. As in infra/data.yaml.
TABLE_KEYS = ("pk", "sk")
INDEXES = {
    "by_state": (("ix", "ixs"), ("merchant", "company", "minor", "ccy")),
    "strays": (("sx", "sxs"), ()),
}


def size(value):
    """Bytes of an attribute value, as DynamoDB's documentation counts them."""
    kind, inner = next(iter(value.items()))
    if kind in ("S", "B"):
        return len(inner.encode())
    if kind == "N":
        digits = inner.strip("-").replace(".", "")
        return (len(digits) + 1) // 2 + 1 + inner.startswith("-")
    if kind in ("BOOL", "NULL"):
        return 1
    if kind == "M":
        return 3 + sum(1 + len(name.encode()) + size(one) for name, one in inner.items())
    if kind == "L":
        return 3 + sum(1 + size(one) for one in inner)
    return sum(size({kind[0]: one}) for one in inner)


def item_size(item):
    return sum(len(name.encode()) + size(value) for name, value in (item or {}).items())


def begun(size_in_bytes, unit):
    return max(1, -(-size_in_bytes // unit))


def entry(item, keys, carries):
    """What an index holds of an item, or nothing."""
    if not item or not all(key in item for key in keys):
        return None
    return {name: item[name] for name in (*TABLE_KEYS, *keys, *carries) if name in item}


def index_units(before, after):
    units = 0
    for keys, carries in INDEXES.values():
        was, now = entry(before, keys, carries), entry(after, keys, carries)
        if was == now:
            continue
        cost = [begun(item_size(one), 1024) for one in (was, now) if one]
        moved = was and now and any(was[key] != now[key] for key in keys)
        units += sum(cost) if moved else max(cost)
    return units


class Upstream:
    """Calls to the emulator; a request of the recorder's own is not counted."""

    host = None

    @classmethod
    def send(cls, method, path, body, headers):
        upstream = http.client.HTTPConnection(cls.host, timeout=60)
        upstream.request(method, path, body, headers)
        response = upstream.getresponse()
        answer = response.status, response.getheaders(), response.read()
        upstream.close()
        return answer

    @classmethod
    def item(cls, table, key, headers):
        own = {name: value for name, value in headers.items() if name.lower() in ("authorization", "host", "x-amz-date")}
        own |= {"x-amz-target": "DynamoDB_20120810.GetItem", "content-type": "application/x-amz-json-1.0"}
        body = json.dumps({"TableName": table, "Key": key, "ConsistentRead": True})
        _, _, answer = cls.send("POST", "/", body.encode(), own)
        return json.loads(answer).get("Item")


def keys_of(write):
    source = write.get("Item") or write.get("Key")
    return {name: source[name] for name in TABLE_KEYS}


def writes_of(operation, asked):
    if operation == "TransactWriteItems":
        return [next(iter(one.values())) for one in asked["TransactItems"]], 2
    return ([asked], 1) if operation in ("PutItem", "UpdateItem", "DeleteItem") else ([], 1)


def note_write(operation, pairs, factor):
    for before, after in pairs:
        largest = max(item_size(before), item_size(after))
        kind = (after or before or {}).get("pk", {}).get("S", "?").split("#")[0]
        LARGEST[kind] = max(LARGEST[kind], largest)
        UNITS["write"] += factor * begun(largest, 1024)
        UNITS["write_index"] += index_units(before, after)
        UNITS[f"write_{kind}"] += factor * begun(largest, 1024) + index_units(before, after)


def note_read(operation, asked, answer):
    if operation == "GetItem":
        note_reads([answer.get("Item")], asked.get("ConsistentRead", False))
    elif operation == "BatchGetItem":
        for table, wanted in asked["RequestItems"].items():
            found = answer.get("Responses", {}).get(table, [])
            missing = [None] * (len(wanted["Keys"]) - len(found))
            note_reads(found + missing, wanted.get("ConsistentRead", False))
    elif operation == "Query":
        # A page is billed by the sum of what it looked at, in an index by what is projected.
        total = sum(item_size(item) for item in answer.get("Items", []))
        halves = begun(total, 4096) * (2 if asked.get("ConsistentRead") else 1)
        UNITS["read_halves"] += halves


def note_reads(items, consistent):
    for item in items:
        UNITS["read_halves"] += begun(item_size(item), 4096) * (2 if consistent else 1)


class Recorder(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        target = self.headers.get("x-amz-target", "")
        service, _, operation = target.partition(".")
        service = service.split("_")[0]
        asked = json.loads(body) if service == "DynamoDB" else {}
        writes, factor = writes_of(operation, asked)
        before = [self.look(write, known=True) for write in writes]
        status, headers, answer = Upstream.send(self.command, self.path, body, dict(self.headers))
        after = [self.look(write) for write in writes]
        if target:
            with LOCK:
                self.note(f"{service}.{operation}")
                note_write(operation, zip(before, after), factor)
                if status == 200 and service == "DynamoDB":
                    note_read(operation, asked, json.loads(answer))
        skipped = {"transfer-encoding", "content-length", "connection"}
        self.answer(status, [pair for pair in headers if pair[0].lower() not in skipped], answer)

    do_GET = do_POST

    def note(self, operation):
        COUNTS[operation] += 1
        # The program is named in what the SDK says of itself, where the function's environment has it.
        agent = self.headers.get("x-amz-user-agent", "") + " " + self.headers.get("user-agent", "")
        apps = [word[4:] for word in agent.split() if word.startswith("app/")]
        BY_FUNCTION[apps[0] if apps else "-"][operation] += 1

    def look(self, write, known=None):
        """The item as it is; before a write, as it was seen last."""
        key = keys_of(write)
        name = (write["TableName"], *(value["S"] for value in key.values()))
        if known and name in SEEN:
            return SEEN[name]
        SEEN[name] = Upstream.item(write["TableName"], key, self.headers)
        return SEEN[name]

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
        found = {"operations": COUNTS, "by_function": BY_FUNCTION, "units": UNITS, "item_bytes_max": LARGEST}
        options.counts.write_text(json.dumps(found))
        sys.exit()

    signal.signal(signal.SIGTERM, end)
    Upstream.host = urllib.parse.urlparse(options.forward).netloc
    http.server.ThreadingHTTPServer(("127.0.0.1", options.port), Recorder).serve_forever()


if __name__ == "__main__":
    main()
