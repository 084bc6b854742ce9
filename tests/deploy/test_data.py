"""Buckets and the database are private, encrypted, and outlive the stack."""

import pytest

from tests.deploy.cloudformation import ACCOUNT, Stack

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


ABORT = {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}}
FORMER = "NoncurrentVersionExpiration"
LIFE: dict[str, dict[str, dict]] = {
    "ArtifactBucket": {
        "packages": {"ExpirationInDays": 30, FORMER: {"NoncurrentDays": 7}},
        "abort-uploads": ABORT,
    },
    "StaticBucket": {"abort-uploads": ABORT},  # the pages of an older build need its files
    "MediaBucket": {
        # docs/deployment.md, "Uploads": "keeps deleted and replaced files for 90 days".
        "deleted-files": {FORMER: {"NoncurrentDays": 90}, "ExpiredObjectDeleteMarker": True},
        # Exports and imports, which the service forgets after two days. All other files stay.
        "transfers": {
            "Prefix": "transfers/",
            "ExpirationInDays": 3,
            FORMER: {"NoncurrentDays": 1},
        },
        "abort-uploads": ABORT,
    },
}


@pytest.mark.parametrize("bucket", BUCKETS)
def test_what_a_bucket_deletes_by_itself_and_when(full, bucket):
    rules = full.properties(bucket)["LifecycleConfiguration"]["Rules"]
    assert rules == [
        {"Id": name, "Status": "Enabled", **rule} for name, rule in LIFE[bucket].items()
    ]


def test_what_is_replaced_or_deleted_can_be_had_back_but_static_files(full):
    """Their names have the hash of their content, and a deployment makes them again."""
    versions = [full.properties(bucket).get("VersioningConfiguration") for bucket in BUCKETS]
    assert versions == [{"Status": "Enabled"}, {"Status": "Enabled"}, None]


