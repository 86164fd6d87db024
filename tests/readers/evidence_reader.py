#!/usr/bin/env python3
"""A second reader of what bears witness to Yingbi's audit logs from outside: time stamps (RFC 3161), packages of an evidence
chain (T/SAC 004) and certificates of evidence (`yingbi audit export --evidence`). Written from the description alone
(gateway/audit, rustdoc of `stamp` and `package`; the command's help), on the standard library and `audit_reader.py`.
Signatures of stamps by SM2 are checked here; those by RSA and ECDSA, and to whom a certificate leads, by the OpenSSL
command.

    evidence_reader.py log DIR --public-key FILE... [--tsa-ca FILE] [--package FILE]...
    evidence_reader.py certificate FILE --public-key FILE... [--tsa-ca FILE]

Prints one JSON object; exits 0 when all is good, 1 when something is wrong.
"""

import argparse
import base64
import datetime
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile

from audit_reader import Log, Note, leaf, notes, prove_bundle, read_keys, sm2_verifies, sm3

# --- DER ----------------------------------------------------------------------------------------------------------------


class Der:
    """Values one behind the other."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def more(self):
        return self.at < len(self.data)

    def tag(self):
        return self.data[self.at] if self.more() else None

    def any(self):
        """Tag, content, and the value as a whole."""
        start = self.at
        if start + 2 > len(self.data):
            raise ValueError("DER ends early")
        tag, length = self.data[start], self.data[start + 1]
        at = start + 2
        if length >= 0x80:
            count = length & 0x7F
            digits = self.data[at : at + count]
            length, at = int.from_bytes(digits, "big"), at + count
            if not 1 <= count <= 4 or digits[0] == 0 or length < 0x80:
                raise ValueError("a length is not DER")
        if at + length > len(self.data):
            raise ValueError("DER ends early")
        self.at = at + length
        return tag, self.data[at : at + length], self.data[start : at + length]

    def take(self, tag):
        found, content, _ = self.any()
        if found != tag:
            raise ValueError(f"DER has {found:#x} where {tag:#x} must be")
        return content

    def inside(self, tag):
        return Der(self.take(tag))

    def optional(self, tag):
        return self.take(tag) if self.tag() == tag else None

    def end(self):
        if self.more():
            raise ValueError("DER goes on")


def oid(dotted):
    first, second, *rest = [int(part) for part in dotted.split(".")]
    out = [first * 40 + second]
    for part in rest:
        digits = [part & 0x7F]
        while part := part >> 7:
            digits.append(0x80 | (part & 0x7F))
        out += reversed(digits)
    return bytes(out)


SIGNED_DATA = {oid("1.2.840.113549.1.7.2"), oid("1.2.156.10197.6.1.4.2.2")}
TST_INFO = oid("1.2.840.113549.1.9.16.1.4")
CONTENT_TYPE, MESSAGE_DIGEST = oid("1.2.840.113549.1.9.3"), oid("1.2.840.113549.1.9.4")
SIGNING_CERTIFICATE = {oid("1.2.840.113549.1.9.16.2.12"), oid("1.2.840.113549.1.9.16.2.47")}
SM3_OID = oid("1.2.156.10197.1.401")
SM2_SIGNATURES = {oid("1.2.156.10197.1.501"), oid("1.2.156.10197.1.301.1"), oid("1.2.156.10197.1.301")}
DIGESTS = {
    oid("2.16.840.1.101.3.4.2.1"): lambda data: hashlib.sha256(data).digest(),
    oid("2.16.840.1.101.3.4.2.2"): lambda data: hashlib.sha384(data).digest(),
    oid("2.16.840.1.101.3.4.2.3"): lambda data: hashlib.sha512(data).digest(),
    SM3_OID: lambda data: sm3(data),
}


class Token:
    """A TimeStampToken: SignedData (RFC 5652) around a TSTInfo (RFC 3161)."""

    def __init__(self, data):
        whole = Der(data)
        content = whole.inside(0x30)
        whole.end()
        if content.take(0x06) not in SIGNED_DATA:
            raise ValueError("this is no signed data")
        signed = Der(content.take(0xA0)).inside(0x30)
        signed.take(0x02)
        signed.take(0x31)
        encapsulated = signed.inside(0x30)
        if encapsulated.take(0x06) != TST_INFO:
            raise ValueError("this is no time stamp")
        self.info = Der(encapsulated.take(0xA0)).take(0x04)
        certificates = Der(signed.optional(0xA0) or b"")
        self.certificates = []
        while certificates.more():
            self.certificates.append(certificates.any()[2])
        signed.optional(0xA1)
        signers = signed.inside(0x31)
        signed.end()
        signer = signers.inside(0x30)
        signers.end()
        signer.take(0x02)
        signer.take(0x30)
        self.digest = signer.inside(0x30).take(0x06)
        self.attributes = signer.take(0xA0)
        self.algorithm = signer.inside(0x30).take(0x06)
        self.signature = signer.take(0x04)
        self.read_info()
        self.read_attributes()

    def read_info(self):
        info = Der(self.info).inside(0x30)
        if info.take(0x02) != b"\x01":
            raise ValueError("another version of TSTInfo")
        info.take(0x06)
        imprint = info.inside(0x30)
        self.imprint = (imprint.inside(0x30).take(0x06), imprint.take(0x04))
        info.take(0x02)
        time = info.take(0x18).decode("ascii")
        found = re.fullmatch(r"(\d{14})(?:\.(\d{1,6}))?Z", time)
        if not found:
            raise ValueError("the time is none")
        made = datetime.datetime.strptime(found[1], "%Y%m%d%H%M%S").replace(tzinfo=datetime.timezone.utc)
        self.time = made + datetime.timedelta(microseconds=int((found[2] or "0").ljust(6, "0")))

    def read_attributes(self):
        """The signed attributes name this statement and a certificate."""
        attributes, seen = Der(self.attributes), {}
        while attributes.more():
            attribute = attributes.inside(0x30)
            kind, values = attribute.take(0x06), attribute.take(0x31)
            attribute.end()
            if kind in seen:
                raise ValueError("an attribute stands twice")
            seen[kind] = values
        if Der(seen.get(CONTENT_TYPE, b"")).take(0x06) != TST_INFO:
            raise ValueError("the signature is over something else")
        if self.digest not in DIGESTS or Der(seen.get(MESSAGE_DIGEST, b"")).take(0x04) != DIGESTS[self.digest](self.info):
            raise ValueError("the time stamp's statement was changed")
        if not SIGNING_CERTIFICATE & seen.keys():
            raise ValueError("the signature names no certificate")

    def is_over(self, text):
        kind, imprint = self.imprint
        return kind in DIGESTS and DIGESTS[kind](text) == imprint

    def is_signed_by_sm2(self):
        """Whether the certificate in the token, by its SM2 key, signed the attributes."""
        length = len(self.attributes)
        digits = bytes([length]) if length < 0x80 else None
        if digits is None:
            size = (length.bit_length() + 7) // 8
            digits = bytes([0x80 | size]) + length.to_bytes(size, "big")
        message = b"\x31" + digits + self.attributes
        numbers = Der(self.signature).inside(0x30)
        pair = [int.from_bytes(numbers.take(0x02), "big") for _ in range(2)]
        numbers.end()
        if max(pair) >> 256:
            return False
        signature = b"".join(number.to_bytes(32, "big") for number in pair)
        return any(sm2_verifies(key, message, signature) for key in map(public_key, self.certificates) if key)


def public_key(certificate):
    """The point of a certificate's key, if it is one on a curve."""
    fields = Der(certificate).inside(0x30).inside(0x30)
    fields.optional(0xA0)
    for tag in (0x02, 0x30, 0x30, 0x30, 0x30):
        fields.take(tag)
    info = fields.inside(0x30)
    info.take(0x30)
    bits = info.take(0x03)
    return bits[1:] if len(bits) == 66 and bits[:2] == b"\0\x04" else None


