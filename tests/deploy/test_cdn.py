"""CloudFront in front of the static files, and in front of the API."""

from tests.deploy.cloudformation import ACCOUNT, REGION, Stack

API = f"api0.execute-api.{REGION}.amazonaws.com"
USUAL = {
    "Enabled": True,
    "HttpVersion": "http2and3",
    "IPV6Enabled": True,
    "PriceClass": "PriceClass_100",
}


def config_of(stack: Stack, name: str) -> dict:
    config = dict(stack.properties(name)["DistributionConfig"])
    del config["Comment"]
    return config


# --- Static files ---------------------------------------------------------------------------------


def test_the_cdn_signs_every_request_to_the_bucket(small):
    """The policy of the bucket knows the CDN by the signature alone."""
    control = small.properties("OriginAccessControl")["OriginAccessControlConfig"]
    assert control == {
        "Name": "nudge-dev-static",
        "OriginAccessControlOriginType": "s3",
        "SigningBehavior": "always",
        "SigningProtocol": "sigv4",
    }


def test_the_cdn_of_the_static_files_keeps_them_and_lets_modules_through(small):
    """A browser fetches <script type="module"> of another origin by CORS only."""
    assert config_of(small, "Distribution") == {
        **USUAL,
        "Origins": [
            {
                "Id": "static",
                "DomainName": "${StaticBucket.RegionalDomainName}",
                "OriginAccessControlId": "${OriginAccessControl.Id}",
                "S3OriginConfig": {"OriginAccessIdentity": ""},
            }
        ],
        "DefaultCacheBehavior": {
            "TargetOriginId": "static",
            "ViewerProtocolPolicy": "https-only",
            "AllowedMethods": ["GET", "HEAD"],
            "Compress": True,
            "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",  # CachingOptimized
            # CORS-and-SecurityHeadersPolicy
            "ResponseHeadersPolicyId": "e61eb60c-9c35-4d20-a928-2b84e02af89c",
        },
    }


def test_without_a_cdn_there_is_none():
    kinds = ("AWS::CloudFront::Distribution", "AWS::CloudFront::OriginAccessControl")
    assert Stack(Stage="dev", Cdn="false").of_type(*kinds) == {}


# --- The API --------------------------------------------------------------------------------------


def test_no_cdn_stands_in_front_of_the_api_unless_it_is_asked_for(small):
    assert set(small.of_type("AWS::CloudFront::Distribution")) == {"Distribution"}


def test_the_cdn_of_the_api_passes_everything_on_and_keeps_nothing(full):
    assert config_of(full, "ApiDistribution") == {
        **USUAL,
        "Aliases": ["nudge.example.com"],
        "ViewerCertificate": {
            "AcmCertificateArn": f"arn:aws:acm:us-east-1:{ACCOUNT}:certificate/example",
            "MinimumProtocolVersion": "TLSv1.2_2021",
            "SslSupportMethod": "sni-only",
        },
        "Origins": [
            {
                "Id": "api",
                "DomainName": API,
                "OriginPath": "/production",
                "CustomOriginConfig": {
                    "OriginProtocolPolicy": "https-only",
                    "OriginSSLProtocols": ["TLSv1.2"],
                },
                "OriginCustomHeaders": [{"HeaderName": "X-Nudge-Cdn", "HeaderValue": "0" * 32}],
            }
        ],
        "DefaultCacheBehavior": {
            "TargetOriginId": "api",
            "ViewerProtocolPolicy": "redirect-to-https",
            "AllowedMethods": ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"],
            "CachePolicyId": "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",  # CachingDisabled
            # AllViewerExceptHostHeader: API Gateway refuses the host of the CDN.
            "OriginRequestPolicyId": "b689b0a8-53d0-40ab-baf2-68738e2966ac",
        },
    }


def test_the_cdn_of_the_api_has_the_name_that_it_is_given(full):
    plain = Stack(Stage="dev", ApiHost=API, ApiCdnSecret="0" * 32)
    unnamed = config_of(plain, "ApiDistribution")
    assert "Aliases" not in unnamed
    assert unnamed["ViewerCertificate"] == {"CloudFrontDefaultCertificate": True}
    assert full.outputs["PublicUrl"] == "https://nudge.example.com"
    assert plain.outputs["PublicUrl"] == "https://${ApiDistribution.DomainName}"
