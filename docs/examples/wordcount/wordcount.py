"""A job type in a package of its own: counts the words of a text."""

import re
from collections import Counter

from marshmallow import Schema, fields, validate

from queueapp import BadInput, JobContext, job_type


class WordCountParameters(Schema):
    """What a submission may ask for; unknown parameters are refused."""

    text = fields.String(
        required=True,
        validate=validate.Length(1, 100_000),
        metadata={"description": "The text whose words are counted."},
    )
    top = fields.Integer(
        load_default=10,
        validate=validate.Range(1, 1000),
        metadata={"description": "How many of the most frequent words to list."},
    )


@job_type(
    "WordCount",
    parameters=WordCountParameters,
    stages=("Counting", "Writing"),
    outputs=("WordCounts",),
    memory_gb=0.5,
)
def word_count(job: JobContext) -> None:
    """Count the words of a text."""
    words = re.findall(r"\w+", job.parameters["text"].lower())
    if not words:
        raise BadInput("There is no word in the text.", field="text")
    counts: Counter[str] = Counter()
    for done, word in enumerate(words, start=1):
        counts[word] += 1
        job.progress(done=done, total=len(words), stage="Counting")
    job.log("info", "Counted the words", words=len(words), different=len(counts))

    job.progress(stage="Writing")
    rows = counts.most_common(job.parameters["top"])
    with job.artifact(
        "counts.csv",
        type="WordCounts",
        title="Words by frequency",
        primary=True,
        record_count=len(rows),
    ) as file:
        file.write(b"word,count\n")
        file.writelines(f"{word},{count}\n".encode() for word, count in rows)
    job.summary(words=len(words), different=len(counts))
