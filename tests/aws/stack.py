"""Deploys template.yaml to the emulator of AWS that AWS_ENDPOINT_URL names, and triggers schedules.

What `sam deploy` does, without the SAM CLI: functions are zipped and uploaded, nested templates too,
and the stack is made by a change set.
"""

import argparse
import io
import json
import os
import pathlib
import re
import sys
import time
import urllib.request
import zipfile

import boto3
from samtranslator.yaml_helper import yaml_parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUCKET = "paysage-artifacts"
# What the simulators of a demonstration know; they open nothing else.
SECRETS = {
    "sage_secret": "WEBAPI",
    "paytrace_secret": "demo-password",
    "webhook_secret": "whsec_cGF5c2FnZS1kZW1vbnN0cmF0aW9uLXNlY3JldC0zMmI=",
}
OUTPUTS = {
    "ledger_table": "LedgerTable",
    "documents_table": "DocumentsTable",
    "hints_url": "HintsUrl",
    "effects_url": "EffectsUrl",
}


def main():
    endpoint = os.environ.get("AWS_ENDPOINT_URL", "")
    if not endpoint.startswith("http://127.0.0.1:"):
        sys.exit("AWS_ENDPOINT_URL must name an emulator on this machine")
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(required=True)
    deploying = commands.add_parser("deploy", help="make or update the stack, print its outputs")
    deploying.add_argument("--environment", default="test")
    deploying.add_argument("--binaries", type=pathlib.Path, required=True)
    deploying.add_argument("--outputs", type=pathlib.Path, required=True)
    deploying.add_argument("--without", metavar="ROLE/SID", help="leave one permission out")
    deploying.set_defaults(run=deploy)
    readying = commands.add_parser("ready", help="wait until the emulator answers")
    readying.set_defaults(run=ready)
    ticking = commands.add_parser("tick", help="invoke scheduled functions again and again")
    ticking.add_argument("--every", type=float, default=2.0)
    ticking.add_argument("functions", nargs="+")
    ticking.set_defaults(run=tick)
    counting = commands.add_parser("invocations", help="print what each function's log says of its invocations")
    counting.add_argument("--environment", default="test")
    counting.set_defaults(run=invocations)
    options = parser.parse_args()
    options.run(options)


def deploy(options):
    template = with_numbers(yaml_parse((ROOT / "template.yaml").read_text()))
    if options.without:
        drop(template, options.without)
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    package(template, options.binaries, s3)
    arns = {name: secret(f"paysage/{options.environment}/{name}", text) for name, text in SECRETS.items()}
    parameters = {
        "Environment": options.environment,
        "Architecture": "x86_64",
        "Protect": "false",
        "LogLevel": os.environ.get("PAYSAGE_LOG", "info"),
        "SageSecretArns": arns["sage_secret"],
        "PayTraceSecretArns": arns["paytrace_secret"],
        "WebhookSecretArns": arns["webhook_secret"],
    }
    outputs = create(f"paysage-{options.environment}", template, parameters)
    endpoint = os.environ["AWS_ENDPOINT_URL"]
    told = {name: outputs[output] for name, output in OUTPUTS.items()}
    told["webhook_url"] = f"{endpoint}/_aws/execute-api/{outputs['ApiId']}/$default/webhooks/"
    told.update(arns)
    options.outputs.write_text(json.dumps(told, indent=1) + "\n")
    print(json.dumps(told, indent=1))


def ready(_):
    until = time.time() + 60
    while True:
        try:
            url = f"{os.environ['AWS_ENDPOINT_URL']}/_ministack/health"
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError as error:
            if time.time() > until:
                sys.exit(f"the emulator does not answer: {error}")
            time.sleep(0.1)


def drop(template, path):
    """Leaves one statement of one role out, named by role and statement id."""
    role, sid = path.split("/")
    for policy in template["Resources"][role]["Properties"]["Policies"]:
        document = policy["PolicyDocument"]
        kept = [one for one in document["Statement"] if one.get("Sid") != sid]
        if len(kept) < len(document["Statement"]):
            document["Statement"] = kept
            return
    sys.exit(f"there is no statement {path}")


def numbers(node, values):
    """The emulator leaves numbers that are parameters texts, which AWS does not."""
    if isinstance(node, dict):
        if set(node) == {"Ref"} and node["Ref"] in values:
            return values[node["Ref"]]
        return {name: numbers(one, values) for name, one in node.items()}
    return [numbers(one, values) for one in node] if isinstance(node, list) else node