def is_believed(token, text, authorities):
    """OpenSSL's word: the signature, the certificate's purpose, and to whom it leads."""
    with tempfile.TemporaryDirectory() as scratch:
        names = [os.path.join(scratch, name) for name in ("text", "token")]
        for name, data in zip(names, (text, token)):
            with open(name, "wb") as file:
                file.write(data)
        command = ["openssl", "ts", "-verify", "-data", names[0], "-in", names[1], "-token_in", "-CAfile", authorities]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0


def check_stamp(stamp, text, authorities):
    """What a stamp proves of a checkpoint's text: its time."""
    if stamp["format"] != "yingbi-stamp/1" or set(stamp) != {"format", "checkpoint", "records", "token"}:
        raise ValueError("the time stamp can't be read")
    data = base64.b64decode(stamp["token"], validate=True)
    token = Token(data)
    if sm3(text).hex() != stamp["checkpoint"] or not token.is_over(text):
        raise ValueError("the time stamp is over something else")
    if token.algorithm in SM2_SIGNATURES:
        if not token.is_signed_by_sm2():
            raise ValueError("the time stamp's signature is wrong")
    elif authorities and not is_believed(data, text, authorities):
        raise ValueError("the time stamp is of no authority that is trusted")
    note = Note(text.decode())
    if note.records != stamp["records"]:
        raise ValueError("the time stamp tells of other records than its checkpoint")
    made = datetime.datetime.fromisoformat(note.time.replace("Z", "+00:00"))
    if token.time + datetime.timedelta(minutes=5) < made:
        raise ValueError("the checkpoint says a later time than its time stamp")
    return token.time


