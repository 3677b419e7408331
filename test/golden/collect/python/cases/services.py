"""Kafka and AWS."""

import boto3
import botocore.config
import kafka
from ports import HOST, port, url

from .every import every


def client(service, endpoint=None, **more):
    where = {"endpoint_url": endpoint or url("aws"), "region_name": "eu-central-1"}
    keys = {"aws_access_key_id": "id", "aws_secret_access_key": "secret", **more}
    config = botocore.config.Config(
        retries={"total_max_attempts": 1},
        connect_timeout=0.5,
        read_timeout=0.1,
        s3={"addressing_style": "path"},
    )
    return boto3.session.Session().client(service, config=config, **where, **keys)


def dynamo(error, endpoint=None, **more):
    one = client("dynamodb", endpoint, **more)
    one.get_item(TableName=error, Key={"id": {"S": "1"}})


def s3(error):
    client("s3").get_object(Bucket="shop", Key=error)


def no_credentials():
    where = {"endpoint_url": url("aws"), "region_name": "eu-central-1"}
    session = boto3.session.Session()
    session._session.get_component("credential_provider").providers.clear()
    session.client("dynamodb", **where).list_tables()


def by_kafka(peer):
    kafka.KafkaProducer(
        bootstrap_servers=f"{HOST}:{port(peer)}", bootstrap_timeout_ms=500, request_timeout_ms=300
    )


def kafka_metadata(peer):
    producer = kafka.KafkaProducer(
        bootstrap_servers=f"{HOST}:{port(peer)}", max_block_ms=200, api_version=(2, 5)
    )
    producer.send("orders", b"1")


CASES = {
    **every(
        "dynamodb",
        "boto3",
        dynamo,
        {
            "AccessDeniedException": "AUTHENTICATION_ERROR",
            "ConditionalCheckFailedException": "UNKNOWN_ERROR",
            "ExpiredTokenException": "AUTHENTICATION_ERROR",
            "InternalServerError": "WEBHOOK_FAILED",
            "ProvisionedThroughputExceededException": "RESOURCE_EXHAUSTED",
            "RequestLimitExceeded": "RESOURCE_EXHAUSTED",
            "ThrottlingException": "RESOURCE_EXHAUSTED",
            "UnrecognizedClientException": "AUTHENTICATION_ERROR",
            "ValidationException": "VALIDATION_FAILED",
        },
    ),
    "dynamodb: refused": ("boto3", "NETWORK_ERROR", lambda: dynamo("refused", url("closed"))),
    "dynamodb: too slow": ("boto3", "TIMEOUT", lambda: dynamo("slow", url("silent"))),
    "dynamodb: connecting too slow": ("boto3", "TIMEOUT", lambda: dynamo("slow", url("stalled"))),
    "dynamodb: hung up": ("boto3", "NETWORK_ERROR", lambda: dynamo("closed", url("hangsUp"))),
    "dynamodb: no credentials": ("boto3", "AUTHENTICATION_ERROR", no_credentials),
    "dynamodb: a wrong parameter": (
        "boto3",
        "VALIDATION_FAILED",
        lambda: client("dynamodb").get_item(TableName=5),
    ),
    **every(
        "s3",
        "boto3",
        s3,
        {
            "AccessDenied": "AUTHENTICATION_ERROR",
            "InternalError": "WEBHOOK_FAILED",
            "NoSuchKey": "WEBHOOK_FAILED",
            "SlowDown": "RESOURCE_EXHAUSTED",
        },
    ),
    "kafka: refused": ("kafka-python", "NETWORK_ERROR", lambda: by_kafka("closed")),
    "kafka: no metadata in time": ("kafka-python", "TIMEOUT", lambda: kafka_metadata("silent")),
}
