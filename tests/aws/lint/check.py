"""Lints the templates, and asserts of them what no linter knows."""

import datetime
import json
import pathlib
import re
import subprocess
import sys

import yaml
from samtranslator.yaml_helper import yaml_parse

ROOT = pathlib.Path(__file__).resolve().parents[3]
BIN = pathlib.Path(sys.executable).parent
NESTED = {path.name: yaml_parse(path.read_text()) for path in (ROOT / "infra").glob("*.yaml")}
MAIN = yaml_parse((ROOT / "template.yaml").read_text())
AWS_METRICS = {
    "AWS/SQS": {"ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"},
    "AWS/Lambda": {"Errors", "Throttles", "Duration"},
    "AWS/ApiGateway": {"5xx", "4xx"},
}
# Actions that AWS grants on no single resource.
UNBOUND = {"xray:PutTraceSegments", "xray:PutTelemetryRecords"} | {
    f"ec2:{verb}NetworkInterface{s}" for verb, s in [("Create", ""), ("Describe", "s"), ("Delete", "")]
}
SECRETS = {"Webhook": {"WebhookSecretArns"}, "Poller": {"PayTraceSecretArns"},
           "Transformer": {"PayTraceSecretArns", "SageSecretArns"}, "Poster": {"SageSecretArns"}}
problems = []


def must(holds, problem):
    if not holds:
        problems.append(problem)


def all_of(kind, templates=None):
    for template in templates or [MAIN, *NESTED.values()]:
        for name, resource in template["Resources"].items():
            if resource["Type"] == kind:
                yield name, resource.get("Properties", {})


def functions():
    return dict(all_of("AWS::Serverless::Function"))


def roles_are_narrow():
    for name, role in all_of("AWS::IAM::Role"):
        secrets = set()
        for policy in role["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                statement = statement.get("Fn::If", [None, statement])[1]
                actions = statement["Action"]
                actions = actions if isinstance(actions, list) else [actions]
                where = f"{name}/{statement['Sid']}"
                must(not any("*" in action for action in actions), f"{where}: an action with *")
                must(statement["Resource"] != "*" or set(actions) <= UNBOUND, f"{where}: resource *")
                for action in actions:
                    must(not re.search(r"dynamodb:.*(Delete|Scan)", action), f"{where}: {action}")
                if actions == ["secretsmanager:GetSecretValue"]:
                    secrets.add(statement["Resource"]["Ref"])
        must(secrets == SECRETS[name.removesuffix("Role")], f"{name} reads the secrets {secrets}")
    used = [one["Role"]["Fn::GetAtt"] for one in functions().values()]
    must(len(used) == len({str(role) for role in used}), "two functions share a role")


def functions_are_bounded():
    default = MAIN["Globals"]["Function"]
    must(default["Tracing"] == "Active", "functions are not traced")
    for name, function in functions().items():
        must("ReservedConcurrentExecutions" in function, f"{name}: no reserved concurrency")
        must(function["LoggingConfig"]["LogGroup"]["Ref"] == f"{name}Logs", f"{name}: no log group")
        for event in function.get("Events", {}).values():
            if event["Type"] != "SQS":
                continue
            properties = event["Properties"]
            must(properties["FunctionResponseTypes"] == ["ReportBatchItemFailures"], f"{name}: replies")
            queue = properties["Queue"]["Fn::GetAtt"]
            queue = ".".join(queue) if isinstance(queue, list) else queue
            visibility = {"Queues.Outputs.HintsArn": "HintsVisibility",
                          "Queues.Outputs.EffectsArn": "EffectsVisibility"}[queue]
            seconds = NESTED["queues.yaml"]["Parameters"][visibility]["Default"]
            must(int(seconds) >= 6 * function["Timeout"], f"{name}: visibility under 6 x time-out")
    for name, group in all_of("AWS::Logs::LogGroup"):
        must("RetentionInDays" in group and "KmsKeyId" in group, f"{name}: retention or key missing")


def what_is_kept_is_safe():
    for name, key in all_of("AWS::KMS::Key"):
        must(key.get("EnableKeyRotation") is True, f"{name}: the key is not rotated")
    for name, table in all_of("AWS::DynamoDB::Table"):
        must(table["SSESpecification"]["SSEType"] == "KMS", f"{name}: not encrypted with our key")
        must(table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], f"{name}: no PITR")
        must(table["DeletionProtectionEnabled"] == {"Ref": "Protect"}, f"{name}: may be deleted")
    must(MAIN["Parameters"]["Protect"]["Default"] == "true", "tables are not protected by default")
    queues = dict(all_of("AWS::SQS::Queue"))
    policies = [one["Queues"] for _, one in all_of("AWS::SQS::QueuePolicy")]
    guarded = {ref["Ref"] for listed in policies for ref in listed}
    for name, queue in queues.items():
        must("KmsMasterKeyId" in queue, f"{name}: not encrypted with our key")
        must(queue["MessageRetentionPeriod"] == 1209600, f"{name}: kept under 14 days")
        must(name in guarded, f"{name}: may be used without TLS")
        must(name.endswith("Dead") or "RedrivePolicy" in queue, f"{name}: no dead letters")
        must(not name.endswith("Dead") or "RedriveAllowPolicy" in queue, f"{name}: anybody's letters")
    for name, topic in all_of("AWS::SNS::Topic"):
        must("KmsMasterKeyId" in topic, f"{name}: not encrypted with our key")