# --- Packages, T/SAC 004 App. B and C -------------------------------------------------------------------------------------


def digest(particulars):
    return sm3("".join(f"{name}={particulars[name]}\n" for name in sorted(particulars, key=str.encode)).encode())


def check_package(package):
    """Stages of a package by name; what it says of itself must be true."""
    all_stages = []
    for transaction in package["transaction_info_array"]:
        data = transaction["transaction_info"]["transaction_detail_info"]["biz_data"]
        stages = [(stage["StageName"], bytes.fromhex(stage["StageHash"])) for stage in data["businessData"]]
        if any(len(hash) != 32 for _, hash in stages):
            raise ValueError("a hash is none")
        found = sm3(b"".join(hash + name.encode() for name, hash in stages))
        if found.hex() != data["necessaryData"]["PackageHash"]:
            raise ValueError("the package was changed")
        all_stages += stages
    if not all_stages:
        raise ValueError("the package is empty")
    return all_stages


def claims(stages, kind, stream):
    """Numbers and hash of each stage of a kind that is of this log."""
    start = f"流式数据-{kind}-{stream}-"
    return [([int(part) for part in name[len(start) :].split("-")], hash) for name, hash in stages if name.startswith(start)]


def check_delivery(delivery):
    if delivery["format"] != "yingbi-delivery/1":
        raise ValueError("the delivery can't be read")
    stages = check_package(delivery["package"])
    for name, particulars in (("主体基本信息", delivery["subject"]), ("主体区块链节点信息", delivery["node"])):
        if ("存证主体-" + name, digest(particulars)) not in stages:
            raise ValueError("particulars are not those that were handed over")
    return stages


# --- A log with its witnesses ---------------------------------------------------------------------------------------------


def check_log(arguments):
    log = Log(arguments.path, read_keys(arguments.public_key), [])
    log.check()
    texts = {}
    try:
        texts = {sm3(text.encode()).hex(): text for text in notes(log.read("checkpoints").decode())}
    except FileNotFoundError:
        pass
    stamped, packaged = [], 0
    for number, line in enumerate(lines(log, "stamps")):
        try:
            stamp = json.loads(line)
            text = texts.get(stamp["checkpoint"])
            if text is None:
                raise ValueError("the checkpoint that the time stamp is over is missing")
            stamped.append((stamp["records"], check_stamp(stamp, text.encode(), arguments.tsa_ca)))
        except (ValueError, KeyError, TypeError) as error:
            log.fail(f"stamps:{number}", str(error))
    if arguments.tsa_ca and not stamped:
        log.fail("stamps", "no checkpoint is stamped")
    packages = [(f"deliveries:{number}", line) for number, line in enumerate(lines(log, "deliveries"))]
    for path in arguments.package:
        with open(path, encoding="utf-8") as file:
            packages.append((os.path.basename(path), file.read()))
    for place, text in packages:
        try:
            value = json.loads(text)
            stages = check_delivery(value) if "format" in value else check_package(value)
            compare(log, place, stages)
            packaged += 1
        except (ValueError, KeyError, TypeError) as error:
            log.fail(place, str(error))
    last = max(stamped, default=None)
    return {
        "good": not log.failures,
        "stream": log.stream,
        "records": len(log.hashes),
        "stamps": len(stamped),
        "stamped": last and last[0],
        "packages": packaged,
        "failures": log.failures,
    }


