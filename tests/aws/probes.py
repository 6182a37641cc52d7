"""What the days do not show, on a deployed stack: messages nobody can read, messages that come more
than once, functions killed in the middle, and that each function has no right it could do without.
"""

import argparse
import base64
import hashlib
import hmac
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager

import boto3

SECRET = base64.b64decode("cGF5c2FnZS1kZW1vbnN0cmF0aW9uLXNlY3JldC0zMmI=")
CARD = "4012000098765439"
CONFIGURATION = """
companies:
  SAMLTD:
    url: {sage}/Sage300WebApi/v1.0/-
    user: WEBAPI
    password: {{secrets_manager: "{sage_secret}"}}
merchants:
  main:
    company: SAMLTD
    paytrace:
      url: {paytrace}
      username: api@example.test
      password: {{secrets_manager: "{paytrace_secret}"}}
      integrator_id: 90123Example
    currency: USD
    bank: SEATAC
    payment_codes: {{default: CCARD}}
webhooks:
  relay:
    merchant: main
    scheme: standard_webhooks
    secrets: [{{secrets_manager: "{webhook_secret}"}}]
    transaction_pointers: [/transaction_id]
posting: {{linger_ms: 0, settle_ms: 1000, lease_ms: 5000}}
retry: {{base_ms: 200, cap_ms: 1000}}
"""
# What breaks without each right, by role and statement. The emulator does not enforce rights on
# keys, logs and traces, nor those of the event source itself (Consume).
RIGHTS = {
    "webhook": ["Record", "Configuration", "Enqueue", "Secrets"],
    "poller": ["Record", "Configuration", "Enqueue", "Secrets"],
    "transformer": ["Record", "Configuration", "Enqueue", "PayTraceSecrets", "SageSecrets"],
    "poster": ["Record", "Configuration", "SageSecrets"],
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--outputs", type=pathlib.Path, required=True)
    parser.add_argument("--paysage", type=pathlib.Path, required=True)
    options = parser.parse_args()
    with world(options) as outside:
        for probe in [once, unreadable, repeated, killed, rights]:
            began = time.time()
            probe(outside)
            print(f"{probe.__name__}: ok, {time.time() - began:.1f} s", flush=True)


@contextmanager
def world(options):
    ports = [free_port(), free_port()]
    vendors = ["paytrace", "sage300"]
    children = [
        subprocess.Popen([options.paysage, "sandbox", vendor, "--port", str(port)], stdout=subprocess.DEVNULL)
        for vendor, port in zip(vendors, ports)
    ]
    try:
        yield World(json.loads(options.outputs.read_text()), *(f"http://127.0.0.1:{port}" for port in ports))
    finally:
        for child in children:
            child.terminate()
            child.wait()


class World:
    def __init__(self, outputs, paytrace, sage):
        self.outputs, self.paytrace, self.sage = outputs, paytrace, sage
        self.functions, self.queues, self.iam = (boto3.client(one) for one in ["lambda", "sqs", "iam"])
        self.ledger = boto3.client("dynamodb")
        text = CONFIGURATION.format(sage=sage, paytrace=paytrace, **outputs)
        self.ledger.put_item(
            TableName=outputs["documents_table"],
            Item={"pk": {"S": "TEXT"}, "sk": {"S": "paysage.yaml"}, "text": {"S": text}},
        )
        wait_for(lambda: reached(sage) and reached(paytrace), "the simulators answer")
        customer = {"number": "C0", "name": "Buyer", "email": "buyer@example.test", "currency": "USD"}
        call(f"{sage}/_sandbox/seed_customers", {"customers": [customer]})
        login = {"grant_type": "password", "username": "api@example.test", "password": "demo-password"}
        self.token = call(f"{paytrace}/oauth/token", login)["access_token"]
        self.cents = 1000

    def pay(self):
        """A sale; its transaction id."""
        self.cents += 1
        sale = {
            "integrator_id": "90123Example",
            "amount": f"{self.cents / 100:.2f}",
            "credit_card": {"number": CARD, "expiration_month": "12", "expiration_year": "2030"},
            "csc": "999",
            "email": "buyer@example.test",
            "billing_address": {"name": "Buyer", "street_address": "8320", "zip": "85284"},
        }
        headers = {"authorization": f"Bearer {self.token}"}
        made = call(f"{self.paytrace}/v1/transactions/sale/keyed", sale, headers)
        return str(made["transaction_id"])

    def tell(self, transaction):
        """The relay's webhook; the status it is answered."""
        body = json.dumps({"transaction_id": transaction})
        message, at = f"msg_{transaction}", str(int(time.time()))
        signed = hmac.new(SECRET, f"{message}.{at}.{body}".encode(), hashlib.sha256).digest()
        headers = {
            "content-type": "application/json",
            "webhook-id": message,
            "webhook-timestamp": at,
            "webhook-signature": "v1," + base64.b64encode(signed).decode(),
        }
        request = urllib.request.Request(self.outputs["webhook_url"] + "relay", body.encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status
        except urllib.error.HTTPError as refused:
            return refused.code

    def receipts(self):
        """How many posted receipts each transaction has in Sage."""
        counts = {}
        for row in call(f"{self.sage}/_sandbox/state")["receipts"]:
            reference = row["check_receipt_number"]
            counts[reference] = counts.get(reference, 0) + 1
        return counts

    def invoke(self, function, event):
        """The answer, and whether the function failed."""
        answer = self.functions.invoke(FunctionName=f"paysage-test-{function}", Payload=json.dumps(event).encode())
        return json.loads(answer["Payload"].read() or b"null"), "FunctionError" in answer

    def items(self):
        pages = self.ledger.get_paginator("scan").paginate(TableName=self.outputs["ledger_table"])
        return [item for page in pages for item in page["Items"]]

    def waiting(self, queue):
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.queues.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
        return sum(int(found[name]) for name in names)


def once(outside):
    transaction = outside.pay()
    must(outside.tell(transaction) == 202, "the webhook is taken")
    wait_for(lambda: outside.receipts().get(transaction) == 1, "a receipt is posted")


def unreadable(outside):
    """A poisoned message ends before a person, masked, and not among the dead letters."""
    hints = outside.outputs["hints_url"]
    outside.queues.send_message(QueueUrl=hints, MessageBody=f"not a hint {CARD}")
    told = lambda: [one for one in outside.items() if "message_undecodable" in json.dumps(one)]
    wait_for(told, "an exception is raised")
    must(CARD not in json.dumps(outside.items()), "no card number is stored")
    wait_for(lambda: outside.waiting(hints) == 0, "the message is acknowledged")
    must(outside.waiting(hints + "-dead") == 0, "it is no dead letter")


def repeated(outside):
    transaction = outside.pay()
    statuses = {outside.tell(transaction) for _ in range(4)}
    must(statuses <= {200, 202}, f"repeated webhooks are answered 2xx, not {statuses}")
    hint = {"v": 1, "merchant": "main", "transaction": transaction}
    ready = {"v": 1, "company": "SAMLTD"}
    for _ in range(4):
        outside.queues.send_message(QueueUrl=outside.outputs["hints_url"], MessageBody=json.dumps(hint))
        outside.queues.send_message(QueueUrl=outside.outputs["effects_url"], MessageBody=json.dumps(ready))
    wait_for(lambda: outside.receipts().get(transaction), "a receipt is posted")
    wait_for(lambda: not any(map(outside.waiting, queues(outside))), "the queues are empty")
    must(outside.receipts()[transaction] == 1, "there is one receipt")


def killed(outside):
    """Functions die in the middle (SIGKILL), again and again."""
    paid = [outside.pay() for _ in range(12)]
    kills = 0
    for transaction in paid:
        must(outside.tell(transaction) == 202, "the webhook is taken")
        time.sleep(0.05)
        kills += kill("transformer") + kill("poster")
    must(kills > 3, f"functions were killed: {kills}")
    def done():
        outside.invoke("poller", {})
        outside.invoke("poster", {})
        receipts = outside.receipts()
        return all(receipts.get(transaction) for transaction in paid)
    wait_for(done, "everything is posted", 120)
    must(all(count == 1 for count in outside.receipts().values()), "each payment has one receipt")


def rights(outside):
    """Without any single one of its rights a function fails; with all of them it works."""
    stimuli = {
        "webhook": lambda: outside.tell(outside.pay()) not in (200, 202),
        "poller": lambda: outside.pay() and outside.invoke("poller", {})[1],
        "transformer": lambda: transforms_badly(outside),
        "poster": lambda: outside.invoke("poster", {})[1],
    }
    for function, statements in RIGHTS.items():
        restart(function)
        must(not stimuli[function](), f"{function} works with all its rights")
        for statement in statements:
            with without(outside, function, statement):
                restart(function)
                must(stimuli[function](), f"{function} fails without {statement}")
        restart(function)
        must(not stimuli[function](), f"{function} works again")


def transforms_badly(outside):
    hint = json.dumps({"v": 1, "merchant": "main", "transaction": outside.pay()})
    record = {"messageId": "1", "body": hint, "receiptHandle": "none", "attributes": {}}
    answer, failed = outside.invoke("transformer", {"Records": [record]})
    return failed or bool(answer["batchItemFailures"])


@contextmanager
def without(outside, function, statement):
    role = next(
        one["RoleName"] for one in outside.iam.list_roles()["Roles"] if f"{function}role" in one["RoleName"].lower()
    )
    name = outside.iam.list_role_policies(RoleName=role)["PolicyNames"][0]
    whole = outside.iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    kept = [one for one in whole["Statement"] if one.get("Sid") != statement]
    must(len(kept) + 1 == len(whole["Statement"]), f"{role} has the statement {statement}")
    put = lambda document: outside.iam.put_role_policy(
        RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document)
    )
    put({**whole, "Statement": kept})
    try:
        yield
    finally:
        put(whole)


def restart(function):
    """A new process reads configuration and secrets anew."""
    kill(function)
    time.sleep(0.2)


def kill(function):
    """Kills every process of a function; how many."""
    wanted = f"AWS_LAMBDA_FUNCTION_NAME=paysage-test-{function}".encode()
    endpoint = f"AWS_ENDPOINT_URL={os.environ['AWS_ENDPOINT_URL']}".encode()
    killed = 0
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            variables = (folder / "environ").read_bytes().split(b"\0")
            if wanted in variables and endpoint in variables:
                os.kill(int(folder.name), signal.SIGKILL)
                killed += 1
        except (OSError, ValueError):
            continue
    return killed


def queues(outside):
    return [outside.outputs["hints_url"], outside.outputs["effects_url"]]


def call(url, body=None, headers=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"content-type": "application/json", **(headers or {})})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read() or b"null")


def reached(url):
    try:
        return call(f"{url}/_sandbox/state") is not None
    except OSError:
        return False


def wait_for(holds, what, seconds=60):
    until = time.time() + seconds
    while not holds():
        must(time.time() < until, f"after {seconds} s: {what}")
        time.sleep(0.2)


def must(holds, what):
    if not holds:
        sys.exit(f"not so: {what}")


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


if __name__ == "__main__":
    main()
