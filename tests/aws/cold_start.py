"""From the start of a process to its first request for work, as Lambda's runtime API sees it.

Each function is started again and again against a runtime API on this machine; beside ours stand a
Python and a Node function that import what such a function needs: the SDK's clients of DynamoDB
and SQS, and Powertools. One JSON object is printed: milliseconds, bytes.
"""

import argparse
import io
import json
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
STARTS = 21
FUNCTIONS = ["webhook", "poller", "transformer", "poster"]
PYTHON = """
import os, http.client
import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
dynamodb, sqs = boto3.client("dynamodb"), boto3.client("sqs")
logger, metrics = Logger(service="x"), Metrics(namespace="x", service="x")
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
api.request("GET", "/2018-06-01/runtime/invocation/next")
api.getresponse()
"""
NODE = """
const { DynamoDBClient } = require("@aws-sdk/client-dynamodb");
const { SQSClient } = require("@aws-sdk/client-sqs");
const { Logger } = require("@aws-lambda-powertools/logger");
const { Metrics } = require("@aws-lambda-powertools/metrics");
new DynamoDBClient({}); new SQSClient({}); new Logger(); new Metrics({ namespace: "x" });
require("http").get(`http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation/next`);
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binaries", type=pathlib.Path, required=True)
    parser.add_argument("--node-modules", type=pathlib.Path, required=True)
    options = parser.parse_args()
    figures = {}
    with socket.create_server(("127.0.0.1", 0)) as api, tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for name in FUNCTIONS:
            binary = options.binaries / name
            figures[f"{name}_ms"], figures[f"{name}_resident_kb"] = median(api, [binary])
            figures[f"{name}_zip_bytes"] = zipped(binary)
        (folder / "function.py").write_text(PYTHON)
        figures["python_ms"], figures["python_resident_kb"] = median(api, [sys.executable, folder / "function.py"])
        (options.node_modules.parent / "function.js").write_text(NODE)
        node = ["node", options.node_modules.parent / "function.js"]
        figures["node_ms"], figures["node_resident_kb"] = median(api, node)
    print(json.dumps(figures))


def median(api, command):
    """Milliseconds to the first request, and the memory resident then."""
    start(api, command)
    measured = [start(api, command) for _ in range(STARTS)]
    return (
        round(statistics.median(ms for ms, _ in measured), 2),
        statistics.median_low(kb for _, kb in measured),
    )


def start(api, command):
    environment = {
        "PATH": os.environ["PATH"],
        "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:%d" % api.getsockname()[1],
        "AWS_LAMBDA_FUNCTION_NAME": "bench",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_LAMBDA_FUNCTION_VERSION": "1",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "PAYSAGE_ENVIRONMENT": "bench",
        "PAYSAGE_LEDGER_TABLE": "none",
        "PAYSAGE_DOCUMENTS_TABLE": "none",
        "PAYSAGE_HINTS_URL": "none",
        "PAYSAGE_EFFECTS_READY_URL": "none",
    }
    arrived = []
    waiting = threading.Thread(target=lambda: arrived.append(accept(api)), daemon=True)
    waiting.start()
    began = time.perf_counter()
    child = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE)
    waiting.join(20)
    if not arrived:
        child.kill()
        sys.exit(f"{command[0]} asked for no work: {child.stderr.read().decode()[:500]}")
    moment, connection = arrived[0]
    resident = int(next(
        line.split()[1] for line in pathlib.Path(f"/proc/{child.pid}/status").read_text().splitlines()
        if line.startswith("VmRSS")
    ))
    connection.close()
    child.kill()
    child.wait()
    return (moment - began) * 1000, resident


def accept(api):
    connection, _ = api.accept()
    request = connection.recv(64)
    moment = time.perf_counter()
    assert request.startswith(b"GET /2018-06-01/runtime/invocation/next"), request
    return moment, connection


def zipped(binary):
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.write(binary, "bootstrap")
    return len(body.getvalue())


if __name__ == "__main__":
    main()
