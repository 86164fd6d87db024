#!/usr/bin/env python3
"""A second reader of Yingbi's audit logs, written from the format's description alone (gateway/audit, rustdoc of
`format`, `compact`, `slice`, `index`, `checkpoint` and `bundle`). Standard library only, SM3 and both signatures included, so that an
auditor need not believe the gateway's own code.

    audit_reader.py log DIR [--public-key FILE]... [--anchor FILE]...
    audit_reader.py bundle FILE --public-key FILE...

Prints one JSON object; exits 0 when all is good, 1 when something is wrong.
"""

import argparse
import base64
import binascii
import datetime
import hashlib
import hmac
import json
import os
import re
import struct
import sys
import zlib

# --- SM3, GB/T 32905-2016 ---------------------------------------------------------------------------------------------

MASK = 0xFFFFFFFF
SM3_START = (0x7380166F, 0x4914B2B9, 0x172442D7, 0xDA8A0600, 0xA96F30BC, 0x163138AA, 0xE38DEE4D, 0xB0FB0E4E)


def rotate(word, by):
    by %= 32
    return ((word << by) | (word >> (32 - by))) & MASK


ROUND_CONSTANTS = [rotate(0x79CC4519 if j < 16 else 0x7A879D8A, j) for j in range(64)]


def compress(state, block):
    w = list(struct.unpack(">16I", block))
    for j in range(16, 68):
        x = w[j - 16] ^ w[j - 9] ^ rotate(w[j - 3], 15)
        w.append((x ^ rotate(x, 15) ^ rotate(x, 23)) ^ rotate(w[j - 13], 7) ^ w[j - 6])
    a, b, c, d, e, f, g, h = state
    for j in range(64):
        a12 = rotate(a, 12)
        ss1 = rotate((a12 + e + ROUND_CONSTANTS[j]) & MASK, 7)
        ss2 = ss1 ^ a12
        if j < 16:
            ff, gg = a ^ b ^ c, e ^ f ^ g
        else:
            ff, gg = (a & b) | (a & c) | (b & c), (e & f) | (~e & MASK & g)
        tt1 = (ff + d + ss2 + (w[j] ^ w[j + 4])) & MASK
        tt2 = (gg + h + ss1 + w[j]) & MASK
        d, c, b, a = c, rotate(b, 9), a, tt1
        h, g, f = g, rotate(f, 19), e
        e = tt2 ^ rotate(tt2, 9) ^ rotate(tt2, 17)
    return tuple(x ^ y for x, y in zip(state, (a, b, c, d, e, f, g, h)))


class SM3:
    """As hashlib has its digests."""

    digest_size, block_size, name = 32, 64, "sm3"

    def __init__(self, data=b""):
        self.data = bytes(data)

    def update(self, data):
        self.data += data

    def copy(self):
        return SM3(self.data)

    def digest(self):
        length = len(self.data)
        padded = self.data + b"\x80" + b"\0" * ((55 - length) % 64) + struct.pack(">Q", length * 8)
        state = SM3_START
        for at in range(0, len(padded), 64):
            state = compress(state, padded[at : at + 64])
        return struct.pack(">8I", *state)


def sm3(*parts):
    return SM3(b"".join(parts)).digest()


def hmac_sm3(key, *parts):
    return hmac.new(key, b"".join(parts), SM3).digest()


# --- Curves -----------------------------------------------------------------------------------------------------------


def sm2_verifies(key, message, signature):
    """GB/T 32918.2, identity 1234567812345678."""
    p = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
    a = p - 3
    b = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
    n = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
    base = (
        0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
        0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
    )

    def add(one, other):
        if one is None:
            return other
        if other is None:
            return one
        if one[0] == other[0]:
            if (one[1] + other[1]) % p == 0:
                return None
            slope = (3 * one[0] * one[0] + a) * pow(2 * one[1], -1, p) % p
        else:
            slope = (other[1] - one[1]) * pow(other[0] - one[0], -1, p) % p
        x = (slope * slope - one[0] - other[0]) % p
        return x, (slope * (one[0] - x) - one[1]) % p

    def times(factor, point):
        result = None
        while factor:
            if factor & 1:
                result = add(result, point)
            point = add(point, point)
            factor >>= 1
        return result

    if len(key) != 65 or key[0] != 4 or len(signature) != 64:
        return False
    point = (int.from_bytes(key[1:33], "big"), int.from_bytes(key[33:], "big"))
    if max(point) >= p or (point[1] ** 2 - point[0] ** 3 - a * point[0] - b) % p:
        return False
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    if not (1 <= r < n and 1 <= s < n) or (r + s) % n == 0:
        return False
    identity = b"1234567812345678"
    numbers = (a, b, *base, *point)
    z = sm3(struct.pack(">H", len(identity) * 8), identity, *(number.to_bytes(32, "big") for number in numbers))
    e = int.from_bytes(sm3(z, message), "big")
    found = add(times(s, base), times((r + s) % n, point))
    return found is not None and (e + found[0]) % n == r


