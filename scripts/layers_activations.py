"""Writes what a BERT-style model's first encoder layer multiplies: in its first attention head and in its two
feed-forward layers.

layers_activations.py MODEL.safetensors TOKEN,... OUT.safetensors

OUT has the tensors `query`, `key` and `value` [tokens, width of the head] and `shares` [tokens, tokens], what each
token takes of the values; `intermediate` [tokens, hidden], the normalised output of the attention, and
`output` [tokens, 4 hidden], the GELU of what the first of the two layers makes of it.
"""

import array
import json
import math
import operator
import struct
import sys

HEADS = 12
EPSILON = 1e-12
LAYER = "encoder.layer.0."


class Checkpoint:
    """The F32 tensors of a safetensors file, as lists of rows."""

    def __init__(self, path):
        with open(path, "rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            self.header = json.loads(file.read(length))
            self.data = file.read()

    def rows(self, name, wanted=None):
        """The rows of a matrix (all, or those with the numbers `wanted`), a vector as one row."""
        tensor = self.header[name]
        width = tensor["shape"][-1]
        start, end = tensor["data_offsets"]
        count = (end - start) // (4 * width)
        return [self.row(start, width, number) for number in wanted or range(count)]

    def row(self, start, width, number):
        begin = start + 4 * width * number
        values = array.array("f", self.data[begin : begin + 4 * width])
        if sys.byteorder == "big":
            values.byteswap()
        return values.tolist()

    def vector(self, name):
        return self.rows(name)[0]


def dot(left, right):
    return sum(map(operator.mul, left, right))


def add(left, right):
    return list(map(operator.add, left, right))


def linear(model, name, tokens):
    weights, bias = model.rows(name + ".weight"), model.vector(name + ".bias")
    return [[dot(token, row) + b for row, b in zip(weights, bias)] for token in tokens]


def normalise(model, name, tokens):
    gain, bias = model.vector(name + ".weight"), model.vector(name + ".bias")

    def one(token):
        mean = sum(token) / len(token)
        variance = sum((x - mean) ** 2 for x in token) / len(token)
        step = 1 / math.sqrt(variance + EPSILON)
        return [(x - mean) * step * g + b for x, g, b in zip(token, gain, bias)]

    return [one(token) for token in tokens]


def embeddings(model, ids):
    words = model.rows("embeddings.word_embeddings.weight", ids)
    places = model.rows("embeddings.position_embeddings.weight", range(len(ids)))
    kind = model.rows("embeddings.token_type_embeddings.weight", [0])[0]
    tokens = [add(add(word, place), kind) for word, place in zip(words, places)]
    return normalise(model, "embeddings.LayerNorm", tokens)


def softmax(scores):
    top = max(scores)
    powers = [math.exp(score - top) for score in scores]
    total = sum(powers)
    return [power / total for power in powers]


def attention(model, tokens):
    names = ("query", "key", "value")
    queries, keys, values = (linear(model, f"{LAYER}attention.self.{n}", tokens) for n in names)
    width = len(queries[0]) // HEADS
    mixed = [[] for _ in tokens]
    first = {}
    for head in range(HEADS):
        part = slice(head * width, (head + 1) * width)
        of_head = [[token[part] for token in tokens] for tokens in (queries, keys, values)]
        shares = [
            softmax([dot(query, key) / math.sqrt(width) for key in of_head[1]])
            for query in of_head[0]
        ]
        columns = list(zip(*of_head[2]))
        for share, out in zip(shares, mixed):
            out.extend(dot(share, column) for column in columns)
        if not first:
            first = dict(zip((*names, "shares"), (*of_head, shares)))
    projected = linear(model, f"{LAYER}attention.output.dense", mixed)
    added = [add(token, change) for token, change in zip(tokens, projected)]
    return normalise(model, f"{LAYER}attention.output.LayerNorm", added), first


def gelu(x):
    return x * (1 + math.erf(x / math.sqrt(2))) / 2


def write(path, tensors):
    header, data = {}, b""
    for name, rows in tensors.items():
        bytes_of_rows = b"".join(struct.pack(f"<{len(row)}f", *row) for row in rows)
        header[name] = {
            "dtype": "F32",
            "shape": [len(rows), len(rows[0])],
            "data_offsets": [len(data), len(data) + len(bytes_of_rows)],
        }
        data += bytes_of_rows
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    _, path, ids, out = sys.argv
    model = Checkpoint(path)
    tokens = embeddings(model, [int(token) for token in ids.split(",")])
    hidden, head = attention(model, tokens)
    wide = linear(model, f"{LAYER}intermediate.dense", hidden)
    narrow = [[gelu(x) for x in token] for token in wide]
    tensors = {**head, "intermediate": hidden, "output": narrow}
    write(out, tensors)
    for name, rows in tensors.items():
        print(f"{name}: {len(rows)} tokens x {len(rows[0])}")


main()
