"""An AWS account in memory, behind real clients: botocore checks every request by AWS's model."""

import base64
import hashlib
import io
import json
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import requests
from botocore import xform_name
from botocore.exceptions import ClientError
from botocore.validate import validate_parameters

API = "https://api0.execute-api.eu-central-1.amazonaws.com/dev/"
STATIC = "https://static.example.com/"
OUTPUTS = {
    "ArtifactBucket": "artifacts",
    "StaticBucket": "statics",
    "StaticUrl": STATIC,
    "MediaBucket": "media",
    "RoleArn": "arn:role",
    "Alias": "live",
    "TaskQueueUrl": "https://queue.example.com/tasks",
    "TaskQueueArn": "arn:aws:sqs:eu-central-1:account:nudge-dev-tasks",
    "DeadLetterQueueArn": "arn:queue",
    "DeadLetterQueueUrl": "https://queue.example.com/",
}
READINESS = {
    "httpMethod": "GET",
    "path": "/readyz/",
    "headers": {"Host": API.split("/")[2], "X-Forwarded-Proto": "https"},
    "queryStringParameters": None,
    "requestContext": {"path": "/readyz/", "identity": {"sourceIp": "127.0.0.1"}},
    "body": None,
    "isBase64Encoded": False,
}
PARAMETERS = ("SECRET_KEY", "SMS_PROVIDER", "EMAIL_HOST", "DATABASE_URL")


def digest(code: bytes) -> str:
    return base64.b64encode(hashlib.sha256(code).digest()).decode()


@dataclass
class Function:
    code: bytes
    variables: dict[str, str] = field(default_factory=dict)
    versions: list[tuple[bytes, str]] = field(default_factory=list)  # code and runtime
    runtime: str = "python3.11"
    queue: str = ""
    snap_start: str = "None"
    alias: str = ""  # the version that it names
    shares: dict[str, float] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)  # versions that cannot start
    gone: set[str] = field(default_factory=set)  # versions that were deleted
    published: dict[str, dict[str, str]] = field(default_factory=dict)  # version -> its variables
    revision: int = 0  # of the alias
    is_changing: bool = False  # AWS still applies the last change, and refuses another
    former: bytes = b""  # the code that serves until then
    starting: float = 0.0  # seconds until the newest version can serve

    def begin_change(self) -> None:
        self.is_changing, self.former = True, self.code

    def wait(self, seconds: float) -> None:
        self.is_changing = False
        self.starting -= seconds

    def publish(self, code: bytes) -> None:
        self.code = code
        self.versions.append((code, self.runtime))
        self.published[str(len(self.versions))] = dict(self.variables)

    def has_changed(self) -> bool:
        """Since the last version was published."""
        last = str(len(self.versions))
        variables = self.published.get(last, self.variables)
        return last == "0" or (self.versions[-1][0], variables) != (self.code, self.variables)

    @property
    def served(self) -> bytes:
        """The code that most visitors get."""
        newest = self.former if self.is_changing else self.code
        return self.versions[int(self.alias) - 1][0] if self.alias else newest

    def state(self, version: str) -> str:
        if version in self.failed:
            return "Failed"
        is_newest = version == str(len(self.versions))
        return "Pending" if is_newest and self.starting > 0 else "Active"

    def configuration(self, version: str) -> dict[str, Any]:
        code, runtime = (self.code, self.runtime)
        if version != "$LATEST":
            code, runtime = self.versions[int(version) - 1]
        return {
            "CodeSha256": digest(code),
            "Runtime": runtime,
            "Architectures": ["x86_64"],
            **({"SnapStart": {"ApplyOn": self.snap_start}} if self.snap_start else {}),
            "State": self.state(version),
            **({"StateReason": "it raised"} if version in self.failed else {}),
            "LastUpdateStatus": (
                "InProgress" if version == "$LATEST" and self.is_changing else "Successful"
            ),
            "Environment": {"Variables": dict(self.published.get(version, self.variables))},
            **({"DeadLetterConfig": {"TargetArn": self.queue}} if self.queue else {}),
        }


