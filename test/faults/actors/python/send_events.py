"""Writes sends to the history."""

import json

from dlq.v1 import dlq_service_pb2 as dlq
from dlq.v1 import state_pb2

from history import History, ms_of
from messages import Request, edited_text, sum_of
from servers import CallFailed


def write_sending(history: History, request: Request) -> None:
    text = request.payload.text
    history.write(
        "sending",
        request=request.request_id,
        source=request.source_id,
        queue=request.queue,
        sum=sum_of(text),
        edited=sum_of(edited_text(text)),
        plan=json.loads(text)["plan"],
    )


def write_sent(history: History, request: str, response: dlq.SendToDlqResponse) -> None:
    was_stored_before = response.duplicate and not response.id
    state = state_pb2.MessageState.Name(response.state).removeprefix("MESSAGE_STATE_")
    history.write(
        "sent",
        request=request,
        id=response.id,
        state="KNOWN" if was_stored_before else state,
        dueAt=ms_of(response.due_time),  # 0 when there is none
    )


def write_unsent(history: History, request: str, failure: CallFailed) -> None:
    history.write("unsent", request=request, code=failure.code, refused=failure.refused)