def ed25519_verifies(key, message, signature):
    """RFC 8032, 5.1.7."""
    p = 2**255 - 19
    order = 2**252 + 27742317777372353535851937790883648493
    d = -121665 * pow(121666, -1, p) % p

    def add(one, other):
        # Extended coordinates.
        a = (one[1] - one[0]) * (other[1] - other[0]) % p
        b = (one[1] + one[0]) * (other[1] + other[0]) % p
        c = 2 * one[3] * other[3] * d % p
        e = 2 * one[2] * other[2] % p
        f, g, h, i = b - a, e - c, e + c, b + a
        return f * g % p, h * i % p, g * h % p, f * i % p

    def times(factor, point):
        result = (0, 1, 1, 0)
        while factor:
            if factor & 1:
                result = add(result, point)
            point = add(point, point)
            factor >>= 1
        return result

    def decompress(data):
        y = int.from_bytes(data, "little")
        sign, y = y >> 255, y & ((1 << 255) - 1)
        if y >= p:
            return None
        square = (y * y - 1) * pow(d * y * y + 1, -1, p) % p
        x = pow(square, (p + 3) // 8, p)
        if (x * x - square) % p:
            x = x * pow(2, (p - 1) // 4, p) % p
        if (x * x - square) % p or (x == 0 and sign):
            return None
        x = p - x if x & 1 != sign else x
        return x, y, 1, x * y % p

    if len(key) != 32 or len(signature) != 64:
        return False
    point, commitment = decompress(key), decompress(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if point is None or commitment is None or s >= order:
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % order
    root = pow(2, (p - 1) // 4, p)
    y = 4 * pow(5, -1, p) % p
    square = (y * y - 1) * pow(d * y * y + 1, -1, p) % p
    x = pow(square, (p + 3) // 8, p)
    x = x if (x * x - square) % p == 0 else x * root % p
    x = p - x if x & 1 else x
    left = times(s, (x, y, 1, x * y % p))
    right = add(commitment, times(challenge, point))
    return (left[0] * right[2] - right[0] * left[2]) % p == 0 and (left[1] * right[2] - right[1] * left[2]) % p == 0


SM2_PREFIX = b"\xffSM2-with-SM3"


class Key:
    """A public key as `yingbi keys public` prints it: NAME+ID+BASE64."""

    def __init__(self, line):
        self.name, ident, data = line.strip().split("+", 2)
        data = base64.b64decode(data, validate=True)
        if hashlib.sha256(self.name.encode() + b"\n" + data).digest()[:4] != bytes.fromhex(ident):
            raise ValueError("the key's id does not fit")
        self.ident = bytes.fromhex(ident)
        self.is_sm2 = data.startswith(SM2_PREFIX)
        if not self.is_sm2 and data[:1] != b"\x01":
            raise ValueError("unknown algorithm")
        self.key = data[len(SM2_PREFIX) :] if self.is_sm2 else data[1:]

    def verifies(self, message, signature):
        return (sm2_verifies if self.is_sm2 else ed25519_verifies)(self.key, message, signature)


def read_keys(paths):
    keys = []
    for path in paths:
        with open(path, encoding="utf-8") as file:
            keys += [Key(line) for line in file if line.strip() and not line.startswith("#")]
    return keys


# --- Trees, RFC 6962 with SM3 ------------------------------------------------------------------------------------------


def leaf(data):
    return sm3(b"\0", data)


def root(leaves):
    if not leaves:
        return sm3()
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return sm3(b"\1", root(leaves[:half]), root(leaves[half:]))


def root_by(index, size, hash, path):
    """What a leaf and its path lead to, by going down the tree's shape; None when the path has another length."""
    if index >= size:
        return None
    turns = []
    while size > 1:
        half = 1
        while half * 2 < size:
            half *= 2
        turns.append(index >= half)
        index, size = (index - half, size - half) if index >= half else (index, half)
    if len(turns) != len(path):
        return None
    for is_right, sibling in zip(reversed(turns), path):
        hash = sm3(b"\1", sibling, hash) if is_right else sm3(b"\1", hash, sibling)
    return hash


def is_consistent(old_size, new_size, old, new, path):
    """Whether a tree of the first size and root is the beginning of the second, RFC 6962, 2.1.2, read from the definition:
    the path's hashes are used up, lowest first, by the same turns that the proof's maker took."""
    if old_size > new_size:
        return False
    if old_size in (0, new_size):
        return not path and (old_size == 0 and old == sm3() or old == new)
    turns, size, rest, is_whole = [], new_size, old_size, True
    while rest != size:
        half = 1
        while half * 2 < size:
            half *= 2
        if rest <= half:
            turns.append(False)
            size = half
        else:
            turns.append(True)
            rest, size, is_whole = rest - half, size - half, False
    path = list(path)
    if not is_whole and not path:
        return False
    start = old if is_whole else path.pop(0)
    of_old = of_new = start
    if len(path) != len(turns):
        return False
    for is_right, hash in zip(reversed(turns), path):
        if is_right:
            of_old, of_new = sm3(b"\1", hash, of_old), sm3(b"\1", hash, of_new)
        else:
            of_new = sm3(b"\1", of_new, hash)
    return (of_old, of_new) == (old, new)


# --- Checkpoints --------------------------------------------------------------------------------------------------------

DASH = "\u2014 "
BODY = re.compile(
    r"yingbi-audit/([0-9a-f]{32})\n(0|[1-9]\d*)\n([A-Za-z0-9+/=]{44})\nrecords (0|[1-9]\d*)\nchain ([A-Za-z0-9+/=]{44})\n"
    r"(?:slice (0|[1-9]\d*) (0|[1-9]\d*) (0|[1-9]\d*) ([A-Za-z0-9+/=]{44})\n)?time (\S+)\n"
)


class Note:
    def __init__(self, text):
        body, signatures = text.split("\n\n", 1)
        self.body = body + "\n"
        found = BODY.fullmatch(self.body)
        if not found:
            raise ValueError("a line of the checkpoint can't be read")
        self.stream = found[1]
        self.slices, self.root = int(found[2]), base64.b64decode(found[3], validate=True)
        self.records, self.chain = int(found[4]), base64.b64decode(found[5], validate=True)
        self.open = None
        if found[6] is not None:
            self.open = (int(found[6]), int(found[7]), int(found[8]), base64.b64decode(found[9], validate=True))
        self.time = found[10]
        self.signatures = []
        for line in signatures.splitlines():
            if not line.startswith(DASH):
                raise ValueError("a signature of the checkpoint can't be read")
            name, data = line[len(DASH) :].split(" ")
            data = base64.b64decode(data, validate=True)
            self.signatures.append((name, data[:4], data[4:]))

    def signed(self, keys):
        """True, False, or None when no signature is of a signer whose keys are given."""
        result = None
        for key in keys:
            if all(name != key.name for name, _, _ in self.signatures):
                continue
            own = [data for name, ident, data in self.signatures if (name, ident) == (key.name, key.ident)]
            if len(own) != 1 or not key.verifies(self.body.encode(), own[0]):
                return False
            result = True
        return result


def notes(text):
    """Every note of a file, as text."""
    lines = text.split("\n")
    if lines.pop() != "":
        raise ValueError("the file of checkpoints is cut short")
    found, at = [], 0
    while at < len(lines):
        start = at
        while lines[at] != "":
            at += 1
            if at == len(lines):
                raise ValueError("a checkpoint is cut short")
        at += 1
        while at < len(lines) and lines[at].startswith(DASH):
            at += 1
        found.append("\n".join(lines[start:at]) + "\n")
    return found


# --- Records ------------------------------------------------------------------------------------------------------------

# What stands for itself by its number (`compact`).
WORDS = """
    GET POST PUT DELETE PATCH HEAD OPTIONS permit refuse jwt api-token mtls none handed-to-socket aborted partial
    not-begun consent contract legal-duty emergency public-interest public-information other-law basic
    identity.document identity.special credential.account credential.biometric account.opening account.investor-code
    trade.fill trade.order trade.bank-transfer trade.parameters trade.log trade.other wealth.position wealth.bank
    wealth.cash credit behaviour derived device.resettable device.permanent device.apps location.coarse
    location.track health.status health.medical education-work other relationship service operation-analysis channel
    marketing service-staff
""".split()

NUMBERS = {0x80: "time", 0x81: "status", 0x82: "records", 0x83: "bytes", 0x84: "part"}
TEXTS = {
    0xA0: "decision_id", 0xA1: "caller", 0xA2: "identified_by", 0xA4: "source", 0xA5: "method", 0xA6: "route",
    0xA7: "purpose", 0xA8: "basis", 0xAA: "decision", 0xAB: "code", 0xAD: "policy", 0xAE: "trace", 0xB1: "result",
    0xB4: "recipient", 0xB6: "country",
}
LISTS = {0xA3: "roles", 0xA9: "grants", 0xAC: "rules", 0xAF: "subjects", 0xB0: "overrides", 0xB2: "consents", 0xB3: "marks"}
COUNTS = {0xC0: "clear", 0xC1: "masked", 0xC2: "dropped", 0xC3: "monitored", 0xC4: "raised", 0xC5: "input_faults",
          0xC6: "keyed", 0xC7: "request"}
# Always there in JSON, in its order but for `type`.
ALWAYS = {
    "I": ["time", "decision_id", "caller", "identified_by", "roles", "source", "method", "route", "decision", "status",
          "rules", "policy", "trace", "records", "subjects", "bytes"],
    "O": ["time", "decision_id", "result", "bytes"],
}


class Fields:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        if count < 0 or self.at + count > len(self.data):
            raise ValueError("a record is cut short")
        self.at += count
        return self.data[self.at - count : self.at]

    def leb128(self):
        number = 0
        for place in range(10):
            byte = self.take(1)[0]
            number |= (byte & 0x7F) << 7 * place
            if byte < 0x80:
                return number
        raise ValueError("a number of a record is too long")

    def number(self):
        number = self.leb128() - 1
        if not 0 <= number < 1 << 64:
            raise ValueError("a number of a record is none")
        return number

    def text(self):
        head = self.leb128()
        form, count = head & 3, head >> 2
        if form == 0:
            return self.take(count - 1).decode()
        if form == 1:
            if not 1 <= count <= len(WORDS):
                raise ValueError("a word of a record is unknown")
            return WORDS[count - 1]
        mask = self.take(1)[0]
        if form == 2:
            return bytes(byte ^ mask for byte in self.take(count)).hex()
        instance, number = bytes(byte ^ mask for byte in self.take(8)).hex(), self.number()
        if count or number >= 1 << 40:
            raise ValueError("an id of a record is none")
        return f"{instance}-{number:010x}"


def read_record(payload):
    """A record as its JSON has it, however it is written."""
    kind = payload[:1].decode("ascii", "replace")
    if kind == "{":
        return json.loads(payload)
    if kind not in ALWAYS:
        raise ValueError("a record is of no known form")
    fields, last, found, limits = Fields(payload[1:]), 0, {}, []
    while fields.at < len(fields.data):
        tag = fields.take(1)[0]
        if tag < 0x80:
            if fields.data[fields.at - 1 :].strip(b" "):
                raise ValueError("a field of a record is of no known kind")
            break
        if tag < last or (tag == last and tag < 0xA0) or tag >= 0xE0:
            raise ValueError("a field of a record is out of order")
        last = tag
        text = fields.text() if tag >= 0xA0 else None
        number = fields.number() if tag < 0xA0 or tag >= 0xC0 else None
        if tag in NUMBERS:
            found[NUMBERS[tag]] = number
        elif tag in TEXTS:
            found[TEXTS[tag]] = text
        elif tag in LISTS:
            found.setdefault(LISTS[tag], []).append(text)
        elif tag == 0xB5:
            limits.append(text)
        elif tag in COUNTS:
            found.setdefault(COUNTS[tag], {})[text] = number
    if len(limits) % 2:
        raise ValueError("a limit of a record has no scope")
    if limits:
        found["limits"] = dict(zip(limits[::2], limits[1::2]))
    if "time" in found:
        seconds, micros = divmod(found["time"], 1_000_000)
        at = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=seconds)
        found["time"] = f"{at:%Y-%m-%dT%H:%M:%S}.{micros:06}Z"
    empty = {"status": 0, "records": 0, "bytes": 0, "roles": [], "rules": [], "subjects": []}
    return {"type": {"I": "intent", "O": "outcome"}[kind], **{name: empty.get(name, "") for name in ALWAYS[kind]}, **found}


# --- Log ---------------------------------------------------------------------------------------------------------------


def read_head(data):
    """Kind, length, sequence of a frame's 24 bytes, or None."""
    if len(data) < 24 or data[:2] != b"YB" or data[2:3] not in (b"R", b"S") or data[3]:
        return None
    length, sequence, _position, crc = struct.unpack(">IQII", data[4:24])
    return (data[2:3], length, sequence) if zlib.crc32(data[:20]) == crc else None


class Log:
    def __init__(self, directory, keys, anchors):
        self.directory, self.keys, self.anchors = directory, keys, anchors
        self.beside = directory.rstrip("/") + ".evidence"
        self.failures, self.hashes, self.statements, self.slices = [], {}, [], []
        self.stream, self.checkpoints, self.head = None, 0, None

    def fail(self, place, why):
        self.failures.append({"place": place, "why": why})

    def read(self, name):
        directory = self.directory if name.endswith(".ybl") else self.beside
        with open(os.path.join(directory, name), "rb") as file:
            return file.read()

    def check(self):
        names = sorted(name for name in os.listdir(self.directory) if re.fullmatch(r"\d{16,}\.ybl", name))
        expected = (bytes(32), 0)
        for number, name in enumerate(names):
            if int(name[:-4]) != number:
                self.fail(name, "a segment is missing before it")
                break
            expected = self.segment(name, number, expected, number == len(names) - 1)
            if expected is None:
                break
        if not names:
            self.fail(self.directory, "there is no segment")
        self.check_statements()
        for place in [os.path.join(self.beside, "checkpoints"), *self.anchors]:
            self.check_notes(place)

    def segment(self, name, number, expected, is_last):
        data = self.read(name)
        header, hash = data[:88], data[88:120]
        if len(data) < 120 or header[:8] != b"YB-AUDIT" or sm3(b"yingbi/audit/segment/1", header) != hash:
            return self.fail(name, "the header is none, or was changed")
        version, begun = struct.unpack(">II", header[8:16])
        stream = header[16:32].hex()
        own, first, _created = struct.unpack(">QQq", header[32:56])
        if version not in (1, 2, 3) or own != number or stream != (self.stream or stream):
            return self.fail(name, "the header is of another version, place or log")
        self.stream = stream
        previous, next_ = expected
        if begun not in (0, 1) or (begun == 0) != (number == 0) or header[56:88] != previous or first != next_:
            # Logs that were broken off and go on are for the gateway's own reader.
            return self.fail(name, "the segment does not follow the one before")
        at, chain, sequence, leaves, sealed, last = 120, hash, first, [], False, header[56:88]
        while at < len(data) and any(data[at:]):
            head = read_head(data[at : at + 24])
            if sealed or head is None or head[2] != sequence or at + 24 + head[1] + 32 > len(data):
                return self.fail(f"{name}:{at}", f"no record {sequence} stands there")
            frame, end = data[at : at + 24 + head[1]], at + 24 + head[1] + 32
            before, chain = chain, sm3(b"yingbi/audit/record/1", chain, frame)
            if chain != data[end - 32 : end]:
                return self.fail(f"{name}:{at}", f"record {sequence} was changed")
            if head[0] == b"S":
                if frame[24:64] != struct.pack(">Q", len(leaves)) + before or frame[64:].strip(b" "):
                    return self.fail(f"{name}:{at}", "the seal says otherwise than the segment")
                sealed = True
            else:
                try:
                    read_record(frame[24:])
                except (ValueError, OverflowError):
                    self.fail(f"{name}:{at}", f"record {sequence} is none")
                leaves.append(leaf(chain))
                self.hashes[sequence] = chain
                sequence, last, self.head = sequence + 1, chain, sequence
            at = end
        if not sealed and not is_last:
            return self.fail(name, "the segment has no seal though another follows")
        self.slices.append({"first": first, "next": sequence, "leaves": leaves, "sealed": sealed, "chain": last, "link": chain})
        return chain, sequence

    def check_statements(self):
        try:
            data = self.read("slices")
        except FileNotFoundError:
            return
        for number in range(0, (len(data) + 231) // 232):
            statement = data[number * 232 : number * 232 + 232]
            place = f"slices:{number * 232}"
            if len(statement) != 232 or statement[:8] != b"YB-SLICE" or sm3(b"yingbi/audit/slice/1", statement[:200]) != statement[200:]:
                self.fail(place, "the statement was changed")
                return
            own, first, next_ = struct.unpack(">QQQ", statement[32:56])
            found = self.slices[number] if number < len(self.slices) else None
            if not (
                found
                and (own, statement[16:32].hex()) == (number, self.stream)
                and (first, next_) == (found["first"], found["next"])
                and statement[72:104] == found["chain"]
                and statement[104:136] == found["link"]
                and statement[136:168] == root(found["leaves"])
            ):
                self.fail(place, "the segment is another than the statement says")
            self.check_index(number, statement)
            self.statements.append(leaf(statement[:200]))

    def check_index(self, number, statement):
        name = f"{number:016}.ybi"
        if statement[168:200] == bytes(32):
            return
        try:
            data = self.read(name)
        except FileNotFoundError:
            self.fail(name, "the index is missing")
            return
        records, keywords, places = struct.unpack(">QQQ", data[48:72])
        start = 136 + 4 * records
        entries = [data[start + 20 * k : start + 20 * k + 20] for k in range(keywords)]
        if sm3(b"yingbi/audit/index/1", data[:-32]) != data[-32:] or len(data) != start + 20 * keywords + 8 * places + 32:
            self.fail(name, "the index was changed")
        elif entries != sorted(entries) or root([leaf(entry) for entry in entries]) != statement[168:200]:
            self.fail(name, "the index is another than the statement says")

    def check_notes(self, place):
        shown = os.path.basename(place)
        try:
            with open(place, encoding="utf-8") as file:
                found = [Note(text) for text in notes(file.read())]
        except FileNotFoundError:
            if self.keys:
                self.fail(shown, "there is no checkpoint")
            return
        except (ValueError, IndexError) as error:
            self.fail(shown, str(error))
            return
        before, signed = (0, 0), 0
        for note in found:
            self.checkpoints += 1
            verdict = note.signed(self.keys)
            signed += verdict is True
            if verdict is False:
                self.fail(shown, "a signature is wrong or missing")
            if note.stream != self.stream:
                self.fail(shown, "a checkpoint of another log")
                continue
            if (note.records, note.slices) < before:
                self.fail(shown, "a checkpoint says less than the one before it")
            before = (note.records, note.slices)
            if note.slices > len(self.statements) or root(self.statements[: note.slices]) != note.root:
                self.fail(shown, "the slices are others than the checkpoint says")
            if note.records and self.hashes.get(note.records - 1) != note.chain:
                self.fail(shown, f"record {note.records - 1} is missing or another: the tail was cut or rewritten")
            if note.open:
                number, first, size, expected = note.open
                own = self.slices[number] if number < len(self.slices) else None
                if not own or own["first"] != first or len(own["leaves"]) < size or root(own["leaves"][:size]) != expected:
                    self.fail(shown, "the open slice is another than the checkpoint says")
        if self.keys and not signed:
            self.fail(shown, "no checkpoint is signed by the given key")


def check_log(arguments):
    log = Log(arguments.path, read_keys(arguments.public_key), arguments.anchor)
    log.check()
    return {
        "good": not log.failures,
        "stream": log.stream,
        "records": len(log.hashes),
        "head": None if log.head is None else {"sequence": log.head, "hash": log.hashes[log.head].hex()},
        "slices": len(log.statements),
        "checkpoints": log.checkpoints,
        "failures": log.failures,
    }


# --- Bundles -----------------------------------------------------------------------------------------------------------


def check_bundle(arguments):
    try:
        records = prove(arguments)
        return {"good": True, **records}
    except (ValueError, KeyError, TypeError, IndexError, binascii.Error) as error:
        return {"good": False, "why": str(error)}


def prove(arguments):
    with open(arguments.path, encoding="utf-8") as file:
        bundle = json.load(file)
    if bundle["format"] == "yingbi-growth/1":
        return grown(bundle, read_keys(arguments.public_key))
    return prove_bundle(bundle, read_keys(arguments.public_key))


def prove_bundle(bundle, keys):
    """What a bundle's records say, if its checkpoint is signed by these keys."""
    if bundle["format"] not in ("yingbi-evidence/1", "yingbi-evidence/2") or not bundle["records"]:
        raise ValueError("this is no bundle of evidence")
    note = Note(bundle["checkpoint"])
    if note.signed(keys) is not True:
        raise ValueError("the checkpoint is not signed by the given key")
    proved = []
    for record in bundle["records"]:
        head_bytes, payload = bytes.fromhex(record["head"]), record["payload"]
        payload = payload.encode() if payload.startswith("{") else bytes.fromhex(payload)
        head = read_head(head_bytes)
        if len(head_bytes) != 24 or head is None or head[0] != b"R" or head[1] != len(payload):
            raise ValueError("a record is none")
        chain = sm3(b"yingbi/audit/record/1", bytes.fromhex(record["previous"]), head_bytes, payload)
        path = [bytes.fromhex(hash) for hash in record["path"]]
        if record["statement"] is None:
            if note.open is None or record["slice_path"]:
                raise ValueError("the slice is not one that the checkpoint covers")
            _, first, size, expected = note.open
        else:
            statement = bytes.fromhex(record["statement"])
            if len(statement) != 232 or sm3(b"yingbi/audit/slice/1", statement[:200]) != statement[200:]:
                raise ValueError("the statement was changed")
            number, first, next_ = struct.unpack(">QQQ", statement[32:56])
            size, expected = next_ - first, statement[136:168]
            slice_path = [bytes.fromhex(hash) for hash in record["slice_path"]]
            found = root_by(number, note.slices, leaf(statement[:200]), slice_path)
            if found != note.root or statement[16:32].hex() != note.stream:
                raise ValueError("the slice is not one that the checkpoint covers")
        if head[2] < first or root_by(head[2] - first, size, leaf(chain), path) != expected:
            raise ValueError("a record was changed, or is not in its slice")
        proved.append({"sequence": head[2], "record": read_record(payload)})
    return {"stream": note.stream, "time": note.time, "records": proved}


def grown(bundle, keys):
    """That the log of one checkpoint begins with that of an earlier one."""
    old, new = Note(bundle["old"]), Note(bundle["new"])
    if old.signed(keys) is not True or new.signed(keys) is not True:
        raise ValueError("a checkpoint is not signed by the given key")
    path = [bytes.fromhex(hash) for hash in bundle["slices_path"]]
    good = old.stream == new.stream and old.records <= new.records
    good = good and is_consistent(old.slices, new.slices, old.root, new.root, path)
    path = [bytes.fromhex(hash) for hash in bundle["path"]]
    if old.open is None:
        good = good and not path and bundle["statement"] is None
    else:
        number, first, size, start = old.open
        if bundle["statement"] is None:
            good = good and new.open is not None and new.open[:2] == (number, first)
            now_size, now_root = new.open[2:] if new.open else (0, b"")
        else:
            statement = bytes.fromhex(bundle["statement"])
            own, from_, next_ = struct.unpack(">QQQ", statement[32:56])
            up = [bytes.fromhex(hash) for hash in bundle["statement_path"]]
            good = good and len(statement) == 232 and (own, from_) == (number, first)
            good = good and root_by(own, new.slices, leaf(statement[:200]), up) == new.root
            now_size, now_root = next_ - from_, statement[136:168]
        good = good and is_consistent(size, now_size, start, now_root, path)
    if not good:
        raise ValueError("the later log does not begin with the earlier one")
    return {"stream": new.stream, "old": old.records, "new": new.records}


def main():
    assert sm3(b"abc").hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["log", "bundle"])
    parser.add_argument("path")
    parser.add_argument("--public-key", action="append", default=[])
    parser.add_argument("--anchor", action="append", default=[])
    arguments = parser.parse_args()
    result = check_log(arguments) if arguments.what == "log" else check_bundle(arguments)
    print(json.dumps(result))
    return 0 if result["good"] else 1


if __name__ == "__main__":
    sys.exit(main())
