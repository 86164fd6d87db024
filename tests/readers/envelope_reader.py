#!/usr/bin/env python3
"""A second reader of Yingbi's sealed fields, written from the format's description alone (gateway/crypto, rustdoc of
`envelope` and `Binding`). Standard library only, SM4-GCM included.

    envelope_reader.py VECTORS.json     opens every vector (see gateway/crypto/vectors); exits 1 if one is not as it says
"""

import base64
import json
import re
import sys

ROTATE = lambda word, by: (word << by | word >> 32 - by) & 0xFFFFFFFF
ENVELOPE = re.compile(r"yb1\.([A-Za-z0-9_-]{1,64})\.([A-Za-z0-9_-]*)", re.ASCII)


def times(a, b, polynomial=0x1F5, degree=8):
    product = 0
    for bit in reversed(range(degree)):
        product = product << 1 ^ (a if b >> bit & 1 else 0)
        product ^= polynomial if product >> degree else 0
    return product


def affine(x):  # GB/T 32907: row i of the matrix is 0xa7 rotated left by i, the constant 0xd3
    return 0xD3 ^ sum((((0xA7 << i | 0xA7 >> 8 - i) & x & 0xFF).bit_count() & 1) << i for i in range(8))


INVERSE = [next((y for y in range(256) if times(x, y) == 1), 0) for x in range(256)]
SBOX = [affine(INVERSE[affine(x)]) for x in range(256)]


def rounds(words, keys, spread):
    for key in keys:
        a, b, c, d = words
        s = int.from_bytes(bytes(SBOX[byte] for byte in (b ^ c ^ d ^ key).to_bytes(4, "big")), "big")
        words = [b, c, d, a ^ s ^ spread(s)]
        yield words[3]


def sm4(key):
    constants = [sum((4 * i + j) * 7 % 256 << 24 - 8 * j for j in range(4)) for i in range(32)]
    system = (0xA3B1BAC6, 0x56AA3350, 0x677D9197, 0xB27022DC)
    words = lambda block: [int.from_bytes(block[at : at + 4], "big") for at in (0, 4, 8, 12)]
    key = [word ^ fixed for word, fixed in zip(words(key), system)]
    keys = list(rounds(key, constants, lambda s: ROTATE(s, 13) ^ ROTATE(s, 23)))
    linear = lambda s: ROTATE(s, 2) ^ ROTATE(s, 10) ^ ROTATE(s, 18) ^ ROTATE(s, 24)
    return lambda block: b"".join(word.to_bytes(4, "big") for word in list(rounds(words(block), keys, linear))[:-5:-1])


def ghash(h, *texts):
    mirrored = lambda block: int(f"{int.from_bytes(block, 'big'):0128b}"[::-1], 2)
    lengths = b"".join((8 * len(text)).to_bytes(8, "big") for text in texts)
    total = 0
    for text in [*texts, lengths]:
        for at in range(0, len(text), 16):
            total = times(total ^ mirrored(text[at : at + 16].ljust(16, b"\0")), mirrored(h), 1 << 128 | 0x87, 128)
    return int(f"{total:0128b}"[::-1], 2).to_bytes(16, "big")


def binding(**parts):  # tag, length in LEB128, UTF-8; parts that are not there are not written
    out = b""
    for tag, name in enumerate(("tenant", "category", "path", "subject"), 1):
        if parts.get(name) is not None:
            part, length = parts[name].encode(), len(parts[name].encode())
            out += bytes([tag])
            while length > 127:
                out, length = out + bytes([length & 127 | 128]), length >> 7
            out += bytes([length]) + part
    return out


def place(names=None, number=False):  # the path that the gateway binds to: RFC 6901 from the record on, lists left out
    path = None if names is None else "".join("/" + name.replace("~", "~0").replace("/", "~1") for name in names)
    return "!number" + (path or "") if number else path


def unseal(text, key, aad):
    """The value of an envelope, or None if it is none, was altered, or belongs elsewhere."""
    match = ENVELOPE.fullmatch(text)
    if not match or len(match[2]) % 4 == 1:
        return None
    body = base64.urlsafe_b64decode(match[2] + "=" * (-len(match[2]) % 4))
    if len(body) < 28 or base64.urlsafe_b64encode(body).decode().rstrip("=") != match[2]:
        return None
    nonce, sealed, tag = body[:12], body[12:-16], body[-16:]
    cipher, add = sm4(key), lambda a, b: bytes(x ^ y for x, y in zip(a, b))
    if add(ghash(cipher(bytes(16)), aad, sealed), cipher(nonce + b"\0\0\0\1")) != tag:
        return None
    stream = b"".join(cipher(nonce + (n + 2).to_bytes(4, "big")) for n in range(len(sealed) // 16 + 1))
    return add(sealed, stream).decode()


def main(path):
    wrong, vectors = [], json.load(open(path, encoding="utf-8"))["vectors"]
    for vector in vectors:
        aad = binding(**vector["binding"])
        value = unseal(vector["envelope"], bytes.fromhex(vector["key"]), aad)
        path = place(**vector["place"]) if "place" in vector else vector["binding"].get("path")
        if value != vector.get("plain") or aad.hex() != vector["aad"] or path != vector["binding"].get("path"):
            wrong.append(vector["name"])
    opened = sum("plain" in vector for vector in vectors)
    print(json.dumps({"opened": opened, "refused": len(vectors) - opened, "wrong": wrong}))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