@dataclass
class Account:
    """`calls` are the changes and what is asked of the outside, in order."""

    functions: dict[str, Function] = field(default_factory=dict)
    apis: set[str] = field(default_factory=set)
    stacks: dict[str, dict[str, Any]] = field(default_factory=dict)
    states: list[str] = field(default_factory=list)  # of a stack or queue, each for one look
    reasons: list[dict[str, str]] = field(default_factory=list)
    databases: dict[str, bool] = field(default_factory=dict)  # name -> protected
    parameters: dict[str, str] = field(default_factory=dict)
    objects: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    mappings: dict[tuple[str, str], str] = field(default_factory=dict)  # function, queue -> id
    pages: dict[str, tuple[int, str]] = field(default_factory=dict)  # url -> answer
    ready: dict[bytes, tuple[int, str]] = field(default_factory=dict)  # of this code
    spoiled: set[bytes] = field(default_factory=set)  # code that comes back as another
    logs: dict[str, str] = field(default_factory=dict)  # command -> error in Lambda
    alarms: dict[str, str] = field(default_factory=dict)  # name -> state
    calls: list[tuple[Any, ...]] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    slept: float = 0.0  # seconds, by waiters
    at_request: Any = None  # called before each; may raise
    done: list[tuple[Any, ...]] = field(default_factory=list)  # by what a test puts in a place

    # --- The two ways to the outside --------------------------------------------------------------

    def call(self, client: Any, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """In the place of BaseClient._make_api_call."""
        validate_parameters(
            arguments, client.meta.service_model.operation_model(operation).input_shape
        )
        self._request(operation)
        answer: dict[str, Any] = getattr(self, xform_name(operation))(**arguments)
        return answer

    def get(self, url: str, *, timeout: float, **options: Any) -> Any:
        """In the place of requests.get. A zip of 25 MB takes longer than an answer."""
        assert timeout == (60 if url.startswith("https://code/") else 35)
        self._request(url)
        if url.startswith("https://code/"):
            name, version = url.removeprefix("https://code/").split("/")
            code = self.functions[name].versions[int(version) - 1][0]
            return SimpleNamespace(content=b"spoiled" if code in self.spoiled else code)
        if url not in self.pages and not url.endswith("/readyz/"):
            raise requests.ConnectionError(f"no such address: {url}")
        status, text = self.pages.get(url) or self.ready[self.functions["nudge-dev"].served]
        return SimpleNamespace(status_code=status, text=text)

    def zappa(self, command: list[str], env: dict[str, str]) -> int:
        """In the place of subprocess.call: what `zappa deploy`, `update` and `undeploy` change."""
        self._request("zappa")
        action, stage, *options = command[1:]
        name = f"nudge-{stage}".replace("_", "-")
        assert ("NUDGE_SHIFTS_LATER" in env) == (stage == "dev" and action != "undeploy")
        self.calls.append(("zappa", action, stage, *options))
        if action == "undeploy":
            del self.functions[name]
            return 0
        if action == "deploy":
            assert name not in self.functions
            self.functions[name] = Function(b"")
            self.apis.add(name)
        with open(options[1], "rb") as archive:  # noqa: PTH123 - the name is text
            self._change(name).publish(archive.read())
        self._request("zappa waits")
        self.let_pass(1)
        return 0

    def let_pass(self, seconds: float) -> None:
        """In the place of time.sleep, for the waiters of botocore."""
        self.slept += seconds
        for each in self.functions.values():
            each.wait(seconds)

    def _request(self, what: str) -> None:
        self.requests.append(what)
        if self.at_request:
            self.at_request(what)

    def fail(self, code: str, message: str = "") -> ClientError:
        return ClientError({"Error": {"Code": code, "Message": message}}, "Operation")

    # --- Lambda -----------------------------------------------------------------------------------

    def _function(self, name: str) -> Function:
        if name not in self.functions:
            raise self.fail("ResourceNotFoundException")
        return self.functions[name]

    def _change(self, name: str) -> Function:
        """One change at a time (AWS Lambda Developer Guide, "Function states while updating")."""
        function = self._function(name)
        if function.is_changing:
            raise self.fail("ResourceConflictException")
        function.begin_change()
        return function

    def _configuration(self, name: str, version: str) -> dict[str, Any]:
        if version in self._function(name).gone:
            raise self.fail("ResourceNotFoundException")
        return self._function(name).configuration(version)

    def get_function(self, FunctionName: str, Qualifier: str = "$LATEST") -> Any:  # noqa: N803
        found = self._configuration(FunctionName, Qualifier)
        return {
            "Configuration": found,
            "Code": {"Location": f"https://code/{FunctionName}/{Qualifier}"},
        }

    def get_function_configuration(self, FunctionName: str, Qualifier: str) -> Any:  # noqa: N803
        return self._configuration(FunctionName, Qualifier)

    def list_versions_by_function(self, FunctionName: str, Marker: str = "0") -> Any:  # noqa: N803
        function = self._function(FunctionName)
        numbers = ["$LATEST", *(str(n) for n in range(1, len(function.versions) + 1))]
        left = [each for each in numbers if each not in function.gone]
        found = [{"Version": n, **function.configuration(n)} for n in left]
        return page(found, Marker, "Versions", "NextMarker", size=5)  # AWS: 50

    def update_function_code(
        self,
        FunctionName: str,  # noqa: N803
        ZipFile: bytes,  # noqa: N803
        Publish: bool,  # noqa: N803, FBT001
        Architectures: list[str],  # noqa: N803
    ) -> Any:
        assert (Publish, Architectures) == (True, ["x86_64"])
        self.calls.append(("code", FunctionName, ZipFile))
        self._change(FunctionName).publish(ZipFile)
        return {}

    def publish_version(self, FunctionName: str) -> Any:  # noqa: N803
        """None is made if nothing has changed since."""
        function = self._function(FunctionName)
        if function.is_changing:
            raise self.fail("ResourceConflictException")
        if function.has_changed():
            function.publish(function.code)
        return {"Version": str(len(function.versions))}

    def delete_function(self, FunctionName: str, Qualifier: str) -> Any:  # noqa: N803
        self.calls.append(("prune", FunctionName, Qualifier))
        self._function(FunctionName).gone.add(Qualifier)
        return {}

    def get_alias(self, FunctionName: str, Name: str) -> Any:  # noqa: N803
        function = self._function(FunctionName)
        assert Name == "live"
        if not function.alias:
            raise self.fail("ResourceNotFoundException")
        shares = {"RoutingConfig": {"AdditionalVersionWeights": function.shares}}
        named = {"FunctionVersion": function.alias, "RevisionId": str(function.revision)}
        return named | (shares if function.shares else {})

    def create_alias(self, FunctionName: str, FunctionVersion: str, **given: Any) -> Any:  # noqa: N803
        assert not self._function(FunctionName).alias
        return self._point(FunctionName, FunctionVersion, given["RoutingConfig"])

    def update_alias(self, FunctionName: str, FunctionVersion: str, **given: Any) -> Any:  # noqa: N803
        function = self._function(FunctionName)
        assert function.alias
        if given.get("RevisionId", str(function.revision)) != str(function.revision):
            raise self.fail("PreconditionFailedException")
        return self._point(FunctionName, FunctionVersion, given["RoutingConfig"])

    def _point(self, name: str, version: str, routing: dict[str, Any]) -> Any:
        function, shares = self._function(name), routing["AdditionalVersionWeights"]
        assert int(version) <= len(function.versions)
        assert version not in function.gone
        self.calls.append(("alias", name, version, shares))
        function.alias, function.shares = version, shares
        function.revision += 1
        return self.get_alias(name, "live")

    def delete_alias(self, FunctionName: str, Name: str) -> Any:  # noqa: N803
        assert Name == "live"
        self.calls.append(("no alias", FunctionName))
        self._function(FunctionName).alias = ""
        return {}

    def update_function_configuration(self, FunctionName: str, **settings: Any) -> Any:  # noqa: N803
        self.calls.append(("configuration", FunctionName, settings))
        function = self._change(FunctionName)
        function.variables = settings.get("Environment", {}).get("Variables", function.variables)
        function.queue = settings.get("DeadLetterConfig", {}).get("TargetArn", function.queue)
        function.runtime = settings.get("Runtime", function.runtime)
        function.snap_start = settings.get("SnapStart", {}).get("ApplyOn", function.snap_start)
        return {}

    def list_event_source_mappings(self, EventSourceArn: str) -> Any:  # noqa: N803
        state = self.states.pop(0) if self.states else "Enabled"
        prefix = "arn:aws:lambda:eu-central-1:account:function:"
        return {
            "EventSourceMappings": [
                {"UUID": found, "State": state, "FunctionArn": prefix + name}
                for (name, queue), found in self.mappings.items()
                if queue == EventSourceArn
            ]
        }

    def delete_event_source_mapping(self, UUID: str) -> Any:  # noqa: N803
        self.calls.append(("unmap", UUID))
        return {}

    def update_event_source_mapping(self, UUID: str, **settings: Any) -> Any:  # noqa: N803
        self.calls.append(("mapping", UUID, settings))
        return {}

    def put_function_event_invoke_config(self, FunctionName: str, **settings: Any) -> Any:  # noqa: N803
        assert settings.pop("MaximumRetryAttempts") == 2
        assert settings.pop("MaximumEventAgeInSeconds") == 3600
        self.calls.append(("retries", FunctionName, *settings.values()))
        return {}

    def describe_alarms(self, AlarmNames: list[str]) -> Any:  # noqa: N803
        found = {name: self.alarms[name] for name in AlarmNames if name in self.alarms}
        return {"MetricAlarms": [{"AlarmName": n, "StateValue": s} for n, s in found.items()]}

    def _answer_of(self, name: str, version: str) -> Any:
        status, text = self.ready[self.functions[name].versions[int(version) - 1][0]]
        body = json.dumps({"statusCode": status, "body": text})
        return {"Payload": io.BytesIO(body.encode())}

    def invoke(
        self,
        FunctionName: str,  # noqa: N803
        Payload: bytes,  # noqa: N803
        LogType: str = "",  # noqa: N803
        Qualifier: str = "",  # noqa: N803
    ) -> Any:
        event = json.loads(Payload)
        if Qualifier:
            assert event == READINESS
            return self._answer_of(FunctionName, Qualifier)
        assert LogType == "Tail"
        command = event["manage"]
        self.calls.append(("manage", FunctionName, self._function(FunctionName).code, command))
        log = {"LogResult": base64.b64encode(b" log \xff\n").decode()}
        if command in self.logs:
            return log | {
                "FunctionError": "Unhandled",
                "Payload": io.BytesIO(self.logs[command].encode()),
            }
        return log | {"Payload": io.BytesIO(b"{}")}

    # --- CloudFormation ---------------------------------------------------------------------------

    def _stack(self, name: str) -> dict[str, Any]:
        if name not in self.stacks:
            raise self.fail("ValidationError", "does not exist")
        return self.stacks[name]

    def describe_stacks(self, StackName: str) -> Any:  # noqa: N803
        found = self._stack(StackName)
        if self.states:
            found["StackStatus"] = self.states.pop(0)
        if found["StackStatus"] == "DELETE_COMPLETE":
            del self.stacks[StackName]
        return {"Stacks": [found]}

    def describe_stack_resource(self, StackName: str, LogicalResourceId: str) -> Any:  # noqa: N803
        if StackName not in self.apis:
            raise self.fail("ValidationError")
        status = self.stacks.get(StackName, {}).get("StackStatus", "CREATE_COMPLETE")
        return {
            "StackResourceDetail": {"ResourceStatus": status, "PhysicalResourceId": "api0"},
        }

    def describe_stack_resources(self, StackName: str) -> Any:  # noqa: N803
        self._stack(StackName)
        found = [("AWS::RDS::DBInstance", name) for name in self.databases]
        return {
            "StackResources": [
                {"ResourceType": kind, "PhysicalResourceId": name}
                for kind, name in [
                    ("AWS::S3::Bucket", "artifacts"),
                    ("AWS::RDS::DBSubnetGroup", "subnets"),
                    *found,
                ]
            ]
        }

    def describe_stack_events(self, StackName: str) -> Any:  # noqa: N803
        return {"StackEvents": self.reasons}

    def create_stack(self, StackName: str, **request: Any) -> Any:  # noqa: N803
        self.calls.append(("create", StackName, request))
        self.stacks[StackName] = stack()
        return {}

    def update_stack(self, StackName: str, **request: Any) -> Any:  # noqa: N803
        self.calls.append(("update", StackName, request))
        return {}

    def delete_stack(self, StackName: str) -> Any:  # noqa: N803
        self.calls.append(("delete", StackName))
        if not self.states:
            del self.stacks[StackName]
        return {}

    # --- SSM, S3 and RDS --------------------------------------------------------------------------

    def get_parameters_by_path(self, Path: str, NextToken: str = "0", **options: Any) -> Any:  # noqa: N803
        clear = options.get("WithDecryption", False)
        found = [
            {"Name": name, "Value": value if clear else "encrypted"}
            for name, value in self.parameters.items()
            if name.rpartition("/")[0] == Path.rstrip("/")
        ]
        return page(found, NextToken, "Parameters", "NextToken", size=10)

    def get_parameter(self, Name: str) -> Any:  # noqa: N803
        if Name not in self.parameters:
            raise self.fail("ParameterNotFound")
        return {"Parameter": {"Value": self.parameters[Name]}}

    def put_parameter(self, Name: str, Value: str, Type: str, Overwrite: bool, **tier: str) -> Any:  # noqa: N803, FBT001
        assert Type == ("String" if "/lock" in Name else "SecureString")
        assert tier in ({}, {"Tier": "Intelligent-Tiering"})
        if len(Value) > 4096 and not tier:
            raise self.fail("ValidationException", "Standard tier parameters support 4096 bytes.")
        if len(Value) > 8192:
            raise self.fail("ValidationException", "Advanced tier parameters support 8192 bytes.")
        if Name in self.parameters and not Overwrite:
            raise self.fail("ParameterAlreadyExists")
        self.parameters[Name] = Value
        return {}

    def delete_parameter(self, Name: str) -> Any:  # noqa: N803
        self.calls.append(("forget", Name))
        del self.parameters[Name]
        return {}

    def delete_parameters(self, Names: list[str]) -> Any:  # noqa: N803
        gone = [name for name in Names if self.parameters.pop(name, None) is not None]
        return {"DeletedParameters": gone}

    def list_object_versions(self, Bucket: str, **_marker: str) -> Any:  # noqa: N803
        return self.objects[Bucket].pop(0)

    def delete_objects(self, Bucket: str, Delete: dict[str, Any]) -> Any:  # noqa: N803
        found = [(each["Key"], each["VersionId"]) for each in Delete["Objects"]]
        self.calls.append(("empty", Bucket, found))
        return {}

    def describe_db_instances(self, DBInstanceIdentifier: str) -> Any:  # noqa: N803
        protected = self.databases[DBInstanceIdentifier]
        return {"DBInstances": [{"DeletionProtection": protected}]}


def page(found: list[Any], start: str, name: str, rest: str, *, size: int) -> dict[str, Any]:
    """One page of the answer, and where the next one starts, if there is one."""
    end = int(start) + size
    return {name: found[int(start) : end], **({rest: str(end)} if end < len(found) else {})}


def stack(state: str = "CREATE_COMPLETE", **outputs: str) -> dict[str, Any]:
    found = outputs or OUTPUTS
    return {
        "StackStatus": state,
        "Outputs": [{"OutputKey": key, "OutputValue": found[key]} for key in found],
        "Parameters": [{"ParameterKey": "Stage"}, {"ParameterKey": "Cdn"}, {"ParameterKey": "Nat"}],
    }


def deployed() -> Account:
    """The stage dev, deployed as b"old" before, and configured; b"first" came before that."""
    account = Account()
    account.stacks["nudge-infra-dev"] = stack()
    account.parameters = {f"/nudge/dev/{name}": "x" for name in PARAMETERS}
    account.apis.add("nudge-dev")
    for name in ("nudge-dev", "nudge-dev-ops"):
        account.functions[name] = Function(b"")
        account.functions[name].publish(b"first")
        account.functions[name].publish(b"old")
    for code in (b"first", b"old", b"new"):
        account.ready[code] = (200, json.dumps({"version": f"id-of-{code.decode()}"}))
    account.pages[API + "api/v1/todos/"] = (401, "")
    account.pages[STATIC + "css/app.0123.css"] = (200, "")
    return account
