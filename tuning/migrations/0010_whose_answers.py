"""Who wrote the answers that examples were made of, as far as their messages are kept; and markers as the prompt has them.

Readers see passages numbered in the order they are cited, the prompt numbers them as they were found. Examples were
made with the readers' numbers, which point to other passages of the prompt. Those that somebody has edited are left as
they are: whether they were put right by hand, the validator asks when they are frozen.
"""

import hashlib
import json
import re
from typing import Any

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F

MARKER = re.compile(r"\[(\d{1,2})\]")


def tell(apps: Apps, _schema: BaseDatabaseSchemaEditor) -> None:
    examples = apps.get_model("tuning", "TrainingExample").objects.filter(message__outcome="answered")
    for example in examples.select_related("message").exclude(message__model="").iterator():
        example.answer_model = f"{example.message.provider}:{example.message.model}"
        example.save(update_fields=["answer_model"])
    for example in examples.filter(answer=F("original_answer")).select_related("message").iterator():
        _renumber(example)


def _renumber(example: Any) -> None:
    places = {
        (passage.get("heading", ""), passage.get("text", "")): number
        for number, passage in enumerate(example.message.trace.get("passages", ()), start=1)
    }
    numbers = {
        str(cited.number): place
        for cited in example.message.citations.all()
        if (place := places.get((cited.heading, cited.passage)))
    }
    answer = MARKER.sub(lambda match: f"[{numbers.get(match[1], match[1])}]", example.answer)
    if answer == example.answer or "`" in answer:  # brackets inside code are code
        return
    example.answer = example.original_answer = answer
    example.messages = [*example.messages[:-1], {"role": "assistant", "content": answer}]
    written = json.dumps(example.messages, sort_keys=True, ensure_ascii=False)
    example.checksum = hashlib.sha256(written.encode()).hexdigest()
    example.save(update_fields=["answer", "original_answer", "messages", "checksum"])


class Migration(migrations.Migration):
    dependencies = [("tuning", "0010_refusals_made_of_examples"), ("bot", "0002_question_of_an_answer")]

    operations = [migrations.RunPython(tell, migrations.RunPython.noop)]