def test_which_pages_may_do_what_in_a_bucket(full):
    """Read static files from everywhere; send a large file by a link that is signed for it."""
    upload = {
        "AllowedMethods": ["PUT"],
        "AllowedOrigins": ["https://*"],
        "AllowedHeaders": ["content-type"],
    }
    modules = {"AllowedMethods": ["GET", "HEAD"], "AllowedOrigins": ["*"], "MaxAge": 86400}
    rules = [full.properties(bucket).get("CorsConfiguration") for bucket in BUCKETS]
    assert rules == [None, {"CorsRules": [upload]}, {"CorsRules": [modules]}]


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
    assert stack.properties("StaticBucket")["PublicAccessBlockConfiguration"] == {
        **CLOSED,
        "BlockPublicPolicy": False,
        "RestrictPublicBuckets": False,
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


# --- Data outlives the stack ----------------------------------------------------------------------


@pytest.mark.parametrize("stage", ["dev", "production"])
def test_the_stack_takes_no_data_with_it(stage):
    stack = Stack(Stage=stage, DbMode="rds", Backups="true")
    kept = {
        name: (body["DeletionPolicy"], body["UpdateReplacePolicy"])
        for name, body in stack.resources.items()
        if body.get("DeletionPolicy", "Delete") != "Delete"
    }
    assert kept == {
        "MediaBucket": ("RetainExceptOnCreate", "Retain"),
        "MediaBucketPolicy": ("RetainExceptOnCreate", "Retain"),
        "Database": ("Snapshot", "Snapshot"),
        "BackupVault": ("Retain", "Retain"),
    }


@pytest.mark.parametrize(
    ("stage", "protected", "days"), [("dev", False, 1), ("production", True, 14)]
)
def test_the_database_is_private_encrypted_and_backed_up(stage, protected, days):
    stack = Stack(Stage=stage, DbMode="rds")
    private = ["${PrivateSubnetA}", "${PrivateSubnetB}"]
    assert stack.properties("DatabaseSubnets")["SubnetIds"] == private
    assert stack.properties("Database") == {
        "Engine": "postgres",
        "EngineVersion": "18",
        "AutoMinorVersionUpgrade": True,
        "DBInstanceClass": "db.t4g.micro",
        "MultiAZ": "false",
        "DBName": "nudge",
        "MasterUsername": "nudge",
        "ManageMasterUserPassword": True,
        "AllocatedStorage": "20",
        "MaxAllocatedStorage": 100,  # it grows by itself (docs/operations.md)
        "StorageType": "gp3",
        "PubliclyAccessible": False,
        "DBSubnetGroupName": "${DatabaseSubnets}",
        "VPCSecurityGroups": ["${DatabaseSecurityGroup}"],
        "StorageEncrypted": True,
        "BackupRetentionPeriod": days,
        "CopyTagsToSnapshot": True,
        "DeleteAutomatedBackups": False,
        "DeletionProtection": protected,
    }


def test_the_database_has_the_size_that_it_is_given():
    database = Stack(
        Stage="dev", DbMode="rds", DatabaseClass="db.m8g.large", DatabaseMultiAz="true"
    ).properties("Database")
    assert (database["DBInstanceClass"], database["MultiAZ"]) == ("db.m8g.large", "true")


def test_a_restored_database_is_what_the_snapshot_was():
    """CloudFormation refuses a snapshot beside a name, a user, an encryption or less storage."""
    stack = Stack(Stage="dev", DbMode="rds", DatabaseSnapshot="rds:nudge-2026")
    database = stack.properties("Database")
    assert database["DBSnapshotIdentifier"] == "rds:nudge-2026"
    new = Stack(Stage="dev", DbMode="rds").properties("Database")
    assert set(new) - set(database) == {
        *("DBName", "MasterUsername", "StorageEncrypted"),
        "AllocatedStorage",  # RDS refuses less than the snapshot has, whose database may have grown
    }
    assert set(database) - set(new) == {"DBSnapshotIdentifier"}
    shared = set(new) & set(database)
    assert {key: database[key] for key in shared} == {key: new[key] for key in shared}


def test_the_pooler_logs_in_with_the_secret_of_the_database_and_asks_for_tls():
    stack = Stack(Stage="dev", DbMode="rds", RdsProxy="true")
    assert stack.properties("Proxy") == {
        "DBProxyName": "nudge-dev",
        "EngineFamily": "POSTGRESQL",
        "RoleArn": "${ProxyRole.Arn}",
        "RequireTLS": True,
        "IdleClientTimeout": 300,
        "Auth": [
            {
                "AuthScheme": "SECRETS",
                "SecretArn": "${Database.MasterUserSecret.SecretArn}",
                "IAMAuth": "DISABLED",
                "ClientPasswordAuthType": "POSTGRES_SCRAM_SHA_256",
            }
        ],
        "VpcSubnetIds": ["${PrivateSubnetA}", "${PrivateSubnetB}"],
        "VpcSecurityGroupIds": ["${ProxySecurityGroup}"],
    }
    assert stack.outputs["DatabaseHost"] == "${Proxy.Endpoint}"
    assert stack.outputs["DatabasePooled"] == "True"


def test_the_pooler_leaves_connections_for_others_and_lets_nobody_wait_long(full):
    """A request that gets none in five seconds is answered with 503, long before its time-out."""
    assert full.properties("ProxyTargets") == {
        "DBProxyName": "${Proxy}",
        "TargetGroupName": "default",
        "DBInstanceIdentifiers": ["${Database}"],
        "ConnectionPoolConfigurationInfo": {
            "MaxConnectionsPercent": 90,
            "MaxIdleConnectionsPercent": 50,
            "ConnectionBorrowTimeout": 5,
        },
    }


def test_a_backup_is_made_every_week_and_kept_for_a_year(full):
    assert full.properties("BackupPlan")["BackupPlan"]["BackupPlanRule"] == [
        {
            "RuleName": "weekly",
            "TargetBackupVault": "${BackupVault}",
            "ScheduleExpression": "cron(0 2 ? * SUN *)",
            "Lifecycle": {"DeleteAfterDays": 365},
        }
    ]
    assert full.properties("BackupSelection") == {
        "BackupPlanId": "${BackupPlan}",
        "BackupSelection": {
            "SelectionName": "database",
            "IamRoleArn": "${BackupRole.Arn}",
            "Resources": ["${Database.DBInstanceArn}"],
        },
    }
