"""Buckets and the database are private, encrypted, and outlive the stack."""

import pytest

from tests.deploy.cloudformation import ACCOUNT, REGION, Stack

# --- Buckets --------------------------------------------------------------------------------------


BUCKETS = ("ArtifactBucket", "MediaBucket", "StaticBucket")
CLOSED = {
    "BlockPublicAcls": True,
    "BlockPublicPolicy": True,
    "IgnorePublicAcls": True,
    "RestrictPublicBuckets": True,
}


def policy_of(stack: Stack, bucket: str) -> list[dict]:
    policies = stack.of_type("AWS::S3::BucketPolicy").values()
    [policy] = [policy for policy in policies if policy["Bucket"] == f"${{{bucket}}}"]
    return policy["PolicyDocument"]["Statement"]


def test_these_are_the_buckets(full):
    assert set(full.of_type("AWS::S3::Bucket")) == set(BUCKETS)


@pytest.mark.parametrize("bucket", BUCKETS)
def test_a_bucket_is_private_encrypted_and_without_acls(small, bucket):
    properties = small.properties(bucket)
    assert properties["PublicAccessBlockConfiguration"] == CLOSED
    assert properties["OwnershipControls"] == {
        "Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]
    }
    assert properties["BucketEncryption"] == {
        "ServerSideEncryptionConfiguration": [
            {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
        ]
    }


@pytest.mark.parametrize("bucket", BUCKETS)
def test_a_bucket_is_reached_by_tls_only(small, bucket):
    denied = [statement for statement in policy_of(small, bucket) if statement["Effect"] == "Deny"]
    assert denied == [
        {
            "Sid": "TlsOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [f"${{{bucket}.Arn}}", f"${{{bucket}.Arn}}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ]


@pytest.mark.parametrize("bucket", BUCKETS)
def test_half_an_upload_is_not_paid_for_ever(small, bucket):
    rules = small.properties(bucket)["LifecycleConfiguration"]["Rules"]
    aborted = [rule["AbortIncompleteMultipartUpload"] for rule in rules if len(rule) == 3]
    assert aborted[-1] == {"DaysAfterInitiation": 1}


def test_only_our_cdn_reads_the_static_files(small):
    [allowed] = [s for s in policy_of(small, "StaticBucket") if s["Effect"] == "Allow"]
    assert allowed == {
        "Sid": "ReadByOurCdn",
        "Effect": "Allow",
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Action": "s3:GetObject",
        "Resource": "${StaticBucket.Arn}/*",
        "Condition": {
            "StringEquals": {
                "AWS:SourceArn": f"arn:aws:cloudfront::{ACCOUNT}:distribution/${{Distribution}}"
            }
        },
    }


def test_without_a_cdn_everybody_reads_the_static_files_and_nothing_else():
    stack = Stack(Stage="dev", Cdn="false")
    opened = {
        name: policy_of(stack, name)[1:]
        for name in BUCKETS
        if stack.properties(name)["PublicAccessBlockConfiguration"] != CLOSED
    }
    assert opened == {
        "StaticBucket": [
            {
                "Sid": "ReadByEverybody",
                "Effect": "Allow",
                "Principal": "*",
                "Action": "s3:GetObject",
                "Resource": "${StaticBucket.Arn}/*",
            }
        ]
    }


def test_modules_of_another_origin_are_let_through(small):
    """A browser fetches <script type="module"> of another origin by CORS only."""
    behavior = small.properties("Distribution")["DistributionConfig"]["DefaultCacheBehavior"]
    assert behavior["ViewerProtocolPolicy"] == "https-only"
    assert behavior["ResponseHeadersPolicyId"] == "e61eb60c-9c35-4d20-a928-2b84e02af89c"
    [rule] = small.properties("StaticBucket")["CorsConfiguration"]["CorsRules"]
    assert (rule["AllowedMethods"], rule["AllowedOrigins"]) == (["GET", "HEAD"], ["*"])


# --- A CDN in front of the API --------------------------------------------------------------------


def test_no_cdn_stands_in_front_of_the_api_unless_it_is_asked_for(small):
    assert set(small.of_type("AWS::CloudFront::Distribution")) == {"Distribution"}


def test_the_cdn_of_the_api_passes_everything_on_and_keeps_nothing(full):
    config = full.properties("ApiDistribution")["DistributionConfig"]
    [origin] = config["Origins"]
    assert origin == {
        "Id": "api",
        "DomainName": f"api0.execute-api.{REGION}.amazonaws.com",
        "OriginPath": "/production",
        "CustomOriginConfig": {
            "OriginProtocolPolicy": "https-only",
            "OriginSSLProtocols": ["TLSv1.2"],
        },
        "OriginCustomHeaders": [{"HeaderName": "X-Nudge-Cdn", "HeaderValue": "0" * 32}],
    }
    assert config["DefaultCacheBehavior"] == {
        "TargetOriginId": "api",
        "ViewerProtocolPolicy": "redirect-to-https",
        "AllowedMethods": ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"],
        "CachePolicyId": "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",  # CachingDisabled
        # AllViewerExceptHostHeader: API Gateway refuses the host of the CDN.
        "OriginRequestPolicyId": "b689b0a8-53d0-40ab-baf2-68738e2966ac",
    }


def test_the_cdn_of_the_api_has_the_name_that_it_is_given(full):
    host = f"api0.execute-api.{REGION}.amazonaws.com"
    plain = Stack(Stage="dev", ApiHost=host, ApiCdnSecret="0" * 32)
    named, unnamed = (
        stack.properties("ApiDistribution")["DistributionConfig"] for stack in (full, plain)
    )
    assert (named["Aliases"], unnamed.get("Aliases")) == (["nudge.example.com"], None)
    assert unnamed["ViewerCertificate"] == {"CloudFrontDefaultCertificate": True}
    assert named["ViewerCertificate"] == {
        "AcmCertificateArn": f"arn:aws:acm:us-east-1:{ACCOUNT}:certificate/example",
        "MinimumProtocolVersion": "TLSv1.2_2021",
        "SslSupportMethod": "sni-only",
    }
    assert full.outputs["PublicUrl"] == "https://nudge.example.com"
    assert plain.outputs["PublicUrl"] == "https://${ApiDistribution.DomainName}"


# --- Data outlives the stack ----------------------------------------------------------------------


@pytest.mark.parametrize("stage", ["dev", "production"])
def test_the_stack_takes_no_data_with_it(stage):
    stack = Stack(Stage=stage, DbMode="rds")
    kept = {
        name: (body["DeletionPolicy"], body["UpdateReplacePolicy"])
        for name, body in stack.resources.items()
        if body.get("DeletionPolicy", "Delete") != "Delete"
    }
    assert kept == {
        "MediaBucket": ("RetainExceptOnCreate", "Retain"),
        "MediaBucketPolicy": ("RetainExceptOnCreate", "Retain"),
        "Database": ("Snapshot", "Snapshot"),
    }
    with_backups = Stack(Stage=stage, DbMode="rds", Backups="true").resources["BackupVault"]
    assert (with_backups["DeletionPolicy"], with_backups["UpdateReplacePolicy"]) == (
        "Retain",
        "Retain",
    )
    assert stack.properties("MediaBucket")["VersioningConfiguration"] == {"Status": "Enabled"}


@pytest.mark.parametrize(
    ("stage", "protected", "days"), [("dev", False, 1), ("production", True, 14)]
)
def test_the_database_is_private_encrypted_and_backed_up(stage, protected, days):
    database = Stack(Stage=stage, DbMode="rds").properties("Database")
    expected = {
        "PubliclyAccessible": False,
        "StorageEncrypted": True,
        "ManageMasterUserPassword": True,
        "BackupRetentionPeriod": days,
        "DeleteAutomatedBackups": False,
        "DeletionProtection": protected,
        "DBInstanceClass": "db.t4g.micro",
    }
    assert {key: database[key] for key in expected} == expected
    assert "MasterUserPassword" not in database


def test_a_restored_database_is_what_the_snapshot_was():
    """CloudFormation refuses a snapshot beside a name, a user or an encryption."""
    stack = Stack(Stage="dev", DbMode="rds", DatabaseSnapshot="rds:nudge-2026")
    database = stack.properties("Database")
    assert database["DBSnapshotIdentifier"] == "rds:nudge-2026"
    assert {"DBName", "MasterUsername", "StorageEncrypted"} & set(database) == set()
    new = Stack(Stage="dev", DbMode="rds").properties("Database")
    assert "DBSnapshotIdentifier" not in new


@pytest.mark.parametrize(
    ("parameters", "caller"),
    [({}, "${FunctionSecurityGroup}"), ({"RdsProxy": "true"}, "${ProxySecurityGroup}")],
)
def test_only_functions_reach_the_database(parameters, caller):
    """Or the pooler, and only functions reach that."""
    stack = Stack(Stage="dev", DbMode="rds", **parameters)
    doors = {
        name: [(rule["FromPort"], rule["SourceSecurityGroupId"]) for rule in rules]
        for name, group in stack.of_type("AWS::EC2::SecurityGroup").items()
        if (rules := group.get("SecurityGroupIngress")) and name != "EndpointSecurityGroup"
    }
    expected = {"DatabaseSecurityGroup": [(5432, caller)]}
    if parameters:
        expected["ProxySecurityGroup"] = [(5432, "${FunctionSecurityGroup}")]
    assert doors == expected


def test_the_pooler_logs_in_with_the_secret_of_the_database_and_asks_for_tls():
    stack = Stack(Stage="dev", DbMode="rds", RdsProxy="true")
    proxy = stack.properties("Proxy")
    assert (proxy["RequireTLS"], proxy["EngineFamily"]) == (True, "POSTGRESQL")
    assert [each["SecretArn"] for each in proxy["Auth"]] == [
        "${Database.MasterUserSecret.SecretArn}"
    ]
    [policy] = stack.properties("ProxyRole")["Policies"]
    [statement] = policy["PolicyDocument"]["Statement"]
    assert (statement["Action"], statement["Resource"]) == (
        "secretsmanager:GetSecretValue",
        "${Database.MasterUserSecret.SecretArn}",
    )
    assert stack.outputs["DatabaseHost"] == "${Proxy.Endpoint}"
    assert stack.outputs["DatabasePooled"] == "True"


def test_a_backup_is_made_every_week_and_kept_for_a_year():
    stack = Stack(Stage="dev", DbMode="rds", Backups="true")
    [rule] = stack.properties("BackupPlan")["BackupPlan"]["BackupPlanRule"]
    assert (rule["ScheduleExpression"], rule["Lifecycle"]) == (
        "cron(0 2 ? * SUN *)",
        {"DeleteAfterDays": 365},
    )
    chosen = stack.properties("BackupSelection")["BackupSelection"]
    assert chosen["Resources"] == ["${Database.DBInstanceArn}"]