def alarms_mean_something():
    sources = [ROOT / "functions/poller/src/figures.rs", ROOT / "shared/assembly/src/deployed.rs"]
    text = "".join(path.read_text() for path in sources)
    emitted = set(re.findall(r'pub const [A-Z_]+: &str = "([A-Za-z]+)";', text))
    reasons = set(re.findall(r"^\| `([a-z_]+)` \|", (ROOT / "docs/ERRORS.md").read_text(), re.M))
    watched = set()
    for name, alarm in all_of("AWS::CloudWatch::Alarm"):
        space, metric = alarm["Namespace"], alarm["MetricName"]
        known = emitted if space == "Paysage" else AWS_METRICS.get(space, set())
        must(metric in known, f"{name}: nothing emits {space}/{metric}")
        for dimension in alarm["Dimensions"]:
            if dimension["Name"] == "Reason":
                must(dimension["Value"] in reasons, f"{name}: no reason {dimension['Value']}")
            if dimension["Name"] == "QueueName":
                watched.add((dimension["Value"]["Ref"], metric))
        link = re.search(r"/(docs/runbooks/[a-z-]+\.md)$", alarm["AlarmDescription"]["Fn::Sub"])
        must(link and (ROOT / link[1]).is_file(), f"{name}: no runbook")
        must(alarm["AlarmActions"] and alarm["OKActions"], f"{name}: tells nobody")
    for name, _ in all_of("AWS::SQS::Queue"):
        metric = "ApproximateNumberOfMessagesVisible" if name.endswith("Dead") else "ApproximateAgeOfOldestMessage"
        must((f"{name}Name", metric) in watched, f"{name}: no alarm about {metric}")


def linters_are_content():
    explained = yaml.safe_load((pathlib.Path(__file__).parent / "explained.yaml").read_text())
    for one in explained:
        must(one["until"] > datetime.date.today(), f"{one['check']}: look at it again")
    templates = ["template.yaml", *(f"infra/{name}" for name in sorted(NESTED))]
    run("cfn-lint", *templates)
    run("sam", "validate", "--lint", "--region", "us-east-1", "--template-file", "template.yaml")
    for template in templates:
        run("checkov", "--framework", "cloudformation", "--skip-download", "--compact", "--quiet",
            "--skip-check", ",".join(one["check"] for one in explained), "--file", template)


def run(program, *arguments):
    done = subprocess.run([BIN / program, *arguments], cwd=ROOT, capture_output=True, text=True,
                          env={"PATH": f"{BIN}:/usr/bin:/bin", "SAM_CLI_TELEMETRY": "0", "HOME": "/tmp"})
    must(done.returncode == 0, f"{program}: {done.stdout}{done.stderr}")


for check in [roles_are_narrow, functions_are_bounded, what_is_kept_is_safe, alarms_mean_something,
              linters_are_content]:
    check()
print(json.dumps({"alarms": len(list(all_of("AWS::CloudWatch::Alarm"))), "problems": problems}, indent=1))
sys.exit(1 if problems else 0)