def lines(log, name):
    try:
        return [line for line in log.read(name).decode().split("\n") if line]
    except FileNotFoundError:
        return []


def compare(log, place, stages):
    """The log against what the chain knows of it."""
    for (number, *_), hash in claims(stages, "切片", log.stream):
        if log.statements and (number >= len(log.statements) or log.statements[number] != hash):
            log.fail(place, f"slice {number} is missing or another")
    for (records,), hash in claims(stages, "末条", log.stream):
        if records and log.hashes.get(records - 1) != hash:
            log.fail(place, f"record {records - 1} is missing or another: the tail was cut or rewritten")


# --- Certificates of evidence ---------------------------------------------------------------------------------------------


def check_certificate(arguments):
    with open(arguments.path, encoding="utf-8") as file:
        certificate = json.load(file)
    if certificate["format"] != "yingbi-certificate/1":
        raise ValueError("this is no certificate of evidence")
    for member in ("on_chain", "algorithms", "parties", "time_stamps", "nodes", "conclusion"):
        if member not in certificate:
            raise ValueError(f"`{member}` of T/SAC 004 6.4.6 is missing")
    keys = read_keys(arguments.public_key)
    evidence = certificate["evidence"]
    proved = prove_bundle(evidence, keys)
    times = []
    for one in certificate["time_stamps"]:
        note = Note(one["checkpoint"])
        if note.signed(keys) is not True or note.stream != proved["stream"]:
            raise ValueError("a time stamp is over no checkpoint of this log's signer")
        times.append(check_stamp(one["stamp"], one["checkpoint"].encode(), arguments.tsa_ca))
    if arguments.tsa_ca and not times:
        raise ValueError("no checkpoint is stamped by an authority that is trusted")
    end = Note(evidence["checkpoint"])
    statements = [bytes.fromhex(record["statement"]) for record in evidence["records"] if record["statement"]]
    own = {int.from_bytes(statement[32:40], "big"): leaf(statement[:200]) for statement in statements}
    subjects, nodes = [], []
    for delivery in certificate["on_chain"]:
        stages = check_delivery(delivery)
        subjects.append(delivery["subject"])
        nodes.append(delivery["node"])
        for (number, *_), hash in claims(stages, "切片", proved["stream"]):
            if own.get(number, hash) != hash:
                raise ValueError("a package tells of other slices than the records'")
        for (records,), hash in claims(stages, "末条", proved["stream"]):
            if records == end.records and hash != end.chain:
                raise ValueError("a package tells of another end")
    if any(one not in subjects for one in certificate["parties"]["subjects"]) or any(one not in nodes for one in certificate["nodes"]):
        raise ValueError("a party or node is not one whose particulars were handed to the chain")
    return {"good": True, "stamps": len(times), "packages": len(certificate["on_chain"]), **proved}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["log", "certificate"])
    parser.add_argument("path")
    parser.add_argument("--public-key", action="append", required=True)
    parser.add_argument("--tsa-ca")
    parser.add_argument("--package", action="append", default=[])
    arguments = parser.parse_args()
    try:
        result = check_log(arguments) if arguments.what == "log" else check_certificate(arguments)
    except (ValueError, KeyError, TypeError, IndexError) as error:
        result = {"good": False, "why": str(error)}
    print(json.dumps(result))
    return 0 if result["good"] else 1


if __name__ == "__main__":
    sys.exit(main())