def with_numbers(template):
    parameters = template.get("Parameters", {})
    values = {n: int(p["Default"]) for n, p in parameters.items() if p["Type"] == "Number"}
    template["Resources"] = numbers(template["Resources"], values)
    return template


def without(kind, template):
    resources = template["Resources"].items()
    template["Resources"] = {name: one for name, one in resources if one["Type"] != kind}
    return template


def package(template, binaries, s3):
    for name, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Serverless::Function":
            binary = resource["Metadata"]["BuildProperties"]["Binary"]
            upload(s3, f"{binary}.zip", zipped(binaries / binary))
            properties["CodeUri"] = {"Bucket": BUCKET, "Key": f"{binary}.zip"}
        if resource["Type"] == "AWS::CloudFormation::Stack":
            # The emulator speaks no TLS, which these policies demand.
            nested = without("AWS::SQS::QueuePolicy", with_numbers(yaml_parse((ROOT / properties["TemplateURL"]).read_text())))
            upload(s3, f"{name}.json", json.dumps(nested).encode())
            properties["TemplateURL"] = f"https://s3.amazonaws.com/{BUCKET}/{name}.json"


def upload(s3, key, body):
    s3.put_object(Bucket=BUCKET, Key=key, Body=body)


def zipped(binary):
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_STORED) as archive:
        entry = zipfile.ZipInfo("bootstrap", date_time=(2026, 1, 1, 0, 0, 0))
        entry.external_attr = 0o755 << 16
        archive.writestr(entry, binary.read_bytes())
    return body.getvalue()


def secret(name, text):
    client = boto3.client("secretsmanager")
    try:
        return client.create_secret(Name=name, SecretString=text)["ARN"]
    except client.exceptions.ResourceExistsException:
        return client.put_secret_value(SecretId=name, SecretString=text)["ARN"]


def create(stack, template, parameters):
    client = boto3.client("cloudformation")
    known = [one["StackName"] for one in client.describe_stacks()["Stacks"]]
    change = client.create_change_set(
        StackName=stack,
        ChangeSetName=f"change-{int(time.time())}",
        ChangeSetType="UPDATE" if stack in known else "CREATE",
        TemplateBody=json.dumps(template),
        Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()],
        Capabilities=["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    wait(lambda: client.describe_change_set(ChangeSetName=change["Id"])["Status"], "CREATE_COMPLETE")
    client.execute_change_set(ChangeSetName=change["Id"])
    try:
        wait(
            lambda: client.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"],
            "CREATE_COMPLETE",
            "UPDATE_COMPLETE",
        )
    except SystemExit:
        for event in client.describe_stack_events(StackName=stack)["StackEvents"]:
            if "FAILED" in event["ResourceStatus"]:
                print(event["LogicalResourceId"], event.get("ResourceStatusReason"), file=sys.stderr)
        raise
    outputs = client.describe_stacks(StackName=stack)["Stacks"][0]["Outputs"]
    return {one["OutputKey"]: one["OutputValue"] for one in outputs}


def wait(status, *wanted):
    until = time.time() + 60
    while (now := status()) not in wanted:
        if now.endswith("FAILED") or "ROLLBACK" in now or time.time() > until:
            sys.exit(f"the stack is {now}")
        time.sleep(0.2)


def tick(options):
    client = boto3.client("lambda")
    while True:
        for function in options.functions:
            client.invoke(FunctionName=function, InvocationType="RequestResponse", Payload=b"{}")
        time.sleep(options.every)


def invocations(options):
    client = boto3.client("logs")
    prefix = f"/paysage/{options.environment}/"
    found = {}
    for group in client.describe_log_groups(logGroupNamePrefix=prefix)["logGroups"]:
        pages = client.get_paginator("filter_log_events").paginate(logGroupName=group["logGroupName"])
        lines = [event["message"] for page in pages for event in page["events"]]
        billed = [int(ms) for line in lines for ms in re.findall(r"Billed Duration: (\d+) ms", line)]
        # CloudWatch Logs bills 26 bytes for each event besides its text.
        size = sum(len(line.encode()) + 26 for line in lines)
        found[group["logGroupName"].removeprefix(prefix)] = {"invocations": len(billed), "billed_ms": sum(billed), "log_bytes": size}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
